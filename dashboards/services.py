"""A page of a service: what the bank has, and requests for new records, corrections and revocations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.codebooks.deposits import variants
from bankklient_lab.codebooks.services import AGREEMENT, CORRECTION, KINDS, NEW, REVOCATION, VALID, Item, ServiceKind
from bankklient_lab.exchange.service_lists import update_service_records
from bankklient_lab.formats.payments.accounts import as_written, national
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.formats.standing_orders import payments
from bankklient_lab.jobs import Job
from bankklient_lab.orders.checking import error_items, national_currency
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.services.listing import (
    ALL,
    HISTORY,
    OPEN,
    PROCESSED,
    TO_CONFIRM,
    UNPROCESSED,
    listed_at,
    service_records,
    service_requests,
)
from bankklient_lab.services.requests import (
    clear_service_requests,
    confirm_service_requests,
    copy_service_request,
    correct_service_request,
    create_service_request,
    delete_service_requests,
    unconfirm_service_requests,
)
from bankklient_lab.services.status import OPEN as OPEN_STATUSES
from bankklient_lab.services.status import OVER

from . import formatting, ui
from .agreement import Agreement
from .bank_form import BankForm
from .form import CHOICE, DAY, Field, Form
from .formatting import escape
from .listing import Listing
from .menu import may
from .service_choices import Choices, Deposits, Financed, Forwards, Frequencies, taken
from .state import State, follow
from .styles import css
from .sure import Sure
from .table import Column
from .texts import counted, section, text

WIDTH = 600
NEXT_PAYMENTS = 6
LOOK_AHEAD = timedelta(days=5 * 366)
MARKS = {
    "valid": "\u25cf", "ended": "\u2298", "revoked": "\u2298", "CR": "\u25d4", "CO": "\u25d4", "NS": "\u25d4",
    "E": "\u25cb", "SE": "\u25d1", "RV": "\u25d1", "OK": "\u25cf", "ER": "\u25cb", "DE": "\u2298",
}  # fmt: skip
_ACCOUNTS = ("account", "own_account")
_SETS = (OPEN, TO_CONFIRM, UNPROCESSED, PROCESSED, HISTORY, ALL)
_WIDTHS = {
    "rate": 80, "length": 100, "amount": 120, "limit": 120, "own_account": 160, "counter_account": 175, "period": 130,
    "last_payment": 115, "pair": 90, "deal_type": 70, "maturity": 120, "currency": 85,
    "second_amount": 130, "second_currency": 85, "contract_rate": 100, "stored_pair": 90, "reference": 90,
    "recipient_account": 175, "receivable_type": 110, "variable_symbol": 125, "agreement_currency": 85,
    "agreement_account": 175,
}  # fmt: skip
_SIDES = (
    ("variable_symbol", "specific_symbol", "constant_symbol"), ("period", "frequency"), ("last_payment", "last_amount"),
    ("limit", "period"), ("valid_from", "valid_until"), ("pair", "deal_type"), ("amount", "maturity"),
    ("recipient_bic", "recipient_country"), ("own_account", "currency"),
    ("variable_symbol", "original_variable_symbol"),
    ("sequence_number", "invoice_number"), ("debtor_id_type", "debtor_identification"), ("issue_date", "due_date"),
)  # fmt: skip


class Services:
    """The page of a kind; `shown` are the items that its tables show, of records others where `recorded` says so."""

    def __init__(
        self, lab: bl.Lab, state: State, kind: str, shown: Sequence[str], recorded: Sequence[str] = ()
    ) -> None:
        self._lab, self._state, self.kind = lab, state, KINDS[kind]
        of_kind = self.kind.by_name
        self._of_records = tuple(of_kind[name] for name in recorded or shown if of_kind[name] in self.kind.recorded)
        self._of_requests = tuple(of_kind[name] for name in shown if of_kind[name] in self.kind.asked)
        self.records: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, dict[str, Any]] = {}
        self.drawer = _Drawer(lab, state, self.kind, self._changed)
        page = self.kind.several
        self._told = ui.html("", style=css("balancing"), min_width=240)
        self.form: BankForm[None] | None = None
        if may(lab, self.kind.rights.sees or self.kind.rights.creates):
            self.form = BankForm(
                lab, state, self._ask, lambda _nothing: self._asked(), icon="refresh", under_way=text("services.asking")
            )
            self.form.button.label = text("services.ask")
        self.list = Listing(
            state, page, _columns(self._of_records, "record", "state"), self._read_records, count="services.count",
            label=text("services.at_bank"), placeholder=text("services.none"), rows_high=9,
            on_open=lambda row: self.drawer.open_record(self.records[row["record"]]),
        )  # fmt: skip
        self.which = ui.choice(
            {text(f"services.set_{one}"): one for one in _SETS if one != TO_CONFIRM or self.kind.decided}, OPEN,
            stylesheets=[css("tabs")],
        )  # fmt: skip
        self.new = ui.button(text(f"services.new_{kind}"), self.drawer.new, primary=True, icon="add")
        rights = self.kind.rights
        self.new.visible = NEW in self.kind.requests and may(lab, rights.creates)
        self.confirm_all = ui.button(text("services.confirm_all"), self._confirm_all, icon="done_all")
        self._may_decide, self._may_delete = may(lab, rights.decides), may(lab, rights.deletes)
        asks = ("request",) if len(self.kind.requests) > 1 else ()
        self.clear_all = Sure(text("services.clear_all"), text("services.clear_all_really"), self._clear_all)
        self.asked = Listing(
            state, page, _columns(self._of_requests, "request_id", *asks, "state"), self._read_requests,
            count=f"services.{_name_of('requests_count', kind, '_many')}", label=_words_of("requests", kind),
            placeholder=_words_of("no_requests", kind), rows_high=9,
            on_open=lambda row: self.drawer.open_request(self.requests[row["request_id"]]),
        )  # fmt: skip
        self.view = ui.column(
            ui.card(
                ui.heading(_words_of("at_bank", kind), note=text(f"services.hint_{kind}")),
                *(self.form.parts if self.form else ()), ui.row(self._told, self.list.search, gap=10),
                self.list.view, gap=10,
            ),
            ui.card(
                ui.row(ui.heading(_words_of("requests", kind), note=text("services.requests_hint")), self.new, gap=10),
                ui.row(self.which, self.asked.search, gap=10), self.asked.view,
                ui.row(self.confirm_all, self.clear_all.view, gap=8), gap=10,
            ),
            self.drawer.view, stylesheets=[ui.WHOLE],
        )  # fmt: skip
        self.which.param.watch(lambda _event: self.asked.refresh(), "value")
        follow(state, page, (), self.refresh)

    def refresh(self) -> None:
        """Say of when the list is."""
        at = listed_at(self._lab, self.kind.name)
        told = text("services.listed_at", at=formatting.moment(at)) if at else text("services.never_listed")
        self._told.object = f"<p class='signs'>{escape(told)}</p>"
        self.list.view.visible = self.list.search.visible = at is not None
        if self.form is not None:
            self.form.refresh()

    def _ask(self, password: str, job: Job) -> None:
        update_service_records(self._lab, self.kind.name, password, job=job)

    def _asked(self) -> None:
        ui.tell(text("services.updated"))
        self._changed()

    def _changed(self) -> None:
        self._state.data_version += 1

    def _read_records(self) -> pa.Table:
        rows = service_records.rows(self._lab, self.kind.name)
        self.records = {row["record"]: row for row in rows}
        return self._table(
            self._of_records,
            rows,
            record=lambda row: row["record"],
            state=lambda row: state_words(self.kind, row["state"]),
        )

    def _read_requests(self) -> pa.Table:
        rows = service_requests.rows(self._lab, self.kind.name, self.which.value)
        self.requests = {str(row["request_id"]): row for row in rows}
        self.confirm_all.visible = self._may_decide and any(row["status"] == "CR" for row in rows)
        self.clear_all.view.visible = self._may_delete and any(row["status"] in OVER for row in rows)
        return self._table(
            self._of_requests, [self._with_record(row) for row in rows], request_id=lambda row: str(row["request_id"]),
            request=lambda row: text(f"services.request_{row['request']}"),
            state=lambda row: state_words(self.kind, row["status"]),
        )  # fmt: skip

    def _table(
        self, items: Sequence[Item], rows: Sequence[dict[str, Any]], **told: Callable[[dict[str, Any]], str]
    ) -> pa.Table:
        table = {name: pa.array([words(row) for row in rows], pa.string()) for name, words in told.items()}
        for item in items:
            values = [row[item.name] for row in rows]
            if item.type not in _TYPES:
                values = [_rhythm(row) if item.name == "period" else _words(item, row[item.name]) for row in rows]
            table[item.name] = pa.array(values, _TYPES.get(item.type, pa.string()))
        national = national_currency(self._lab)
        return pa.table(table | {"currency": pa.array([_currency(row, national) for row in rows], pa.string())})

    def _with_record(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a request with what its record says where it says nothing itself."""
        said = self.records.get(row["record"] or "", {}) if row["request"] != NEW else {}
        return row | {
            item.name: said[item.name] for item in self.kind.asked if said.get(item.name) and row[item.name] is None
        }

    def _confirm_all(self) -> None:
        chosen = [int(number) for number in self._shown_numbers() if self.requests[number]["status"] == "CR"]
        versions = [self.requests[str(number)]["version"] for number in chosen]
        self._told_outcome(confirm_service_requests(self._lab, chosen, versions=versions), "services.confirmed")

    def _clear_all(self) -> None:
        chosen = [int(number) for number in self._shown_numbers() if self.requests[number]["status"] in OVER]
        self._told_outcome(clear_service_requests(self._lab, chosen), "services.cleared")

    def _shown_numbers(self) -> list[str]:
        return [] if self.asked.shown is None else self.asked.shown["request_id"].to_pylist()

    def _told_outcome(self, outcome: Mapping[str, Any], told: str) -> None:
        ui.tell(text(told, n=formatting.count(outcome["done"])))
        self._changed()


