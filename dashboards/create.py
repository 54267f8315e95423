"""Create: one payment after another, the kind chosen first, checked while one types."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import bankklient_lab as bl
from bankklient_lab.orders.creating import create_order, order_defaults
from bankklient_lab.orders.headers import header_values, headers
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.lifecycle import ERROR
from bankklient_lab.orders.patterns import patterns
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .formatting import escape
from .order_form import OrderForm
from .order_words import kind_label, status_label
from .state import State
from .styles import css
from .texts import counted, text
from .twins import Twins

LAST_SHOWN = 8
NONE = "*"  # no header: the widget takes "" for nothing chosen
DRAFT = "new "  # and the kind: the name of a draft


class Create:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        held = lab.rights.held(lab.caller)
        kinds = [kind.name for kind in KINDS.values() if needed(kind.creates).holds(held)]
        self.created: list[dict[str, Any]] = []
        self._kind = ui.choice({kind_label(name): name for name in kinds}, kinds[0] if kinds else None)
        without = {text("create.no_header"): NONE}
        self._header = ui.select(text("create.header"), without, NONE, width=180, visible=False)
        self._quiet = False
        self.endless = ui.switch(text("create.endless"), value=True)
        self.twins = Twins()
        self.form = OrderForm(
            lab, state, self._save, on_twins=self.twins.show, on_back=(text("create.clear"), self.new)
        )
        self._done = ui.column(visible=False)
        self._sitting = ui.html("", style=css("sitting"))
        keys = ui.html(f"<p class='muted'>{escape(text('create.keys'))}</p>")
        self.full = ui.grid(
            ui.card(
                ui.row(self._kind, ui.html(""), self._header, self.endless, gap=10), self.form.view, self._done,
                span=8, gap=16,
            ),
            ui.column(self.twins.view, ui.card(self._sitting), keys, css_classes=["span-4"], gap=14),
        )  # fmt: skip
        nothing = ui.empty(text("create.nothing_title"), text("create.nothing"))
        self.view = ui.column(self.full if kinds else nothing, gap=0)  # a grid by itself can't be hidden
        if kinds:
            self._show_sitting()
            self._kind.param.watch(self._chosen, "value")
            self._header.param.watch(self._header_chosen, "value")
            state.param.watch(lambda _event: self._looked_at(), "page")
            state.param.watch(lambda _event: self._restore(), "restored")
            state.param.watch(lambda event: self.copy(**event.new), "copied")
            self.new()
            if state.copied:
                self.copy(**state.copied)

    @property
    def kind(self) -> str:
        """The kind that is created."""
        return str(self._kind.value)

    def _chosen(self, event: Any) -> None:
        if event.new:
            self.new()

    def new(self) -> None:
        """Begin a new order of the chosen kind, with the values of the header that is used."""
        self._show(order_defaults(self._lab, self.kind) | self._header_values())

    def _header_values(self) -> dict[str, str]:
        """Return what the chosen header gives; offer the headers of the kind."""
        names = [row["name"] for row in headers.rows(self._lab, self.kind)]
        here = self._header.value if self._header.value in names else NONE
        self._quiet = True
        self._header.param.update(
            options={text("create.no_header"): NONE} | {name: name for name in names}, value=here, visible=bool(names)
        )
        self._quiet = False
        return {} if here == NONE else header_values(self._lab, self.kind, here)

    def copy(self, kind: str, texts: dict[str, Any]) -> None:
        """Begin a new order that has the texts of another one."""
        if self._kind.value != kind:
            self._kind.value = kind
        self.form.forget()
        self._show(order_defaults(self._lab, kind) | {name: one for name, one in texts.items() if one})

    def _show(self, texts: dict[str, Any]) -> None:
        self._done.visible, self.form.view.visible = False, True
        self.twins.show(None)
        rows = patterns.rows(self._lab, self.kind)
        self.form.show(
            self.kind,
            texts,
            patterns=[(row["pattern_id"], row["name"], _pattern_note(row)) for row in rows],
            name=DRAFT + self.kind,
            button=text("create.save"),
            focus=self._state.page == "create",
        )

    def _header_chosen(self, _event: Any) -> None:
        if not self._quiet:
            self.new()

    def _looked_at(self) -> None:
        if self._state.page == "create":
            self.form.focus()

    def _restore(self) -> None:
        """Take up what was typed before a reload."""
        names = [name.removeprefix(DRAFT) for name in self._state.restored if name.startswith(DRAFT)]
        for name in names:
            if name in self._kind.options.values():
                self._kind.value = name
        if self.kind in names:
            self.new()

    def _save(self, values: dict[str, str], reason: str, duplicate: str) -> None:
        kind = self.kind
        made = create_order(self._lab, kind, values, reason=reason, duplicate=duplicate, use_defaults=False)
        self.form.forget()
        self._state.noted()
        self.created.append(
            made | {"kind": kind, "currency": values["currency"].upper(),
                    "to": values.get("counter_account") or values.get("recipient_account", "")}
        )  # fmt: skip
        self._show_sitting()
        told = text("create.saved", number=made["order_id"], status=status_label(made["status"]))
        ui.tell(" ".join([told, *made["warnings"]]), kind="warning" if made["warnings"] else "success")
        if self.endless.value:
            self.new()
        else:
            self._end(told)

    def _end(self, told: str) -> None:
        self.form.view.visible, self._done.visible = False, True
        self.twins.show(None)
        again = ui.button(text("create.new"), self.new, primary=True, icon="add")
        look = ui.button(text("create.look"), lambda: self._state.param.update(page="orders"), icon="list")
        self._done.objects = [ui.notice(told, severity="success"), ui.row(again, look, gap=8)]

    def _show_sitting(self) -> None:
        """Show what was created since the page was opened: sums, and the last orders."""
        if not self.created:
            self._sitting.object = (
                f"<h2>{escape(text('create.sitting'))}</h2><p class='muted'>{escape(text('create.sitting_empty'))}</p>"
            )
            return
        sums: dict[tuple[str, str], list[Decimal]] = {}
        for one in self.created:
            sums.setdefault((one["kind"], one["currency"]), []).append(one["amount"])
        lines = "".join(
            f"<tr><td>{escape(kind_label(kind))}</td><td class='n'>{formatting.count(len(amounts))}</td>"
            f"<td class='n'><b>{escape(formatting.money(sum(amounts, Decimal(0)), currency))}</b></td></tr>"
            for (kind, currency), amounts in sums.items()
        )
        last = "".join(
            f"<li class='{'wrong' if one['status'] == ERROR else ''}'><span>{escape(one['to'])}"
            f"<small>{one['order_id'] % 10**8} \u00b7 {escape(status_label(one['status']))}</small></span>"
            f"<b>{escape(formatting.money(one['amount'], one['currency']))}</b></li>"
            for one in reversed(self.created[-LAST_SHOWN:])
        )
        number = counted("create.created", len(self.created), formatting.count(len(self.created)))
        self._sitting.object = (
            f"<h2>{escape(text('create.sitting'))}</h2><p class='muted' role='status'>{escape(number)}</p>"
            f"<table>{lines}</table><ul>{last}</ul>"
        )


def _pattern_note(row: dict[str, Any]) -> str:
    amount = f"{row['amount']} {row['currency'] or ''}".strip() if row["amount"] else ""
    return " \u00b7 ".join(part for part in (row["group_name"], row["counter_account"], amount) if part)


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Create(lab, state).view
