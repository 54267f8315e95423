"""Write docs/orders.md from the declarations of the kinds of orders and their tables: `make docs`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bankklient_lab.codebooks import rows
from bankklient_lab.codebooks.bank import CODEBOOKS
from bankklient_lab.orders.checking import error_items
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Item, Kind

PAGE = Path(__file__).parents[1] / "docs" / "orders.md"
HEAD = """# Payment orders

<!-- Made by `make docs` from bankklient_lab/orders/kinds and data/codebooks; change it there. -->

Each kind of order is one declaration. Forms, checks, imports, lists and this page come from it. A rule is a row: the
number of the error, and the condition in SQL under which an order has it. The same text checks one form and a file of a
million orders. Of each item the first broken rule is told, and all items that are wrong.

In the conditions an item stands for the text as it was entered, `<item>_value` for the amount, day or answer that it
means, and `c` for what the [codebooks](how-to/codebooks.md) and the configuration say on the day.
"""
TRANSITIONS = """## Steps

What becomes of an order by which action, by whom, and under which condition. Everything else is refused. Of several
rows that apply the one that needs most permissions wins. `domestic` are domestic orders made here, `imported` those
from accounting systems and regular payments, `foreign` all foreign payments.
"""
_FORMATS = {
    "text": "text", "digits": "digits", "amount": "amount", "rate": "rate", "date": "day", "yes_no": "yes or no",
}  # fmt: skip
SEEN = ("TXN-005", "TXN-006", "TXN-007", "TXN-008")  # rows of the views that show orders of one kind
_PARTS = {"main": "", "more": "on request", "import": "in files only"}


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(_kind(kind) for kind in KINDS.values()), _duplicates(), _states(), _steps()])


def _kind(kind: Kind) -> str:
    items = [
        f"| `{item.name}` | {item.label} | {_format(item)} | {'yes' if item.mandatory else ''} | {_remark(item)} |"
        for item in kind.items
    ]
    rules = []
    for rule in kind.rules:
        item, _, text = error_items()[rule.code]
        rules.append(f"| {rule.code} | `{item}` | {text} | {_code(rule.broken)} |")
    warnings = [f"| {one.text} | {_code(one.applies)} |" for one in kind.warnings]
    told = ["### Told although it is right", "", *_table(("sentence", "when"), warnings), ""] if warnings else []
    views = [row for row in rows("order_views") if row["table"] == kind.family and row["line"] in SEEN]
    seen = {row["guard"]: row["needs"] for row in views}
    return "\n".join([
        f"## {kind.label}", "",
        f"Made with permission {_needs(kind.creates)}; seen with {_needs(seen['shared'])} (one's own) or"
        f" {_needs(seen[''])} (all). The own account stands on the {kind.own} side.", "",
        *_table(("item", "name", "format", "mandatory", "remarks"), items), "",
        "### Errors", "",
        *_table(("number", "item", "text", "broken when"), rules), "",
        *told,
    ])  # fmt: skip


def _format(item: Item) -> str:
    return f"{_FORMATS[item.type]}, {item.characters}" if item.type in ("text", "digits") else _FORMATS[item.type]


def _remark(item: Item) -> str:
    book = CODEBOOKS.get(item.codebook)
    told = (
        item.help,
        f"from the codebook {book.label.lower()}" if book else "",
        f"default {_code(item.default)}" if item.default else "",
        _PARTS[item.part],
    )
    return "; ".join(one for one in told if one)


def _duplicates() -> str:
    item, _, text = error_items()[151]
    kinds = ", ".join(kind.plural.lower() for kind in KINDS.values() if kind.duplicates)
    return f"Besides, of {kinds}: error 151, {text[:1].lower()}{text[1:]} (`{item}`).\n"


def _states() -> str:
    found = [f"| {row['code'] or 'blank'} | {row['name']} | {row['meaning']} |" for row in rows("order_statuses")]
    return "\n".join(["## States", "", *_table(("code", "name", "meaning"), found), ""])


def _steps() -> str:
    found = [
        f"| {row['line']} | {row['table']} | {_cell(row['state'])} | {row['action'].replace('_', ' ')}"
        f" | {_code(row['needs'])} | {_words(row['guard'])} | {row['next']} |"
        for row in rows("order_transitions")
    ]
    columns = ("line", "orders", "state", "action", "permission", "only when", "next")
    return "\n".join([TRANSITIONS, *_table(columns, found), ""])


def _table(columns: Iterable[str], lines: list[str]) -> list[str]:
    names = list(columns)
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|", *lines]


def _needs(expression: str) -> str:
    return expression.replace("|", " or ")


def _words(guard: str) -> str:
    return guard.replace("&", ", ").replace("_", " ")


def _cell(text: str) -> str:
    return text.replace("|", ", ")


def _code(sql: str) -> str:
    """Return SQL or an expression within a cell of a table."""
    return f"`{' '.join(sql.split())}`".replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
