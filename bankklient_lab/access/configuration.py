"""The configuration: parameters of data/codebooks/configuration.csv, each with its kind, range and default."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import pyarrow as pa

from bankklient_lab.actions import action, table_action
from bankklient_lab.codebooks import rows
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab

NUMBER, TEXT, YES_NO = "number", "text", "yes|no"


class Parameter(NamedTuple):
    """One parameter; `kind` is number, text, or its choices separated by |; for a text `maximum` counts characters."""

    name: str
    tab: str
    label: str
    kind: str
    default: str
    minimum: str
    maximum: str
    unit: str
    effect: str

    def value(self, text: str) -> Any:
        """Return what a kept text means: int, bool or str."""
        if self.kind == NUMBER:
            return int(text)
        return text == "yes" if self.kind == YES_NO else text

    def checked(self, value: object) -> str:
        """Return a value as it is kept; BadArgument names the parameter and what it takes."""
        text = ("yes" if value else "no") if isinstance(value, bool) else str(value).strip()
        if self.kind == NUMBER:
            number = text.isascii() and text.isdigit() and len(text) < 10
            fits = number and int(self.minimum) <= int(text) <= int(self.maximum)
            takes = f"a whole number from {self.minimum} to {self.maximum}"
        elif self.kind == TEXT:
            fits, takes = len(text) <= int(self.maximum), f"at most {self.maximum} characters"
        else:
            fits, takes = text in self.kind.split("|"), self.kind.replace("|", " or ")
        if not fits:
            raise BadArgument(
                f"{self.label} ({self.name}) can't be {text[:60]!r}; it takes {takes}", parameter=self.name
            )
        return str(int(text)) if self.kind == NUMBER else text


@cache
def parameters() -> dict[str, Parameter]:
    """Return all parameters by name, in their order."""
    return {row["name"]: Parameter(**row) for row in rows("configuration")}


def setting(lab: Lab, name: str) -> Any:
    """Return the value of a parameter in the process that owns the lab."""
    kept = lab.rows("SELECT value FROM ops.setting WHERE name = $name", {"name": name})
    one = parameters()[name]
    return one.value(kept[0][0] if kept else one.default)


@table_action("2")
def configuration(lab: Lab) -> pa.Table:
    """Return the configuration.

    Columns: name, tab, label, kind (number, text or the choices separated by |), value and default (texts), minimum,
    maximum, unit, effect.
    """
    kept = dict(lab.rows("SELECT name, value FROM ops.setting"))
    table = [one._asdict() | {"value": kept.get(one.name, one.default)} for one in parameters().values()]
    order = ("name", "tab", "label", "kind", "value", "default", "minimum", "maximum", "unit", "effect")
    return pa.table({column: pa.array([row[column] for row in table], pa.string()) for column in order})


@action("2", record="configuration")
def configure(lab: Lab, values: dict[str, Any]) -> None:
    """Change parameters by name, all or none; UnknownName, and BadArgument for a value out of its range."""
    for name in values:
        if name not in parameters():
            raise UnknownName("parameter", name)
    texts = {name: parameters()[name].checked(value) for name, value in values.items()}
    with lab.database.tx("ops") as cursor:
        before = dict(cursor.execute("SELECT name, value FROM ops.setting").fetchall())
        for name, text in texts.items():
            cursor.execute("INSERT OR REPLACE INTO ops.setting VALUES (?, ?)", [name, text])
        changed = {name: text for name, text in texts.items() if before.get(name, parameters()[name].default) != text}
        lab.log(cursor, "configure", " ".join(changed), **changed)
    lab.rights.forget()
