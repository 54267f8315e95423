"""Texts of received orders that are overwritten, by accounting system and own account, or by a symbol besides."""

from __future__ import annotations

import json
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.accounting_systems import SEES, system_numbered
from bankklient_lab.orders.kinds.domestic import ABBREVIATION_CHARACTERS, LINES, TEXT_CHARACTERS
from bankklient_lab.orders.kinds.kind import Kind

# ruff: noqa: S608 - every text below is made of our own declarations, values are bound

SYMBOLS = ("variable_symbol", "specific_symbol", "constant_symbol")
# Fields that can be chosen, with the longest text and the number of its lines.
FIELDS = {
    "abbreviation": (ABBREVIATION_CHARACTERS, 1),
    "client_message": (TEXT_CHARACTERS, len(LINES)),
    "own_identification": (TEXT_CHARACTERS, len(LINES)),
    "counter_identification": (TEXT_CHARACTERS, len(LINES)),
}


@table_action(SEES)
def text_replacements(lab: Lab, system: int) -> Read:
    """Return the replacements of an accounting system in the order in which they are tried.

    Columns: number, account, symbol (empty: all orders of the account), value, texts (JSON: text by field).
    """
    with lab.database.reading() as cursor:
        system_numbered(cursor, system)
    return lab.read(
        "SELECT number, account, symbol, value, texts FROM ops.text_replacement WHERE accounting_system = $system"
        " ORDER BY symbol = '', number",
        {"system": system},
    )


@action("2", mode="exclusive")
def replace_texts(
    lab: Lab, system: int, account: str, texts: dict[str, str], *, symbol: str = "", value: str = ""
) -> int:
    """Overwrite texts of orders that an accounting system sends for an own account; return the setting's number.

    `texts` maps fields (abbreviation of the counter account, client_message, own_identification,
    counter_identification) to what they get, lines separated by line feeds; an empty text empties the field. With
    `symbol` (variable_symbol, specific_symbol, constant_symbol) only orders with that `value` of it.
    """
    if not texts:
        raise BadArgument(f"choose at least one text to replace, of {', '.join(FIELDS)}")
    for field, text in texts.items():
        _check_text(field, text)
    if symbol and symbol not in SYMBOLS:
        raise UnknownName("symbol", symbol, f"there are {', '.join(SYMBOLS)}")
    if bool(symbol) != bool(value.strip("0 ")) or (value and not value.strip().isdigit()):
        raise BadArgument("a symbol and its value, digits that are not all 0, go together")
    with lab.database.tx("ops") as cursor:
        system_numbered(cursor, system)
        if not cursor.execute("SELECT 1 FROM own_accounts() WHERE number = ?", [account]).fetchone():
            raise UnknownName(
                "own account", account, "give the IBAN of a Czech account as `bankklient accounts` shows it"
            )
        ((setting,),) = cursor.execute(
            "SELECT coalesce(max(number), 0) + 1 FROM ops.text_replacement WHERE accounting_system = ?", [system]
        ).fetchall()
        row = [system, setting, account, symbol, value.strip().lstrip("0"), json.dumps(texts, ensure_ascii=False)]
        cursor.execute("INSERT INTO ops.text_replacement VALUES (?, ?, ?, ?, ?, ?)", row)
        lab.log(cursor, "replace_texts", str(system), setting=setting, account=account, fields=sorted(texts))
    return int(setting)


@action("2", mode="exclusive")
def stop_replacing_texts(lab: Lab, system: int, setting: int) -> None:
    """Remove a replacement of texts of an accounting system."""
    with lab.database.tx("ops") as cursor:
        key = [system, setting]
        which = "ops.text_replacement WHERE accounting_system = ? AND number = ?"
        if not cursor.execute(f"SELECT 1 FROM {which}", key).fetchone():
            raise UnknownName("replacement of texts", setting, f"see those of accounting system {system}")
        cursor.execute(f"DELETE FROM {which}", key)
        lab.log(cursor, "stop_replacing_texts", str(system), setting=setting)


def replaced(cursor: Any, system: int, kind: Kind) -> tuple[dict[str, str], dict[str, str]]:
    """Return SQL over entered orders for the items of a kind that are replaced, and what the SQL binds.

    Of several settings that fit an order one counts: with a symbol before without, then the lowest number. Foreign
    payments are left as they are.
    """
    if kind.family != "domestic":
        return {}, {}
    settings = cursor.execute(
        "SELECT account, symbol, value, texts FROM ops.text_replacement WHERE accounting_system = ?"
        " ORDER BY symbol = '', number",
        [system],
    ).fetchall()
    conditions: list[str] = []
    branches: dict[str, list[str]] = {}
    values: dict[str, str] = {}
    for at, (account, symbol, value, texts) in enumerate(settings):
        values[f"replaced_account_{at}"] = account[4:]
        if symbol:
            values[f"replaced_value_{at}"] = value
        conditions.append(f"WHEN {_applies(kind, symbol, at)} THEN {at}")
        for field, text in json.loads(texts).items():
            for item, line in _lines(kind, field, text):
                name = f"text_{len(values)}"
                values[name] = line
                branches.setdefault(item, []).append(f"WHEN {at} THEN nullif(${name}, '')")
    which = f"(CASE {' '.join(conditions)} END)"
    return {item: f"CASE {which} {' '.join(cases)} ELSE {item} END" for item, cases in branches.items()}, values


def _applies(kind: Kind, symbol: str, at: int) -> str:
    """Return the condition that an order is of the own account of a setting, and has the value of its symbol."""
    own = kind.own
    prefix = f"lpad(coalesce(significant({own}_account_prefix), ''), 6, '0')"
    found = f"{own}_bank || {prefix} || lpad(significant({own}_account_base), 10, '0') = $replaced_account_{at}"
    if symbol:
        item = symbol if symbol in kind.names else f"{kind.counter}_{symbol}"
        found += f" AND significant({item}) = $replaced_value_{at}"
    return found


def _lines(kind: Kind, field: str, text: str) -> list[tuple[str, str]]:
    if field == "abbreviation":
        return [(f"{kind.counter}_abbreviation", text)]
    side = {"own_identification": kind.own, "counter_identification": kind.counter}.get(field)
    name = f"{side}_identification" if side else field
    lines = text.splitlines() + [""] * len(LINES)
    return [(f"{name}_line_{line}", lines[line - 1]) for line in LINES]


def _check_text(field: str, text: str) -> None:
    if field not in FIELDS:
        raise UnknownName("text of an order", field, f"there are {', '.join(FIELDS)}")
    characters, count = FIELDS[field]
    lines = text.splitlines()
    if len(lines) > count or any(len(line) > characters for line in lines):
        raise BadArgument(f"{field} takes {count} line(s) of {characters} characters")
