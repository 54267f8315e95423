"""What a dropped file holds, statement by statement, what was found in it, and what has to be told about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bankklient_lab.codebooks import names
from bankklient_lab.codebooks import rows as codebook

from . import formatting, ui
from .formatting import escape
from .styles import css
from .texts import counted, text

STATEMENTS_SHOWN = 60
FINDINGS_SHOWN = 30
FINDINGS_OPEN = 5
TABLES = (".csv", ".tsv", ".txt", ".xlsx")  # files that may need to be told which kind of table they are
HINTS = ("account", "currency", "bank", "mapping")
_HINT_PX = {"account": 230, "currency": 110, "bank": 160}
ASKS = "asks"  # a refused file that only lacks something that the user can tell
_KINDS = {"readable": "good", "imported": "good", "already": "muted", ASKS: "warn", "refused": "bad"}
# Where a reason goes on to say what helps on the command line; here it is a field below.
_ON_THE_COMMAND_LINE = re.compile(r"; (give it with|choose one with) --.*|; `bankklient formats`.*")


@dataclass(frozen=True)
class Answers:
    """What the user can do about a file."""

    tell: Callable[[dict[str, str]], None]
    put_away: Callable[[], None]
    withdraw: Callable[[], None]


def card(name: str, report: Mapping[str, Any], told: Mapping[str, str], answers: Answers) -> ui.Viewable:
    """Show the report on a file; with fields for what it lacks."""
    known = " \u00b7 ".join(part for part in (report["version"] or report["format"], _rates(report)) if part)
    kind, status = _status(report)
    head = (
        f"<div class='head'><h2>{escape(name)}</h2><span class='muted'>{escape(known)}</span>"
        f"<b class='{kind}'>{escape(status)}</b></div>"
    )
    style = css("import")
    away = ui.icon_button("close", text("imports.put_away", name=name), answers.put_away)
    parts = [ui.row(ui.html(head, style=style), away, gap=8, wrap=False)]
    asks = bool(report["hint"] or told or (report["status"] == "refused" and name.lower().endswith(TABLES)))
    body = _refusal(report, asks=asks) + _statements(report["statements"]) + _findings(report)
    if body:
        parts.append(ui.html(body, style=style))
    if asks:
        wanted = (report["hint"] or "mapping") if report["status"] == "refused" else None
        parts.append(_fields(wanted, answers.tell, told))
    if report["status"] == "imported":
        parts.append(ui.button(text("imports.take_back"), answers.withdraw, variant="text", icon="undo"))
    return ui.card(*parts, gap=4)


def standing(report: Mapping[str, Any]) -> str:
    """Return the status of a file as people see it."""
    return ASKS if report["status"] == "refused" and report["hint"] else str(report["status"])


def severities(report: Mapping[str, Any]) -> Counter[str]:
    """Return how many findings of each severity a report has."""
    known = names("findings", "severity")
    return Counter(known.get(row["code"], "") for row in report["findings"])


def _status(report: Mapping[str, Any]) -> tuple[str, str]:
    """Return kind and words for how a file stands."""
    status, errors = standing(report), severities(report)["error"]
    if status in ("readable", "imported") and errors:
        return "warn", text(f"imports.status_{status}_flawed", errors=counted("overview.errors", errors))
    return _KINDS[status], text(f"imports.status_{status}")


def _rates(report: Mapping[str, Any]) -> str:
    return counted("imports.rates", report["rates"], formatting.count(report["rates"])) if report["rates"] else ""


def _refusal(report: Mapping[str, Any], *, asks: bool) -> str:
    """Say why a file is refused, where, and what helps here."""
    if report["status"] != "refused":
        return f"<p class='muted'>{escape(report['message'])}</p>" if report["message"] else ""
    (finding,) = report["findings"]
    reason = _ON_THE_COMMAND_LINE.sub("", finding["message"])
    where = " \u00b7 ".join(
        part for part in (finding["place"], finding["field"], finding["value"] and repr(finding["value"])) if part
    )
    kind = _KINDS[standing(report)]
    help_here = text("imports.tell" if asks else "imports.no_way")
    return (
        f"<p><span class='{kind}'>{escape(reason[:1].upper() + reason[1:])}.</span> {escape(help_here)}</p>"
        f"<p class='muted found'>{escape(where)}</p>"
    )


def _statements(statements: Sequence[Mapping[str, Any]]) -> str:
    if not statements:
        return ""
    titles = ("account", "number", "from", "to", "opening", "closing", "entries", "status")
    head = "".join(f"<th class='{title}'>{escape(text(f'import_column.{title}'))}</th>" for title in titles)
    body = "".join(f"<tr>{_cells(statement)}</tr>" for statement in statements[:STATEMENTS_SHOWN])
    more = len(statements) - STATEMENTS_SHOWN
    rest = f"<p class='muted'>{escape(text('imports.more_statements', n=more))}</p>" if more > 0 else ""
    region = f"<div class='scroll' tabindex='0' role='region' aria-label='{escape(text('column.statements'))}'>"
    return f"{region}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{rest}"


def _cells(row: Mapping[str, Any]) -> str:
    currency = row["currency"] or ""
    status = "known" if row["known"] else "interim" if row["interim"] else "new"
    values = (
        ("account", formatting.iban(row["account"])), ("number", row["number"]), ("from", formatting.day(row["from"])),
        ("to", formatting.day(row["to"])), ("opening", formatting.money(row["opening"], currency)),
        ("closing", formatting.money(row["closing"], currency)), ("entries", formatting.count(row["entries"])),
        ("status", text(f"imports.statement_{status}")),
    )  # fmt: skip
    return "".join(f"<td class='{name}'>{escape(value)}</td>" for name, value in values)


def _findings(report: Mapping[str, Any]) -> str:
    if report["status"] == "refused" or not report["findings"]:
        return ""
    titles = {row["code"]: row for row in codebook("findings")}
    items = "".join(_finding(row, titles.get(row["code"], {})) for row in report["findings"][:FINDINGS_SHOWN])
    number = len(report["findings"])
    more = number - FINDINGS_SHOWN
    rest = f"<p class='muted'>{escape(text('overview.more_findings', n=more))}</p>" if more > 0 else ""
    summary = escape(counted("imports.findings", number))
    is_open = "open" if number <= FINDINGS_OPEN else ""
    return f"<details {is_open}><summary>{summary}</summary><ul>{items}</ul>{rest}</details>"


def _finding(row: Mapping[str, Any], known: Mapping[str, str]) -> str:
    where = " \u00b7 ".join(str(part) for part in (row["place"], row["field"], row["value"]) if part)
    title, severity = escape(known.get("title", row["code"])), escape(known.get("severity", ""))
    place = f"<div class='muted'>{escape(where)}</div>"
    return f"<li><span class='dot {severity}'></span><div>{title}{place}</div></li>"


def _fields(wanted: str | None, tell: Callable[[dict[str, str]], None], told: Mapping[str, str]) -> ui.Viewable:
    from bankklient_lab.formats.mappings import mappings

    fields: dict[str, Any] = {}
    for name in sorted(HINTS, key=lambda name: name != wanted):
        value = told.get(name, "")
        if name == "mapping":
            options = {text("imports.by_content"): ""} | {one.title: key for key, one in sorted(mappings().items())}
            fields[name] = ui.select(text("imports.hint_mapping"), options, value, width=260)
        else:
            fields[name] = ui.field(text(f"imports.hint_{name}"), value, width=_HINT_PX[name])
    if wanted is not None:
        fields[wanted].error_state = not told.get(wanted)
    again = ui.button(
        text("imports.again"), lambda: tell({name: str(widget.value).strip() for name, widget in fields.items()})
    )
    return ui.row(*fields.values(), again, gap=10)
