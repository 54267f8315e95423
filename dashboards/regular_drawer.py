"""One regular payment: its name, its schedule, and the order that is made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.regular_payments import (
    KIND,
    change_regular_payment,
    create_regular_payment,
    delete_regular_payment,
    end_regular_payment,
    regular_payment_defaults,
    regular_payment_orders,
)
from bankklient_lab.orders.schedules import INSTALMENTS_MAX, periods
from bankklient_lab.orders.unfinished import MATURITY, NAME_CHARS_MAX, values_of
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .form import CHOICE, DAY, NUMBER, YES_NO, Field, Form
from .formatting import escape
from .order_form import OrderForm
from .order_words import status_label
from .state import State
from .styles import css
from .sure import Sure
from .texts import text

WIDTH = 620
SHOWN_ORDERS = 12
_DAYS_MAX, _MONTHS_MAX = 30, 12


class RegularDrawer:
    """The drawer; `changed` is called after each change."""

    def __init__(self, lab: bl.Lab, state: State, changed: Callable[[], object]) -> None:
        self._lab, self._state, self._changed = lab, state, changed
        self._row: Mapping[str, Any] = {}
        self._title = ui.html("", style=css("facts"))
        self.schedule = Form(state, _fields(), lambda _values: None)
        self._locked = ui.notice(text("regular.locked"), visible=False)
        self._problem = ui.notice("", severity="warning", visible=False)
        self.form = OrderForm(lab, state, self._save, checked=False)
        self.end = Sure(text("regular.end"), text("regular.end_really"), self._end, icon="stop_circle")
        self.delete = Sure(text("patterns.delete"), text("regular.delete_really"), self._delete)
        self._acts = ui.row(self.end.view, self.delete.view, gap=8)
        self._orders = ui.html("", style=css("order"))
        self.view = ui.drawer(
            self._title, self._problem, self._locked, _laid_out(self.schedule.widgets),
            ui.heading(text("regular.order")), self.form.view, self._acts, self._orders, width=WIDTH,
        )  # fmt: skip
        self.schedule.widgets["periodicity"].param.watch(lambda _event: self._ask_for_month(), "value")

    def new(self) -> None:
        """Show an empty form."""
        today = bank_day(self._lab)
        self._show({}, {"periodicity": "month", "day": 1, "valid_from": today}, regular_payment_defaults(self._lab))

    def open(self, row: Mapping[str, Any]) -> None:
        """Show a row of the list."""
        self._show(row, row, values_of(row["items"]))

    def _show(self, row: Mapping[str, Any], schedule: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self._row = row
        may = needed("96").holds(self._lab.rights.held(self._lab.caller))
        self._title.object = _head(row)
        self.schedule.fill(schedule)
        locked = bool(row.get("last_due"))
        self._locked.visible = locked
        for name, widget in self.schedule.widgets.items():
            widget.disabled = not may or (locked and name not in ("name", "confirm"))
        self._ask_for_month()
        errors = row.get("errors", "")
        self._problem.object = escape(text("regular.wrong", errors=errors))
        self._problem.visible = bool(errors)
        self.end.view.visible = bool(row) and row["ended_on"] is None
        self._acts.visible = bool(row) and may
        for sure in (self.end, self.delete):
            sure.reset()
        self._orders.object = _orders(self._lab, row)
        self.form.view.visible = may
        if may:
            self.form.show(KIND.name, values, without=[MATURITY], button=text("regular.save"), focus=False)
        self.view.open = True

    def _ask_for_month(self) -> None:
        """Ask for MM where the periodicity has it, and say which values it and DD take."""
        period = periods()[self.schedule.widgets["periodicity"].value]
        month, day = self.schedule.widgets["month"], self.schedule.widgets["day"]
        month.visible = period["month_max"] != "0"
        month.helper_text = f"{period['month_min']} \u2013 {period['month_max']}"
        due = text(f"regular.due_{_key(period)}")
        day.helper_text = f"{period['day_min']} \u2013 {period['day_max']}, {due}"

    def _save(self, values: dict[str, str], _reason: str, _duplicate: str) -> None:
        given = self.schedule.checked()
        if given is None:
            return
        try:
            self._store(values, given)
        except BadArgument as error:
            if error.details.get("parameter") not in self.schedule.widgets:
                raise
            self.schedule.refuse(error)
        else:
            self._done(text("regular.saved", name=given["name"]))

    def _store(self, values: dict[str, str], given: dict[str, Any]) -> None:
        schedule = _schedule(given)
        if not self._row:
            create_regular_payment(
                self._lab, given["name"], values, confirm=given["confirm"], use_defaults=False, **schedule
            )
        else:
            locked = bool(self._row["last_due"])
            change_regular_payment(
                self._lab, self._row["regular_payment_id"], name=given["name"], values=values,
                confirm=given["confirm"], schedule=None if locked else schedule,
            )  # fmt: skip

    def _end(self) -> None:
        end_regular_payment(self._lab, self._row["regular_payment_id"])
        self._done(text("regular.ended", name=self._row["name"]))

    def _delete(self) -> None:
        delete_regular_payment(self._lab, self._row["regular_payment_id"])
        self._done(text("patterns.deleted", name=self._row["name"]))

    def _done(self, message: str) -> None:
        self.view.open = False
        self._changed()
        ui.tell(message)


def _key(period: Mapping[str, str]) -> str:
    return period["periodicity"].replace(" ", "_").replace("-", "_")


def period_label(name: str) -> str:
    """Return the name of a periodicity in the language spoken here."""
    return text(f"regular.every_{_key(periods()[name])}")


def _fields() -> list[Field]:
    return [
        Field("name", text("patterns.name"), required=True, chars=NAME_CHARS_MAX),
        Field("periodicity", text("regular.periodicity"), CHOICE,
              options={period_label(name): name for name in periods()}),
        Field("month", text("regular.month"), NUMBER, most=_MONTHS_MAX),
        Field("day", text("regular.day"), NUMBER, required=True, least=1, most=_DAYS_MAX),
        Field("valid_from", text("regular.valid_from"), DAY, required=True),
        Field("valid_until", text("regular.valid_until"), DAY),
        Field("instalments", text("regular.instalments"), NUMBER, least=1, most=INSTALMENTS_MAX,
              help=text("regular.help_instalments")),
        Field("last_amount", text("regular.last_amount"), chars=20),
        Field("confirm", text("regular.confirm"), YES_NO),
    ]  # fmt: skip


def _laid_out(widgets: Mapping[str, Any]) -> Any:
    """Lay the fields of the schedule out, those that belong together side by side."""
    for widget in widgets.values():
        widget.min_width = 150
    sides = (("name",), ("periodicity", "month", "day"), ("valid_from", "valid_until"), ("instalments", "last_amount"),
             ("confirm",))  # fmt: skip
    rows = [ui.row(*(widgets[name] for name in side), gap=10) for side in sides]
    for widget in widgets.values():
        widget.align = "start"  # help beneath one of them moves none of the others
    return ui.column(*rows, gap=14)


def _schedule(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schedule as the functions take it."""
    has_month = periods()[given["periodicity"]]["month_max"] != "0"
    return {
        "periodicity": given["periodicity"],
        "month": int(given["month"] or 0) if has_month else 0,
        "day": int(given["day"]),
        "valid_from": given["valid_from"],
        "valid_until": given["valid_until"],
        "instalments": int(given["instalments"]) if given["instalments"] else None,
        "last_amount": given["last_amount"] or None,
    }


