"""From what files of payment orders carry (formats.payments.schema) to the items of the kinds, as SQL.

A table (CSV, XLSX) names items by its columns, or several at once by a shortcut; a payment of any other format has
fields of its own. What a kind has no item for is not taken, and the caller is told of it (`left_out`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.payments.schema import Kind as Shape
from bankklient_lab.orders.kinds import KINDS, kind_named
from bankklient_lab.orders.kinds.kind import Kind

KIND = "kind"
COLUMN = "payment_no"
INCOMING = "incoming_payment"  # the relation that the texts below read
_LINE = re.compile(r"(.+)_line_(\d)")
_TEXT_LINES = 4
_CHARACTERS = 35
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
    abroad = f"currency <> {_literal(national_currency)} AND {banks[0]} IS DISTINCT FROM {banks[1]}"
    return (
        "CASE WHEN kind = 'collection' THEN 'domestic_collection'"
        f" WHEN kind = 'foreign' OR {abroad} THEN 'foreign_payment' ELSE 'domestic_payment' END"
    )


def items(kind: Kind, shape: Shape, given: Collection[str], defaults: dict[str, str | None]) -> dict[str, str]:
    """Return SQL over INCOMING for each item of a kind; `defaults` are those of a new order, for what no file says."""
    if shape is Shape.ITEMS:
        texts = {item.name: _cell(kind, item.name, given) for item in kind.items}
    else:
        given_fields = _foreign_fields() if kind.family == "foreign" else _domestic_fields(kind)
        texts = {item.name: given_fields.get(item.name, "") for item in kind.items}
    return {name: _entered(kind, name, text, defaults.get(name)) for name, text in texts.items()}


def left_out(kind: Kind, shape: Shape, given: Collection[str]) -> dict[str, str]:
    """Return the given columns that a kind has no item for, each with an SQL condition: it says something."""
    if shape is Shape.ITEMS:
        known = {KIND, COLUMN}
        for name in kind.names:
            known |= {name, *_shortcuts(kind, name)}
        return {name: f"{name} IS NOT NULL" for name in given if name not in known}
    foreign = kind.family == "foreign"
    texts = " ".join((_foreign_fields() if foreign else _domestic_fields(kind)).values())
    used = set(re.findall(r"\w+", texts)) | _OF_THE_FILE
    partly = (
        {"instructions": f"len(string_split(instructions, chr(10))) > {_TEXT_LINES}"}
        if foreign
        else {"end_to_end_id": f"end_to_end_id IS NOT NULL AND (client_reference IS NOT NULL OR NOT {_FITS})"}
    )
    return {name: f"{name} IS NOT NULL" for name in given if name not in used} | partly


def require_known_kinds(found: Collection[str | None], place: str) -> None:
    """Refuse a table in which an order is of a kind that there is not."""
    if None in found:
        known = ", ".join(KINDS)
        raise FormatError(f"each order needs a kind: {known}", place=place, field=KIND)


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
        return f"text_line({column}, {line[2]}, {_lines_of(kind, line[1])}, {_CHARACTERS})"
    return column


def _entered(kind: Kind, name: str, text: str, default: str | None) -> str:
    """Return an item as it is kept (as orders.entering does with one text), with the default that a file needs."""
    filled = name in ("currency", f"{kind.own}_bank", "bank_operation_code")
    usual = _literal(default) if filled and default else ""
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
def _domestic_fields(kind: Kind) -> dict[str, str]:
    """Return SQL for the items of a domestic kind from the fields of a payment."""
    own, counter = kind.own, kind.counter
    name_fits = "length(counter_name) <= 20"
    other_name = f"CASE WHEN {name_fits} THEN counter_text ELSE concat_ws(chr(10), counter_name, counter_text) END"
    found = {
        f"{counter}_abbreviation": f"CASE WHEN {name_fits} THEN counter_name END",
        f"{own}_variable_symbol": "own_variable_symbol",
        f"{own}_specific_symbol": "own_specific_symbol",
        f"{counter}_variable_symbol": "variable_symbol",
        f"{counter}_specific_symbol": "specific_symbol",
        "constant_symbol": "constant_symbol",
        "amount": "amount::VARCHAR",
        "currency": "currency",
        "maturity_date": "maturity::VARCHAR",
        "express_payment": "CASE WHEN urgent THEN 'yes' END",
        "client_transaction_date": "client_day::VARCHAR",
        "client_transaction_id": f"coalesce(client_reference, CASE WHEN {_FITS} THEN end_to_end_id END)",
    }
    for side, whose in ((own, "own"), (counter, "counter")):
        found |= {
            f"{side}_account_prefix": f"account_prefix({whose}_account)",
            f"{side}_account_base": f"account_base({whose}_account)",
            f"{side}_bank": f"coalesce(account_bank({whose}_account), {whose}_bank)",
        }
    for name, text in (
        ("client_message", "message"),
        (f"{own}_identification", "own_text"),
        (f"{counter}_identification", other_name),
    ):
        found |= _lines(name, text, _TEXT_LINES)
    return found


@cache
def _foreign_fields() -> dict[str, str]:
    """Return SQL for the items of a foreign payment from the fields of a payment."""
    iban = "regexp_full_match(counter_account, '[A-Z]{2}\\d{2}[A-Z0-9]+')"
    bank = (  # without the country, which has an item of its own
        "CASE WHEN ends_with(counter_bank_name, chr(10) || counter_bank_country)"
        " THEN left(counter_bank_name, length(counter_bank_name) - 1 - length(counter_bank_country))"
        " ELSE counter_bank_name END"
    )
    iban_country = f"CASE WHEN {iban} THEN substr(counter_account, 1, 2) END"
    found = {
        "orderer_account_prefix": "account_prefix(own_account)",
        "orderer_account_base": "account_base(own_account)",
        "orderer_bank": "coalesce(account_bank(own_account), CASE WHEN length(own_bank) = 4 THEN own_bank END)",
        "recipient_account": "counter_account",
        "amount": "amount::VARCHAR",
        "currency": "currency",
        "maturity_date": "maturity::VARCHAR",
        "country": f"coalesce(counter_bank_country, {iban_country})",
        "swift_bic": "counter_bank",
        "charges": "CASE charge_bearer WHEN 'DEBT' THEN 'OUR' WHEN 'CRED' THEN 'BEN' WHEN 'SHAR' THEN 'SHA'"
        " WHEN 'SLEV' THEN 'SHA' END",
        "payer_reference": "end_to_end_id",
        "agreed_rate": "exchange_rate",
        "agreed_rate_marked": "CASE WHEN exchange_rate IS NOT NULL THEN 'yes' END",
        "client_transaction_id": "client_reference",
    }
    for name, text, count in (
        ("recipient", "concat_ws(chr(10), counter_name, counter_address)", 3),
        ("bank_connection", bank, _TEXT_LINES),
        ("recipient_info", "message", _TEXT_LINES),
    ):
        found |= _lines(name, text, count)
    for line in range(1, _TEXT_LINES + 1):
        one = f"split_part(instructions, chr(10), {line})"
        found[f"instruction_code_{line}"] = f"split_part({one}, '/', 1)"
        found[f"instruction_description_{line}"] = f"split_part({one}, '/', 2)"
    return found


def _lines(name: str, text: str, count: int) -> dict[str, str]:
    return {f"{name}_line_{line}": f"text_line({text}, {line}, {count}, {_CHARACTERS})" for line in range(1, count + 1)}


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
