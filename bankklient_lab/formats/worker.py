"""The process that reads bank files: apart from the lab, with limited memory, so that no file can harm the owner.

It gets one JSON request a line on standard input and answers with frames on standard output: a header (tag, kind of
record, position in the file, length of the payload) and the payload. Tags: D the detected format (JSON), P a part (a
record batch in Arrow IPC; of a file of payment orders with its schema), E a refusal (JSON, ends the answer), Z the end
of the answer. A PDF to be shown lies in the lab, so its content follows its request; the answer is the number of its
pages (D) and the picture of one (P).
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded
from bankklient_lab.formats import detect, format_named
from bankklient_lab.formats.base import LIMITS, SNIFF_BYTES, Hints
from bankklient_lab.formats.payments import base as payments_base
from bankklient_lab.formats.payments import schema as payments_schema
from bankklient_lab.formats.schema import Kind
from bankklient_lab.formats.sources import open_ordinary

MEMORY_BYTES = 1_500 * 1024**2  # beside what the started process already maps
KINDS = tuple(Kind)
PAYMENT_KINDS = tuple(payments_schema.Kind)
HEADER = struct.Struct("<cBQQ")


def _send(out: BinaryIO, tag: bytes, payload: bytes = b"", *, kind_no: int = 0, position: int = 0) -> None:
    out.write(HEADER.pack(tag, kind_no, position, len(payload)))
    out.write(payload)
    out.flush()


def _answer(out: BinaryIO, request: dict[str, Any]) -> None:
    if "pdf_page" in request:
        _answer_page(out, sys.stdin.buffer.read(request["bytes"]), request["pdf_page"])
        return
    path = Path(str(request["path"]))
    with open_ordinary(path) as source:
        size = os.fstat(source.fileno()).st_size
        if size > LIMITS.file_bytes:
            raise LimitExceeded(f"the file has {size} bytes, more than {LIMITS.file_bytes}")
        head = source.read(SNIFF_BYTES)
        source.seek(0)
        if "payments" in request:
            _answer_payments(out, source, head, payments_base.Options(**request["payments"]))
        else:
            _answer_statements(out, source, head, Hints(**request["hints"]))


def _answer_statements(out: BinaryIO, source: BinaryIO, head: bytes, hints: Hints) -> None:
    if hints.mapping:
        name = "xlsx" if head.startswith(b"PK") else "csv"
        format_, version = format_named(name), hints.mapping
    else:
        format_, version = detect(head)
    _send(out, b"D", json.dumps({"format": format_.name, "version": version}).encode())
    for part in format_.read(source, hints):
        position = 0 if source.closed else source.tell()
        payload = part.batch.serialize().to_pybytes()
        _send(out, b"P", payload, kind_no=KINDS.index(part.kind), position=position)


def _answer_payments(out: BinaryIO, source: BinaryIO, head: bytes, options: payments_base.Options) -> None:
    from bankklient_lab.formats import payments

    format_, version = payments.detect(head)
    _send(out, b"D", json.dumps({"format": format_.name, "version": version}).encode())
    for part in format_.read(source, options):
        position = 0 if source.closed else source.tell()
        payload = pa.BufferOutputStream()
        with pa.ipc.new_stream(payload, part.batch.schema) as stream:
            stream.write_batch(part.batch)
        _send(out, b"P", payload.getvalue().to_pybytes(), kind_no=PAYMENT_KINDS.index(part.kind), position=position)


def _answer_page(out: BinaryIO, content: bytes, page: int) -> None:
    from bankklient_lab.formats.pdf_pages import page_picture

    pages, picture = page_picture(content, page)
    _send(out, b"D", json.dumps({"pages": pages}).encode())
    _send(out, b"P", picture)


def _refusal(error: BaseException) -> bytes:
    if isinstance(error, MemoryError):
        error = LimitExceeded("reading the file takes more memory than allowed; is it a compressed bomb?")
    if not isinstance(error, FormatError):
        error = FormatError(f"the file is damaged so that its reader fails ({type(error).__name__}: {error})"[:300])
    body: dict[str, object] = {"class": type(error).__name__, "reason": error.reason}
    if isinstance(error, HintNeeded):
        body |= {"hint": error.hint, "place": error.place}
    else:
        body |= {"place": error.place, "field": error.field, "text": error.text}
    return json.dumps(body).encode()


def _limit_memory() -> None:
    mapped = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limit = mapped + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer requests until standard input ends."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may write into the frames
    _limit_memory()
    for line in sys.stdin.buffer:
        try:
            _answer(out, json.loads(line))
        except Exception as error:  # whatever a file does to its reader is a refusal of the file
            _send(out, b"E", _refusal(error))
        else:
            _send(out, b"Z")


if __name__ == "__main__":
    main()