def _head(row: Mapping[str, Any]) -> str:
    if not row:
        return f"<h2>{escape(text('regular.new'))}</h2>"
    remains = "" if row["remaining"] is None else text(
        "regular.remains_of", n=row["remaining"], all=row["instalments"],
        amount=formatting.money(row["remaining_amount"], row["currency"] or ""),
    )  # fmt: skip
    lines = (
        (text("column.state"), text(f"regular.state_{row['state']}")),
        (text("regular.next_due"), formatting.day(row["next_due"])),
        (text("regular.last_due"), formatting.day(row["last_due"])),
        (text("regular.remains"), remains),
        (text("regular.ended_on"), formatting.day(row["ended_on"])),
    )
    return formatting.facts(lines, row["name"])


def _orders(lab: bl.Lab, row: Mapping[str, Any]) -> str:
    """Return the last orders that were made."""
    if not row:
        return ""
    rows = regular_payment_orders.rows(lab, row["regular_payment_id"])[:SHOWN_ORDERS]
    if not rows:
        return ""
    lines = (
        (
            formatting.day(one["due_on"]),
            f"{formatting.money(one['amount'], one['currency'])} \u00b7 {status_label(one['status'])}",
        )
        for one in rows
    )
    return f"<h3>{escape(text('regular.made'))}</h3>{formatting.facts(lines)}"
