"""Reads files in a process apart (formats.worker) and gives their parts as they come."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from bankklient_lab import errors
from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded
from bankklient_lab.formats.base import Hints, Part
from bankklient_lab.formats.mappings import FOLDER_VARIABLE
from bankklient_lab.formats.payments import base as payments
from bankklient_lab.formats.schema import SCHEMAS
from bankklient_lab.formats.worker import HEADER, KINDS, PAYMENT_KINDS

SECONDS_WITHOUT_PROGRESS_MAX = 45.0
_REFUSALS = {name: getattr(errors, name) for name in ("FormatError", "NotRecognised", "LimitExceeded")}


class Progressing(NamedTuple):
    """A part and the position in the file reached with it (bytes)."""

    part: Part
    position: int


class ProgressingPayments(NamedTuple):
    """A part of a file of payment orders and the position in the file reached with it (bytes)."""

    part: payments.Part
    position: int


class FileReader:
    """One reader process, started at first use and used for many files, one after another."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._busy = threading.Lock()

    def read(self, path: Path, hints: Hints) -> tuple[str, str, Iterator[Progressing]]:
        """Return format name, version and the parts of the file at `path`.

        Raises FormatError (or a kind of it) at once or while the parts are taken. The reader is busy until the parts
        are used up or closed.
        """
        found = self._begin({"path": str(path.resolve()), "hints": asdict(hints)})
        return found["format"], found["version"], self._parts()

    def read_payments(self, path: Path, options: payments.Options) -> tuple[str, str, Iterator[ProgressingPayments]]:
        """Return format name, version and the parts of the file of payment orders at `path`; otherwise as `read`."""
        columns = None if options.columns is None else list(options.columns)
        found = self._begin({"path": str(path.resolve()), "payments": {"charset": options.charset, "columns": columns}})
        return found["format"], found["version"], self._payments()

    def read_page(self, content: bytes, page: int) -> tuple[int, bytes]:
        """Return how many pages a PDF has, and one of them (from 1) as PNG; FormatError."""
        found = self._begin({"pdf_page": page, "bytes": len(content)}, content)
        (picture,) = (bytes(payload) for _, _, payload in self._payloads())
        return found["pages"], picture

    @property
    def idle(self) -> bool:
        """Tell whether the process is there and free for the next file."""
        return self._process is not None and self._process.poll() is None and not self._busy.locked()

    def start(self) -> None:
        """Start the process now, so that it is there when the first file comes."""
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bankklient_lab.formats.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_environment(),
        )

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _begin(self, request: dict[str, Any], content: bytes = b"") -> dict[str, Any]:
        self._busy.acquire()
        try:
            self._request(json.dumps(request).encode() + b"\n" + content)
            tag, _, _, payload = self._frame()
            if tag == b"E":
                raise _refusal(payload)
            found: dict[str, Any] = json.loads(payload)
        except BaseException:
            self._busy.release()
            raise
        return found

    def _request(self, request: bytes) -> None:
        if self._process is None or self._process.poll() is not None:
            self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request)
            self._process.stdin.flush()
        except BrokenPipeError:
            self.close()
            raise _ended() from None

    def _parts(self) -> Iterator[Progressing]:
        for kind_no, position, payload in self._payloads():
            kind = KINDS[kind_no]
            batch = pa.ipc.read_record_batch(pa.py_buffer(payload), SCHEMAS[kind])
            yield Progressing(Part(kind, batch), position)

    def _payments(self) -> Iterator[ProgressingPayments]:
        for kind_no, position, payload in self._payloads():
            with pa.ipc.open_stream(pa.py_buffer(payload)) as stream:
                batch = stream.read_next_batch()
            yield ProgressingPayments(payments.Part(PAYMENT_KINDS[kind_no], batch), position)

    def _payloads(self) -> Iterator[tuple[int, int, bytearray]]:
        finished = False
        try:
            while True:
                tag, kind_no, position, payload = self._frame()
                if tag == b"P":
                    yield kind_no, position, payload
                    continue
                finished = True
                if tag == b"E":
                    raise _refusal(payload)
                return
        finally:
            if not finished:
                self.close()
            self._busy.release()

    def _frame(self) -> tuple[bytes, int, int, bytearray]:
        tag, kind_no, position, length = HEADER.unpack(self._exactly(HEADER.size))
        return tag, kind_no, position, self._exactly(length)

    def _exactly(self, size: int) -> bytearray:
        assert self._process is not None
        assert self._process.stdout is not None
        data = bytearray(size)
        view, done = memoryview(data), 0
        descriptor = self._process.stdout.fileno()
        while done < size:
            ready, _, _ = select.select([descriptor], [], [], SECONDS_WITHOUT_PROGRESS_MAX)
            if not ready:
                self.close()
                raise LimitExceeded(
                    f"reading the file makes no progress for {SECONDS_WITHOUT_PROGRESS_MAX:.0f} seconds"
                )
            got = os.readv(descriptor, [view[done:]])
            if not got:
                self.close()
                raise _ended()
            done += got
        return data


def _ended() -> LimitExceeded:
    return LimitExceeded("the reader of the file ended; the file takes more memory than allowed or is hostile")


def _environment() -> dict[str, str]:
    """Return the worker's environment: small memory pools, and the folder of own mappings by its whole path."""
    environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
    if FOLDER_VARIABLE in environment:
        environment[FOLDER_VARIABLE] = str(Path(environment[FOLDER_VARIABLE]).resolve())
    return environment


def _refusal(payload: bytearray) -> FormatError:
    body: dict[str, Any] = json.loads(payload)
    name = body.pop("class")
    if name == "HintNeeded":
        text = body["reason"].rsplit("; give it with", 1)[0]
        return HintNeeded(body["hint"], text, place=body["place"])
    refusal: FormatError = _REFUSALS.get(name, FormatError)(
        body["reason"], place=body["place"], field=body["field"], text=body["text"]
    )
    return refusal


IDLE_READERS_MAX = 2
_IDLE: list[FileReader] = []


def prepare() -> None:
    """Start a reader process for the files that are about to come, while something else is done."""
    one = FileReader()
    one.start()
    _IDLE.append(one)


@contextlib.contextmanager
def reader() -> Iterator[FileReader]:
    """Give a reader process to one thread: one that is idle, or a new one. A few are kept for the next files."""
    try:
        one = _IDLE.pop()
    except IndexError:
        one = FileReader()
    try:
        yield one
    finally:
        if one.idle and len(_IDLE) < IDLE_READERS_MAX:
            _IDLE.append(one)
        else:
            one.close()


@atexit.register
def _close_idle() -> None:
    while _IDLE:
        _IDLE.pop().close()
