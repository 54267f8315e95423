"""Who may sign which orders of batches: rights by class, own account, amount and day (EL-013, EL-014).

The classes are those that users of EBICS know (data/codebooks/signature_classes.csv): E signs alone, A and B in pairs
with at least one A, T makes batches and brings them without signing. While nobody has a right, one signature of whoever
balances is enough.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.codebooks import name_sql, names, rows
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.keys.choosing import AUTHORIZED
from bankklient_lab.lab import Lab, Read
from bankklient_lab.money import exact

SIGNS = "11|16|70|71|110|111|130|131"  # who balances or confirms may be given a right to sign
_GIVES = "1"
SEES = f"{_GIVES}|{SIGNS}"
ID_MAX = 2**31 - 1
KEY_KINDS = ("", "file", "card")  # of the key that signs; empty: any

# ruff: noqa: S608 - every text below is made of our own declarations


@table_action(SEES)
def signature_rights(lab: Lab) -> Read:
    """Return the rights to sign batches, by user.

    Columns: right_id, user, user_name, user_valid, signature_class, class_name, account (IBAN; empty: every own one),
    currency, order_max and day_max (in the currency; null: any), own_orders (also orders that the user entered or
    confirmed), key_kind (file or card: of the key that signs; empty: any), given_by, given_at.
    """
    return lab.read(
        "SELECT right_id, u.name AS user, trim(concat_ws(' ', u.first_name, u.last_name)) AS user_name,"
        f" u.valid AS user_valid, signature_class, {name_sql('signature_classes', 'signature_class')} AS class_name,"
        " account, currency, order_max, day_max, own_orders, key_kind, given_by, given_at"
        " FROM ops.signature_right JOIN ops.user u USING (user_id) ORDER BY u.name, right_id"
    )


@action(_GIVES, proof=True, personal=True)
def give_signature_right(
    lab: Lab,
    user: str,
    signature_class: str,
    currency: str,
    *,
    account: str = "",
    order_max: Decimal | None = None,
    day_max: Decimal | None = None,
    own_orders: bool = False,
    key_kind: str = "",
) -> dict[str, int]:
    """Give a user the right to sign orders of batches; return its right_id. With the first right the rule is in force.

    `signature_class` is E, A, B or T. The right holds for orders of one own `account` (any spelling; empty: every
    one) in one `currency`, each of at most `order_max`, all that the user signs on a day of the bank of at most
    `day_max` (None: any). Orders that the user entered or confirmed count with `own_orders` alone. With a `key_kind` it
    holds for signatures by a key in the lab (file) or on a chip card (card) alone: two rights say up to which amount
    each is enough.

    UnknownName for a user, class or account; BadArgument for an amount that is none. Refused for oneself, and for a
    user who has no personal key to sign with because the contract with the bank names them not.
    """
    classes = names("signature_classes")
    if signature_class not in classes:
        raise UnknownName("class of signature", signature_class, f"there are {', '.join(classes)}")
    if key_kind not in KEY_KINDS:
        raise UnknownName("kind of key", key_kind, f"there are {', '.join(filter(None, KEY_KINDS))}")
    limits = {"order_max": _limit("order_max", order_max), "day_max": _limit("day_max", day_max)}
    if not (len(currency) == _CURRENCY_CHARS and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise BadArgument(f"a currency is three capital letters, not {currency[:20]!r}")
    with lab.database.tx("ops") as cursor:
        user_id = _signer(lab, cursor, user, signature_class)
        row: dict[str, Any] = {
            "user_id": user_id, "signature_class": signature_class, "account": _account(cursor, account),
            "currency": currency, **limits, "own_orders": own_orders, "key_kind": key_kind,
            "given_by": lab.caller.reference, "given_at": lab.clock(),
        }  # fmt: skip
        ((right_id,),) = cursor.execute("SELECT coalesce(max(right_id), 0) + 1 FROM ops.signature_right").fetchall()
        cursor.execute(
            "INSERT INTO ops.signature_right BY NAME SELECT $right_id AS right_id, "
            + ", ".join(f"${name} AS {name}" for name in row),
            row | {"right_id": right_id},
        )
        told = {name: str(value) for name, value in row.items() if name not in ("user_id", "given_by", "given_at")}
        lab.log(cursor, "give_signature_right", user, right=right_id, **told)
    return {"right_id": right_id}


@action(_GIVES, proof=True, personal=True)
def take_signature_right(lab: Lab, right_id: int) -> None:
    """Take a right to sign from its user; what was signed by it counts on. UnknownName.

    Batches that wait go on waiting for signatures, also when nobody has a right any more.
    """
    with lab.database.tx("ops") as cursor:
        gone = cursor.execute(
            "DELETE FROM ops.signature_right WHERE right_id = ? RETURNING user_id",
            [right_id if abs(right_id) <= ID_MAX else 0],
        ).fetchone()
        if gone is None:
            raise UnknownName("right to sign", str(right_id)[:30], "`bankklient signatures rights` shows them")
        ((user,),) = cursor.execute("SELECT name FROM ops.user WHERE user_id = ?", [gone[0]]).fetchall()
        lab.log(cursor, "take_signature_right", user, right=right_id)


def same_person(one: str, other: str) -> str:
    """Return SQL that tells whether two rows of ops.user, by their aliases, are of one person.

    They are when their personal numbers are the same or, where one has none, their whole names are.
    """
    name = "lower(trim(concat_ws(' ', {0}.first_name, {0}.last_name)))"
    mine, other_name = name.format(one), name.format(other)
    return (
        f"({one}.user_id = {other}.user_id OR CASE"
        f" WHEN {one}.personal_number <> '' AND {other}.personal_number <> ''"
        f" THEN {one}.personal_number = {other}.personal_number ELSE {mine} <> '' AND {mine} = {other_name} END)"
    )


def _signer(lab: Lab, cursor: Any, user: str, signature_class: str) -> int:
    """Return the number of a user who can be given a right."""
    found = cursor.execute(
        f"SELECT u.user_id, u.kind, {same_person('u', 'me')} FROM ops.user u, ops.user me"
        " WHERE u.name = $user AND me.user_id = $me",
        {"user": user, "me": lab.caller.user_id},
    ).fetchone()
    if found is None:
        raise UnknownName("user", user, "`bankklient users list` shows them")
    user_id, kind, oneself = found
    if oneself:
        raise Refused("nobody gives a right to sign to oneself; another administrator does")
    if signature_class in signing_classes() and kind != AUTHORIZED:
        raise Refused(f"user {user} has no personal key to sign with, as only authorized persons have")
    return int(user_id)


def _account(cursor: Any, account: str) -> str:
    """Return the IBAN of an own account; UnknownName."""
    if not account:
        return ""
    found = cursor.execute(
        "SELECT number FROM own_accounts() WHERE number = canonical_account(?, NULL)", [account]
    ).fetchone()
    if found is None:
        raise UnknownName("account of yours at a Czech bank", account, "`bankklient accounts` shows them")
    return str(found[0])


def _limit(name: str, amount: Decimal | None) -> Decimal | None:
    if amount is None:
        return None
    limit = exact(amount)
    if limit <= 0:
        raise BadArgument(f"{name} is an amount above zero, or nothing, not {amount}")
    return limit


def signing_classes() -> list[str]:
    """Return the classes whose signature counts, the strongest first."""
    return [row["code"] for row in rows("signature_classes") if row["signs"] == "yes"]


_CURRENCY_CHARS = 3
