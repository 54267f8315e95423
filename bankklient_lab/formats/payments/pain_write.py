"""pain.001 and pain.008 from a table of payments, in the versions that banks take today.

Payments that share account, day, currency, priority, service level and the like make one group (PmtInf), in the order
of their first ones. A Czech number becomes an IBAN. Symbols go where the Czech banks look for them: into EndToEndId
("/VS123/SS4/KS0308") when the payment has no identification of its own, else before the message. Whoever reads the file
with this package gets the same payments back; what that would not give is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.camt_tags import check_text, is_currency, plain, tag
from bankklient_lab.formats.payments.base import Header, one_line, refused, require_held, rows_of
from bankklient_lab.formats.payments.pain_layout import Message
from bankklient_lab.formats.payments.pain_parts import Parts, symbols_text
from bankklient_lab.formats.payments.pain_payment import take_symbols

# All payments of a group have these in common.
GROUP_COLUMNS = (
    "own_account", "own_bank", "own_name", "maturity", "currency", "urgent", "service_level", "local_instrument",
    "sequence_type", "category_purpose", "charge_bearer",
)  # fmt: skip
_BOTH = frozenset(GROUP_COLUMNS) | {
    "kind", "counter_account", "counter_bank", "counter_bank_name", "counter_bank_country", "counter_name",
    "counter_address", "amount", "variable_symbol", "constant_symbol", "specific_symbol", "message", "end_to_end_id",
    "client_reference", "purpose", "instructions",
}  # fmt: skip
HELD = {
    "pain.001": _BOTH - {"sequence_type"} | {"exchange_rate"},
    "pain.008": _BOTH - {"instructions"} | {"mandate_id", "mandate_day", "creditor_id"},
}
KINDS = {"pain.001": {"payment", "foreign"}, "pain.008": {"collection"}}
MESSAGE_ID_CHARACTERS = 28  # so that the groups' numbers fit behind it

Row = Mapping[str, Any]


class Version(NamedTuple):
    """What differs between the versions that are written."""

    number: str
    bic: str
    dated: bool  # whether the day of execution is in an element of its own


VERSIONS = {
    "pain.001": (Version("03", "BIC", False), Version("09", "BICFI", True)),
    "pain.008": (Version("02", "BIC", False), Version("08", "BICFI", False)),
}


def write(message: Message, payments: pa.Table, header: Header) -> Iterator[bytes]:
    """Yield one message."""
    require_held(payments, message.name, HELD[message.name])
    version = _version(message, header.version)
    if not 1 <= len(header.message_id) <= MESSAGE_ID_CHARACTERS:
        raise BadArgument(f"the identification of a message has 1 to {MESSAGE_ID_CHARACTERS} characters")
    check_text(header.message_id + header.initiator, "the header of the file", "text")
    number = f"{message.name}.001.{version.number}"
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{number}">\n<{message.document}>\n'
        f"{_group_header(payments, header)}\n"
    ).encode()
    parts = Parts(message, version.bic)
    for at, group in enumerate(_groups(payments), start=1):
        yield b"<PmtInf>"
        yield _group_head(parts, group, version, replace(header, message_id=f"{header.message_id}-{at}")).encode()
        for rows in rows_of(group):
            yield "".join([_payment(message, parts, row) for row in rows]).encode()
        yield b"</PmtInf>\n"
    yield f"</{message.document}>\n</Document>\n".encode()


def _version(message: Message, wanted: str) -> Version:
    versions = VERSIONS[message.name]
    if not wanted:
        return versions[0]
    for version in versions:
        if version.number == wanted:
            return version
    known = ", ".join(version.number for version in versions)
    raise BadArgument(f"{message.name} is not written in version {wanted!r}; there are {known}")


def _group_header(payments: pa.Table, header: Header) -> str:
    return tag(
        "GrpHdr",
        tag("MsgId", escape(header.message_id)),
        tag("CreDtTm", header.created_at.isoformat(timespec="seconds")),
        _totals(payments),
        tag("InitgPty", tag("Nm", escape(header.initiator[:140]))),
    )


def _totals(payments: pa.Table) -> str:
    total = format(pc.sum(payments["amount"]).as_py().normalize(), "f")
    return tag("NbOfTxs", str(payments.num_rows)) + tag("CtrlSum", total)


def _groups(payments: pa.Table) -> Iterator[pa.Table]:
    """Yield the payments of each group."""
    columns = [pc.fill_null(payments[name].cast(pa.string()), "") for name in GROUP_COLUMNS]
    keys = pc.binary_join_element_wise(*columns, "\x1f").combine_chunks().dictionary_encode().indices
    ordered = payments.take(pc.sort_indices(keys))
    start = 0
    for count in np.bincount(keys.to_numpy()).tolist():
        yield ordered.slice(start, count)
        start += count


def _group_head(parts: Parts, payments: pa.Table, version: Version, header: Header) -> str:
    """Return what a group says for all; the identification in `header` is the group's."""
    message = parts.message
    first = payments.slice(0, 1).to_pylist()[0]
    if first["maturity"] is None:
        raise refused(first, "maturity", f"{message.name} needs it")
    day = tag("Dt", str(first["maturity"])) if version.dated else str(first["maturity"])
    head = (
        tag("PmtInfId", escape(header.message_id)),
        tag("PmtMtd", message.methods[0]),
        _totals(payments),
        parts.payment_type(first),
        tag(message.day, day),
        tag(message.own, tag("Nm", parts.text(first, "own_name", 140) or escape(header.initiator[:140]))),
        parts.account(first, "own"),
        parts.agent(first, "own", needed=True),
        parts.charge_bearer(first),
    )
    return f"{''.join(head)}\n"


def _payment(message: Message, parts: Parts, row: Row) -> str:
    if row["kind"] not in KINDS[message.name]:
        raise refused(row, "kind", f"{message.name} has no such payments")
    if not is_currency(row["currency"]):
        raise refused(row, "currency", "a currency has three letters")
    symbols = symbols_text(row)
    end_to_end, text = parts.text(row, "end_to_end_id", 35), one_line(row["message"] or "")
    if end_to_end and not take_symbols(end_to_end, {}):
        raise refused(row, "end_to_end_id", "it would be read as symbols")
    if take_symbols(text, {}) != text:
        raise refused(row, "message", "its beginning would be read as symbols")
    if symbols and end_to_end:
        text = f"{symbols} {text}".rstrip()
    amount = f'<InstdAmt Ccy="{row["currency"]}">{plain(row["amount"], row["currency"])}</InstdAmt>'
    identification = tag(
        "PmtId",
        tag("InstrId", parts.text(row, "client_reference", 35)),
        tag("EndToEndId", end_to_end or symbols or "NOTPROVIDED"),
    )
    remittance = parts.remittance(row, text)
    purpose = parts.code(row, "purpose", "Purp", 4)
    counter = parts.counter(row)
    collection = message.name == "pain.008"
    body = (
        amount + parts.mandate(row) if collection else tag("Amt", amount) + parts.rate(row),
        parts.agent(row, "counter", needed=collection),
        counter,
        parts.instructions(row),
        purpose,
        remittance,
        parts.order_text(row),
    )
    return f"<{message.payment}>{identification}{''.join(body)}</{message.payment}>\n"
