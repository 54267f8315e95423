"""The command `bankklient`. Exit code 0: done, 1: something was refused, 2: wrong usage, 130: interrupted.

What goes wrong is said in one sentence on standard error. Commands live in modules by concern; what is heavy is
imported inside them, so that the command starts fast.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer
from typer.exceptions import TyperException

from bankklient_lab.cli.output import shown
from bankklient_lab.errors import BadArgument, LabError

DONE, REFUSED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
ENVIRONMENT_DEBUG = "BANKKLIENT_DEBUG"

# The modules in the order of the help, and the commands that each adds; only that of the command that is called is
# loaded, since making all of them takes a third of the time of a short command.
MODULES = {
    "files": ("init", "import", "imports", "withdraw"),
    "reading": (
        "accounts", "rename", "identify", "balances", "entries", "statement", "rates", "convert", "findings", "formats",
    ),
    "orders": ("orders",),
    "balancing": ("balance",),
    "signatures": ("signatures",),
    "exchange": ("transmit", "protocol"),
    "automated": ("automated",),
    "current": ("current",),
    "forecast": ("forecast",),
    "foreign": ("foreign",),
    "messages": ("messages",),
    "documents": ("documents",),
    "services": ("services",),
    "receivables": ("receivables",),
    "bookings": ("bookings",),
    "keys": ("keys",),
    "points": ("points",),
    "patterns": ("patterns",),
    "regular_payments": ("regular-payments",),
    "counterparties": ("counterparties",),
    "accounting": ("receive", "export-orders", "accounting-systems"),
    "bank": ("bank",),
    "codebooks": ("codebooks",),
    "asking": ("sql",),
    "notebooks": ("notebooks", "run", "runs", "schedule"),
    "jupyter": ("lab",),
    "upkeep": ("check", "backup", "backups", "verify", "restore"),
    "reduction": ("reduce", "archives", "delete-archive", "system-information"),
    "serving": ("serve", "link", "unit"),
    "access": ("users", "roles", "permissions", "configuration"),
    "sessions": ("sessions",),
    "tokens": ("tokens",),
    "signing_key": ("signing-key",),
    "application_log": ("log",),
    "runs": ("demo",),
}  # fmt: skip


def command_line(modules: Iterable[str] = MODULES) -> typer.Typer:
    """Return the command with what these modules add."""
    app = typer.Typer(
        name="bankklient",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(bankklient)
    for module in modules:
        import_module(f"{__name__}.{module}").add_to(app)
    return app


def _needed(arguments: list[str]) -> Iterable[str]:
    """Return the modules of a call: all of them for the help and for a command that there is not."""
    if arguments[0] == "--version":
        return ()
    return next(([module] for module, commands in MODULES.items() if arguments[0] in commands), MODULES)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"bankklient {version('bankklient_lab')}")
        raise typer.Exit


def bankklient(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Treasury workbench: bank files in; balances, statements, Excel and PDF out."""


def main() -> None:
    """Run the command line and end the process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command, or show the help without one, and return its exit code; every error is one sentence."""
    try:
        given = arguments or ["--help"]
        code = command_line(_needed(given))(given, prog_name="bankklient", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except (Exception, KeyboardInterrupt) as error:
        code, sentence = _failure(error)
        sys.stderr.write(f"bankklient: {shown(sentence)}\n")
    else:
        if code == INTERRUPTED:  # typer has caught it
            sys.stderr.write(f"bankklient: {_INTERRUPTED}\n")
    return code if isinstance(code, int) else DONE


_INTERRUPTED = "interrupted; what was not finished was not kept"


def _failure(error: BaseException) -> tuple[int, str]:
    """Return exit code and sentence for what a command raised; a fault of ours is a sentence, too."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED, _INTERRUPTED
        case TyperException():
            return WRONG_USAGE, error.format_message()
        case BadArgument():
            return WRONG_USAGE, error.message
        case LabError():
            return REFUSED, error.message
    if os.environ.get(ENVIRONMENT_DEBUG):
        traceback.print_exception(error)
    where = f"{type(error).__name__}: {error}".splitlines()[0]
    return REFUSED, f"the program failed ({where}); set {ENVIRONMENT_DEBUG}=1 to see where"
