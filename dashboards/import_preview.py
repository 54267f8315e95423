"""What a dropped file holds, statement by statement, what was found in it, and what has to be told about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bankklient_lab.codebooks import rows as codebook
from bankklient_lab.dashboards import formatting, ui
from bankklient_lab.dashboards.formatting import escape
from bankklient_lab.dashboards.texts import counted, text

STATEMENTS_SHOWN = 60
FINDINGS_SHOWN = 30
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
    parts = [ui.html(head + _message(report) + _statements(report["statements"]) + _findings(report), css=_CSS)]
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
    return f"<div class='scroll' tabindex='0' role='region' aria-label='{escape(text('column.statements'))}'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{rest}"


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
    return f"<details {'open' if number <= 5 else ''}><summary>{escape(counted('imports.findings', number))}</summary><ul>{items}</ul>{rest}</details>"


def _finding(row: Mapping[str, Any], known: Mapping[str, str]) -> str:
    where = " \u00b7 ".join(str(part) for part in (row["place"], row["field"], row["value"]) if part)
    return (
        f"<li><span class='dot {escape(known.get('severity', ''))}'></span><div>{escape(known.get('title', row['code']))}"
        f"<div class='muted'>{escape(where)}</div></div></li>"
    )


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
    again = ui.button(text("imports.again"), lambda: tell({name: str(widget.value).strip() for name, widget in fields.items()}))
    return ui.row(*fields.values(), again, gap=10)


_CSS = """
.head { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: baseline; margin-bottom: 6px; } .head b { margin-left: auto; }
.head h2 { overflow-wrap: anywhere; } p { margin: 4px 0 8px; }
.scroll { overflow: auto; max-height: 310px; } thead th { position: sticky; top: 0; background: var(--panel-surface-color); } table { border-collapse: collapse; width: 100%; } th { color: var(--panel-on-secondary-color); font-weight: 500; font-size: 12px; text-align: left; }
th, td { padding: 5px 12px 5px 0; white-space: nowrap; border-bottom: 1px solid color-mix(in srgb, var(--panel-on-surface-color) 13%, transparent); }
.opening, .closing, .entries { text-align: right; }
ul { list-style: none; margin: 6px 0 0; padding: 0; } li { display: flex; gap: 10px; padding: 4px 0; } summary { cursor: pointer; margin-top: 8px; }
.dot { flex: none; width: 9px; height: 9px; border-radius: 50%; margin-top: 5px; background: #8a96a3; } .dot.error { background: #d13b30; } .dot.warning { background: #e69f00; }
"""
