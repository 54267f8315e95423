"""Statements laid out on pages: which entry stands on which page, and the totals carried from page to page.

The renderer gets pages that are known to fit, so it never has to lay a page out twice to know its totals. Lengths
are in points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from bankklient_lab.reports import texts
from bankklient_lab.reports.lines import Measure, Widths, width_of, wrap
from bankklient_lab.reports.model import StatementHead, StatementOptions, StatementReport

_SLACK = 0.98  # of a column's width: characters are measured one by one, without kerning
_FACT_LINES_MAX = 6
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes on an A4 page; the template takes them from here."""

    width: float = 595.28
    height: float = 841.89
    margin_x: float = 42.0
    margin_top: float = 56.0
    margin_bottom: float = 56.0
    size: float = 8.0  # of the text
    leading: float = 10.5
    padding: float = 5.0  # of a row, above and below together
    gap: float = 6.0  # of a column, left and right together
    day: float = 70.0  # holds the title of a line of totals too
    symbols: float = 68.0
    amount: float = 74.0
    balance: float = 80.0
    title_size: float = 15.0
    title_leading: float = 19.0
    title_gap: float = 15.0  # below the title
    fact_name: float = 86.0
    sums: float = 56.0

    @property
    def body_width(self) -> float:
        """Width between the margins."""
        return self.width - 2 * self.margin_x

    @property
    def body_height(self) -> float:
        """Height between the margins."""
        return self.height - self.margin_top - self.margin_bottom

    @property
    def details(self) -> float:
        """Width left for the counterparty and the texts."""
        return self.body_width - self.day - self.symbols - self.amount - self.balance

    def row(self, lines: int) -> float:
        """Height of a row of so many lines."""
        return lines * self.leading + self.padding

    def room(self, above: float = 0) -> float:
        """Height for entries on a page, below its names of columns and between its two lines of totals."""
        return self.body_height - above - 3 * self.row(1)


class Row(NamedTuple):
    """An entry, or the part of one that a page holds; lines of a text are parted by line ends."""

    day: str
    value_day: str
    name: str
    details: str
    symbols: str
    amount: str
    balance: str
    height: float
    shaded: bool


class Carried(NamedTuple):
    """A line of totals: what stands at the beginning and at the end of each page."""

    title: str
    turnover: str
    net: str
    balance: str


class Page(NamedTuple):
    """One page of a statement."""

    number: int
    pages: int
    first: Carried
    rows: list[Row]
    last: Carried


class LaidOut(NamedTuple):
    """A statement on its pages."""

    layout: Layout
    title: str
    title_height: float
    facts: list[tuple[str, str]]
    facts_height: float
    warning: str
    warning_height: float
    pages: list[Page]


class _Entry(NamedTuple):
    """The texts of an entry before they are broken into lines."""

    position: int
    day: str
    value_day: str
    name: str
    details: str
    symbols: str
    amount: str
    balance: str
    value: Decimal


def lay_out(report: StatementReport, options: StatementOptions, measure: Measure) -> LaidOut:
    """Return the pages of a statement; `measure` tells the widths of characters at a size."""
    head, base, title = report.head, Layout(), texts.statement_title(report.head)
    entries = [_entry(row, head.currency, options) for row in report.entries.to_pylist()]
    facts, warning = texts.head_facts(head), texts.head_warning(head)
    characters = set(" 0123456789.,\u2026").union(warning, title, *(text for _, text in facts), *_amounts(head))
    for entry in entries:
        characters.update(*entry[1:-1])
    widths = measure(characters, base.size)
    layout = _columns(head, entries, options, widths, base)
    facts = [(name, _fact(text, layout, widths)) for name, text in facts]
    facts_height = sum(text.count("\n") + 1 for _, text in facts) * layout.leading
    warning_lines = wrap(warning, layout.body_width * _SLACK, widths.medium)
    warning_height = layout.row(len(warning_lines)) if warning else 0.0
    title_lines = wrap(title, layout.body_width * _SLACK * layout.size / layout.title_size, widths.medium)
    title_height = len(title_lines) * layout.title_leading + layout.title_gap
    above = title_height + facts_height + layout.sums + warning_height
    pages = _paginated(head, list(_rows(entries, layout, widths, options, above)), layout, above)
    return LaidOut(
        layout,
        "\n".join(title_lines),
        title_height,
        facts,
        facts_height,
        "\n".join(warning_lines),
        warning_height,
        pages,
    )


