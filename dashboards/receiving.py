"""From accounting: take over a file of orders, see what became of each, and what was received before."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.errors import LabError
from bankklient_lab.formats.payments import formats
from bankklient_lab.formats.payments.charsets import TITLES
from bankklient_lab.formats.receivables import csv_template
from bankklient_lab.jobs import Job
from bankklient_lab.orders.accounting_systems import (
    START_STATUSES,
    accounting_systems,
    add_accounting_system,
    files_waiting,
)
from bankklient_lab.orders.exporting import order_template
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.receiving import receive_file
from bankklient_lab.orders.transmissions import transmissions
from bankklient_lab.rights.permissions import needed
from bankklient_lab.services.receivables import receive_receivables

from . import formatting, ui
from .dropper import DiskDropper
from .form import CHOICE, NUMBER, Field, Form
from .listing import Listing, in_words
from .receipt import report_html
from .state import State, follow
from .styles import css
from .table import Column
from .texts import text
from .work import Work

ORDERS, RECEIVABLES = "orders", "receivables"


class Receiving:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        held = lab.rights.held(lab.caller)
        self._systems: dict[int, dict[str, Any]] = {}
        self.system = ui.select(text("receiving.system"), {}, None, width=280)
        self.file = ui.select(text("receiving.file"), {}, None, width=320)
        may_take = {ORDERS: needed("36").holds(held), RECEIVABLES: needed("181").holds(held)}
        self.what = ui.choice(
            {text(f"receiving.{one}"): one for one, may in may_take.items() if may},
            next((one for one, may in may_take.items() if may), ORDERS), visible=all(may_take.values()),
            stylesheets=[css("tabs")],
        )  # fmt: skip
        self.take = ui.button(text("receiving.take"), self.receive, primary=True, icon="move_to_inbox")
        self._again = ui.icon_button("refresh", text("receiving.look_again"), self._show_files)
        self._from_folder = ui.row(self.file, self._again, self.take, gap=8)
        self._drop_place = ui.column(gap=0)
        self._dropper: DiskDropper | None = None
        self._notice = ui.notice("", visible=False)
        self.work: Work[dict[str, Any]] = Work()
        self.result = ui.html("", style=css("receipt"), visible=False)
        self._to_orders = ui.button(
            text("receiving.see_orders"), self._show_orders, variant="text", icon="list_alt", visible=False
        )
        self.form = Form(state, _fields(), self._add, button=text("receiving.add"))
        self.drawer = ui.drawer(ui.heading(text("receiving.new_system")), self.form.view, width=520)
        self._new = ui.button(
            text("receiving.new_system"), self._open_form, variant="text", icon="add", visible=needed("2").holds(held)
        )
        templates = ui.menu_button(
            text("receiving.template"), "download",
            {
                f"{text(f'receiving.kind_{kind}')} ({suffix.upper()})": (
                    "table_view", partial(self._send_template, kind, suffix),
                )
                for kind in KINDS
                for suffix in ("csv", "xlsx")
            }
            | {
                f"{text('receiving.receivables')} (CSV)": (
                    "table_view", lambda: state.send_file("receivables.csv", csv_template()),
                )
            },
            variant="text",
        )  # fmt: skip
        self.protocol = Listing(
            state, "receiving", _columns(), self._read, count="receiving.count", label=text("receiving.protocol"),
            placeholder=text("receiving.none"), rows_high=10,
        )  # fmt: skip
        may_receive = any(may_take.values())
        self.view = ui.column(
            ui.card(
                ui.heading(text("receiving.bring"), note=text("receiving.bring_hint")),
                ui.row(self.system, self.what, templates, self._new, gap=10),
                self._notice,
                self._from_folder,
                self._drop_place,
                self.work.view,
                gap=14,  # labels stand on the upper edge of their fields
                visible=may_receive or needed("2").holds(held),
            ),
            ui.card(self.result, ui.row(self._to_orders), visible=may_receive),
            ui.card(ui.heading(text("receiving.protocol"), note=text("receiving.protocol_hint")), self.protocol.view),
            self.drawer,
        )
        self._result_card = self.view[1]
        self._result_card.visible = False
        self.system.param.watch(lambda _event: self._show_files(), "value")
        follow(state, "receiving", (), self.refresh)

    def refresh(self) -> None:
        """Read the register anew; one system alone is chosen already."""
        try:
            rows = accounting_systems.rows(self._lab)
        except LabError:  # who may only see the protocol
            rows = []
        self._systems = {row["number"]: row for row in rows}
        options = {f"{row['number']} \u00b7 {row['name']}": row["number"] for row in rows}
        chosen = self.system.value if self.system.value in self._systems else next(iter(options.values()), None)
        self.system.param.update(options=options, value=chosen)
        self._show_files()

    def _show_files(self) -> None:
        """Offer the files of the chosen system's folder, or a place to drop one."""
        row = self._systems.get(self.system.value) if self.system.value is not None else None
        self._from_folder.visible = bool(row and row["folder_in"])
        self._drop_place.visible = bool(row and not row["folder_in"])
        self._say(text("receiving.no_system") if row is None else "")
        if row is None:
            return
        if row["folder_in"]:
            self._offer_files(row)
        elif self._dropper is None:
            self._new_dropper()

    def _offer_files(self, row: dict[str, Any]) -> None:
        try:
            files = files_waiting(self._lab, row["number"])
        except LabError as error:
            files = []
            self._say(error.message, severity="error")
        new = {
            f"{file['name']} ({formatting.count(file['bytes'])} B)": file["name"]
            for file in files
            if not file["received"]
        }
        self.file.param.update(options=new, value=next(iter(new.values()), None))
        self.take.disabled = not new
        if not new and not self._notice.visible:
            self._say(text("receiving.folder_empty", folder=row["folder_in"]))

    def _new_dropper(self) -> None:
        if self._dropper is not None:
            self._dropper.discard()
        self._dropper = DiskDropper(
            self.dropped, lambda _name: None, lambda _name, _share: None, sizing_mode="stretch_width", min_height=88,
            margin=0, stylesheets=[css("drop")],
        )  # fmt: skip
        self._drop_place.objects = [self._dropper]

    def dropped(self, name: str, path: Path) -> None:
        """Receive an uploaded file."""
        self._start(name, path)

    def receive(self) -> None:
        """Receive the chosen file of the folder."""
        if self.file.value:
            self._start(self.file.value, None)

    def _start(self, name: str, path: Path | None) -> None:
        system, receivables = int(self.system.value), self.what.value == RECEIVABLES

        def take(job: Job) -> dict[str, Any]:
            if receivables:
                return receive_receivables(self._lab, system, name, path=path) | {"file_name": name}
            return receive_file(self._lab, system, name, path=path, job=job)

        self.work.start(take, self._received, text("receiving.taking", name=name))

    def _received(self, report: dict[str, Any]) -> None:
        self._state.noted()
        self.result.param.update(object=report_html(report), visible=True)
        self._result_card.visible = True
        self._to_orders.visible = report["status"] == "received" and "orders" in report
        if self._dropper is not None:
            self._new_dropper()
        self.protocol.refresh()
        self._show_files()

    def _show_orders(self) -> None:
        self._state.page = "orders"

    def _open_form(self) -> None:
        self.form.fill({"start_status": next(iter(START_STATUSES)), "charset": "utf-8", "format": ""})
        self.drawer.open = True

    def _add(self, values: dict[str, Any]) -> None:
        given: dict[str, Any] = {name: value or "" for name, value in values.items() if name not in ("number", "name")}
        add_accounting_system(self._lab, int(values["number"]), values["name"], **given)
        self.drawer.open = False
        self.refresh()
        self.system.value = int(values["number"])
        ui.tell(text("receiving.added", name=values["name"]))

    def _send_template(self, kind: str, suffix: str) -> None:
        self._state.send_file(f"{kind}.{suffix}", order_template(self._lab, kind, suffix))

    def _say(self, message: str, *, severity: str = "info") -> None:
        said = formatting.escape(message[:1].upper() + message[1:])
        self._notice.param.update(object=said, severity=severity, visible=bool(message))

    def _read(self) -> pa.Table:
        return in_words(
            transmissions.rows(self._lab), [column.name for column in _columns()],
            done_at=lambda row: formatting.moment(row["done_at"]),
            state=lambda row: row["error"] or text("receiving.received"),
        )  # fmt: skip


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Receiving(lab, state).view


