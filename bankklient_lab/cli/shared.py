"""Options that many commands have, declared once: a command takes them as one parameter.

A parameter whose type is one of the classes below stands for an option of each of its fields; `add_group` makes them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_json, print_table
from bankklient_lab.orders.kinds import KINDS

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

KindArgument = Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write .pdf, .csv, .json, .xlsx or .parquet.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLab:
    """Options of a command that opens a lab."""

    lab: LabOption = ""
    passphrase_file: PassphraseOption = ""

    def opened(self, *, pandas: bool = False) -> AbstractContextManager[Lab]:
        """Open the lab for the command."""
        return opened(self.lab, self.passphrase_file, pandas=pandas)

    def given(self) -> dict[str, Any]:
        """Return by name what was given of the options that a class adds, with None as their default."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in told.items() if name not in _COMMON and value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(AtLab):
    """Options of a command that answers people or programs."""

    as_json: JsonOption = False

    def tell(self, value: object, *said: str) -> None:
        """Print a value as JSON, or these lines."""
        if self.as_json:
            print_json(value)
        else:
            lines(said)

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
        """Print all columns as JSON, or these columns as an aligned table (`empty` when there is no row)."""
        print_table(rows, columns, as_json=self.as_json, empty=empty)

    def outcome(self, told: Mapping[str, Any], done: str) -> None:
        """Print of how many orders something is `done` and why others were left; exit code 1 when of none."""
        left = (f"left: {count}, {why}" for why, count in told["reasons"].items())
        self.tell(told, f"orders {done}: {told['done']}", *left)
        if not told["done"]:
            raise typer.Exit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Answered):
    """Options of a command that prints a list or writes it to a file."""

    output: OutputOption = None


_COMMON = {field.name for field in fields(Listed)}


def add_group(app: typer.Typer, name: str, about: str, commands: Mapping[str, Callable[..., None]]) -> None:
    """Add commands by name as one group."""
    group = typer.Typer(rich_markup_mode=None, help=about)
    for called, command in commands.items():
        group.command(called)(with_options(command))
    app.add_typer(group, name=name)


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command as typer takes it: each field of its shared options is a parameter of its own."""
    signature = inspect.signature(command, eval_str=True)
    shared = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if isinstance(parameter.annotation, type) and issubclass(parameter.annotation, AtLab)
    }
    parts = {name: {field.name for field in fields(options)} for name, options in shared.items()}

    def run(**given: Any) -> None:
        for name, options in shared.items():
            given[name] = options(**{part: given.pop(part) for part in parts[name]})
        command(**given)

    own = [one.replace(kind=one.KEYWORD_ONLY) for name, one in signature.parameters.items() if name not in shared]
    made = [option for options in shared.values() for option in _options(options)]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = signature.replace(parameters=[*own, *made])  # type: ignore[attr-defined]
    return run


def _options(shared: type[AtLab]) -> list[inspect.Parameter]:
    types = get_type_hints(shared, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=types[field.name],
        )
        for field in sorted(fields(shared), key=lambda field: field.name in _COMMON)
    ]
