"""What the bank says of requests for services, and the records that it has of each kind."""

from __future__ import annotations

import json
from typing import Any

from bankklient_lab.codebooks.codes import Sent
from bankklient_lab.codebooks.services import KINDS
from bankklient_lab.errors import FormatError
from bankklient_lab.exchange.current import AHEAD_MAX
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.services import ServiceList, read_records, read_states
from bankklient_lab.lab import Lab
from bankklient_lab.services.receivable_rules import KIND as RECEIVABLE
from bankklient_lab.services.receivables import recheck_receivables


def take_request_states(batch_type: int, lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Keep what became of requests that batches of a type answer; one that was not sent from here is told."""
    del lab  # who answers is the bank
    states = read_states(message)
    taken = cursor.execute(
        "UPDATE ops.service_request m SET answer = s.status, error_code = s.code, answer_text = s.said,"
        " record = coalesce(nullif(s.record, ''), m.record) FROM (SELECT unnest($numbers::INTEGER[]) AS number,"
        " unnest($statuses::VARCHAR[]) AS status, unnest($codes::INTEGER[]) AS code, unnest($texts::VARCHAR[]) AS said,"
        " unnest($records::VARCHAR[]) AS record) s"
        " WHERE m.request_id = s.number AND m.answer = '' AND list_contains($kinds, m.kind)"
        " AND m.batch_id IN (SELECT batch_id FROM ops.batch WHERE status <> $unsent) RETURNING m.request_id",
        {
            "numbers": [one.number for one in states], "statuses": [one.status for one in states],
            "codes": [one.code for one in states], "texts": [one.text for one in states],
            "records": [one.record for one in states], "unsent": Sent.CREATED,
            "kinds": [kind.name for kind in KINDS.values() if kind.answered_in == batch_type],
        },
    ).fetchall()  # fmt: skip
    known = {number for (number,) in taken}
    return [
        f"request {one.number}: the bank answers it, and it was not sent or is answered already"
        for one in states
        if one.number not in known
    ]


def take_records(kind: str, lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Keep the records of a kind from a batch of its type, and return what has to be told of it; FormatError."""
    listed = read_records(message)
    if listed.kind != kind:
        raise FormatError(f"a batch of this type lists {KINDS[kind].plural.lower()}", field="kind", text=listed.kind)
    return keep_records(lab, cursor, listed)


def keep_records(lab: Lab, cursor: Any, listed: ServiceList) -> list[str]:
    """Keep the records of a kind in the place of those before; an older list than the one that is here is left.

    FormatError for a list of a time later than AHEAD_MAX from now, which would keep out every true one until then.
    """
    if listed.at > lab.clock() + AHEAD_MAX:
        raise FormatError("a list of a time to come; is a clock wrong?", field="at", text=str(listed.at))
    row = cursor.execute("SELECT told_at FROM ops.service_list WHERE kind = ?", [listed.kind]).fetchone()
    if row and row[0] > listed.at:
        return [f"the list of {KINDS[listed.kind].plural.lower()} is older than the one that is here; it is left"]
    terms = json.dumps(dict(listed.terms), ensure_ascii=False)
    cursor.execute("INSERT OR REPLACE INTO ops.service_list VALUES (?, ?, ?)", [listed.kind, listed.at, terms])
    cursor.execute("DELETE FROM ops.service_record WHERE kind = ?", [listed.kind])
    cursor.execute(
        "INSERT INTO ops.service_record SELECT $kind, unnest($names::VARCHAR[]), unnest($states::VARCHAR[]),"
        " unnest($changeable::BOOLEAN[]), unnest($items::VARCHAR[])",
        {
            "kind": listed.kind,
            "names": [one.name for one in listed.records],
            "states": [one.state for one in listed.records],
            "changeable": [one.changeable for one in listed.records],
            "items": [json.dumps(one.items, ensure_ascii=False) for one in listed.records],
        },
    )
    return recheck_receivables(lab, cursor, "agreements from the bank") if listed.kind == RECEIVABLE.name else []