class _Drawer:
    """The drawer of a record, a request, or a new one."""

    def __init__(self, lab: bl.Lab, state: State, kind: ServiceKind, changed: Callable[[], object]) -> None:
        self._lab, self._kind, self._changed = lab, kind, changed
        self._row: Mapping[str, Any] = {}
        self._save: Callable[[dict[str, Any]], Mapping[str, Any]] = self._create
        self._may_create, self._may_decide, self._may_delete = (
            may(lab, right) for right in (kind.rights.creates, kind.rights.decides, kind.rights.deletes)
        )
        self._facts = ui.html("", style=css("facts"))
        self._warning = ui.notice("", severity="warning", visible=False)
        self.forms = {
            request: Form(
                state, [self._field(item) for item in kind.entered(request) if not _is_agreement(item)], self._keep,
                button=text("services.save"), beside=_sides(kind),
            )
            for request in kind.requests
            if kind.items_of(request)
        }  # fmt: skip
        self.choices = _CHOICES.get(kind.name, Choices)(lab, self.forms)
        self.change = ui.button(text("services.change"), self._change, icon="edit")
        self.revoke = Sure(text("services.revoke"), text("services.revoke_really"), self._revoke, icon="block")
        self.end = ui.button(text("services.end"), self._ask_how_to_end, icon="block")
        self.confirm = ui.button(
            text("services.confirm"), lambda: self._decide(confirm_service_requests), primary=True, icon="done"
        )
        self.unconfirm = ui.button(
            text("services.unconfirm"), lambda: self._decide(unconfirm_service_requests), icon="undo"
        )
        self.copy = ui.button(text("services.copy"), self._copy, icon="content_copy", variant="text")
        self.delete = Sure(
            text("services.delete"), text("services.delete_really"), lambda: self._decide(delete_service_requests)
        )
        self.clear = Sure(
            text("services.clear"), text("services.clear_really"), lambda: self._decide(clear_service_requests)
        )
        self._acts = {
            "change": self.change, "revoke": self.revoke.view, "end": self.end, "confirm": self.confirm,
            "unconfirm": self.unconfirm,
            "copy": self.copy, "delete": self.delete.view, "clear": self.clear.view,
        }  # fmt: skip
        self.agreement = Agreement(lab)
        forms = [form.view for form in self.forms.values()]
        self.view = ui.drawer(
            self._facts, self._warning, ui.row(*self._acts.values(), gap=8), *forms, self.agreement.view, width=WIDTH
        )

    def new(self) -> None:
        """Show an empty form."""
        self.begin({}, name="new")

    def begin(self, values: Mapping[str, Any], name: str = "") -> None:
        """Show a form for a new record that begins with these values, or with the draft of this name."""
        self._row, self._save = {}, self._create
        self._show(formatting.facts((), text(f"services.new_{self._kind.name}")), (), NEW, values, name=name)

    def open_record(self, row: Mapping[str, Any]) -> None:
        """Show what the bank has, and offer its change."""
        self._row = row
        lines = [(text("services.state"), state_words(self._kind, row["state"])), *self._lines(row)]
        if row["state"] == VALID and not row["changeable"]:
            lines.append((text("services.note"), text("services.unchangeable")))
        title = f"{text(f'services.one_{self._kind.name}')} {row['record']}"
        acts: tuple[str, ...] = ()
        if self._may_create and row["state"] == VALID and row["changeable"]:
            offered = {
                "change": CORRECTION in self._kind.requests, "end": REVOCATION in self.forms,
                "revoke": REVOCATION in self._kind.requests and REVOCATION not in self.forms,
            }  # fmt: skip
            acts = tuple(name for name, can in offered.items() if can)
        self._show(formatting.facts(lines, title) + self._next(row), acts)

    def open_request(self, row: Mapping[str, Any]) -> None:
        """Show a request; until it is balanced it can be corrected."""
        self._row, self._save = row, self._correct
        lines = (
            (text("services.state"), state_words(self._kind, row["status"])),
            (text("services.record"), row["record"] or ""),
            (text("services.batch"), row["batch_order"] or ""),
            (text("services.error"), f"{row['error_code']} \u00b7 {row['error']}" if row["error_code"] else ""),
            *((text("services.wrong"), one) for one in _broken(row["errors"])),
            (text("services.answer"), row["answer"] or ""),
            *self._lines(row),
            (text("services.created"), _by(row["created_by"], row["created_at"])),
            (text("services.changed_by"), _by(row["changed_by"], row["changed_at"]) if _is_corrected(row) else ""),
            (text("services.confirmed_by"), _by(row["confirmed_by"], row["confirmed_at"])),
            (text("services.sent_by"), row["sent_by"] or ""),
        )
        asks = text(f"services.request_{row['request']}")
        title = f"{text('services.request_id')} {row['request_id']}: {asks}"
        acts = [name for name, may in self._offers(row).items() if may]
        open_ones = row["status"] in OPEN_STATUSES and self._kind.corrected
        corrects = row["request"] if self._may_decide and open_ones and row["request"] != REVOCATION else ""
        self._show(formatting.facts(lines, title), acts, corrects, row, name=f"request {row['request_id']}")

    def _offers(self, row: Mapping[str, Any]) -> dict[str, bool]:
        status, decides = row["status"], self._may_decide
        return {
            "confirm": decides and status == "CR",
            "unconfirm": decides and status == "CO" and self._kind.decided and not self._kind.agreed,
            "delete": self._may_delete and status in OPEN_STATUSES,
            "clear": self._may_delete and status in OVER,
            "copy": self._may_create and row["request"] == NEW,
        }

    def _show(
        self,
        facts: str,
        acts: Sequence[str],
        request: str = "",
        values: Mapping[str, Any] | None = None,
        name: str = "",
    ) -> None:
        self._facts.object = facts
        self._warning.visible = self.agreement.view.visible = False
        for one in (self.revoke, self.delete, self.clear):
            one.reset()
        for act, view in self._acts.items():
            view.visible = act in acts
        for asks, form in self.forms.items():
            form.view.visible = asks == request
        if request:
            self.choices.fill(self.forms[request], _typed(self._kind, values or {}), f"{self._kind.name} {name}")
        self.view.open = True

    def _change(self) -> None:
        self._save = self._correct_record
        row = self._row
        title = f"{text('services.request_correction')}: {row['record']}"
        self._show(formatting.facts((), title), (), CORRECTION, row, name=f"change {row['record']}")

    def _copy(self) -> None:
        self._save = self._copied
        row = self._row
        self._show(formatting.facts((), text(f"services.new_{self._kind.name}")), (), NEW, row)

    def _revoke(self) -> None:
        with ui.told():
            self._done(self._revoked({}))

    def _ask_how_to_end(self) -> None:
        self._save = self._revoked
        row = self._row
        title = f"{text('services.request_revocation')}: {row['record']}"
        given = {"principal_account": row["own_account"], "variant": row["variant"]}
        self._show(formatting.facts((), title), (), REVOCATION, given, name=f"end {row['record']}")
        self._warning.object = escape(text(f"services.ending_{self._kind.name}"))
        self._warning.visible = True

    def _revoked(self, values: dict[str, Any]) -> Mapping[str, Any]:
        return create_service_request(
            self._lab, self._kind.name, values, request=REVOCATION, record=self._row["record"]
        )

    def _keep(self, values: dict[str, Any]) -> None:
        if not self.view.open:  # a second click, which came after the first one was done
            return
        given = taken(values)
        if self._kind.agreed:
            request_id = self._row["request_id"] if self._save == self._correct else 0
            self.agreement.ask(given, request_id, lambda: self._done(self._save({**given, AGREEMENT: "yes"})))
        else:
            self._done(self._save(given))

    def _create(self, values: dict[str, Any]) -> Mapping[str, Any]:
        return create_service_request(self._lab, self._kind.name, values)

    def _copied(self, values: dict[str, Any]) -> Mapping[str, Any]:
        return copy_service_request(self._lab, self._row["request_id"], values)

    def _correct(self, values: dict[str, Any]) -> Mapping[str, Any]:
        return correct_service_request(self._lab, self._row["request_id"], values, version=self._row["version"])

    def _correct_record(self, values: dict[str, Any]) -> Mapping[str, Any]:
        return create_service_request(
            self._lab, self._kind.name, values, request=CORRECTION, record=self._row["record"]
        )

    def _done(self, told: Mapping[str, Any]) -> None:
        self.view.open = False
        ui.tell(text(f"services.kept_{told['status']}", n=told["request_id"]))
        self._changed()

    def _decide(self, action: Callable[..., Mapping[str, Any]]) -> None:
        with ui.told():
            action(self._lab, [self._row["request_id"]], versions=[self._row["version"]])
            self.view.open = False
            ui.tell(text("services.done"))
            self._changed()

    def _lines(self, row: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = [
            (
                _label(item),
                _rhythm(row) if item.name == "period" else _words(item, row[item.name], self._currency(row, item)),
            )
            for item in self._kind.items
            if item.name != "frequency" and item.type != "currency" and item.name in row and not _is_agreement(item)
        ]
        if row.get("valid_from") and row.get("period") == "month":
            found.append((text("services.specific_day"), str(row["valid_from"].day)))
        return found

    def _currency(self, row: Mapping[str, Any], item: Item) -> str:
        if item.name == "second_amount":
            return str(row["second_currency"])
        return _currency(row, national_currency(self._lab))

    def _next(self, row: Mapping[str, Any]) -> str:
        """Return the next payments of a standing order as a list."""
        if self._kind.name != "standing_order" or row["state"] != VALID:
            return ""
        today, currency = bank_day(self._lab), national_currency(self._lab)
        items = _as_items(self._kind, row)
        due = [one for one, _ in zip(payments(items, today, today + LOOK_AHEAD), range(NEXT_PAYMENTS), strict=False)]
        lines = "".join(
            f"<li>{formatting.day(one.day)} \u00b7 {escape(formatting.money(one.amount, currency))}</li>" for one in due
        )
        return f"<h4>{escape(text('services.next'))}</h4><ul>{lines}</ul>" if lines else ""

    def _field(self, item: Item) -> Field:
        helps = section("service_help")
        common: dict[str, Any] = {
            "name": item.name, "label": _label(item),
            "required": "required" in (item.new, item.correction, item.revocation),
            "help": helps.get(f"{self._kind.name}_{item.name}", helps.get(item.name, "")),
        }  # fmt: skip
        if item.type == "own_account":
            return Field(kind=CHOICE, options={}, **common)
        if item.type == "choice":
            return Field(kind=CHOICE, options={_option(one): one for one in item.options}, **common)
        if item.type == "day":
            return Field(kind=DAY, **common)
        return Field(chars=item.most or 40, **common)


_CHOICES: dict[str, type[Choices]] = {
    "standing_order": Frequencies, "time_deposit": Deposits, "forward_deal": Forwards, "receivable": Financed,
}  # fmt: skip
_ALIGNED = {"rate": "number", "exchange_rate": "number"}
_TYPES: dict[str, pa.DataType] = {"amount": AMOUNT, "day": pa.date32()}


def _columns(items: Sequence[Item], *first: str) -> tuple[Column, ...]:
    of_requests = "request_id" in first
    widths = {"record": 76, "request_id": 84, "request": 96, "state": 140 if of_requests else 96}
    essential = {"request", "state"} if of_requests else {"record", items[0].name}
    if of_requests and "request" not in first:  # all ask for the same
        essential.add(items[0].name)
    return (
        *(Column(name, text(f"services.{name}"), "state" if name == "state" else "text", width=widths[name],
                 essential=name in essential) for name in first),
        *(
            Column(
                item.name, _label(item), item.type if item.type in _TYPES else _ALIGNED.get(item.type, "text"),
                width=_WIDTHS.get(item.name, 100 if item.type == "day" else None),
                essential=(item.type == "amount" and item.required) or item.name in essential,
            )
            for item in items
        ),
    )  # fmt: skip


def _label(item: Item) -> str:
    names = section("service_item")
    return names.get(f"{item.kind}_{item.name}", names[item.name])


def _currency(row: Mapping[str, Any], national: str) -> str:
    """Return the currency of what a row says: that of its variant or its own, else the national one."""
    return variants()[row["variant"]].currency if row.get("variant") else row.get("currency") or national


def _is_agreement(item: Item) -> bool:
    """Tell whether an item is agreed to with a summary, in the place of a field."""
    return KINDS[item.kind].agreed and item.name == AGREEMENT


def _option(value: str) -> str:
    return section("service_option").get(value.replace(" ", "_"), value)


def _words(item: Item, value: Any, currency: str = "") -> str:
    if value is None:
        return ""
    return _IN_WORDS[item.type](value, currency) if item.type in _IN_WORDS else str(value)


_IN_WORDS: dict[str, Callable[[Any, str], str]] = {
    **{kind: lambda value, _currency: national(str(value)) for kind in _ACCOUNTS},
    "any_account": lambda value, _currency: as_written(str(value)),
    "amount": formatting.money,
    "exchange_rate": lambda value, _currency: f"{value.normalize():f}",
    "rate": lambda value, _currency: f"{value} %",
    "day": lambda value, _currency: formatting.day(value),
    "choice": lambda value, _currency: _option(value),
}


def _rhythm(row: Mapping[str, Any]) -> str:
    """Return a period with how often it comes: "every 2 months"."""
    period, frequency = row["period"], row.get("frequency")
    if period is None or frequency is None:
        return "" if period is None else _option(period)
    return counted(f"services.every_{period}", int(frequency))


def _sides(kind: ServiceKind) -> list[tuple[str, ...]]:
    """Return the items that stand side by side, each in one row only."""
    return [side for side in _SIDES if all(name in kind.by_name for name in side)]


def _typed(kind: ServiceKind, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields of a form show of a row."""
    found = {}
    for item in kind.asked:
        value = row.get(item.name)
        if isinstance(value, Decimal):
            value = f"{value:.2f}"
        found[item.name] = national(value) if item.type == "account" and value else value
    return found


def _as_items(kind: ServiceKind, row: Mapping[str, Any]) -> dict[str, str]:
    said = {item.name: row[item.name] for item in kind.recorded if row[item.name] is not None}
    return {name: f"{value:.2f}" if isinstance(value, Decimal) else str(value) for name, value in said.items()}


def state_words(kind: ServiceKind, name: str) -> str:
    """Return the state of a record or the status of a request, with its mark, as it is said of a kind."""
    said = section("services")
    return f"{MARKS[name]} {said.get(f'state_{kind.name}_{name}', said[f'state_{name}'])}"


def _words_of(name: str, kind: str) -> str:
    """Return a text as it is said of a kind, else as of all."""
    return section("services")[_name_of(name, kind)]


def _name_of(name: str, kind: str, end: str = "") -> str:
    """Return the name of a text (`end`: of a part of it) that a kind has of its own, else of the one for all."""
    return f"{name}_{kind}" if f"{name}_{kind}{end}" in section("services") else name


def _broken(errors: str) -> list[str]:
    """Return what the rules say that a request breaks."""
    return [f"{code} {error_items()[code][2]}" for code in map(int, errors.split())]


def _is_corrected(row: Mapping[str, Any]) -> bool:
    """Tell whether somebody corrected a request after it was created."""
    return bool(row["changed_at"] != row["created_at"])


def _by(who: str | None, at: Any) -> str:
    return f"{who}, {formatting.moment(at)}" if who else ""
