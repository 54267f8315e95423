"""One entry in a drawer at the right: every field that the bank gave, its parts, its file and its raw text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import bankklient_lab as bl

from . import formatting, ui
from .formatting import escape
from .styles import css
from .texts import counted, section, text

PARTS_SHOWN = 200
_AMOUNTS = {"amount": "currency", "original_amount": "original_currency", "charges": "currency"}
_ACCOUNTS = ("account", "counterparty_account")


class EntryDetail:
    """The drawer."""

    def __init__(self, lab: bl.Lab) -> None:
        self._lab = lab
        self._body = ui.html("", style=css("entry"))
        self._parts = ui.html("", style=css("entry"))
        self.view = ui.drawer(self._body, self._parts)

    def open(self, row: dict[str, Any]) -> None:
        """Show the entry of a table's row."""
        with ui.told():
            key = (row["import_id"], row["statement_no"], row["entry_no"])
            self._body.object = _entry(bl.entry_detail.arrow(self._lab, *key).to_pylist()[0])
            self._parts.object = _parts(bl.entry_parts.arrow(self._lab, *key).to_pylist())
            self.view.open = True


def _shown(name: str, row: dict[str, Any]) -> str:
    value = row[name]
    if isinstance(value, Decimal):
        return formatting.money(value, row.get(_AMOUNTS.get(name, ""), "") or "")
    if isinstance(value, bool):
        return text("detail.yes") if value else ""
    if isinstance(value, date):
        return formatting.day(value)
    return formatting.iban(value) if name in _ACCOUNTS else str(value)


def _lines(row: dict[str, Any], names: dict[str, str]) -> str:
    return "".join(
        f"<dt>{escape(title)}</dt><dd>{escape(_shown(name, row))}</dd>"
        for name, title in names.items()
        if row.get(name) not in (None, "", False, 0)
    )


def _entry(row: dict[str, Any]) -> str:
    kind = "bad" if row["amount"] is not None and row["amount"] < 0 else "good"
    title, raw = escape(text("detail.raw")), row["raw"] or ""
    kept = f"<details><summary>{title}</summary><pre tabindex='0'>{escape(raw)}</pre></details>" if raw else ""
    return (
        f"<h2>{escape(row['counterparty_name'] or row['category'])}</h2>"
        f"<div class='amount {kind}'>{escape(formatting.money(row['amount'], row['currency'], sign=True))}</div>"
        f"<dl>{_lines(row, section('entry_field'))}</dl>{kept}"
    )


def _parts(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    items = "".join(f"<dl class='part'>{_lines(row, section('entry_field'))}</dl>" for row in rows[:PARTS_SHOWN])
    cut = text("detail.parts_cut", n=PARTS_SHOWN) if len(rows) > PARTS_SHOWN else ""
    return f"<h2>{escape(counted('detail.parts', len(rows)))}</h2>{items}<p class='muted'>{escape(cut)}</p>"
