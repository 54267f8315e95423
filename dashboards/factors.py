"""Second factors of one's own: a code generator with its picture to scan, passkeys, recovery codes."""

from __future__ import annotations

import base64
from functools import partial
from typing import Any

import panel as pn
import param

import bankklient_lab as bl
from bankklient_lab.access.factors import add_totp, confirm_totp, factors, remove_factor
from bankklient_lab.access.passkeys import add_passkey, begin_passkey
from bankklient_lab.access.recovery import make_recovery_codes

from . import formatting, ui
from .form import Field, Form
from .formatting import escape
from .state import State, follow
from .texts import counted, text


class PasskeyMaker(pn.custom.JSComponent):
    """Asks the browser for a passkey; shows nothing."""

    options = param.String(doc="What the browser needs (JSON); setting it asks.")
    answer = param.String(doc="What the browser said (JSON); empty when the user did not go on.")

    _esm = """
    export function render({ model }) {
      model.on("options", async () => {
        if (!model.options) { return; }
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(model.options));
        const made = await navigator.credentials.create({ publicKey }).catch(() => null);
        model.answer = made ? JSON.stringify(made.toJSON()) : "";
        model.options = "";
      });
      return document.createElement("span");
    }
    """


class Factors:
    """The list, and what adds to it."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._list = ui.column(gap=4)
        self._place = ui.column(gap=12)
        self._maker = PasskeyMaker(margin=0)  # type: ignore[no-untyped-call]
        self._factor_id = 0
        self.code = Form(
            state, [Field("code", text("login.code"), required=True, chars=10)], self._confirm,
            button=text("account.confirm"),
        )  # fmt: skip
        self.code.view.max_width = 320
        self._codes = ui.button(text("account.new_codes"), self._new_codes, icon="password", visible=False)
        self.view = ui.column(
            self._list,
            ui.row(
                ui.button(text("account.add_app"), self.add_app, icon="qr_code_2"),
                ui.button(text("account.add_passkey"), self._add_passkey, icon="fingerprint"),
                self._codes, self._maker, gap=8,
            ),
            self._place,
        )  # fmt: skip
        self._maker.param.watch(lambda event: ui.attempt(partial(self._passkey, event.new)), "answer")
        follow(state, "account", (), self.refresh)

    def refresh(self) -> None:
        """Read the factors anew."""
        rows = factors.rows(self._lab)
        left = rows[0]["recovery_codes"] if rows else 0
        self._codes.visible = bool(rows)
        self._list.objects = [self._line(row) for row in rows] or [
            ui.html(f"<p class='muted'>{escape(text('account.no_factor'))}</p>")
        ]
        if rows:
            self._list.append(ui.html(f"<p class='muted'>{escape(counted('account.codes_left', left))}</p>"))

    def _line(self, row: dict[str, Any]) -> ui.Viewable:
        kind = text(f"account.kind_{row['kind']}")
        said = (
            f"<b>{escape(row['name'])}</b> <span class='muted'>{escape(kind)}, {formatting.day(row['added_at'])}</span>"
        )
        away = ui.icon_button(
            "delete", text("account.remove", name=row["name"]), partial(self._remove, row["factor_id"])
        )
        return ui.row(ui.html(said), away, wrap=False, max_width=420)

    def _remove(self, factor_id: int) -> None:
        remove_factor(self._lab, factor_id)
        self.refresh()
        ui.tell(text("account.removed"))

    def add_app(self) -> None:
        """Show the picture to scan and ask for a first code."""
        made = add_totp(self._lab)
        self._factor_id = made["factor_id"]
        picture = base64.b64encode(made["qr"].encode()).decode()
        self.code.fill({})
        self._place.objects = [
            ui.html(
                f"<p>{escape(text('account.scan'))}</p><img alt='{escape(text('account.qr'))}' width='200' height='200'"
                f" style='background:#fff;border-radius:6px' src='data:image/svg+xml;base64,{picture}'>"
                f"<p class='muted'>{escape(text('account.by_hand'))} <code>{escape(made['secret'])}</code></p>"
            ),
            self.code.view,
        ]

    def _confirm(self, values: dict[str, Any]) -> None:
        self._added(confirm_totp(self._lab, self._factor_id, values["code"]))

    def _add_passkey(self) -> None:
        self._maker.options = begin_passkey(self._lab)

    def _passkey(self, answer: str) -> None:
        if answer:
            self._maker.answer = ""
            self._added(add_passkey(self._lab, text("account.kind_passkey"), answer))

    def _added(self, codes: list[str]) -> None:
        self._show_codes(codes)
        self.refresh()
        ui.tell(text("account.added"))

    def _new_codes(self) -> None:
        self._show_codes(make_recovery_codes(self._lab))
        self.refresh()

    def _show_codes(self, codes: list[str]) -> None:
        if not codes:
            self._place.objects = []
            return
        items = "".join(f"<li><code>{escape(code)}</code></li>" for code in codes)
        self._place.objects = [
            ui.notice(text("account.codes"), severity="warning"),
            ui.html(f"<ul style='columns:2;max-width:420px;line-height:2;font-size:15px'>{items}</ul>"),
            ui.button(text("account.codes_kept"), lambda: setattr(self._place, "objects", [])),
        ]
