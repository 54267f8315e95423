"""Statements that begin with what is known: entries are kept and counted once, balances stay those of the bank."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bankklient_lab as bl
from bankklient_lab.errors import Refused
from bankklient_lab.history.upkeep import check
from bankklient_lab.lab import Lab, created
from tests.statements import ACCOUNT, mt940

Entry = tuple[int, str, int]  # day of November, description, amount
WHOLE = [(1, "rent", -900), (2, "sale", 500), (2, "sale", 500), (3, "fee", -5), (5, "sale", 70)]


def export(folder: Path, name: str, entries: Sequence[Entry]) -> Path:
    """Write a CSV file as many banks export it: no number, no balance."""
    lines = ["Date,Description,Amount,Currency"]
    lines += [f"2026-11-{day:02},{text},{amount}.00,CZK" for day, text, amount in entries]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def take(lab: Lab, path: Path) -> dict[str, Any]:
    return bl.import_file(lab, path, account=ACCOUNT)


def codes(report: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in report["findings"]}


def counted(lab: Lab) -> list[tuple[int, int]]:
    table = bl.entries.arrow(lab, order_by=("day", "amount"))
    return [
        (day.day, int(amount))
        for day, amount in zip(table["day"].to_pylist(), table["amount"].to_pylist(), strict=True)
    ]


def balance(lab: Lab, day: int) -> Decimal:
    (one,) = bl.balances.arrow(lab, on=date(2026, 11, day))["balance"].to_pylist()
    assert isinstance(one, Decimal)
    return one


def expected(entries: Sequence[Entry]) -> list[tuple[int, int]]:
    return sorted((day, amount) for day, _, amount in entries)


def test_an_export_that_goes_on_from_the_one_before_counts_what_is_new(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "a.csv", WHOLE[:3]))
    report = take(lab, export(tmp_path, "b.csv", WHOLE[1:]))
    assert (report["status"], codes(report)) == ("imported", {"repeated_entries", "missing_balance"})
    (finding,) = [one for one in report["findings"] if one["code"] == "repeated_entries"]
    assert finding["value"] == "2 of 4 entries, the first of them with import 1"
    assert counted(lab) == expected(WHOLE)
    assert [balance(lab, day) for day in (1, 2, 3, 4, 5)] == [-900, 100, 95, 95, 165]
    assert bl.cash_flow.arrow(lab, since=date(2026, 11, 1), until=date(2026, 12, 1), by="none")["net"].to_pylist() == [
        165
    ]
    assert set(check.arrow(lab)["broken"].to_pylist()) == {0}


def test_an_export_made_during_a_day_is_completed_by_the_next(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "a.csv", WHOLE[:2]))
    take(lab, export(tmp_path, "b.csv", WHOLE[1:]))
    assert counted(lab) == expected(WHOLE)
    assert balance(lab, 5) == 165


def test_weeks_and_then_the_month_change_nothing(lab: Lab, tmp_path: Path) -> None:
    for name, part in (("a.csv", WHOLE[:3]), ("b.csv", WHOLE[3:])):
        take(lab, export(tmp_path, name, part))
    assert take(lab, export(tmp_path, "month.csv", WHOLE))["status"] == "already"
    assert take(lab, export(tmp_path, "part.csv", WHOLE[:4]))["status"] == "already"
    assert counted(lab) == expected(WHOLE)


def test_the_banks_statement_of_days_known_without_balances_brings_only_its_balances(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "a.csv", [(1, "x", 200), (2, "y", -50)]))
    assert balance(lab, 2) == 150
    later: dict[str, Any] = {
        "number": "7",
        "opening": "1000,00",
        "closing": "1150,00",
        "first": "261101",
        "last": "261105",
    }
    report = take(lab, mt940(tmp_path, **later))
    assert (report["status"], codes(report)) == ("imported", {"repeated_entries"})
    assert counted(lab) == [(1, 200), (2, -50)]
    assert [balance(lab, day) for day in (1, 2, 5)] == [1200, 1150, 1150]
    assert take(lab, mt940(tmp_path, "again.sta", **later))["status"] == "already"
    assert set(check.arrow(lab)["broken"].to_pylist()) == {0}


def test_an_export_that_ends_before_the_statement_of_the_bank_is_known(lab: Lab, tmp_path: Path) -> None:
    take(lab, mt940(tmp_path, last="261105"))
    assert take(lab, export(tmp_path, "a.csv", [(1, "x", 200), (2, "y", -50)]))["status"] == "already"
    assert take(lab, export(tmp_path, "b.csv", [(2, "y", -50), (7, "z", 30)]))["status"] == "imported"
    assert [balance(lab, day) for day in (2, 5, 7)] == [1150, 1150, 1180]


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ([(1, "rent", -900), (2, "sale", 500), (3, "fee", -5)], "one of two equal entries is missing"),
        ([(1, "rent", -900), (1, "late", 7), (2, "sale", 500), (2, "sale", 500)], "something new among the known"),
        ([(1, "rent", -901), (2, "sale", 500), (2, "sale", 500), (3, "fee", -5)], "another amount"),
    ],
)
def test_what_does_not_go_on_is_counted_whole_and_shown(
    lab: Lab, tmp_path: Path, second: list[Entry], why: str
) -> None:
    take(lab, export(tmp_path, "a.csv", WHOLE[:3]))
    report = take(lab, export(tmp_path, "b.csv", second))
    assert report["statements"][0]["repeated"] == 0, why
    assert counted(lab) == sorted(expected(WHOLE[:3]) + expected(second))
    assert "repeated_entries" not in codes(report)


def test_statements_of_one_day_that_join_by_their_balances_are_both_counted(lab: Lab, tmp_path: Path) -> None:
    fee = ("261101", "D5,00", "FEE")
    take(lab, mt940(tmp_path, "a.sta", closing="995,00", last="261101", entries=(fee,)))
    both = (fee, ("261101", "D7,00", "FEE2"))
    report = take(lab, mt940(tmp_path, "b.sta", opening="995,00", closing="983,00", last="261101", entries=both))
    assert report["statements"][0]["repeated"] == 0
    assert balance(lab, 1) == 983


def test_what_another_import_counts_on_is_withdrawn_after_it(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "a.csv", WHOLE[:3]))
    take(lab, export(tmp_path, "b.csv", WHOLE[1:]))
    with pytest.raises(Refused, match="import 2 repeats entries of import 1"):
        bl.withdraw_import(lab, 1, reason="wrong file")
    bl.withdraw_import(lab, 2, reason="wrong file")
    bl.withdraw_import(lab, 1, reason="wrong file")
    assert counted(lab) == []
    assert take(lab, tmp_path / "b.csv")["statements"][0]["repeated"] == 0
    assert counted(lab) == expected(WHOLE[1:])


DAYS = st.lists(st.lists(st.integers(-3, 3).filter(bool), max_size=4), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None)
@given(st.data(), DAYS)
def test_exports_of_growing_days_make_the_same_history_as_one(data: st.DataObject, days: list[list[int]]) -> None:
    """However often an export is made: each begins on a day known already and goes to a later one."""
    whole = [(number, "x", amount) for number, day in enumerate(days, 1) for amount in day]
    with tempfile.TemporaryDirectory() as folder, created(Path(folder) / "new.lab") as lab:
        known = 0
        while known < len(days):
            first = data.draw(st.integers(0, known), "from day")
            known = data.draw(st.integers(known + 1, len(days)), "to day")
            part = [entry for entry in whole if first < entry[0] <= known]
            if part:
                take(lab, export(Path(folder), f"{known}.csv", part))
        assert counted(lab) == expected(whole)
        for day in range(min((day for day, _, _ in whole), default=9), len(days) + 1):
            assert balance(lab, day) == sum(amount for number, _, amount in whole if number <= day)
