"""What the Overview shows, read in one go: as few questions to the lab as there are kinds of answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import bankklient_lab as bl
from bankklient_lab.analysis.balances import UNKNOWN_BANK
from bankklient_lab.analysis.conversion import all_converted

from . import formatting, periods
from .content import in_one_currency
from .state import Choice
from .texts import text

ONE_DAY = timedelta(days=1)
QUESTIONS_AT_ONCE = 3


# What the Overview is made of, and the action that its user must be allowed.
PARTS = {
    "position": "analysis.balances:balances",
    "movement": "analysis.cashflow:cash_flow",
    "findings": "analysis.findings:findings",
}


@dataclass(frozen=True)
class Flow:
    """What came in and went out by period: unsigned, in one currency."""

    unit: str
    spans: list[periods.Period]
    came: list[Decimal]
    went: list[Decimal]
    net: list[Decimal]


@dataclass(frozen=True)
class Moves:
    """The newest day of the period on which something moved; totals by currency."""

    day: date
    totals: list[dict[str, Any]]


@dataclass(frozen=True)
class Position:
    """What there is.

    `accounts` are each account's balance on the last day, `converted` where that can be done, and its `name_and_basis`.
    `series` are day (from the one before the period), key (label of the account) and balance, in one currency.
    """

    accounts: pa.Table
    total: Decimal
    change: Decimal
    series: pa.Table | None


@dataclass(frozen=True)
class Movement:
    """What moved."""

    flow: Flow
    credit_entries: int
    debit_entries: int
    moves: Moves


@dataclass(frozen=True)
class Figures:
    """All that the user may see, None for the rest; `note` says what is left out of sums and charts."""

    choice: Choice
    note: str
    position: Position | None
    movement: Movement | None
    findings: pa.Table | None


def read_figures(lab: bl.Lab, choice: Choice, parts: Collection[str]) -> Figures:
    """Read what is chosen; the questions are asked side by side, as planning each takes one core most of its time."""
    with ThreadPoolExecutor(QUESTIONS_AT_ONCE) as pool:
        movement = _ask_movement(pool, lab, choice) if "movement" in parts else _nothing
        position = _ask_position(pool, lab, choice) if "position" in parts else _nothing
        findings = (
            pool.submit(bl.findings.arrow, lab, since=choice.since, until=choice.until, accounts=choice.accounts)
            if "findings" in parts
            else None
        )
    (moved, moved_note), (stands, stands_note) = movement(), position()
    return Figures(choice, stands_note or moved_note, stands, moved, findings.result() if findings else None)


def _nothing() -> tuple[None, str]:
    return None, ""


def _ask_movement(pool: ThreadPoolExecutor, lab: bl.Lab, choice: Choice) -> Callable[[], tuple[Movement, str]]:
    """Begin to read what moved; what is returned waits for it."""
    flow_read = pool.submit(_flow, lab, choice)
    credit, debit = (pool.submit(_number, lab, choice, side) for side in ("credit", "debit"))
    moves = pool.submit(_moves, lab, choice)

    def movement() -> tuple[Movement, str]:
        flow, note = flow_read.result()
        return Movement(flow, credit.result(), debit.result(), moves.result()), note

    return movement


def _ask_position(pool: ThreadPoolExecutor, lab: bl.Lab, choice: Choice) -> Callable[[], tuple[Position, str]]:
    """Begin to read what there is; what is returned waits for it."""
    series_read, accounts_read = pool.submit(_series, lab, choice), pool.submit(_accounts, lab, choice)

    def position() -> tuple[Position, str]:
        (series, series_note), (accounts, total, note) = series_read.result(), accounts_read.result()
        change = _total_on(series, choice.last_day) - _total_on(series, choice.since - ONE_DAY)
        return Position(accounts, total, change, series), note or series_note

    return position


def _series(lab: bl.Lab, choice: Choice) -> tuple[pa.Table | None, str]:
    return in_one_currency(
        choice.content,
        choice,
        lambda names, target: bl.balance_series.arrow(
            lab, since=choice.since - ONE_DAY, until=choice.until, accounts=names, in_currency=target
        ),
    )


def _accounts(lab: bl.Lab, choice: Choice) -> tuple[pa.Table, Decimal, str]:
    """Return each account's balance, their sum in one currency, and what is left out of it."""

    def load(names: list[str], target: str | None) -> pa.Table:
        found = bl.balances.arrow(lab, on=choice.last_day, accounts=names, in_currency=target)
        return all_converted(found, target) if target else found

    table, note = in_one_currency(choice.content, choice, load)
    if table is None or note:  # each account's own balance is shown, also where it can't be converted
        shown = bl.balances.arrow(lab, on=choice.last_day, accounts=choice.accounts)
        known = {} if table is None else dict(zip(table["label"].to_pylist(), _worth(table).to_pylist(), strict=True))
        worth = pa.array([known.get(label) for label in shown["label"].to_pylist()], shown["balance"].type)
    else:
        shown, worth = table, _worth(table)
    shown = shown.set_column(shown.column_names.index("converted"), "converted", worth)
    total = Decimal(0) if table is None else pc.sum(_worth(table)).as_py() or Decimal(0)
    target = pa.array([choice.currency] * shown.num_rows, pa.string())
    names = pa.array([_name_and_basis(row) for row in shown.select(["label", "basis"]).to_pylist()], pa.string())
    return shown.append_column("target", target).append_column("name_and_basis", names), total, note


