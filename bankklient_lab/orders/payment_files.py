"""From what files of payment orders carry (formats.payments.schema) to the items of the kinds, as SQL.

A table (CSV, XLSX) names items by its columns, or several at once by a shortcut; a payment of any other format has
fields of its own. What a kind has no item for is not taken, and the caller is told of it (`left_out`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.payments.schema import Kind as Shape
from bankklient_lab.orders.kinds import KINDS, kind_named
from bankklient_lab.orders.kinds.domestic import ABBREVIATION_CHARACTERS, LINES, TEXT_CHARACTERS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.store.literals import literal

KIND = "kind"
COLUMN = "payment_no"
INCOMING = "incoming_payment"  # the relation that the texts below read
_LINE = re.compile(r"(.+)_line_(\d)")
_TEXT_LINES = len(LINES)
# The columns of the template of each kind; every item may be a column besides.
_TEMPLATE = (
    KIND, "own_account", "counter_account", "amount", "currency", "maturity_date", "variable_symbol",
    "constant_symbol", "specific_symbol", "abbreviation", "client_message", "express_payment",
    "client_transaction_id",
)  # fmt: skip
_TEMPLATE_FOREIGN = (
    KIND, "own_account", "recipient_account", "recipient", "amount", "currency", "maturity_date", "country",
    "swift_bic", "bank_connection", "recipient_info", "charges", "payer_reference", "client_transaction_id",
)  # fmt: skip
# Fields of a payment that tell where it is, or that all kinds leave to the file.
_OF_THE_FILE = frozenset({"payment_no", "group_no", "kind", "own_name", "raw", "place", "creditor_id"})
_FITS = "regexp_full_match(end_to_end_id, '[A-Za-z0-9]{1,13}')"  # into the identification of a domestic order
_LETTERS = {"payment": "domestic_payment", "collection": "domestic_collection", "foreign": "foreign_payment"}


class Taken(NamedTuple):
    """Where an item comes from: SQL over INCOMING, and the fields of a payment that it reads."""

    sql: str
    fields: tuple[str, ...]


def template(kind: str) -> tuple[str, ...]:
    """Return the columns of the table that is offered for a kind of order; UnknownName."""
    return _TEMPLATE_FOREIGN if kind_named(kind).family == "foreign" else _TEMPLATE


@cache
def columns() -> tuple[str, ...]:
    """Return all columns that a table of orders may have: items, and shortcuts for several items."""
    found: dict[str, None] = {KIND: None}
    for kind in KINDS.values():
        for name in kind.names:
            found |= dict.fromkeys([name, *_shortcuts(kind, name)])
    return tuple(found)


def kind_of(shape: Shape, given: Collection[str], national_currency: str) -> str:
    """Return SQL for the name of an order's kind over INCOMING; null where the file names one that there is not."""
    if shape is Shape.ITEMS:
        if KIND not in given:
            return "'domestic_payment'"
        names = " ".join(f"WHEN '{word}' THEN '{name}'" for word, name in (_LETTERS | {n: n for n in KINDS}).items())
        return f"CASE lower(trim({KIND})) {names} END"
    banks = [f"coalesce(account_bank({side}_account), {side}_bank)" for side in ("own", "counter")]
    abroad = f"currency <> {literal(national_currency)} AND {banks[0]} IS DISTINCT FROM {banks[1]}"
    return (
        "CASE WHEN kind = 'collection' THEN 'domestic_collection'"
        f" WHEN kind = 'foreign' OR {abroad} THEN 'foreign_payment' ELSE 'domestic_payment' END"
    )


def items(kind: Kind, shape: Shape, given: Collection[str], defaults: dict[str, str | None]) -> dict[str, str]:
    """Return SQL over INCOMING for each item of a kind; `defaults` are those of a new order, for what no file says."""
    if shape is Shape.ITEMS:
        texts = {item.name: _cell(kind, item.name, given) for item in kind.items}
    else:
        taken = _taken(kind)
        texts = {item.name: taken[item.name].sql if item.name in taken else "" for item in kind.items}
    return {name: _entered(kind, name, text, defaults.get(name)) for name, text in texts.items()}