def _entry(row: dict[str, Any], currency: str, options: StatementOptions) -> _Entry:
    return _Entry(
        row["position"],
        texts.day_text(row["day"]),
        texts.other_day(row),
        texts.text_of(row, "counterparty_name"),
        "\n".join(texts.entry_details(row, all_texts=options.all_texts)),
        "\n".join(texts.entry_symbols(row)),
        texts.amount_text(row["amount"], currency),
        texts.amount_text(row["balance"], currency),
        row["amount"],
    )


def _amounts(head: StatementHead) -> list[str]:
    return [text for _, text in texts.head_amounts(head)]


def _columns(
    head: StatementHead, entries: Sequence[_Entry], options: StatementOptions, widths: Widths, base: Layout
) -> Layout:
    """Return the layout with columns of amounts as wide as this statement needs."""
    shown = {*_amounts(head), *(entry.amount for entry in entries), *(entry.balance for entry in entries)}
    need = max(width_of(text, widths.medium) for text in shown) / _SLACK + 2 * base.gap
    spare = 2 * base.leading if options.brief else 0.0
    return replace(
        base,
        amount=max(base.amount, need),
        balance=max(base.balance, need),
        margin_bottom=base.margin_bottom + spare,
    )


def _fact(text: str, layout: Layout, widths: Widths) -> str:
    lines = wrap(text, (layout.body_width - layout.fact_name) * _SLACK, widths.regular)
    if len(lines) > _FACT_LINES_MAX:
        lines = [*lines[: _FACT_LINES_MAX - 1], lines[_FACT_LINES_MAX - 1][:-2] + "\u2026"]
    return "\n".join(lines)


def _rows(
    entries: Sequence[_Entry], layout: Layout, widths: Widths, options: StatementOptions, above: float
) -> Iterator[tuple[Row, Decimal]]:
    """Yield the rows with the amount each adds; an entry too high for the first page's room goes on in further rows."""
    lines_max = int((layout.room(above) - layout.padding) // layout.leading)
    details_width = (layout.details - layout.gap) * _SLACK
    symbols_width = (layout.symbols - layout.gap) * _SLACK
    for entry in entries:
        names = wrap(entry.name, details_width, widths.medium)
        lines = names + wrap(entry.details, details_width, widths.regular)
        symbols = wrap(entry.symbols, symbols_width, widths.regular)
        first_lines = 2 if entry.value_day else 1
        shaded = options.shading and entry.position % 2 == 0
        for start in range(0, max(len(lines), len(symbols), 1), lines_max):
            part, part_symbols = lines[start : start + lines_max], symbols[start : start + lines_max]
            bold = max(0, len(names) - start)
            height = layout.row(max(len(part), len(part_symbols), 1 if start else first_lines))
            texts_of_part = ("\n".join(part[:bold]), "\n".join(part[bold:]), "\n".join(part_symbols))
            if start:
                yield Row("", "", *texts_of_part, "", "", height, shaded), _ZERO
            else:
                amounts = (entry.amount, entry.balance)
                yield Row(entry.day, entry.value_day, *texts_of_part, *amounts, height, shaded), entry.value


class _Totals(NamedTuple):
    """Turnover up to an entry."""

    credit: Decimal = _ZERO
    debit: Decimal = _ZERO

    def plus(self, amount: Decimal) -> _Totals:
        """Return the totals after one more entry."""
        return _Totals(self.credit + max(amount, _ZERO), self.debit + min(amount, _ZERO))

    def carried(self, title: str, head: StatementHead) -> Carried:
        """Return the line of totals."""
        credit, debit, net, balance = (
            texts.amount_text(value, head.currency)
            for value in (self.credit, self.debit, self.credit + self.debit, head.opening + self.credit + self.debit)
        )
        return Carried(title, f"credits {credit}, debits {debit}", net, balance)


def _paginated(head: StatementHead, rows: list[tuple[Row, Decimal]], layout: Layout, above: float) -> list[Page]:
    """Fill the pages one after the other and carry the totals from each to the next."""
    sheets: list[list[Row]] = [[]]
    ends: list[_Totals] = []  # after each sheet but the last
    left, totals = layout.room(above), _Totals()
    for row, amount in rows:
        if row.height > left:
            sheets.append([])
            ends.append(totals)
            left = layout.room()
        sheets[-1].append(row)
        left -= row.height
        totals = totals.plus(amount)
    opening = Carried("Opening balance", "", "", texts.amount_text(head.opening, head.currency))
    firsts = [opening, *(end.carried("Brought forward", head) for end in ends)]
    lasts = [*(end.carried("Carried forward", head) for end in ends), totals.carried("Closing balance", head)]
    return [
        Page(number, len(sheets), first, sheet, last)
        for number, (first, sheet, last) in enumerate(zip(firsts, sheets, lasts, strict=True), start=1)
    ]
