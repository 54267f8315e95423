"""My account: password, second factors, the key for signing, own sessions, tokens and consents."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.access.activity import end_own_session, own_sessions
from bankklient_lab.access.configuration import setting
from bankklient_lab.access.tokens import create_token, tokens, withdraw_token
from bankklient_lab.access.users import change_password
from bankklient_lab.errors import BadArgument
from bankklient_lab.orders.signing import create_personal_key
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .factors import Factors
from .form import PASSWORD, Field, Form
from .listing import Listing, in_words
from .own_key import OwnKey
from .state import State
from .styles import css
from .table import Column
from .texts import text
from .token_drawer import TokenDrawer

_SESSIONS = ("session_id", "channel", "workstation", "logged_in", "idle_since", "state")
_TOKENS = ("token_id", "name", "purpose", "scope", "created_at", "expires_at", "used_at", "state")


class Account:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        secrets = [
            Field("old", text("login.old"), PASSWORD, required=lab.caller.session_id is not None),
            Field("new", text("login.new"), PASSWORD, required=True),
            Field("again", text("login.again"), PASSWORD, required=True),
        ]
        self.password = Form(state, secrets, self._change_password, button=text("account.change"))
        self.password.view.max_width = 420
        self.factors = Factors(lab, state)
        self.key = OwnKey(lab, state)
        self._facts = ui.html("", style=css("facts"))
        self._end = ui.button("", self._end_chosen, primary=True)
        self._chosen: tuple[Any, int] = (None, 0)
        self.drawer = ui.drawer(self._facts, self._end)
        self.sessions = Listing(
            state, "account", _session_columns(), self._read_sessions, count="activity.count",
            label=text("account.sessions"), on_open=self._open_session, rows_high=6,
        )  # fmt: skip
        cards = [
            ui.card(
                ui.heading(text("account.password"), note=text(f"login.rules_{_strength(lab)}")), self.password.view,
                gap=14,
            ),
            ui.card(ui.heading(text("account.factors"), note=text("account.factors_hint")), self.factors.view, gap=12),
            *([ui.card(ui.heading(text("own_key.title"), note=text("own_key.hint")), self.key.view, gap=12)]
              if needed(create_personal_key.declared.needs).holds(lab.rights.held(lab.caller)) else []),
            ui.card(
                ui.heading(text("account.sessions"), note=text("account.sessions_hint")), self.sessions.view,
            ),
        ]  # fmt: skip
        drawers = [self.drawer]
        if needed(create_token.declared.needs).holds(lab.rights.held(lab.caller)):
            self.tokens = Listing(
                state, "account", _token_columns(), self._read_tokens, count="account.token_count",
                label=text("account.tokens"), on_open=self._open_token, rows_high=8,
                placeholder=text("account.no_tokens"),
            )  # fmt: skip
            maker = TokenDrawer(lab, state, self.tokens.refresh)
            cards.append(
                ui.card(
                    ui.row(
                        ui.heading(text("account.tokens"), note=text("account.tokens_hint")),
                        ui.button(text("account.new_token"), maker.new, icon="key"),
                        ui.button(text("account.new_consent"), maker.consent, icon="handshake"),
                        gap=8,
                    ),
                    self.tokens.view,
                )
            )
            drawers.append(maker.view)
        self.view = ui.column(*cards, *drawers)

    def _change_password(self, values: dict[str, Any]) -> None:
        if values["new"] != values["again"]:
            raise BadArgument(text("users.different"), parameter="again")
        change_password(self._lab, values["old"], values["new"])
        self.password.fill({})
        ui.tell(text("account.changed"))

    def _read_sessions(self) -> pa.Table:
        own = self._lab.caller.session_id
        return in_words(
            own_sessions.rows(self._lab), _SESSIONS, channel=lambda row: text(f"activity.channel_{row['channel']}"),
            logged_in=lambda row: formatting.second(row["logged_in"]),
            idle_since=lambda row: formatting.second(row["idle_since"]),
            workstation=lambda row: row["workstation"] or text("activity.here"),
            state=lambda row: text("account.this" if row["session_id"] == own else "account.other"),
        )  # fmt: skip

    def _open_session(self, row: dict[str, Any]) -> None:
        own = row["state"] == text("account.this")
        self._show(row, _session_columns(), row["workstation"], "" if own else text("account.end"))
        self._chosen = (end_own_session, int(row["session_id"]))

    def _read_tokens(self) -> pa.Table:
        return in_words(
            tokens.rows(self._lab), _TOKENS, state=_token_state,
            name=lambda row: row["name"] if not row["third_party"] else text("account.for", party=row["third_party"]),
            scope=lambda row: row["scope"] or text("account.everything"),
            created_at=lambda row: formatting.moment(row["created_at"]),
            expires_at=lambda row: formatting.moment(row["expires_at"]),
            used_at=lambda row: formatting.moment(row["used_at"]),
        )  # fmt: skip

    def _open_token(self, row: dict[str, Any]) -> None:
        valid = row["state"].startswith(formatting.MARKS["valid"])
        self._show(row, _token_columns(), row["name"], text("account.withdraw") if valid else "")
        self._chosen = (withdraw_token, int(row["token_id"]))

    def _show(self, row: dict[str, Any], columns: tuple[Column, ...], title: str, button: str) -> None:
        self._facts.object = formatting.facts(((column.title, row[column.name]) for column in columns), title)
        self._end.label, self._end.visible = button, bool(button)
        self.drawer.open = True

    def _end_chosen(self) -> None:
        action, number = self._chosen
        action(self._lab, number)
        self.drawer.open = False
        self._state.data_version += 1


def _strength(lab: bl.Lab) -> str:
    return str(setting(lab, "password_strength")).replace(" ", "_")


def _token_state(row: dict[str, Any]) -> str:
    state = row["state"]
    return f"{formatting.MARKS['valid' if state == 'valid' else 'invalid']} {text(f'account.token_{state}')}"


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Account(lab, state).view


def _session_columns() -> tuple[Column, ...]:
    return (
        Column("logged_in", text("activity.logged_in"), width=160),
        Column("channel", text("activity.channel"), width=130, essential=False),
        Column("workstation", text("activity.workstation")),
        Column("idle_since", text("activity.idle_since"), width=160, essential=False),
        Column("state", text("column.state"), width=120),
    )


def _token_columns() -> tuple[Column, ...]:
    return (
        Column("name", text("account.token_name")),
        Column("purpose", text("account.purpose"), essential=False),
        Column("scope", text("account.scope"), essential=False),
        Column("created_at", text("account.created_at"), width=136, essential=False),
        Column("expires_at", text("account.expires_at"), width=136),
        Column("used_at", text("account.used_at"), width=136, essential=False),
        Column("state", text("column.state"), "state", width=110),
    )
