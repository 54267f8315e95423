"""Files are taken over whole or not at all, once, and withdrawn as a whole."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, Cancelled, Refused, UnknownName
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab, open_here
from tests.formats.camt_messages import ENTRY, message
from tests.statements import ACCOUNT, mt940, mt942

HISTORY = ("statement", "balance", "entry", "detail", "finding", "day_sum", "rate")


def rows_of(lab: Lab) -> dict[str, int]:
    return {table: lab.rows(f"SELECT count(*) FROM history.{table}")[0][0] for table in HISTORY}


def balance(lab: Lab, day: date) -> Decimal:
    return bl.balances.arrow(lab, on=day)["balance"][0].as_py()


def test_import_reports_the_figures_of_the_file(lab: Lab, tmp_path: Path) -> None:
    report = bl.import_file(lab, mt940(tmp_path))
    assert (report["status"], report["format"], report["import_id"]) == ("imported", "mt940", 1)
    (statement,) = report["statements"]
    assert statement["account"] == ACCOUNT
    assert (statement["opening"], statement["closing"]) == (Decimal("1000.000"), Decimal("1150.000"))
    assert (statement["sum_credit"], statement["sum_debit"], statement["entries"]) == (Decimal(200), Decimal(50), 2)
    assert (statement["from"], statement["to"]) == (date(2026, 11, 1), date(2026, 11, 2))
    assert [finding["code"] for finding in report["findings"]] == ["new_account"]


def test_inspecting_takes_nothing_over(lab: Lab, tmp_path: Path) -> None:
    report = bl.inspect_file(lab, mt940(tmp_path))
    assert (report["status"], report["import_id"]) == ("readable", None)
    assert set(rows_of(lab).values()) == {0}
    assert bl.accounts.arrow(lab).num_rows == 0


def test_the_same_file_twice_changes_nothing_and_says_so(lab: Lab, tmp_path: Path) -> None:
    path = mt940(tmp_path)
    bl.import_file(lab, path)
    before = rows_of(lab)
    report = bl.import_file(lab, path)
    assert report["status"] == "already"
    assert "already_imported" in {finding["code"] for finding in report["findings"]}
    assert rows_of(lab) == before


@pytest.mark.parametrize("suffix", [".camt053.xml", ".gpc", ".csv", ".parquet"])
def test_the_same_statement_in_another_format_is_recognised(lab: Lab, tmp_path: Path, suffix: str) -> None:
    bl.import_file(lab, mt940(tmp_path))
    other = tmp_path / f"other{suffix}"
    other.write_bytes(
        bl.export_statement(lab, ACCOUNT, since=date(2026, 11, 1), until=date(2026, 11, 3), suffix=suffix)
    )
    report = bl.import_file(lab, other, bank="0800", currency="CZK", account=ACCOUNT)
    assert report["status"] == "already", report


def test_a_statement_with_other_entries_is_another_one(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    changed = (("261101", "C200,01", "REF1"), ("261102", "D50,01", "REF2"))
    assert bl.import_file(lab, mt940(tmp_path, "b.sta", entries=changed))["status"] == "imported"


def test_withdrawal_takes_back_the_whole_import_and_is_logged(lab: Lab, tmp_path: Path) -> None:
    first = bl.import_file(lab, mt940(tmp_path))
    second = mt940(
        tmp_path, "b.sta", number="2", opening="1150,00", closing="1140,00", first="261103", last="261103",
        entries=(("261103", "D10,00", "REF9"),),
    )  # fmt: skip
    report = bl.import_file(lab, second)
    assert balance(lab, date(2026, 11, 3)) == Decimal(1140)
    bl.withdraw_import(lab, report["import_id"], reason="wrong file")
    assert balance(lab, date(2026, 11, 3)) == Decimal(1150)
    assert bl.entries.arrow(lab).num_rows == 2
    assert lab.rows("SELECT subject, by_user FROM ops.log WHERE action = 'withdraw_import'") == [("b.sta", "tester")]
    assert bl.import_file(lab, second)["status"] == "imported"
    assert first["import_id"] == 1


def test_withdrawing_twice_or_what_never_was_is_refused(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    bl.withdraw_import(lab, 1, reason="test")
    with pytest.raises(Refused, match="withdrawn already"):
        bl.withdraw_import(lab, 1, reason="test")
    with pytest.raises(UnknownName, match="unknown import 7"):
        bl.withdraw_import(lab, 7, reason="test")


def test_a_statement_that_does_not_add_up_is_kept_with_a_finding(lab: Lab, tmp_path: Path) -> None:
    report = bl.import_file(lab, mt940(tmp_path, closing="1151,00"))
    assert report["status"] == "imported"
    (finding,) = [f for f in report["findings"] if f["code"] == "does_not_add_up"]
    assert "difference 1.000" in finding["value"]
    assert balance(lab, date(2026, 11, 2)) == Decimal(1151)


def test_interim_reports_never_count_and_leave_when_booked(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    bl.import_file(lab, mt942(tmp_path))
    assert balance(lab, date(2026, 11, 3)) == Decimal(1150)
    assert bl.entry_totals.arrow(lab)["entries"].to_pylist() == [2]
    assert bl.pending_entries.arrow(lab)["amount"].to_pylist() == [Decimal(70)]
    booked = mt940(
        tmp_path, "c.sta", number="2", opening="1150,00", closing="1220,00", first="261103", last="261103",
        entries=(("261103", "C70,00", "REF3"),),
    )  # fmt: skip
    bl.import_file(lab, booked)
    assert bl.pending_entries.arrow(lab).num_rows == 0
    assert balance(lab, date(2026, 11, 3)) == Decimal(1220)


def test_half_a_file_is_refused_and_leaves_nothing(lab: Lab, tmp_path: Path) -> None:
    path = mt940(tmp_path)
    path.write_bytes(path.read_bytes()[:120])
    report = bl.import_file(lab, path)
    assert report["status"] == "refused"
    assert report["message"]
    assert set(rows_of(lab).values()) == {0}
    assert bl.imports.arrow(lab).num_rows == 0


def test_a_cancelled_import_leaves_nothing(lab: Lab, tmp_path: Path) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        bl.import_file(lab, mt940(tmp_path), job=job)
    assert set(rows_of(lab).values()) == {0}


def test_rows_of_an_import_killed_before_its_mark_are_gone_at_the_next_opening(tmp_path: Path) -> None:
    path = tmp_path / "killed.lab"
    with open_here(path, create=True) as lab:
        bl.import_file(lab, mt940(tmp_path))
        with lab.database.tx("history") as cursor:
            cursor.execute("INSERT INTO history.statement SELECT * REPLACE (2 AS import_id) FROM history.statement")
            cursor.execute("INSERT INTO history.entry SELECT * REPLACE (2 AS import_id) FROM history.entry")
        assert bl.entry_totals.arrow(lab)["entries"].to_pylist() == [2]
    with open_here(path) as lab:
        assert (rows_of(lab)["statement"], rows_of(lab)["entry"]) == (1, 2)


def test_a_missing_statement_is_found_until_it_arrives(lab: Lab, tmp_path: Path) -> None:
    third = mt940(
        tmp_path, "3.sta", number="3", opening="1140,00", closing="1150,00", first="261105", last="261105",
        entries=(("261105", "C10,00", "REF5"),),
    )  # fmt: skip
    second = mt940(
        tmp_path, "2.sta", number="2", opening="1150,00", closing="1140,00", first="261103", last="261103",
        entries=(("261103", "D10,00", "REF4"),),
    )  # fmt: skip
    bl.import_file(lab, mt940(tmp_path))
    bl.import_file(lab, third)
    assert {"statement_gap", "opening_differs"} <= set(bl.findings.arrow(lab)["code"].to_pylist())
    bl.import_file(lab, second)
    assert not {"statement_gap", "opening_differs"} & set(bl.findings.arrow(lab)["code"].to_pylist())


def test_an_account_known_with_its_bank_is_not_taken_over_without(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    path = tmp_path / "same.gpc"
    days = {"since": date(2026, 11, 1), "until": date(2026, 11, 3)}
    path.write_bytes(bl.export_statement(lab, ACCOUNT, suffix=".gpc", **days))
    report = bl.import_file(lab, path)
    assert (report["status"], report["hint"]) == ("refused", "bank")
    assert f"which the lab knows as {ACCOUNT}; give it with --bank" in report["message"]
    assert bl.import_file(lab, path, bank="0800")["status"] == "already"
    assert bl.accounts.arrow(lab).num_rows == 1


def test_a_folder_is_refused_with_what_to_do(lab: Lab, tmp_path: Path) -> None:
    assert "it is a folder, not an ordinary file; name the files in it" in bl.import_file(lab, tmp_path)["message"]


def test_sums_that_no_column_holds_are_refused_in_words(lab: Lab, tmp_path: Path) -> None:
    most = "C999999999999999,00"
    path = mt940(tmp_path, entries=(("261101", most, "REF1"), ("261102", most, "REF2")))
    report = bl.import_file(lab, path)
    assert report["status"] == "refused"
    assert report["message"].endswith("an amount or a sum has more than 15 digits before the decimal point")


def test_many_details_of_batch_bookings_are_all_kept(lab: Lab, tmp_path: Path) -> None:
    each, entries = 15_000, 6  # about 25 MB of details: more than are held in memory
    detail = (
        '<TxDtls><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<RltdPties><Dbtr><Nm>Payer {no}</Nm></Dbtr></RltdPties>"
        f"<RmtInf><Ustrd>{'text ' * 20}{{no}}</Ustrd></RmtInf></TxDtls>"
    )
    batch = "".join(detail.format(no=number) for number in range(each))
    entry = ENTRY[: ENTRY.index("<NtryDtls>")].replace("5.10", f"{each}.00") + f"<NtryDtls>{batch}</NtryDtls></Ntry>"
    path = tmp_path / "batches.xml"
    path.write_bytes(message(entry * entries))
    report = bl.import_file(lab, path)
    assert (report["status"], report["statements"][0]["sum_credit"]) == ("imported", each * entries)
    assert lab.rows("SELECT count(*), count(DISTINCT counterparty_name), sum(amount) FROM live_detail()") == [
        (each * entries, each, Decimal(each * entries))
    ]
    assert lab.rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'detail_%'") == []


def test_an_account_that_came_without_its_bank_is_identified_and_goes_on(lab: Lab, tmp_path: Path) -> None:
    without = mt940(tmp_path, account="19-2000145399")
    assert bl.import_file(lab, without)["status"] == "imported"
    later = mt940(tmp_path, "b.sta", number="2", opening="1150,00", closing="1200,00", first="261103", last="261103",
                  entries=(("261103", "C50,00", "REF3"),))  # fmt: skip
    report = bl.import_file(lab, later)
    assert report["status"] == "refused"
    assert f"the lab knows account 19-2000145399 without its bank; is it {ACCOUNT}?" in report["message"]
    for wrong in ("19-2000145399/9999", "CZ2508000000192000145398", "Main"):
        with pytest.raises(BadArgument, match="is not 19-2000145399 with the code of a Czech bank"):
            bl.identify_account(lab, "19-2000145399", wrong)
    assert bl.identify_account(lab, "19-2000145399", "19-2000145399/0800") == ACCOUNT
    assert bl.import_file(lab, later)["status"] == "imported"
    assert bl.balances.arrow(lab, on=date(2026, 11, 3)).select(["account", "bank", "balance"]).to_pylist() == [
        {"account": ACCOUNT, "bank": "0800", "balance": Decimal(1200)}
    ]
    with pytest.raises(Refused, match="is a whole account number already"):
        bl.identify_account(lab, ACCOUNT, ACCOUNT)


@pytest.mark.parametrize(
    ("number", "bank", "canonical"),
    [
        ("19-2000145399", "0800", "CZ6508000000192000145399"),
        ("192000145399", "0800", "CZ6508000000192000145399"),
        ("19-2000145398", "0800", "19-2000145398"),
        ("19-2000145399", "9999", "19-2000145399"),
        ("cz65 0800 0000 1920 0014 5399", None, "CZ6508000000192000145399"),
        ("19-2000145399/0800", None, "CZ6508000000192000145399"),
        ("19-2000145399/0800", "0300", "CZ6508000000192000145399"),
        ("19-2000145398/0800", None, "19-2000145398/0800"),
    ],
)
def test_one_account_has_one_name_in_every_format(lab: Lab, number: str, bank: str | None, canonical: str) -> None:
    assert lab.rows("SELECT canonical_account($n, $b)", {"n": number, "b": bank}) == [(canonical,)]


def test_an_entry_in_two_statements_is_shown(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    doubled = mt940(
        tmp_path, "d.sta", number="2", opening="1150,00", closing="1360,00", first="261101", last="261104",
        entries=(("261101", "C200,00", "REF1"), ("261104", "C10,00", "REF7")),
    )  # fmt: skip
    report = bl.import_file(lab, doubled)
    (finding,) = [f for f in report["findings"] if f["code"] == "entry_seen_before"]
    assert finding["value"] == "1 entries, the first is REF1"
    assert finding["entry_no"] == 1


def test_an_entry_after_the_last_day_counts_on_the_last_day_and_is_shown(lab: Lab, tmp_path: Path) -> None:
    later = (("261101", "C200,00", "REF1"), ("261109", "D50,00", "REF2"))
    report = bl.import_file(lab, mt940(tmp_path, entries=later))
    assert "future_entry" in {finding["code"] for finding in report["findings"]}
    assert bl.entries.arrow(lab)["day"].to_pylist() == [date(2026, 11, 2), date(2026, 11, 1)]


def test_a_rate_that_changes_is_shown_and_the_newer_used(lab: Lab, tmp_path: Path) -> None:
    for name, rate in (("a.txt", "24,215"), ("b.txt", "24,300")):
        (tmp_path / name).write_text(f"Datum|1 EUR\n02.11.2026|{rate}\n", "utf-8")
        report = bl.import_file(lab, tmp_path / name)
    assert [finding["code"] for finding in report["findings"]] == ["rate_changed"]
    assert bl.rates.arrow(lab, on=date(2026, 11, 3))["rate"].to_pylist() == [Decimal("24.3")]


def test_equal_amounts_with_other_bank_references_are_another_statement(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    others = (("261101", "C200,00", "OTHER1"), ("261102", "D50,00", "OTHER2"))
    assert bl.import_file(lab, mt940(tmp_path, "other.sta", entries=others))["status"] == "imported"
    assert bl.entry_totals.arrow(lab)["entries"].to_pylist() == [4]


@pytest.mark.parametrize(("currency_of_other", "category"), [("CZK", "Own transfers"), (None, "Other receipts")])
def test_what_comes_from_an_account_of_the_lab_is_an_own_transfer(
    lab: Lab, tmp_path: Path, currency_of_other: str | None, category: str
) -> None:
    other = "CZ5808000000001920010003"
    if currency_of_other:
        bl.import_file(lab, mt940(tmp_path, "other.sta", account=other, currency=currency_of_other))
    path = mt940(tmp_path, entries=(("261101", "C150,00", "REF8"),))
    path.write_text(path.read_text("ascii").replace("Payment REF8", f"166?00POSTING?20Note?31{other}"), "ascii")
    bl.import_file(lab, path)
    assert bl.entries.arrow(lab, accounts=[ACCOUNT])["category"].to_pylist() == [category]
