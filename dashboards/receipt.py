"""What became of a received file, as markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import formatting
from .formatting import escape
from .texts import text

_COUNTS = ("orders", "receivables", "right", "wrong", "duplicates", "moved", "repeated")
_ALWAYS = {"orders", "receivables", "right", "wrong"}


def report_html(report: Mapping[str, Any]) -> str:
    """Return the report of receive_file, or of receive_receivables, for people."""
    name = escape(report["file_name"])
    if report["status"] != "received":
        where = " \u00b7 ".join(part for part in (report.get("place"), report.get("field"), report.get("text")) if part)
        return (
            f"<h2>{name}</h2><p><span class='bad'>{escape(text('receiving.refused'))}</span>"
            f" {escape(report['message'])}</p><p class='muted'>{escape(where)}</p>"
            f"<p>{escape(text('receiving.nothing_kept'))}</p>"
        )
    head = f"<h2>{name}</h2><p class='muted'>{escape(text('receiving.as_batch', batch=report['batch_order']))}</p>"
    tiles = "".join(_tile(report, count) for count in _COUNTS if report.get(count) or count in _ALWAYS & report.keys())
    parts = [head, f"<div class='tiles'>{tiles}</div>"]
    if "accounts" not in report:  # receivables
        return "".join(parts)
    parts.append(_table(report["accounts"], ("kind", "account", "orders", "amount"), _account_cell))
    if report["errors"]:
        parts.append(f"<h3>{escape(text('receiving.errors'))}</h3>")
        parts.append(_table(report["errors"], ("code", "text", "orders"), lambda row, name: str(row[name])))
    parts += [
        f"<p class='muted'>{escape(text('receiving.left_out', field=row['field'], n=row['orders']))}</p>"
        for row in report["left_out"]
    ]
    return "".join(parts)


def _tile(report: Mapping[str, Any], count: str) -> str:
    kind = " bad" if count in ("wrong", "duplicates") and report[count] else ""
    number = escape(formatting.count(report[count]))
    return f"<div class='tile{kind}'><b>{number}</b><span>{escape(text(f'receiving.{count}'))}</span></div>"


def _account_cell(row: Mapping[str, Any], name: str) -> str:
    if name == "amount":
        return f"{formatting.amount(row['amount'], row['currency'] or '')} {row['currency'] or ''}"
    return text(f"receiving.kind_{row['kind']}") if name == "kind" else str(row[name])


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], cell: Any) -> str:
    head = "".join(f"<th class='{name}'>{escape(text(f'receiving.{name}'))}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td class={chr(39)}{name}{chr(39)}>{escape(cell(row, name))}</td>' for name in columns)}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
