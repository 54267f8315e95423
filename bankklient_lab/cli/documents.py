"""Commands for electronic documents of the bank: listed, ordered, saved, and where they are saved by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bankklient_lab.cli.options import day
from bankklient_lab.cli.output import lines, save_file
from bankklient_lab.cli.shared import Answered, AtLab, add_group
from bankklient_lab.errors import BadArgument

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

_SHOWN = (
    "document_id", "kind", "account", "day", "number", "made_on", "availability", "order_status", "info", "more",
)  # fmt: skip
DocumentArgument = Annotated[int, typer.Argument(metavar="DOCUMENT", help="As `bankklient documents list` shows it.")]
DocumentsArgument = Annotated[
    list[int] | None, typer.Argument(metavar="DOCUMENT", help="As `bankklient documents list` shows it.")
]
AllOption = Annotated[bool, typer.Option("--all", help="All that fit the conditions and can be.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen(Answered):
    """Conditions of a list of documents."""

    kind: Annotated[str | None, typer.Option(help="STM (statements), ADV (advices) or ARF (receivables).")] = None
    account: Annotated[str | None, typer.Option(metavar="IBAN")] = None
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day of making.")] = None
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last one (it belongs in).")] = None
    text: Annotated[str | None, typer.Option(help="Part of what the bank says: balance, amount, names.")] = None
    available: Annotated[str | None, typer.Option(help="local, in_bank or all.")] = None

    def conditions(self) -> dict[str, Any]:
        """Return the conditions that were given, as arguments of `documents`."""
        found = self.given()
        days = {name: day(found[name]) for name in ("since", "until") if name in found}
        return found | days | {name: days[name] + timedelta(days=1) for name in ("until",) if name in days}


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_documents, "order": order, "cancel": cancel, "save": save, "preview": preview,
        "folders": folders, "folder": folder,
    }  # fmt: skip
    add_group(
        app, "documents", "Electronic documents of the bank: statements, advices, lists of receivables.", commands
    )


def list_documents(how: Chosen) -> None:
    """List the documents of all accounts that the bank told of, the last made first."""
    from bankklient_lab.exchange.documents import documents

    with how.opened() as one:
        rows = documents.rows(one, **how.conditions())
    how.table(rows, _SHOWN, empty="there is no such document")


def order(document: DocumentsArgument = None, every: AllOption = False, *, how: Chosen) -> None:
    """Order documents at the bank; the orders go out after balancing."""
    from bankklient_lab.exchange.ordering import order_documents

    with how.opened() as one:
        told = order_documents(one, _numbers(one, document, how, every=every))
    _tell(how, told, "ordered")


def cancel(document: DocumentsArgument = None, every: AllOption = False, *, how: Chosen) -> None:
    """Take orders of documents back that are not balanced."""
    from bankklient_lab.exchange.ordering import cancel_document_orders

    with how.opened() as one:
        told = cancel_document_orders(one, _numbers(one, document, how, every=every))
    _tell(how, told, "taken back")


def save(
    document: DocumentArgument,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write it; without it, the account's folder."),
    ] = None,
    *,
    how: AtLab,
) -> None:
    """Save a document that is here, as the bank delivered it."""
    from bankklient_lab.exchange.documents import document_content
    from bankklient_lab.exchange.ordering import save_document

    with how.opened() as one:
        if output is None:
            lines([f"{save_document(one, document)} is written"])
            return
        content = document_content(one, document)
    save_file(output, content)


def preview(
    document: DocumentArgument,
    page: Annotated[int, typer.Option(help="Its page, from 1.")] = 1,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The picture.")] = Path("page.png"),
    *,
    how: AtLab,
) -> None:
    """Draw a page of a document that is here as a picture (PNG), in which nothing is active."""
    from bankklient_lab.exchange.documents import document_preview

    with how.opened() as one:
        found = document_preview(one, document, page)
    save_file(output, found["png"])
    lines([f"page {found['page']} of {found['pages']}"])


def folders(how: Answered) -> None:
    """List the accounts whose documents are saved as they come."""
    from bankklient_lab.exchange.document_folders import document_folders

    with how.opened() as one:
        rows = document_folders.rows(one)
    how.table(rows, ("account", "folder"), empty="documents of no account are saved by themselves")


def folder(
    account: Annotated[str, typer.Argument(metavar="IBAN")],
    path: Annotated[str, typer.Argument(metavar="FOLDER", help="On the lab's machine; empty: not any more.")],
    how: AtLab,
) -> None:
    """Let documents of an account be saved into a folder as they come."""
    from bankklient_lab.exchange.document_folders import set_document_folder

    with how.opened() as one:
        set_document_folder(one, account, str(Path(path).expanduser().absolute()) if path else "")
    lines([f"documents of {account} are {f'saved into {path}' if path else 'not saved any more'}"])


def _numbers(lab: Lab, documents: list[int] | None, how: Chosen, *, every: bool) -> list[int]:
    from bankklient_lab.exchange.documents import documents as of_the_bank

    if every == bool(documents):
        raise BadArgument("name documents, or --all of a list")
    if documents:
        return documents
    return [row["document_id"] for row in of_the_bank.rows(lab, **how.conditions())]


def _tell(how: Chosen, told: dict[str, Any], done: str) -> None:
    left = (f"left: {count}, {why}" for why, count in told["reasons"].items())
    how.tell(told, f"documents {done}: {told['done']}", *left)
    if not told["done"]:
        raise typer.Exit(1)