def _name_and_basis(row: Mapping[str, str]) -> str:
    """Return an account's label; a balance that no bank states is marked."""
    name = formatting.short_account(row["label"])
    return text("overview.counted_account", name=name) if row["basis"] == "counted" else name


def _worth(table: pa.Table) -> pa.ChunkedArray:
    return pc.coalesce(table["converted"], table["balance"])


def _total_on(series: pa.Table | None, day: date) -> Decimal:
    if series is None:
        return Decimal(0)
    return pc.sum(series.filter(pc.equal(series["day"], pa.scalar(day)))["balance"]).as_py() or Decimal(0)


def _flow(lab: bl.Lab, choice: Choice) -> tuple[Flow, str]:
    unit = periods.unit_for(choice.since, choice.until)
    table, note = in_one_currency(
        choice.content,
        choice,
        lambda names, target: bl.cash_flow.arrow(
            lab, since=choice.since, until=choice.until, accounts=names, period=unit, by="none", in_currency=target
        ),
    )
    spans = periods.all_periods(choice.since, choice.until, unit)
    starts = [span[0] for span in spans]

    def values(name: str) -> list[Decimal]:
        found = periods.by_key(table, "period", name, starts) if table is not None else {}
        return [value or Decimal(0) for value in next(iter(found.values()), [None] * len(starts))]

    return Flow(unit, spans, values("credit"), values("debit"), values("net")), note


def _number(lab: bl.Lab, choice: Choice, side: str) -> int:
    totals = bl.entry_totals.arrow(lab, since=choice.since, until=choice.until, accounts=choice.accounts, side=side)
    return sum(totals["entries"].to_pylist())


def _moves(lab: bl.Lab, choice: Choice) -> Moves:
    days = bl.cash_flow.arrow(
        lab, since=choice.since, until=choice.until, accounts=choice.accounts, period="day", by="none"
    )
    last = pc.max(days["period"]).as_py()
    if last is None:
        return Moves(choice.last_day, [])
    rows = days.filter(pc.equal(days["period"], last))
    return Moves(last, rows.select(["currency", "net", "entries"]).to_pylist())


def balances_by(
    figures: Figures, way: str, days: Sequence[date], slots: int
) -> tuple[dict[str, list[Decimal | None]], int]:
    """Return the balances on `days` by "account", "currency", "bank" or "total", the largest keys first.

    More than `slots` + 1 keys are `slots` and, under "", the sum of the others; the second is their number.
    """
    if figures.position is None or figures.position.series is None:
        return {}, 0
    series = figures.position.series
    series = series.filter(pc.is_in(series["day"], pa.array(days, pa.date32())))
    if way != "account":
        series = _summed(series, _groups(figures.choice.content.accounts, way))
    sizes = series.append_column("size", pc.abs(series["balance"])).group_by("key").aggregate([("size", "max")])
    keys = sizes.sort_by([("size_max", "descending"), ("key", "ascending")])["key"].to_pylist()
    others = keys[slots:] if len(keys) > slots + 1 else []
    if others:
        keys = [*keys[:slots], ""]
        series = _summed(series, dict.fromkeys(others, ""))
    found = periods.by_key(series, "day", "balance", days)
    return {key: found[key] for key in keys}, len(others)


def _groups(accounts: Sequence[Mapping[str, Any]], way: str) -> dict[str, str]:
    """Return label of an account -> the key that it is added up under."""

    def key(account: Mapping[str, Any]) -> str:
        if way == "bank":
            return account["bank"] or UNKNOWN_BANK
        return str(account["currency"]) if way == "currency" else "total"

    return {account["label"]: key(account) for account in accounts}


def _summed(series: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """Add up what has one new name."""
    labels = series["key"]
    place = pc.index_in(labels, value_set=pa.array(list(names), labels.type))
    renamed = pc.coalesce(pc.take(pa.array(list(names.values()), labels.type), place), labels)
    summed = pa.table({"day": series["day"], "key": renamed, "balance": series["balance"]}).group_by(["day", "key"])
    return summed.aggregate([("balance", "sum")]).rename_columns({"balance_sum": "balance"})
