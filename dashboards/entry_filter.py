"""The filter of the explorer: fields that are taken when left or on Enter, and a chip for each part that is set."""

from __future__ import annotations

from functools import partial
from typing import Any

import bankklient_lab as bl
from bankklient_lab.analysis.entries import SIDES
from bankklient_lab.errors import BadArgument
from bankklient_lab.money import parse_amount

from . import formatting, ui
from .entry_columns import TITLES, plain, with_part
from .state import AMOUNTS, DEFAULTS, State, follow
from .texts import text

ANY = "*"  # a choice that is no text of an entry: the widget takes "" for nothing chosen
CHIP_CHARS = 40
UNSET = {name: DEFAULTS[name] for name in State.CRITERIA}


class EntryFilter:
    """The fields."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._category = ui.select(text("explorer.category"), {text("explorer.any_category"): ANY}, ANY, width=170)
        sides = {text(f"explorer.side_{side}"): side for side in SIDES}
        self.fields = {
            "text": ui.field(text("explorer.text"), width=220),
            "counterparty": ui.field(text("explorer.counterparty"), width=180),
            "category": self._category,
            "side": ui.select(text("explorer.side"), sides, "any", width=110),
            "variable_symbol": ui.field(text("explorer.symbol"), width=140),
            "amount_from": ui.field(text("explorer.amount_from"), width=122),
            "amount_to": ui.field(text("explorer.amount_to"), width=122),
        }
        self.view = ui.row(*self.fields.values(), gap=10)
        self._show()
        for name, widget in self.fields.items():
            widget.param.watch(lambda event, name=name: self._take(name, event.new), "value")
        state.param.watch(self._show, list(State.CRITERIA))
        follow(state, "explorer", ("since", "until", "accounts"), self._offer)

    def _take(self, name: str, value: str) -> None:
        if name in AMOUNTS:
            widget = self.fields[name]
            value, widget.error_state = _read_amount(value)
            if widget.error_state:
                ui.tell(text("explorer.bad_amount"), kind="warning")
                return
        self._state.param.update(**{name: "" if value == ANY and name == "category" else value})

    def _show(self, *_events: object) -> None:
        for name, widget in self.fields.items():
            value = getattr(self._state, name)
            if name == "category":
                value = value or ANY
            if name == "category" and value not in widget.options.values():
                widget.options = widget.options | {value: value}
            if widget.value != value:
                widget.value = value

    def _offer(self) -> None:
        state = self._state
        table = bl.cash_flow.arrow(
            self._lab, since=state.since, until=state.until, accounts=state.accounts, period="year", by="category"
        )
        known = sorted({*table["key"].to_pylist(), *([state.category] if state.category else [])})
        self._category.options = {text("explorer.any_category"): ANY} | {key: key for key in known}


class Chips:
    """What is set, each with the way to take it back; nothing while nothing is set."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.view = ui.row(gap=6)
        state.param.watch(self._show, list(State.CRITERIA))
        self._show()

    def clear(self) -> None:
        """Take everything back."""
        self._state.param.update(**UNSET)

    def _show(self, *_events: object) -> None:
        state = self._state
        chips = [
            _chip(text(f"explorer.{_LABELS.get(name, name)}"), _value(name, value), partial(self._drop, name))
            for name in UNSET
            if name != "containing" and (value := getattr(state, name)) != UNSET[name]
        ]
        chips += [
            _chip(TITLES.get(column, column), part, partial(self._drop_part, column))
            for column, part in state.containing.items()
        ]
        if len(chips) > 1:
            chips.append(ui.button(text("explorer.clear"), self.clear, variant="text", icon="filter_alt_off"))
        for chip in chips:
            chip.align = "center"
        self.view.objects = chips
        self.view.visible = bool(chips)

    def _drop(self, name: str) -> None:
        self._state.param.update(**{name: UNSET[name]})

    def _drop_part(self, column: str) -> None:
        self._state.containing = with_part(self._state.containing, column, "")


_LABELS = {"variable_symbol": "symbol"}


def _value(name: str, value: str) -> str:
    if name == "side":
        return text(f"explorer.side_{value}")
    return formatting.amount(parse_amount(value)) if name in AMOUNTS else value


def _chip(label: str, value: str, drop: Any) -> ui.Widget:
    cut = value if len(value) <= CHIP_CHARS else value[:CHIP_CHARS] + "\u2026"
    return ui.chip(f"{label}: {cut}", drop)


def _read_amount(value: str) -> tuple[str, bool]:
    if not value.strip():
        return "", False
    try:
        return plain(parse_amount(value)), False
    except BadArgument:
        return value, True