def left_out(kind: Kind, shape: Shape, given: Collection[str]) -> dict[str, str]:
    """Return the given columns that a kind has no item for, each with an SQL condition: it says something."""
    if shape is Shape.ITEMS:
        known = {KIND, COLUMN}
        for name in kind.names:
            known |= {name, *_shortcuts(kind, name)}
        return {name: f"{name} IS NOT NULL" for name in given if name not in known}
    used = {field for one in _taken(kind).values() for field in one.fields} | _OF_THE_FILE
    partly = (
        {"instructions": f"len(string_split(instructions, chr(10))) > {_TEXT_LINES}"}
        if kind.family == "foreign"
        else {"end_to_end_id": f"end_to_end_id IS NOT NULL AND (client_reference IS NOT NULL OR NOT {_FITS})"}
    )
    return {name: f"{name} IS NOT NULL" for name in given if name not in used} | partly


def require_known_kinds(found: Mapping[str | None, int]) -> None:
    """Refuse a table in which an order is of a kind that there is not (None); `found` has the first order of each."""
    if None in found:
        raise FormatError(f"each order needs a kind: {', '.join(KINDS)}", place=f"order {found[None]}", field=KIND)


def _shortcuts(kind: Kind, item: str) -> list[str]:
    """Return the names of columns that stand for an item together with others, or for the counter side's."""
    found = []
    for side, name in ((kind.own, "own_account"), (kind.counter, "counter_account")):
        if item in (f"{side}_account_prefix", f"{side}_account_base", f"{side}_bank") and (
            f"{side}_account_base" in kind.names
        ):
            found.append(name)
    if item.startswith(f"{kind.counter}_") and item.endswith(("symbol", "abbreviation")):
        found.append(item.removeprefix(f"{kind.counter}_"))
    if line := _LINE.fullmatch(item):
        found.append(line[1])
    return found


def _cell(kind: Kind, item: str, given: Collection[str]) -> str:
    """Return SQL for an item from the columns of a table; empty when none gives it."""
    if item in given:
        return item
    column = next((name for name in _shortcuts(kind, item) if name in given), "")
    if column in ("own_account", "counter_account"):
        part = "bank" if item.endswith("_bank") else item.rsplit("_", 1)[-1]
        iban = f"CASE WHEN {column} LIKE 'CZ%' THEN replace({column}, ' ', '') ELSE trim({column}) END"
        return f"account_{part}({iban})"
    if column and (line := _LINE.fullmatch(item)):
        return f"text_line({column}, {line[2]}, {_lines_of(kind, line[1])}, {TEXT_CHARACTERS})"
    return column


def _entered(kind: Kind, name: str, text: str, default: str | None) -> str:
    """Return an item as it is kept (as orders.entering does with one text), with the default that a file needs."""
    filled = name in ("currency", f"{kind.own}_bank", "bank_operation_code")
    usual = literal(default) if filled and default else ""
    if not text:
        return usual or "NULL::VARCHAR"
    item, value = kind.item(name), f"nullif(trim({text}), '')"
    if item.codebook and item.type == "text":
        value = f"upper({value})"
    if name == "recipient_account":
        iban = f"regexp_matches({value}, '^[A-Z]{{2}}\\s?\\d{{2}}')"
        value = f"CASE WHEN {iban} THEN replace({value}, ' ', '') ELSE {value} END"
    if item.type == "yes_no":
        value = f"CASE WHEN lower({value}) <> 'no' THEN {value} END"
    return f"coalesce({value}, {usual})" if usual else value


def _lines_of(kind: Kind, name: str) -> int:
    return sum(1 for item in kind.names if (line := _LINE.fullmatch(item)) and line[1] == name)


@cache
def _taken(kind: Kind) -> dict[str, Taken]:
    """Return where the items of a kind come from, when a file has payments with fields of their own."""
    return _foreign() if kind.family == "foreign" else _domestic(kind)


