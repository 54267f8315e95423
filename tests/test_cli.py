"""The command line: what it prints, how it exits, and that what goes wrong is one sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

import bankklient_lab as bl
from bankklient_lab import cli
from bankklient_lab.formats import formats
from bankklient_lab.formats.payments import formats as order_formats
from tests.corpus import SAMPLES
from tests.statements import ACCOUNT, mt940

Run = Callable[..., tuple[int, str, str]]
COMMAND = (sys.executable, "-m", "bankklient_lab.cli")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command here and returns exit code, output and errors."""
    monkeypatch.delenv("BANKKLIENT_LAB", raising=False)

    def one(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return one


@pytest.fixture
def lab(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a lab that the commands find by the environment, with one statement."""
    path = tmp_path / "a.lab"
    assert run("init", path)[0] == 0
    monkeypatch.setenv("BANKKLIENT_LAB", str(path))
    assert run("import", mt940(tmp_path))[0] == 0
    return path


def printed(answer: tuple[int, str, str]) -> Any:
    code, out, err = answer
    assert (code, err) == (0, "")
    return json.loads(out)


def test_version_and_help(run: Run) -> None:
    assert run("--version") == (0, "bankklient 0.1.0\n", "")
    assert "import" in run("--help")[1]


def test_each_module_adds_the_commands_that_it_is_loaded_for() -> None:
    added = {}
    for name in cli.MODULES:
        app = typer.Typer()
        import_module(f"bankklient_lab.cli.{name}").add_to(app)
        alone = [one.name or one.callback.__name__ for one in app.registered_commands if one.callback]
        added[name] = (*alone, *(str(one.name) for one in app.registered_groups))
    assert {name: set(commands) for name, commands in added.items()} == {
        name: set(commands) for name, commands in cli.MODULES.items()
    }
    assert len({command for commands in added.values() for command in commands}) == sum(map(len, added.values()))


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    assert run() == run("--help")
    assert run("schedule") == (2, "", "bankklient: Missing command.\n")


def test_import_prints_what_the_file_holds(run: Run, lab: Path, tmp_path: Path) -> None:
    path = mt940(tmp_path, "b.sta", number="2", opening="1150,00", closing="1149,00", first="261103", last="261103",
                 entries=(("261103", "D10,00", "REF9"),))  # fmt: skip
    (report,) = printed(run("import", path, "--json"))
    assert report == {
        "path": str(path),
        "format": "mt940",
        "version": "MT940",
        "status": "imported",
        "statements": [
            {
                "account": ACCOUNT,
                "currency": "CZK",
                "number": "2",
                "from": "2026-11-03",
                "to": "2026-11-03",
                "opening": "1150.000",
                "closing": "1149.000",
                "entries": 1,
                "sum_credit": "0.000",
                "sum_debit": "10.000",
            }
        ],
        "findings": [
            {
                "code": "does_not_add_up",
                "place": report["findings"][0]["place"],
                "message": "Opening balance plus entries is not the closing balance: opening 1150.000 + entries -10.000"
                " = 1140.000, closing 1149.000, difference 9.000",
            }
        ],
    }
    (again,) = printed(run("import", path, "--json"))
    assert again["status"] == "already"
    assert "already_imported" in [finding["code"] for finding in again["findings"]]


def test_files_are_taken_over_in_their_order_and_each_for_itself(run: Run, lab: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("no bank file")
    good = [
        mt940(tmp_path, f"{day}.sta", number=str(day), first=f"2611{day}", last=f"2611{day}",
              entries=((f"2611{day}", "C150,00", f"R{day}"),))
        for day in range(10, 16)
    ]  # fmt: skip
    files = [*good[:3], bad, tmp_path / "missing", tmp_path, *good[3:], good[0]]
    code, out, err = run("import", *files, "--json")
    assert (code, err) == (1, "")
    reports = json.loads(out)
    assert [report["path"] for report in reports] == [str(file) for file in files]
    expected = ["imported"] * 3 + ["refused"] * 3 + ["imported"] * 3 + ["already"]
    assert [report["status"] for report in reports] == expected
    imported = [row["file_name"] for row in printed(run("imports", "--json"))]
    assert imported == [*reversed([file.name for file in good]), "statement.sta"]
    assert all(report["findings"][0]["message"] for report in reports if report["status"] == "refused")


def test_reading_commands_print_exact_json(run: Run, lab: Path) -> None:
    (account,) = printed(run("accounts", "--json"))
    assert (account["account"], account["closing"]) == (ACCOUNT, "1150.000")
    (balance,) = printed(run("balances", "--on", "2026-11-01", "--json"))
    assert (balance["balance"], balance["balance_day"]) == ("1200.000", "2026-11-01")
    entries = printed(run("entries", "--account", ACCOUNT, "--from", "2026-11", "--to", "2026-11-01", "--json"))
    assert [(entry["day"], entry["amount"]) for entry in entries] == [("2026-11-01", "200.000")]
    assert printed(run("entries", "--side", "debit", "--amount-to", "-50", "--json"))[0]["amount"] == "-50.000"
    assert printed(run("findings", "--json"))[0]["code"] == "new_account"
    assert printed(run("rates", "--on", "today", "--json")) == []
    known = {(row["holds"], row["format"]) for row in printed(run("formats", "--json"))}
    assert known == {*(("statements", name) for name in formats()), *(("orders", name) for name in order_formats())}
    assert {row["broken"] for row in printed(run("check", "--json"))} == {0}


def test_tables_for_people_are_aligned(run: Run, lab: Path) -> None:
    lines = run("balances", "--on", "2026-11-02")[1].splitlines()
    assert lines[0].split() == ["label", "account", "balance", "currency", "balance", "day", "basis"]
    assert lines[1].endswith("2026-11-02   stated")
    assert "1\u2009150.00  CZK" in lines[1]
    assert "\u221250.00" in run("entries")[1]
    assert run("balances", "--on", "2020-01-01")[1] == "no balance is known on 2020-01-01\n"


def test_converted_balances_end_with_their_total(run: Run, lab: Path, tmp_path: Path) -> None:
    run("import", mt940(tmp_path, "eur.sta", currency="EUR"))
    (tmp_path / "rates.txt").write_text("Datum|1 EUR\n02.11.2026|24,215\n", "utf-8")
    run("import", tmp_path / "rates.txt")
    said = run("balances", "--on", "2026-11-02", "--in-currency", "czk")[1]
    assert said.endswith("\n\ntotal: 28\u2009997.25 CZK\n")


SUFFIXES = (".pdf", ".xlsx", ".html", ".csv", ".json", ".parquet", ".camt053.xml", ".sta")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.spec("ADM-234")
def test_statements_are_written_by_suffix(run: Run, lab: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    code, _, err = run("statement", "--account", ACCOUNT, "--from", "2026-11", "-o", target)
    assert (code, err) == (0, "")
    assert target.stat().st_size
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".camt053.xml", ".sta"])
def test_statements_written_are_known_when_imported(run: Run, lab: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    run("statement", "--account", ACCOUNT, "--from", "2026-11-01", "--to", "2026-11-02", "-o", target)
    assert printed(run("import", target, "--json"))[0]["status"] == "already"


def test_a_part_of_a_statement_does_not_pass_for_the_banks(run: Run, lab: Path, tmp_path: Path) -> None:
    target = tmp_path / "part.sta"
    for last, own in (("2026-11-02", [":20:TEST", ":28C:1"]), ("2026-11-01", [":20:20261101-261101", ":28C:0"])):
        run("statement", "--account", ACCOUNT, "--from", "2026-11-01", "--to", last, "-o", target)
        assert [line for line in target.read_text().splitlines() if line.startswith((":20:", ":28C:"))] == own


def test_json_statement_has_head_and_entries(run: Run, lab: Path, tmp_path: Path) -> None:
    run("statement", "--account", ACCOUNT, "--from", "2026-11", "-o", tmp_path / "a.json")
    content = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert (content["statement"]["opening"], content["statement"]["closing"]) == ("1000.000", "1150.000")
    assert [entry["balance"] for entry in content["entries"]] == ["1200.000", "1150.000"]


def test_withdrawing_and_renaming(run: Run, lab: Path) -> None:
    assert run("rename", ACCOUNT, "Main")[0] == 0
    assert printed(run("balances", "--on", "2026-11-02", "--account", "Main", "--json"))[0]["label"] == "Main"
    assert run("withdraw", "1", "--reason", "test") == (0, "import 1 is withdrawn\n", "")
    assert run("withdraw", "1", "--reason", "test")[0] == 1
    assert printed(run("balances", "--on", "2026-11-02", "--json")) == []


def test_backup_verify_restore(run: Run, lab: Path, tmp_path: Path) -> None:
    manifest = printed(run("backup", tmp_path / "backup", "--json"))
    assert manifest["tables"]["history.entry"]["rows"] == "2"
    assert run("verify", tmp_path / "backup")[0] == 0
    assert run("restore", tmp_path / "backup", tmp_path / "b.lab")[0] == 0
    assert printed(run("accounts", "--json", "--lab", tmp_path / "b.lab")) == printed(run("accounts", "--json"))
    assert run("restore", tmp_path / "backup", tmp_path / "b.lab")[0] == 1


# Arguments ({lab}: a lab, {tmp}: a folder), exit code and a part of the sentence.
WRONG: list[tuple[str, int, str]] = [
    ("nonsense", 2, "nonsense"),
    ("balances --on", 2, "--on"),
    ("balances --nonsense", 2, "--nonsense"),
    ("balances --on yesterday --lab {lab}", 2, "'yesterday' is not a day"),
    ("balances --on 2026-02-30 --lab {lab}", 2, "'2026-02-30' is not a day"),
    ("balances --on 2026-11 --lab {lab}", 2, "is a month"),
    ("balances --on 2026-11-02 --account nobody --lab {lab}", 1, "nobody"),
    ("balances --on 2026-11-02 --in-currency EUR --lab {lab}", 1, "rate"),
    ("balances --on 2026-11-02 --in-currency nonsense --lab {lab}", 2, "nonsense"),
    ("balances", 2, "no lab is named"),
    ("balances --lab {tmp}/missing.lab", 1, "there is no lab at"),
    ("balances --lab {tmp}/nowhere/missing.lab", 1, "there is no folder"),
    ("balances --lab {tmp}", 1, ""),
    ("balances --lab {tmp}/text.txt", 1, "can't be read as a lab"),
    ("entries --from 2026-11-02 --to 2026-11-01 --lab {lab}", 2, "is before --from"),
    ("entries --amount-from much --lab {lab}", 2, "'much' is not an amount"),
    ("entries --side sideways --lab {lab}", 2, "sideways"),
    ("entries --limit 0 --lab {lab}", 2, "--limit"),
    ("statement --account A --lab {lab}", 2, "--from"),
    ("statement --account {account} --from 2026-11 -o {tmp}/a.doc --lab {lab}", 2, "no format has this suffix"),
    ("statement --account {account} --from 2026-11 -o {tmp}/nowhere/a.csv --lab {lab}", 2, "can't be written"),
    ("statement --account nobody --from 2026-11 -o {tmp}/a.csv --lab {lab}", 1, "nobody"),
    ("withdraw 99 --reason x --lab {lab}", 1, "unknown import 99"),
    ("withdraw one --reason x --lab {lab}", 2, "'IMPORT'"),
    ("withdraw 1 --lab {lab}", 2, "--reason"),
    ("import --lab {lab}", 2, "FILE"),
    ("init {lab}", 1, "exists already"),
    ("init {tmp}/b.lab --passphrase-file {tmp}/text.txt", 2, "others may read the passphrase file"),
    ("init {tmp}/b.lab --passphrase-file {tmp}/missing", 2, "can't be read"),
    ("init {tmp}/b.lab --encrypt", 2, "no terminal"),
    ("backup {tmp} --lab {lab}", 1, "exists already"),
    ("verify {tmp}", 1, "is no backup"),
    ("restore {tmp} {tmp}/b.lab", 1, "is no backup"),
    ("demo --entries 5 --once --lab {tmp}/d.lab", 2, "--entries"),
]


@pytest.mark.parametrize(("line", "code", "sentence"), WRONG)
def test_what_goes_wrong_is_one_sentence(run: Run, tmp_path: Path, line: str, code: int, sentence: str) -> None:
    path = tmp_path / "a.lab"
    run("init", path)
    run("import", mt940(tmp_path), "--lab", path)
    (tmp_path / "text.txt").write_text("no lab\n")
    (tmp_path / "text.txt").chmod(0o644)
    arguments = line.format(lab=path, tmp=tmp_path, account=ACCOUNT).split()
    got, out, err = run(*arguments)
    assert (got, out) == (code, "")
    assert err.startswith("bankklient: ")
    assert err.count("\n") == 1
    assert sentence in err
    assert "Traceback" not in err


def test_names_cannot_steer_a_terminal(run: Run, lab: Path, tmp_path: Path) -> None:
    evil = tmp_path / "a\x1b[2J\x9b31m\u202e.sta"
    evil.write_text("no bank file \x1b]0;title\x07")
    for arguments in (("import", evil), ("import", evil, "--json"), ("statement", "--account", "\x1b[2J", "--from",
                      "2026-11", "-o", tmp_path / "a.csv")):  # fmt: skip
        _, out, err = run(*arguments)
        assert not {"\x1b", "\x9b", "\u202e", "\x07"} & set(out + err)
    assert json.loads(run("import", evil, "--json")[1])[0]["path"] == str(evil)


def test_an_encrypted_lab(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, wrong = tmp_path / "secret", tmp_path / "wrong"
    secret.write_text("žluťoučký kůň\n", "utf-8")
    wrong.write_text("another\n")
    secret.chmod(0o600)
    wrong.chmod(0o600)
    monkeypatch.setenv("BANKKLIENT_LAB", str(tmp_path / "a.lab"))
    monkeypatch.setenv("BANKKLIENT_PASSPHRASE_FILE", str(secret))
    assert run("init", tmp_path / "a.lab")[0] == 0
    assert run("import", mt940(tmp_path))[0] == 0
    assert run("backup", tmp_path / "backup")[0] == 0
    assert run("verify", tmp_path / "backup")[0] == 0
    assert run("restore", tmp_path / "backup", tmp_path / "b.lab")[0] == 0
    assert run("check", "--lab", tmp_path / "b.lab")[0] == 0
    code, _, err = run("accounts", "--passphrase-file", wrong)
    assert (code, err) == (1, f"bankklient: {tmp_path / 'a.lab'}: the passphrase is not that of the lab\n")
    monkeypatch.delenv("BANKKLIENT_PASSPHRASE_FILE")
    code, _, err = run("accounts")
    assert (code, err) == (1, f"bankklient: {tmp_path / 'a.lab'}: the lab is encrypted; give its passphrase\n")


def test_the_command_does_without_pandas_and_arrow(lab: Path) -> None:
    """The start-up of every command would pay for it; the time itself is a benchmark."""
    command = [sys.executable, "-X", "importtime", *COMMAND[1:], "balances", "--on", "2026-11-02"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "duckdb" in imported
    heavy = (
        "pandas.",
        "numpy.",
        "pyarrow.",
        "panel.",
        "bokeh.",
        "lxml.",
        "papermill.",
        "typst.",
        "xlsxwriter.",
        "rich.",
        "schwifty.",
    )
    assert [name for name in imported if name.startswith(heavy)] == []


def test_a_rate_that_is_missing_is_said_and_its_account_is_in_no_total(run: Run, lab: Path, tmp_path: Path) -> None:
    asked = ("balances", "--on", "2026-11-02", "--in-currency", "EUR")
    sentence = "there is no rate of CZK into EUR on or before 2026-11-02; import rates of the CNB or the ECB\n"
    assert run("import", SAMPLES / "ecb_rates" / "hist.csv")[0] == 0
    code, said, _ = run(*asked)
    assert code == 0
    assert said.endswith(f"\n\n{sentence}")
    assert run("import", mt940(tmp_path, "eur.sta", currency="EUR"))[0] == 0
    assert run(*asked)[1].endswith(f"\n\ntotal without CZK: 1\u2009150.00 EUR\n{sentence}")
    rows = printed(run(*asked, "--json"))
    assert [(row["currency"], row["converted"]) for row in rows] == [("CZK", None), ("EUR", "1150.000")]


def test_amounts_have_the_decimals_of_their_currency(run: Run, lab: Path, tmp_path: Path) -> None:
    for currency in ("JPY", "KWD", "USD"):
        run("import", mt940(tmp_path, f"{currency}.sta", currency=currency))
    run("import", SAMPLES / "ecb_rates" / "hist.csv")
    said = run("balances", "--on", "2026-11-02", "--in-currency", "JPY")[1]
    rows = [re.split(" {2,}", line) for line in said.splitlines()[1:5]]
    assert [(row[3], row[2]) for row in rows] == [
        (name, f"1\u2009150{decimals}")
        for name, decimals in (("CZK", ".00"), ("JPY", ""), ("KWD", ".000"), ("USD", ".00"))
    ]
    assert [row[6] for row in rows if len(row) > 6] == ["1\u2009150", "180\u2009838"]
    assert "\ntotal without CZK, KWD: 181\u2009988 JPY\n" in said


def test_an_unknown_source_of_rates_is_refused_with_the_known_ones(run: Run, lab: Path) -> None:
    said = "bankklient: unknown source of rates 'XYZ'; "
    assert run("rates", "--source", "XYZ") == (1, "", f"{said}no rates were imported yet\n")
    run("import", SAMPLES / "ecb_rates" / "hist.csv")
    assert run("rates", "--source", "XYZ") == (1, "", f"{said}known are ECB\n")
    assert {row["source"] for row in printed(run("rates", "--source", "ECB", "--json"))} == {"ECB"}


def test_what_is_written_is_told_as_json_too(run: Run, lab: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.sta"
    told = printed(run("statement", "--account", ACCOUNT, "--from", "2026-11", "-o", target, "--json"))
    assert (told["path"], told["account"], told["from"]) == (str(target), ACCOUNT, "2026-11-01")
    made = printed(run("backup", tmp_path / "backup", "--json"))
    assert printed(run("verify", tmp_path / "backup", "--json")) == made
    restored = printed(run("restore", tmp_path / "backup", tmp_path / "b.lab", "--json"))
    assert restored == made | {"path": str(tmp_path / "b.lab")}


TABLES = (
    "accounts",
    "available_balances",
    "entries",
    "entry_totals",
    "findings",
    "imports",
    "selections",
    "statements",
)


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_those_of_the_arrow_table(lab: Path, name: str) -> None:
    table = getattr(bl, name)
    given = {"on": date(2026, 11, 2)} if name == "available_balances" else {}
    with bl.open(lab) as opened:
        bl.save_selection(opened, "mine", {"text": "x"})
        rows = table.rows(opened, **given)
        assert rows == table.arrow(opened, **given).to_pylist()
    assert rows


def test_a_reader_that_goes_away_is_no_error(lab: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, "entries"], check=False, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_an_interrupted_import_keeps_nothing(run: Run, lab: Path, tmp_path: Path) -> None:
    day, count = "261201", 200_000
    entries = tuple((day, "C1,00", f"L{n}") for n in range(count))
    large = mt940(tmp_path, "l.sta", first=day, last=day, opening="0,00", closing=f"{count},00", entries=entries)
    command = subprocess.Popen(
        [*COMMAND, "import", str(large)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    )
    while command.poll() is None and not any_child(command.pid):
        pass
    command.send_signal(signal.SIGINT)
    _, err = command.communicate()
    assert (command.returncode, err) == (130, "bankklient: interrupted; what was not finished was not kept\n")
    assert len(printed(run("imports", "--json"))) == 1
    assert run("check")[0] == 0


def any_child(pid: int) -> bool:
    """Tell whether any thread of a process has started another process."""
    return any(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))


@pytest.fixture
def served(lab: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the lab; give the process and the address of its pages."""
    process = subprocess.Popen([*COMMAND, "serve"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == str(lab)
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


def test_commands_work_while_the_lab_is_served(
    run: Run, lab: Path, served: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, address = served
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    with opener.open(address) as page:
        assert page.status == 200
    later = mt940(tmp_path, "b.sta", number="2", first="261103", last="261103", opening="1150,00", closing="1140,00",
                  entries=(("261103", "D10,00", "REF9"),))  # fmt: skip
    assert printed(run("import", later, "--json"))[0]["status"] == "imported"
    assert printed(run("balances", "--on", "2026-11-03", "--json"))[0]["balance"] == "1140.000"
    assert run("backup", tmp_path / "backup")[0] == 0
    assert run("check")[0] == 0
    code, _, err = run("serve")
    assert code == 1
    assert f"process {process.pid} " in err
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 0
    assert not lab.with_name("a.lab.wal").exists()
    assert printed(run("balances", "--on", "2026-11-03", "--json"))[0]["balance"] == "1140.000"


def test_a_running_server_gives_links_that_work_once(run: Run, served: tuple[subprocess.Popen[str], str]) -> None:
    _, first = served
    code, out, _ = run("link")
    assert code == 0
    other = printed(run("link", "--json"))["url"]
    assert len({first, out.strip(), other}) == 3
    for address in (first, out.strip(), other):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
        with opener.open(address) as page:
            assert page.status == 200
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address)


def test_without_a_server_there_is_no_link(run: Run, lab: Path) -> None:
    code, _, err = run("link")
    assert code == 1
    assert str(lab) in err
    assert "bankklient serve" in err


def test_import_shows_the_first_statements_of_a_file_and_counts_the_rest(run: Run, tmp_path: Path) -> None:
    fresh = tmp_path / "many.lab"
    assert run("init", fresh)[0] == 0
    amount = 1000
    texts = []
    for number in range(1, 26):
        entries = (("261101", "C1,00", f"R{number}"),)
        path = mt940(
            tmp_path, "one.sta", number=str(number), opening=f"{amount},00", closing=f"{amount + 1},00", entries=entries
        )
        texts.append(path.read_text("ascii"))
        amount += 1
    many = tmp_path / "many.sta"
    many.write_text("".join(texts), "ascii")
    code, said, _ = run("import", many, "--lab", fresh)
    assert code == 0
    assert said.count(ACCOUNT + " ") == 20 + 1  # the rows and the finding about the new account
    assert "and 5 more statements; --json shows all" in said


@pytest.mark.spec("ADM-203")
def test_old_entries_are_moved_and_deleted_only_after_a_yes(run: Run, lab: Path, tmp_path: Path) -> None:
    second = mt940(
        tmp_path, "second.sta", number="2", opening="1150,00", closing="1350,00", first="261201", last="261202"
    )
    run("import", second)
    run("configuration", "set", "reduction_newest", "1")
    assert [row["archive"] for row in printed(run("reduce", "--json"))] == [False, True]
    code, _, err = run("reduce", "--before", "2026-12-01")
    assert code == 2
    assert "import 1 (statement.sta) of 20" in err
    assert "Give --yes" in err
    assert typed("no", "reduce", "--before", "2026-12-01") == 1
    assert printed(run("archives", "--json")) == []
    assert typed("yes", "reduce", "--before", "2026-12-01") == 0
    assert printed(run("archives", "--json"))[0]["entries"] == 2
    assert printed(run("reduce", "--json"))[1]["archive_id"] == 1
    assert typed("", "delete-archive", "1") == 1
    assert len(printed(run("entries", "--json"))) == 4
    assert printed(run("delete-archive", "1", "--yes", "--json"))["entries"] == 2
    assert len(printed(run("entries", "--json"))) == 2


def typed(answer: str, *arguments: str) -> int:
    """Run a command at a terminal, answer its question and return its exit code."""
    keyboard, terminal = os.openpty()
    with subprocess.Popen([*COMMAND, *arguments], stdin=terminal, stdout=subprocess.PIPE, text=True) as process:
        os.write(keyboard, f"{answer}\n".encode())
        said, _ = process.communicate(timeout=60)
    os.close(keyboard)
    os.close(terminal)
    assert "Type yes:" in said
    return process.returncode


def test_security_backups_are_made_listed_and_restored(run: Run, lab: Path, tmp_path: Path) -> None:
    store = tmp_path.with_name(tmp_path.name + "-store")
    store.mkdir()
    for _ in range(2):
        assert run("backup", "--rotate", store)[0] == 0
    listed = printed(run("backups", store, "--json"))
    assert [(Path(row["path"]).name, row["state"]) for row in listed] == [
        ("BK_00001.ZIP", "whole"), ("BK_00001_1.ZIP", "whole"),
    ]  # fmt: skip
    assert run("restore", store / "BK_00001_1.ZIP", tmp_path / "b.lab")[0] == 0
    (store / "BK_00001.ZIP").write_bytes(b"PK")
    assert run("backups", store)[0] == 1
    assert run("backup") == (
        2, "", "bankklient: name the folder to make, or give --rotate for the one of the configuration\n"
    )  # fmt: skip
