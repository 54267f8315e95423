"""Repeated entries where money could be lost or doubled: one day, one file, no day, no balance, corrections, races."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import LabError, Refused
from bankklient_lab.formats.base import Hints
from bankklient_lab.history.importing import report_on
from bankklient_lab.history.upkeep import check
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab
from tests.history.test_repeats import WHOLE, balance, counted, expected, export, take
from tests.statements import ACCOUNT, mt940, mt942

FEE = ("261101", "D5,00", "FEE")


def require_sound(lab: Lab) -> None:
    assert [row for row in check.rows(lab) if row["broken"]] == []


def test_a_days_statement_after_exports_of_that_day_brings_its_balances(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "morning.csv", [(2, "x", 200)]))
    take(lab, export(tmp_path, "noon.csv", [(2, "x", 200), (2, "y", -50)]))
    day = (("261102", "C200,00", "R1"), ("261102", "D50,00", "R2"), ("261102", "D3,00", "R3"))
    report = take(lab, mt940(tmp_path, number="9", closing="1147,00", first="261102", entries=day))
    assert (report["status"], report["statements"][0]["repeated"]) == ("imported", 2)
    later = (("261102", "C10,00", "R4"),)
    take(lab, mt940(tmp_path, "10.sta", number="10", opening="1147,00", closing="1157,00", entries=later))
    assert counted(lab) == [(2, -50), (2, -3), (2, 10), (2, 200)]
    assert [balance(lab, day) for day in (2, 20)] == [1157, 1157]
    require_sound(lab)


def test_the_same_days_statement_as_an_export_is_taken_for_its_balances_alone(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "a.csv", [(2, "x", 200), (2, "y", -50)]))
    day = (("261102", "C200,00", "R1"), ("261102", "D50,00", "R2"))
    assert take(lab, mt940(tmp_path, first="261102", entries=day))["status"] == "imported"
    assert counted(lab) == [(2, -50), (2, 200)]
    assert balance(lab, 2) == 1150
    assert take(lab, tmp_path / "statement.sta")["status"] == "already"
    assert take(lab, tmp_path / "a.csv")["status"] == "already"
    require_sound(lab)


def test_an_export_after_the_days_statement_goes_on_from_it(lab: Lab, tmp_path: Path) -> None:
    take(lab, mt940(tmp_path, first="261102", entries=(("261102", "C150,00", "R1"),)))
    take(lab, export(tmp_path, "a.csv", [(2, "x", 150), (2, "y", -50)]))
    assert balance(lab, 2) == 1100


def test_an_entry_booked_after_its_statement_ends_stays_within_it(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "a.csv", [(1, "x", 200)]))
    take(lab, mt940(tmp_path, entries=(("261101", "C200,00", "R1"), ("261105", "D50,00", "R2"))))
    assert balance(lab, 2) == 1150
    require_sound(lab)


@pytest.mark.parametrize("one_file", [True, False])
def test_two_statements_do_not_both_repeat_one_entry(lab: Lab, tmp_path: Path, one_file: bool) -> None:
    take(lab, export(tmp_path, "a.csv", [(1, "fee", -5)]))
    one = mt940(tmp_path, "1.sta", number="1", closing="995,00", last="261101", entries=(FEE,))
    two = mt940(tmp_path, "2.sta", number="2", opening="995,00", closing="990,00", last="261101", entries=(FEE,))
    if one_file:
        one.write_bytes(one.read_bytes() + two.read_bytes())
    else:
        take(lab, one)
    take(lab, one if one_file else two)
    assert counted(lab) == [(1, -5), (1, -5)]
    assert balance(lab, 1) == 990
    require_sound(lab)


def test_pages_of_a_statement_do_not_repeat_each_other(lab: Lab, tmp_path: Path) -> None:
    both = (("261101", "C5,00", "R1"), ("261101", "D5,00", "R1"))
    first = mt940(tmp_path, "1.sta", number="5", closing="1000,00", last="261101", entries=both)
    last = mt940(tmp_path, "2.sta", number="5", closing="995,00", last="261101", entries=(*both, FEE))
    last.write_text(last.read_text().replace(":28C:5/1", ":28C:5/2").replace(":60F:", ":60M:"))
    take(lab, first)
    assert take(lab, last)["statements"][0]["repeated"] == 0
    assert counted(lab) == [(1, -5), (1, -5), (1, -5), (1, 5), (1, 5)]
    assert balance(lab, 1) == 995


def test_a_file_that_went_on_is_known_whatever_came_after_it(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "a.csv", WHOLE[:3]))
    take(lab, export(tmp_path, "b.csv", WHOLE[:4]))
    take(lab, export(tmp_path, "c.csv", [(3, "late", 11), (5, "sale", 70)]))
    before = counted(lab)
    assert take(lab, tmp_path / "b.csv")["status"] == "already"
    assert counted(lab) == before


def test_exports_that_tell_days_otherwise_are_found_without_balances(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "a.csv", WHOLE[:3]))
    assert "overlaps" not in bl.findings.arrow(lab)["code"].to_pylist()
    take(lab, export(tmp_path, "b.csv", [(1, "rent", -901), *WHOLE[1:]]))
    assert "overlaps" in bl.findings.arrow(lab)["code"].to_pylist()


def test_a_later_file_first_is_counted_whole_and_found(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "b.csv", WHOLE[2:]))
    take(lab, export(tmp_path, "a.csv", WHOLE[:4]))
    assert counted(lab) == sorted(expected(WHOLE[2:]) + expected(WHOLE[:4]))
    assert "overlaps" in bl.findings.arrow(lab)["code"].to_pylist()


def test_pending_entries_wait_for_a_booking_each(lab: Lab, tmp_path: Path) -> None:
    same = ("261101", "C70,00", "")
    bl.import_file(lab, mt942(tmp_path, entries=(same, same)))
    take(lab, export(tmp_path, "a.csv", [(1, "x", 70)]))
    pending = "SELECT count(*) FROM pending_entry()"
    assert lab.rows(pending) == [(1,)]
    take(lab, mt940(tmp_path, closing="1070,00", last="261105", entries=(same,)))
    assert lab.rows(pending) == [(1,)]
    take(lab, export(tmp_path, "b.csv", [(1, "x", 70), (1, "x", 70)]))
    assert lab.rows(pending) == [(0,)]


def test_a_statement_goes_on_from_one_without_balances_after_one_with(lab: Lab, tmp_path: Path) -> None:
    take(lab, mt940(tmp_path, closing="995,00", last="261101", entries=(FEE,)))
    take(lab, export(tmp_path, "a.csv", [(2, "x", 7)]))
    entries = (FEE, ("261102", "C7,00", "R2"), ("261103", "D1,00", "R3"))
    take(lab, mt940(tmp_path, "2.sta", closing="1001,00", last="261103", entries=entries))
    assert counted(lab) == [(1, -5), (2, 7), (3, -1)]
    assert [balance(lab, day) for day in (1, 2, 3)] == [995, 1002, 1001]


def test_an_entry_without_a_day_repeats_one_without_a_day(lab: Lab, tmp_path: Path) -> None:
    for name, entries in (("a.csv", WHOLE[:1]), ("b.csv", [*WHOLE[:1], WHOLE[3]])):
        path = export(tmp_path, name, entries)
        path.write_text(path.read_text("utf-8") + ",no day,500.00,CZK\n", "utf-8")
        take(lab, path)
    assert sorted(amount for _, amount in counted(lab)) == [-900, -5, 500]
    assert balance(lab, 3) == -405


def test_a_correction_that_adds_to_the_last_day_counts_what_it_adds(lab: Lab, tmp_path: Path) -> None:
    take(lab, mt940(tmp_path))
    entries = (("261101", "C200,00", "REF1"), ("261102", "D50,00", "REF2"), ("261102", "D10,00", "REF3"))
    report = take(lab, mt940(tmp_path, "corrected.sta", closing="1140,00", entries=entries))
    assert report["statements"][0]["repeated"] == 2
    assert counted(lab) == [(1, 200), (2, -50), (2, -10)]
    assert balance(lab, 2) == 1140
    require_sound(lab)


def test_a_withdrawal_waits_for_an_import_that_repeats_its_entries(lab: Lab, tmp_path: Path) -> None:
    take(lab, export(tmp_path, "a.csv", WHOLE[:3]))
    outcome: list[LabError | None] = []

    def withdraw() -> None:
        try:
            bl.withdraw_import(lab, 1, reason="at the same moment")
            outcome.append(None)
        except Refused as refused:
            outcome.append(refused)

    other = threading.Thread(target=withdraw)

    def progress(doing: str, share: float | None) -> None:
        if doing == "writing":  # it is compared with what counts now, and not marked yet
            other.start()
            other.join(0.5)

    path = export(tmp_path, "b.csv", WHOLE)
    report = report_on(lab, path, Hints(ACCOUNT, None, None, None), None, Job(progress), keep=True)
    other.join()
    assert report["statements"][0]["repeated"] == 3
    assert [str(one) for one in outcome] == [
        "import 2 repeats entries of import 1 (a.csv); withdraw it first",
    ]
    assert counted(lab) == expected(WHOLE)
    require_sound(lab)


def test_overlapping_files_taken_over_at_once_count_once(lab: Lab, tmp_path: Path) -> None:
    files = [export(tmp_path, f"{last}.csv", WHOLE[:last]) for last in (1, 3, 4, 5)]
    threads = [threading.Thread(target=take, args=(lab, path)) for path in files]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert counted(lab) == expected(WHOLE)
    assert balance(lab, 5) == 165
    require_sound(lab)
    assert bl.cash_flow.arrow(lab, since=date(2026, 11, 1), until=date(2026, 12, 1), by="none")["net"].to_pylist() == [
        165
    ]
