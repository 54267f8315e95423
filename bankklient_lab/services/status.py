"""How far what goes to the bank has come, beside orders: messages, orders of documents, and requests."""

from __future__ import annotations

from collections.abc import Sequence

from bankklient_lab.codebooks.codes import DISCARDED, TO_SEND, Sent, listed
from bankklient_lab.store.literals import literal

# ruff: noqa: S608 - every text below is made of our own declarations

# Of a record `m` with its batch `b`: empty while none has taken it, then that of the batch until the bank says more.
STATUS = (
    f"CASE WHEN m.batch_id IS NULL THEN '' WHEN b.status IN {listed(DISCARDED)} THEN 'DE'"
    f" WHEN b.status = {Sent.REJECTED} THEN 'ER' WHEN m.answer <> '' THEN m.answer"
    f" WHEN b.status IN {listed(TO_SEND)} THEN 'NS'"
    f" WHEN b.status IN {listed((Sent.RECEIVED, Sent.PROCESSED))} THEN 'RV' ELSE 'SE' END"
)
# Statuses: before balancing, at the bank or on the way, and ended by the bank or the user.
# Open ones that break rules are wrong (E).
OPEN_STATUS = "CASE WHEN m.errors <> '' THEN 'E' WHEN m.confirmed THEN 'CO' ELSE 'CR' END"  # of a request `m`
OPEN, UNDER_WAY, OVER = ("CR", "CO", "E"), ("NS", "SE", "RV"), ("OK", "ER", "DE")
REQUESTS_WITH_STATUS = (
    f"(SELECT m.*, coalesce(nullif({STATUS}, ''), {OPEN_STATUS}) AS status,"
    " b.year * 10000 + b.number AS batch_order FROM ops.service_request m"
    " LEFT JOIN ops.batch b USING (batch_id))"
)
# The greatest number that a request has, or had until it was deleted.
LAST_NUMBER = (
    "SELECT coalesce(max(number), 0) FROM"
    " (SELECT request_id AS number FROM ops.service_request UNION ALL SELECT number FROM ops.used_request)"
)


def status_in(statuses: Sequence[str]) -> str:
    """Return SQL that tells whether a request with its status is in one of some."""
    return f"status IN ({', '.join(map(literal, statuses))})"
