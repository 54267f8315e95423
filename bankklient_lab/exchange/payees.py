"""Verification of payee before orders are confirmed: the bank says whether an account belongs to whom the order names.

The answer is kept with the order and shown to whoever confirms it. It decides nothing by itself: a name that does not
match may be right, and an order without an answer can be confirmed as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.connecting import opened_link
from bankklient_lab.formats.payee_answers import (
    ANSWERS,
    NAME_CHARS_MAX,
    NOT_POSSIBLE,
    PAYEES_MAX,
    Payee,
    PayeeAnswer,
    read_answers,
    write_question,
)
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.kinds import KINDS, domestic_collection
from bankklient_lab.orders.signing import CONFIRMS
from bankklient_lab.orders.views import SEES
from bankklient_lab.rights.permissions import needed
from bankklient_lab.sealing import cms

# ruff: noqa: S608 - every text below is made of our own declarations

_SAYS = " UNION ALL ".join(
    f"SELECT order_id, coalesce(canonical_account({kind.counter_account}, NULL), '') AS account,"
    f" left(trim(coalesce({kind.counter_name}, '')), {NAME_CHARS_MAX}) AS name"
    f" FROM {kind.table} o WHERE kind = '{kind.name}'"
    for kind in KINDS.values()
    if kind is not domestic_collection.KIND
)


@action(CONFIRMS, steps=True)
def verify_payees(
    lab: Lab, order_ids: list[int], password: str = "", *, job: Job | None = None
) -> list[dict[str, Any]]:
    """Ask the bank whose the accounts are that payments go to, keep its answers and return them as `payee_checks`.

    Of collections, and of orders without the recipient's name, nothing is asked: their answer is NOAP. `password` is as
    in `transmit`. BadArgument for more than 100 orders, UnknownName for one that the caller can't see; Unreachable, and
    SealBroken for an answer that the bank did not sign: then nothing is kept.
    """
    job = job or Job()
    job.step("asking the bank for the payees")
    with opened_link(lab, password) as link:
        return verify_over(lab, link, order_ids)


def verify_over(lab: Lab, link: Link, order_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Ask over a link, as `verify_payees` says."""
    if not 1 <= len(order_ids) <= PAYEES_MAX:
        raise BadArgument(f"1 to {PAYEES_MAX} orders are asked about at once, not {len(order_ids)}")
    for order_id in order_ids:
        order_detail.function(lab, order_id)
    says = {
        order_id: Payee(account, name)
        for order_id, account, name in lab.rows(
            f"SELECT * FROM ({_SAYS}) WHERE list_contains($ids::BIGINT[], order_id)", {"ids": list(order_ids)}
        )
    }
    asked = sorted({payee for payee in says.values() if payee.account and payee.name})
    answers = {one.payee: one for one in _answered(lab, link, asked)}
    _keep(lab, {
        order_id: answers.get(payee, PayeeAnswer(payee, NOT_POSSIBLE, "")) for order_id, payee in says.items()
    })  # fmt: skip
    return [row for row in payee_checks.rows(lab) if row["order_id"] in says]


@table_action(SEES)
def payee_checks(lab: Lab, order_id: int | None = None) -> Read:
    """Return what the bank said of the payees of orders (or of one) while the order says what was asked.

    Columns: order_id, name (asked), answer (MTCH match, CMTC close match, NMTC no match, NOAP not possible), bank_name
    (of a close match), asked_by, asked_at.
    """
    return lab.read(
        "SELECT order_id, c.name, answer, nullif(bank_name, '') AS bank_name, asked_by, asked_at"
        f" FROM ops.payee_check c JOIN ({_SAYS}) s USING (order_id) WHERE (c.account, c.name) = (s.account, s.name)"
        " AND ($id IS NULL OR order_id = $id) ORDER BY order_id",
        {"id": order_id},
    )


def _answered(lab: Lab, link: Link, asked: list[Payee]) -> list[PayeeAnswer]:
    if not asked:
        return []
    signed = link.service.verify_payees(write_question(asked))
    return read_answers(cms.verified(signed, trust=link.trust.get, at=lab.clock()).content, asked)


def _keep(lab: Lab, answers: dict[int, PayeeAnswer]) -> None:
    with lab.database.tx("ops") as cursor:
        lab.rights.demand(lab.caller, needed(CONFIRMS), "verify_payees")  # the bank took its time
        for order_id, one in answers.items():  # at most PAYEES_MAX
            cursor.execute(
                "INSERT OR REPLACE INTO ops.payee_check VALUES (?, ?, ?, ?, ?, ?, ?)",
                [order_id, *one.payee, one.answer, one.bank_name, lab.caller.reference, lab.clock()],
            )
        counts = {code: sum(one.answer == code for one in answers.values()) for code in ANSWERS}
        lab.log(cursor, "verify_payees", "payees", **counts)
