"""Actions: plain functions `f(lab, ...)` that run here or, when another process owns the lab, in that process.

Nothing else changes a lab. `@action` returns what the function returns (plain values); `@table_action` marks a
function that returns an Arrow table or a read (Lab.read): called directly it gives people a DataFrame with exact
decimals, `f.arrow(lab, ...)` gives the Arrow table and `f.rows(lab, ...)` plain rows. A `pathlib.Path` argument stands
for the content of a file of the caller and travels with the call; a path on the owner's side is a plain text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

P = ParamSpec("P")
R = TypeVar("R")


class Action(Generic[P, R]):
    """A registered function of a lab; calling it runs it where the lab is."""

    def __init__(self, function: Callable[Concatenate[Lab, P], R]) -> None:
        self.function = function
        self.name = function.__name__
        update_wrapper(self, function)
        assert self.name not in ACTIONS, self.name
        ACTIONS[self.name] = self

    def run(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function in this process, or send the call to the owner of a remote lab."""
        _check_texts((args, kwargs))
        if lab.remote is not None:
            result: R = lab.remote.call(self, args, kwargs)
            return result
        return self.here(lab, *args, **kwargs)

    def here(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function in this process, which owns the lab."""
        return self.function(lab, *args, **kwargs)

    def __call__(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the action."""
        return self.run(lab, *args, **kwargs)


class _Reading(Action[P, "pa.Table | Read"]):
    """What a table action is to the owner of a lab: a call answered with the Arrow table."""

    def here(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> pa.Table:
        found = self.function(lab, *args, **kwargs)
        return found.arrow() if isinstance(found, Read) else found


class TableAction(Generic[P]):
    """An action that reads a table."""

    def __init__(self, function: Callable[Concatenate[Lab, P], pa.Table | Read]) -> None:
        self._action = _Reading(function)
        update_wrapper(self, function)

    def arrow(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> pa.Table:
        """Return the Arrow table."""
        return self._action.run(lab, *args, **kwargs)

    def rows(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> list[dict[str, Any]]:
        """Return the rows as dicts by column, here without a detour over Arrow."""
        if lab.remote is None:
            _check_texts((args, kwargs))
            found = self._action.function(lab, *args, **kwargs)
            if isinstance(found, Read):
                return found.rows()
        else:
            found = self.arrow(lab, *args, **kwargs)
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

    def __call__(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
        """Return a DataFrame: decimals stay exact (ArrowDtype), dates are datetime64."""
        from bankklient_lab.frames import frame

        return frame(self.arrow(lab, *args, **kwargs))


def _check_texts(given: object) -> None:
    """Raise BadArgument for a text, however deep in the arguments, that can't be stored as UTF-8 text."""
    if isinstance(given, str):
        if "\0" in given or any("\ud800" <= letter <= "\udfff" for letter in given):
            raise BadArgument(f"{given[:40]!r} is not a text: it has a zero character or half of one")
    elif isinstance(given, dict):
        _check_texts([*given.keys(), *given.values()])
    elif isinstance(given, (list, tuple, set, frozenset)):
        for one in given:
            _check_texts(one)


ACTIONS: dict[str, Action[..., Any]] = {}


def action(function: Callable[Concatenate[Lab, P], R]) -> Action[P, R]:
    """Register a function that returns plain values."""
    return Action(function)


def table_action(function: Callable[Concatenate[Lab, P], pa.Table | Read]) -> TableAction[P]:
    """Register a function that returns an Arrow table or a read."""
    return TableAction(function)


def action_named(name: str) -> Action[..., Any]:
    """Return a registered action; UnknownName otherwise."""
    try:
        return ACTIONS[name]
    except KeyError:
        raise UnknownName("action", name) from None