def _domestic(kind: Kind) -> dict[str, Taken]:
    own, counter = kind.own, kind.counter
    name_fits = f"length(counter_name) <= {ABBREVIATION_CHARACTERS}"
    other_name = f"CASE WHEN {name_fits} THEN counter_text ELSE concat_ws(chr(10), counter_name, counter_text) END"
    found = {
        f"{counter}_abbreviation": _of(f"CASE WHEN {name_fits} THEN counter_name END", "counter_name"),
        f"{own}_variable_symbol": _of("own_variable_symbol"),
        f"{own}_specific_symbol": _of("own_specific_symbol"),
        f"{counter}_variable_symbol": _of("variable_symbol"),
        f"{counter}_specific_symbol": _of("specific_symbol"),
        "constant_symbol": _of("constant_symbol"),
        "amount": _of("amount::VARCHAR", "amount"),
        "currency": _of("currency"),
        "maturity_date": _of("maturity::VARCHAR", "maturity"),
        "express_payment": _of("CASE WHEN urgent THEN 'yes' END", "urgent"),
        "client_transaction_date": _of("client_day::VARCHAR", "client_day"),
        "client_transaction_id": _of(
            f"coalesce(client_reference, CASE WHEN {_FITS} THEN end_to_end_id END)", "client_reference", "end_to_end_id"
        ),
    }
    for side, whose in ((own, "own"), (counter, "counter")):
        account, bank = f"{whose}_account", f"{whose}_bank"
        found |= _number(side, account)
        found[f"{side}_bank"] = _of(f"coalesce(account_bank({account}), {bank})", account, bank)
    return (
        found
        | _lines("client_message", _of("message"), _TEXT_LINES)
        | _lines(f"{own}_identification", _of("own_text"), _TEXT_LINES)
        | _lines(f"{counter}_identification", _of(other_name, "counter_name", "counter_text"), _TEXT_LINES)
    )


def _foreign() -> dict[str, Taken]:
    iban = "regexp_full_match(counter_account, '[A-Z]{2}\\d{2}[A-Z0-9]+')"
    bank = (  # without the country, which has an item of its own
        "CASE WHEN ends_with(counter_bank_name, chr(10) || counter_bank_country)"
        " THEN left(counter_bank_name, length(counter_bank_name) - 1 - length(counter_bank_country))"
        " ELSE counter_bank_name END"
    )
    found = {
        **_number("orderer", "own_account"),
        "orderer_bank": _of(
            "coalesce(account_bank(own_account), CASE WHEN length(own_bank) = 4 THEN own_bank END)",
            "own_account", "own_bank",
        ),
        "recipient_account": _of("counter_account"),
        "amount": _of("amount::VARCHAR", "amount"),
        "currency": _of("currency"),
        "maturity_date": _of("maturity::VARCHAR", "maturity"),
        "country": _of(
            f"coalesce(counter_bank_country, CASE WHEN {iban} THEN substr(counter_account, 1, 2) END)",
            "counter_bank_country", "counter_account",
        ),
        "swift_bic": _of("counter_bank"),
        "charges": _of(
            "CASE charge_bearer WHEN 'DEBT' THEN 'OUR' WHEN 'CRED' THEN 'BEN' WHEN 'SHAR' THEN 'SHA'"
            " WHEN 'SLEV' THEN 'SHA' END",
            "charge_bearer",
        ),
        "payer_reference": _of("end_to_end_id"),
        "agreed_rate": _of("exchange_rate"),
        "agreed_rate_marked": _of("CASE WHEN exchange_rate IS NOT NULL THEN 'yes' END", "exchange_rate"),
        "client_transaction_id": _of("client_reference"),
        **_lines(
            "recipient",
            _of("concat_ws(chr(10), counter_name, counter_address)", "counter_name", "counter_address"), 3,
        ),
        **_lines("bank_connection", _of(bank, "counter_bank_name", "counter_bank_country"), _TEXT_LINES),
        **_lines("recipient_info", _of("message"), _TEXT_LINES),
    }  # fmt: skip
    for line in range(1, _TEXT_LINES + 1):
        one = f"split_part(instructions, chr(10), {line})"
        found[f"instruction_code_{line}"] = _of(f"split_part({one}, '/', 1)", "instructions")
        found[f"instruction_description_{line}"] = _of(f"split_part({one}, '/', 2)", "instructions")
    return found


def _of(sql: str, *fields: str) -> Taken:
    """Return what SQL takes from fields; without fields it is one itself."""
    return Taken(sql, fields or (sql,))


def _number(side: str, account: str) -> dict[str, Taken]:
    return {f"{side}_account_{part}": _of(f"account_{part}({account})", account) for part in ("prefix", "base")}


def _lines(name: str, text: Taken, count: int) -> dict[str, Taken]:
    return {
        f"{name}_line_{line}": Taken(f"text_line({text.sql}, {line}, {count}, {TEXT_CHARACTERS})", text.fields)
        for line in range(1, count + 1)
    }
