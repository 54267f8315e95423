"""Actions: plain functions `f(lab, ...)` that run here or, when another process owns the lab, in that process.

Nothing else changes a lab, and every call asks first whether its caller may. `@action` returns what the function
returns (plain values); `@table_action` marks a function that returns an Arrow table or a read (Lab.read): called
directly it gives people a DataFrame with exact decimals, `f.arrow(lab, ...)` gives the Arrow table and
`f.rows(lab, ...)` plain rows. A `pathlib.Path` argument stands for the content of a file of the caller and travels with
the call; a path on the owner's side is a plain text.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from bankklient_lab.errors import BadArgument, LabError, NotAllowed, Refused, UnknownName
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab, Read
from bankklient_lab.rights.locks import Mode, Record
from bankklient_lab.rights.permissions import needed
from bankklient_lab.rights.settings import read_setting

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Declared:
    """What an action needs and how it runs beside others.

    `needs` is an expression over permission numbers ("(51|56)&61"; "": every user). `mode` is its class in shared mode
    (rights.locks); all but "standard" run in one transaction of the lane ops, unless they go in `steps` of their own:
    such a one must do nothing twice when it is repeated. A batch with `batch_if` is one only while that parameter of
    the configuration is on, and otherwise an update that holds nothing. `record` names the argument whose record an
    update holds, or the group of a batch. `public` ones need no login, `expired` ones no password that is still good;
    `proof` ones are of higher risk and need a fresh proof of who calls (CB-025). What a `secret` one returns is shown
    once, never kept.
    A `personal` one is for people and what has all their rights: a token with a scope is refused, whatever it holds.
    """

    needs: str = ""
    mode: Mode = "update"
    record: str = ""
    steps: bool = False
    public: bool = False
    expired: bool = False
    proof: bool = False
    secret: bool = False
    personal: bool = False
    batch_if: str = ""


class Action(Generic[P, R]):
    """A registered function of a lab; calling it runs it where the lab is, if the caller may."""

    def __init__(self, function: Callable[Concatenate[Lab, P], R], declared: Declared) -> None:
        self.function = function
        self.name = function.__name__
        self.declared = declared
        self._takes_job = "job" in inspect.signature(function).parameters
        update_wrapper(self, function)
        assert self.name not in ACTIONS, self.name
        ACTIONS[self.name] = self

    def run(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function in this process, or send the call to the owner of a remote lab."""
        _check_values((args, kwargs))
        if lab.remote is not None:
            result: R = lab.remote.call(self, args, kwargs)
            return result
        return self.here(lab, *args, **kwargs)

    def here(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function in this process, which owns the lab, for the lab's caller."""
        self.admit(lab)
        how = self.declared
        with (
            failures_logged(lab, self.name),
            lab.locks.working(lab.caller, self.name, *self._work(lab, args, kwargs)),
            self._cancellable(lab, kwargs),
        ):
            if how.mode == "standard":
                return self._call(lab, *args, **kwargs)
            if how.steps:
                return self._in_steps(lab, *args, **kwargs)
            with lab.database.tx("ops") as cursor:
                result = self._once(cursor, lab, *args, **kwargs)
                self._demand(lab)  # once more: what was taken away while it waited and worked undoes it (ADM-241)
                return result

    def admit(self, lab: Lab) -> None:
        """Raise NotLoggedIn or NotAllowed unless the caller may run this now."""
        try:
            self._demand(lab)
        except NotAllowed:
            with lab.database.tx("ops") as cursor:
                lab.log(cursor, "not_allowed", self.name)
            raise
        if self.declared.proof and not self.declared.public:
            lab.rights.demand_proof(lab.caller, self.name)

    def _demand(self, lab: Lab) -> None:
        """Raise NotLoggedIn or NotAllowed unless the caller has a login and the permissions."""
        how = self.declared
        if not how.public:
            lab.rights.demand(lab.caller, needed(how.needs), self.name, expired=how.expired, personal=how.personal)

    @contextmanager
    def _cancellable(self, lab: Lab, kwargs: dict[str, Any]) -> Iterator[None]:
        """Let long work be cancelled when the login of its caller ends."""
        local = lab.caller.session_id is None and lab.caller.token_id is None
        if local or not self._takes_job:
            yield
            return
        kwargs["job"] = kwargs.get("job") or Job()
        with lab.rights.cancellable(lab.caller, kwargs["job"]):
            yield

    def _once(self, cursor: Any, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function within a transaction, together with the mark that a repeated call is answered from."""
        if lab.repeatable is None:
            return self._call(lab, *args, **kwargs)
        done, answer = lab.repeatable.answered(cursor)
        if done:
            return self._known(answer)
        result = self._call(lab, *args, **kwargs)
        lab.repeatable.keep(cursor, None if self.declared.secret else result)
        return result

    def _known(self, answer: Any) -> R:
        """Return what a repeated call was answered the first time; Refused for a secret, which nobody has any more."""
        if self.declared.secret:
            raise Refused(f"{self.name} was done already, and what it answered is shown only once; call it anew")
        known: R = answer
        return known

    def _in_steps(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run work that has transactions of its own and does nothing twice when it is repeated."""
        if lab.repeatable is None:
            return self._call(lab, *args, **kwargs)
        with lab.database.reading() as cursor:
            done, answer = lab.repeatable.answered(cursor)
        if done:
            return self._known(answer)
        result = self._call(lab, *args, **kwargs)
        with lab.database.tx("ops") as cursor:
            lab.repeatable.keep(cursor, None if self.declared.secret else result)
        return result

    def _call(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function; an action that it calls is not the repeatable call itself."""
        return self.function(lab.acting(lab.caller) if lab.repeatable else lab, *args, **kwargs)

    def _work(self, lab: Lab, args: tuple[object, ...], kwargs: dict[str, object]) -> tuple[Mode, Record]:
        """Return the class of the work in shared mode and what it holds."""
        if self.declared.batch_if and not read_setting(lab.database, self.declared.batch_if):
            return "update", None
        return self.declared.mode, self._record(args, kwargs)

    def _record(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Record:
        how = self.declared
        if how.mode == "batch":
            return how.record, None
        if how.mode != "update" or not how.record:
            return None
        return how.record, inspect.signature(self.function).bind(None, *args, **kwargs).arguments.get(how.record)

    def __call__(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the action."""
        return self.run(lab, *args, **kwargs)


class _Reading(Action[P, "pa.Table | Read"]):
    """What a table action is to the owner of a lab: a call answered with the Arrow table."""

    def _call(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> pa.Table:
        found = self.function(lab, *args, **kwargs)
        return found.arrow() if isinstance(found, Read) else found

    def rows(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> list[dict[str, Any]]:
        """Return the rows as dicts by column, in the process that owns the lab, without a detour over Arrow."""
        _check_values((args, kwargs))
        self.admit(lab)
        with failures_logged(lab, self.name), lab.locks.working(lab.caller, self.name, "standard", None):
            found = self.function(lab, *args, **kwargs)
            if isinstance(found, Read):
                return found.rows()
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows


class TableAction(Generic[P]):
    """An action that reads a table."""

    def __init__(self, function: Callable[Concatenate[Lab, P], pa.Table | Read], declared: Declared) -> None:
        self._action = _Reading(function, declared)
        update_wrapper(self, function)

    def arrow(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> pa.Table:
        """Return the Arrow table."""
        return self._action.run(lab, *args, **kwargs)

    def rows(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> list[dict[str, Any]]:
        """Return the rows as dicts by column, here without a detour over Arrow."""
        if lab.remote is None:
            return self._action.rows(lab, *args, **kwargs)
        rows: list[dict[str, Any]] = self.arrow(lab, *args, **kwargs).to_pylist()
        return rows

    def __call__(self, lab: Lab, *args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
        """Return a DataFrame: decimals stay exact (ArrowDtype), dates are datetime64."""
        from bankklient_lab.frames import frame

        return frame(self.arrow(lab, *args, **kwargs))


def _check_values(given: object) -> None:
    """Raise BadArgument for what nothing can store, however deep in the arguments: half a letter, more than 64 bits."""
    if isinstance(given, str):
        if "\0" in given or any("\ud800" <= letter <= "\udfff" for letter in given):
            raise BadArgument(f"{given[:40]!r} is not a text: it has a zero character or half of one")
    elif isinstance(given, int):
        if not -(2**63) <= given < 2**63:
            raise BadArgument(f"a whole number of {given.bit_length()} bits was given; numbers have less than 64")
    elif isinstance(given, dict):
        _check_values([*given.keys(), *given.values()])
    elif isinstance(given, (list, tuple, set, frozenset)):
        for one in given:
            _check_values(one)


_IN_LOG = "(this failure is in the application log)"


@contextmanager
def failures_logged(lab: Lab, name: str) -> Iterator[None]:
    """Log that an action failed by a fault of the program: what and where, but none of its values."""
    try:
        yield
    except LabError:
        raise
    except Exception as error:
        _log_failure(lab, name, error)
        raise


def _log_failure(lab: Lab, name: str, error: Exception) -> None:
    if _IN_LOG in getattr(error, "__notes__", ()) or lab.database.changing("ops"):
        return  # an action within another: the outer one logs it, when its own change is undone
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if "bankklient_lab" in frame.filename] or frames
    where = f"{Path(places[-1].filename).name}:{places[-1].lineno}"
    with suppress(Exception), lab.database.tx("ops") as cursor:  # the first failure says more than this one
        lab.log(cursor, "act_failed", name, kind=type(error).__name__, where=where)
        error.add_note(_IN_LOG)


ACTIONS: dict[str, Action[..., Any]] = {}


def action(
    needs: str = "",
    *,
    mode: Mode = "update",
    record: str = "",
    steps: bool = False,
    public: bool = False,
    expired: bool = False,
    proof: bool = False,
    secret: bool = False,
    personal: bool = False,
    batch_if: str = "",
) -> Callable[[Callable[Concatenate[Lab, P], R]], Action[P, R]]:
    """Register a function that returns plain values; see Declared."""
    declared = Declared(needs, mode, record, steps, public, expired, proof, secret, personal, batch_if)
    return lambda function: Action(function, declared)


def table_action(
    needs: str = "", *, personal: bool = False
) -> Callable[[Callable[Concatenate[Lab, P], pa.Table | Read]], TableAction[P]]:
    """Register a function that returns an Arrow table or a read, for callers with a permission ("": for all users)."""
    return lambda function: TableAction(function, Declared(needs, "standard", personal=personal))


def action_named(name: str) -> Action[..., Any]:
    """Return a registered action; UnknownName otherwise."""
    try:
        return ACTIONS[name]
    except KeyError:
        raise UnknownName("action", name) from None
