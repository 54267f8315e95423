"""The parameters of the configuration, each with its kind, range and default (data/codebooks/configuration.csv).

A kind is number, text, secret (never shown, never logged), time (of day, as 06:30), bank (a text that only the bank
sets), choices separated by | of which one is taken, or "set:" before choices of which any number is taken.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from bankklient_lab.codebooks import rows
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.store.database import Database

NUMBER, TEXT, SECRET, TIME, BANK, YES_NO, SET = "number", "text", "secret", "time", "bank", "yes|no", "set:"
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_SHOWN_CHARS = 60
# A relation of name and value of what is kept; bank and client are identified by their connection points (BAS-085).
KEPT = """(
    SELECT name, value FROM ops.setting UNION ALL
    SELECT CASE role WHEN 'own' THEN 'client_identification' ELSE 'bank_identification' END, point::VARCHAR
    FROM ops.connection_point
)"""


class Parameter(NamedTuple):
    """One parameter; `minimum` and `maximum` bound a number, and the characters of a text."""

    name: str
    tab: str
    label: str
    kind: str
    default: str
    minimum: str
    maximum: str
    unit: str
    effect: str

    @property
    def choices(self) -> list[str]:
        """The choices, none for kinds without."""
        return self.kind.removeprefix(SET).split("|") if "|" in self.kind else []

    def value(self, text: str) -> Any:
        """Return what a kept text means: int, bool, tuple of the chosen ones, or str."""
        if self.kind == NUMBER:
            return int(text)
        if self.kind.startswith(SET):
            return tuple(text.split())
        return text == "yes" if self.kind == YES_NO else text

    def shown(self, text: str) -> str:
        """Return a kept text as it is shown and logged: of a secret only whether it is set."""
        return text if self.kind != SECRET else "set" if text else "not set"

    def checked(self, value: object) -> str:
        """Return a value as it is kept; BadArgument names the parameter and what it takes."""
        text = _text(value)
        if self.kind.startswith(SET):
            chosen = text.split()
            fits, text = set(chosen) <= set(self.choices), " ".join(one for one in self.choices if one in chosen)
        elif self.kind == NUMBER:
            number = text.isascii() and text.isdigit() and len(text) < 10
            fits = number and int(self.minimum) <= int(text) <= int(self.maximum)
            text = str(int(text)) if fits else text
        elif self.kind == TIME:
            fits = _TIME.fullmatch(text) is not None
        elif self.choices:
            fits = text in self.choices
        else:
            fits = int(self.minimum or 0) <= len(text) <= int(self.maximum)
        if not fits:
            given = "the given text" if self.kind == SECRET else repr(text[:_SHOWN_CHARS])
            raise BadArgument(
                f"{self.label} ({self.name}) can't be {given}; it takes {self._takes()}", parameter=self.name
            )
        return text

    def _takes(self) -> str:
        if self.kind.startswith(SET):
            return f"any of {', '.join(self.choices)}"
        if self.kind == NUMBER:
            return f"a whole number from {self.minimum} to {self.maximum}"
        if self.kind == TIME:
            return "a time of day such as 06:30"
        return " or ".join(self.choices) or f"at most {self.maximum} characters"


@cache
def parameters() -> dict[str, Parameter]:
    """Return all parameters by name, in their order."""
    return {row["name"]: Parameter(**row) for row in rows("configuration")}


def parameter(name: str) -> Parameter:
    """Return one parameter; UnknownName."""
    try:
        return parameters()[name]
    except KeyError:
        raise UnknownName("parameter", name, "`bankklient configuration list` shows them") from None


def read_setting(database: Database, name: str) -> Any:
    """Return the value of a parameter, its default while nobody has changed it."""
    return read_settings(database, name)[name]


def read_settings(database: Database, *names: str) -> dict[str, Any]:
    """Return the values of some parameters by name, read at once."""
    which = ", ".join("?" for _ in names)
    with database.reading() as cursor:
        kept = dict(cursor.execute(f"SELECT name, value FROM {KEPT} WHERE name IN ({which})", names).fetchall())  # noqa: S608
    return {name: parameter(name).value(kept.get(name, parameter(name).default)) for name in names}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, set, frozenset)):
        return " ".join(map(str, value))
    return str(value).strip()
