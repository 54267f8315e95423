"""What a dropped file holds, statement by statement, what was found in it, and what has to be told about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bankklient_lab.codebooks import rows as codebook

from . import formatting, ui
from .formatting import escape
from .styles import css
from .texts import counted, text

STATEMENTS_SHOWN = 60
FINDINGS_SHOWN = 30
FINDINGS_OPEN = 5
_KINDS = {"readable": "good", "imported": "good", "already": "muted", "refused": "bad"}


def card(
    name: str, report: Mapping[str, Any], tell: Callable[[dict[str, str]], None], told: Mapping[str, str]
) -> ui.Viewable:
    """Show the report on a file; with fields for what it lacks."""
    status = report["status"]
    known = " \u00b7 ".join(part for part in (report["version"] or report["format"], _rates(report)) if part)
    head = (
        f"<div class='head'><h2>{escape(name)}</h2><span class='muted'>{escape(known)}</span>"
        f"<b class='{_KINDS[status]}'>{escape(text(f'imports.status_{status}'))}</b></div>"
    )
    parts = [
        ui.html(head + _message(report) + _statements(report["statements"]) + _findings(report), style=css("import"))
    ]
    if report["hint"] or told:
        parts.append(_fields(report["hint"], tell, told))
    return ui.card(*parts)


def _rates(report: Mapping[str, Any]) -> str:
    return counted("imports.rates", report["rates"], formatting.count(report["rates"])) if report["rates"] else ""


def _message(report: Mapping[str, Any]) -> str:
    if not report["message"]:
        return ""
    sentence = report["message"].split("; give it with --")[0] if report["hint"] else report["message"]
    return f"<p class='bad'>{escape(sentence)}</p>"


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


def _fields(hint: str | None, tell: Callable[[dict[str, str]], None], told: Mapping[str, str]) -> ui.Viewable:
    from bankklient_lab.formats.mappings import mappings

    fields: dict[str, Any] = {}
    for name in ("account", "currency", "bank", "mapping"):
        value = told.get(name, "")
        if name == "mapping":
            options = {text("imports.by_content"): ""} | {one.title: key for key, one in sorted(mappings().items())}
            fields[name] = ui.select(text("imports.hint_mapping"), options, value, width=260)
        else:
            fields[name] = ui.field(text(f"imports.hint_{name}"), value, width=230 if name == "account" else 130)
    if hint in fields and not told.get(hint):
        fields[hint].error_state = True
    again = ui.button(
        text("imports.again"), lambda: tell({name: str(widget.value).strip() for name, widget in fields.items()})
    )
    return ui.row(*fields.values(), again, gap=10)
