"""The configuration of a lab: shown and changed by administrators, read by everything else."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.rights.settings import BANK, KEPT, SECRET, parameter, parameters, read_setting

_COLUMNS = ("name", "tab", "label", "kind", "value", "default", "minimum", "maximum", "unit", "effect")


def setting(lab: Lab, name: str) -> Any:
    """Return the value of a parameter in the process that owns the lab: int, bool, str, or a tuple for a set."""
    return read_setting(lab.database, name)


@table_action("2")
def configuration(lab: Lab) -> pa.Table:
    """Return the configuration, in the order of its tabs.

    Columns: name, tab, label, kind (see rights.settings), value and default (texts; of a secret only "set" or
    "not set"), minimum, maximum, unit, effect.
    """
    kept = dict(lab.rows(f"SELECT name, value FROM {KEPT}"))  # noqa: S608 - our own text
    table = [
        one._asdict() | {"value": one.shown(kept.get(one.name, one.default)), "default": one.shown(one.default)}
        for one in parameters().values()
    ]
    return pa.table({column: pa.array([row[column] for row in table], pa.string()) for column in _COLUMNS})


@action(mode="standard")
def client_name(lab: Lab) -> str:
    """Return the client's name, which stands in the head of reports; empty while nobody has given it."""
    return str(setting(lab, "client_name"))


@action("2", record="configuration", proof=True)
def configure(lab: Lab, values: dict[str, Any]) -> None:
    """Change parameters by name, all or none: texts, numbers, booleans for yes and no, lists for sets.

    UnknownName, BadArgument for a value out of its range, Refused for what only the bank sets.
    """
    for name in values:
        if parameter(name).kind == BANK:
            raise Refused(f"{parameter(name).label} ({name}) comes from the bank and can't be changed here")
    _keep(lab, values)


def configure_from_bank(lab: Lab, values: dict[str, Any]) -> None:
    """Take over parameters that the bank sets, for the program that reads the bank's configuration.

    The numbers of the connection points are none of them: those are changed where they are kept (keys.points).
    """
    for name in values:
        if parameter(name).kind != BANK:
            raise Refused(f"{parameter(name).label} ({name}) is not the bank's to set")
    _keep(lab, values)


def settings_of_users(lab: Lab) -> dict[str, str]:
    """Return the kept texts of the parameters that users have changed, without secrets and what the bank sets."""
    kept = {name: value for name, value in lab.rows("SELECT name, value FROM ops.setting") if name in parameters()}
    return {
        name: value for name, value in kept.items()
        if parameter(name).kind not in (SECRET, BANK) and value != parameter(name).default
    }  # fmt: skip


def restore_settings(lab: Lab, texts: dict[str, str]) -> list[str]:
    """Take over texts that `settings_of_users` returned once; return the names of those that no longer fit.

    What it never returns, secrets and what the bank sets, does not fit.
    """
    fitting = {name: text for name, text in texts.items() if _fits(name, text)}
    _keep(lab, fitting)
    return sorted(texts.keys() - fitting.keys())


def _fits(name: str, text: str) -> bool:
    try:
        return parameter(name).kind not in (SECRET, BANK) and parameter(name).checked(text) == text
    except (UnknownName, BadArgument):
        return False


def _keep(lab: Lab, values: dict[str, Any]) -> None:
    from bankklient_lab.orders.rechecking import recheck_after_configuring  # a room above, which follows a change

    texts = {name: parameter(name).checked(value) for name, value in values.items()}
    with lab.database.tx("ops") as cursor:
        before = dict(cursor.execute("SELECT name, value FROM ops.setting").fetchall())
        changed = {name: text for name, text in texts.items() if before.get(name, parameter(name).default) != text}
        for name, text in changed.items():
            cursor.execute("INSERT OR REPLACE INTO ops.setting VALUES (?, ?)", [name, text])
        if changed:
            told = {name: parameter(name).shown(text) for name, text in changed.items()}
            lab.log(cursor, "configure", " ".join(changed), **told)
            recheck_after_configuring(lab, changed)
    lab.rights.forget()