def _columns() -> tuple[Column, ...]:
    def number(name: str, width: int = 96) -> Column:
        return Column(name, text(f"receiving.{name}"), width=width, essential=False)

    return (
        Column("done_at", text("receiving.when"), width=136, essential=False),
        Column("file_name", text("column.file"), width=180),
        Column("accounting_system", text("receiving.system"), width=144, essential=False),
        Column("batch_order", text("receiving.batch"), width=90, essential=False),
        Column("orders", text("receiving.orders"), width=80),
        number("wrong"),
        number("duplicates"),
        number("moved", 118),
        Column("done_by", text("receiving.who"), width=60, essential=False),
        Column("state", text("column.state")),
    )


def _fields() -> list[Field]:
    readable = {text("receiving.any_format"): ""} | {form.title: form.name for form in formats().values()}
    return [
        Field("number", text("receiving.number"), NUMBER, required=True, least=1, most=20_000),
        Field("name", text("receiving.name"), required=True, chars=40),
        Field("format", text("receiving.format"), CHOICE, options=readable),
        Field("charset", text("receiving.charset"), CHOICE, options={title: name for name, title in TITLES.items()}),
        Field(
            "start_status",
            text("receiving.start_status"),
            CHOICE,
            options={text(f"receiving.start_{name}"): name for name in START_STATUSES},
        ),
        Field("folder_in", text("receiving.folder_in"), help=text("receiving.help_folder_in")),
        Field("folder_out", text("receiving.folder_out")),
    ]
