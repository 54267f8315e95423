"""The register of debtors: whom receivables are owed by. A receivable keeps what it said when one is changed."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import Refused, UnknownName, WrongOrder
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.refusing import in_words
from bankklient_lab.services.receivables import NEEDS, checked_texts, wrong_items

# ruff: noqa: S608 - every text below is made of our own declarations

ITEMS = ("debtor_id_type", "debtor_identification", "debtor_name", "debtor_address")
ID_MAX = 999_999_999
_NOTHING = ", ".join(f"{name} = ''" for name in ITEMS)


@table_action(NEEDS)
def debtors(lab: Lab) -> Read:
    """Return the register, by name. Columns: debtor_id, the items of a receivable that are the debtor's, changed_at."""
    return lab.read(
        f"SELECT debtor_id, {', '.join(ITEMS)}, changed_at FROM ops.debtor WHERE NOT deleted"
        " ORDER BY debtor_name, debtor_id"
    )


@action(NEEDS)
def keep_debtor(lab: Lab, values: dict[str, Any], *, debtor_id: int = 0) -> int:
    """Add a debtor, or change the one with `debtor_id`, and return its number.

    `values` are debtor_id_type (ICO, birth number, foreign), debtor_identification, debtor_name, debtor_address; of one
    that is changed those that change. WrongOrder with the errors of the rules of receivables, UnknownName for another
    item or number. A new one whose identification is there already changes that debtor; Refused where a debtor would
    get the identification of another one.
    """
    unknown = next((name for name in values if name not in ITEMS), None)
    if unknown is not None:
        raise UnknownName("item", str(unknown)[:40], f"a debtor has {', '.join(ITEMS)}")
    with lab.database.tx("ops") as cursor:
        before = _stored(cursor, debtor_id) if debtor_id else {}
        errors, items = checked_texts(lab, cursor, before | values)
        broken = [one for one in wrong_items(errors) if one["item"] in ITEMS]
        if broken:
            numbers = " ".join(str(one["code"]) for one in broken)
            raise WrongOrder(f"the debtor is not saved: {in_words(lab, numbers)}", errors=broken)
        kept = {name: items[name] for name in ITEMS}
        there, following = _numbers(cursor, kept)
        if debtor_id and there not in (None, debtor_id):
            raise Refused(f"debtor {there} has this identification")
        number = debtor_id or there or following
        cursor.execute("DELETE FROM ops.debtor WHERE debtor_id = ?", [number])
        cursor.execute(
            "INSERT INTO ops.debtor VALUES (?, ?, ?, ?, ?, ?, ?, false)",
            [number, *kept.values(), lab.caller.reference, lab.clock()],
        )
        lab.log(cursor, "keep_debtor", str(number), name=kept["debtor_name"])
    return number


@action(NEEDS)
def delete_debtors(lab: Lab, debtor_ids: list[int]) -> dict[str, int]:
    """Delete debtors, and return how many; receivables stay as they are. UnknownName for one that there is not."""
    with lab.database.tx("ops") as cursor:
        for debtor_id in debtor_ids:
            _stored(cursor, debtor_id)
        cursor.execute(
            f"UPDATE ops.debtor SET {_NOTHING}, deleted = true,"
            " changed_by = $me, changed_at = $now WHERE debtor_id IN (SELECT unnest($ids::BIGINT[]))",
            {"ids": debtor_ids, "me": lab.caller.reference, "now": lab.clock()},
        )
        lab.log(cursor, "delete_debtors", str(len(debtor_ids)), debtors=debtor_ids)
    return {"done": len(set(debtor_ids))}


def _stored(cursor: Any, debtor_id: int) -> dict[str, str]:
    row = cursor.execute(
        f"SELECT {', '.join(ITEMS)} FROM ops.debtor WHERE debtor_id = ? AND NOT deleted",
        [debtor_id if 0 < debtor_id <= ID_MAX else 0],
    ).fetchone()
    if row is None:
        raise UnknownName("debtor", str(debtor_id)[:30], "`bankklient receivables debtors` shows them")
    return dict(zip(ITEMS, row, strict=True))


def _numbers(cursor: Any, kept: dict[str, str]) -> tuple[int | None, int]:
    """Return the number of the debtor with an identification, None for none, and the next one."""
    ((there, following),) = cursor.execute(
        "SELECT min(debtor_id) FILTER (debtor_id_type = $type AND debtor_identification = $said),"
        " coalesce(max(debtor_id), 0) + 1 FROM ops.debtor",
        {"type": kept["debtor_id_type"], "said": kept["debtor_identification"]},
    ).fetchall()
    return there, int(following)
