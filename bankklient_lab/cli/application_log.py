"""Commands for the application log: show, print, verify, renew-witness."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_json, print_table, save_file

NumberOption = Annotated[int | None, typer.Option("--number", metavar="NUMBER", help="Only this message.")]
ModuleOption = Annotated[str, typer.Option("--module", metavar="MODULE", help="Only of this module, such as access.")]
UserOption = Annotated[str, typer.Option("--user", metavar="USER", help="Only what this user did.")]
KindOption = Annotated[
    str,
    typer.Option("--type", metavar="TYPE", help="fatal error, unknown error, error, message or login."),
]
WithinOption = Annotated[str, typer.Option("--within", metavar="TIME", help="The last month, week or day.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="So many entries, the newest first.")]
_COLUMNS = ("order", "saved", "number", "message", "module", "type", "user", "subject")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    log = typer.Typer(rich_markup_mode=None, help="What was done to the lab, by whom.")
    log.command("show")(show)
    log.command("print")(print_log)
    log.command("verify")(verify)
    log.command("renew-witness")(renew)
    app.add_typer(log, name="log")


def show(
    number: NumberOption = None,
    module: ModuleOption = "",
    user: UserOption = "",
    kind: KindOption = "",
    within: WithinOption = "none",
    limit: LimitOption = 50,
    before: Annotated[int | None, typer.Option(metavar="ORDER", help="Go on before this entry.")] = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Show entries of the application log, newest first."""
    from bankklient_lab.access.log import application_log

    chosen: Any = {"number": number, "module": module, "user": user, "kind": kind, "within": within}
    with opened(lab, passphrase_file) as one:
        rows = application_log.rows(one, **chosen, before=before, limit=limit)
    print_table(rows, _COLUMNS, as_json=as_json, empty="no entry of the log is like that")


def print_log(
    output: Annotated[
        Path, typer.Argument(metavar="FILE", help="File to write: .pdf, .xlsx, .csv, .json or .parquet.")
    ],
    number: NumberOption = None,
    module: ModuleOption = "",
    user: UserOption = "",
    kind: KindOption = "",
    within: WithinOption = "none",
    limit: LimitOption = 1_000,
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Write entries of the application log to a file."""
    from bankklient_lab.reports.log import render_log

    chosen: Any = {"number": number, "module": module, "user": user, "kind": kind, "within": within, "limit": limit}
    with opened(lab, passphrase_file, pandas=True) as one:
        content = render_log(one, output.suffix.lower(), **chosen)
    save_file(output, content)


def verify(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """Find every entry of the log that was changed, removed or put in; exit code 1 when there is one."""
    from bankklient_lab.access.log import verify_log

    with opened(lab, passphrase_file) as one:
        told = verify_log(one)
    if as_json:
        print_json(told)
    else:
        lines([*told["findings"], _verdict(told)])
    if not told["ok"]:
        raise typer.Exit(1)


def renew(
    reason: Annotated[str, typer.Option(help="Why; it stays in the log.")],
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Begin the log's witness anew, once it is known why it contradicts the log."""
    from bankklient_lab.access.log import renew_witness

    with opened(lab, passphrase_file) as one:
        renew_witness(one, reason)
    lines(["the witness of the log begins anew"])


def _verdict(told: dict[str, Any]) -> str:
    since, failure = told["witness"]["since"], told["witness"]["failure"]
    watched = f"its end is watched since {since}" if since else "its end is not watched: it has no witness yet"
    watched += f", which can't be written ({failure})" if failure else ""
    holds = "is whole" if told["ok"] else "was tampered with or replaced"
    return f"the log (entries: {told['entries']}) {holds}; {watched}"
