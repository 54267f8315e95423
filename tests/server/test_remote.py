"""Another process that owns the lab gives the same results, raises the same errors and may end at any time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import bankklient_lab as bl
from bankklient_lab.actions import ACTIONS
from bankklient_lab.errors import Cancelled, LabBusy, LabError, UnknownName
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab, open_here, own_card
from bankklient_lab.server.api import register_actions
from bankklient_lab.store.owner import Ownership, card_path, current_owner
from tests.server.conftest import SAMPLES, Owner, card_of
from tests.statements import ACCOUNT, mt940

register_actions()
SINCE, UNTIL = date(2026, 11, 1), date(2026, 12, 1)
DAYS = {"since": SINCE, "until": UNTIL}
# Every action that changes nothing, with arguments; by position what has no default.
READS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("accounts", (), {}),
    ("archives", (), {}),
    ("available_balances", (), {"on": date(2026, 11, 30)}),
    ("backup_offer", (), {}),
    ("backups", ("/",), {}),
    ("balance_series", (), {**DAYS, "accounts": [ACCOUNT], "by": "currency"}),
    ("balances", (), {"on": date(2026, 11, 30), "accounts": (ACCOUNT,)}),
    ("balances_after_orders", (), {"on": date(2026, 11, 30)}),
    ("bookings_to_match", (), {}),
    ("cash_flow", (), {**DAYS, "period": "month"}),
    ("check", (), {}),
    ("convert_amount", (Decimal("1.50"), "czk"), {"into": "CZK", "on": SINCE}),
    ("counterparties", (), {**DAYS, "limit": 3}),
    ("currency_exposure", (), {"on": SINCE, "until": UNTIL}),
    ("forecast_errors", (), {"on": SINCE, "by": "account"}),
    ("forecast_flows", (), {"on": SINCE, "until": UNTIL}),
    ("liquidity_forecast", (), {"on": SINCE, "until": UNTIL, "accounts": [ACCOUNT]}),
    ("rate_series", ("EUR",), {"into": "CZK", **DAYS}),
    ("forward_values", (), {"on": SINCE, "in_currency": "CZK"}),
    ("current_balances", (), {}),
    ("current_entries", (), {"held": False}),
    ("current_orders", (), {}),
    ("current_state", (), {}),
    ("entries", (), {**DAYS, "order_by": ("day", "-amount"), "limit": 2}),
    ("entry_detail", (1, 1, 1), {}),
    ("entry_flow", (), {**DAYS, "text": "Payment", "amount_from": Decimal("1.50")}),
    ("entry_parts", (4, 1, 1), {}),
    ("entry_totals", (), {"since": SINCE, "side": "credit"}),
    ("export_statement", (ACCOUNT,), {**DAYS, "suffix": ".sta"}),
    ("findings", (), {"severity": "error"}),
    ("imports", (), {}),
    ("inspect_file", (SAMPLES / "mt940" / "one_statement.sta",), {}),
    ("pending_entries", (), {}),
    ("rates", (), {"on": date(2030, 1, 1)}),
    ("reducible", (), {}),
    ("selections", (), {}),
    ("settlements", (1,), {}),
    ("statement", (ACCOUNT,), DAYS),
    ("statement_head", (ACCOUNT,), DAYS),
    ("statements", (), {"interim": True}),
    ("last_change", (), {}),
    ("published_relations", (), {}),
    ("sql", ("SELECT * FROM entry ORDER BY day, entry_no",), {}),
    ("sql_functions", (), {}),
]
WRITES = {
    "backup",
    "delete_archived",
    "delete_selection",
    "exit_backup",
    "identify_account",
    "import_file",
    "learn_counterparties_from_statements",
    "match_booking",
    "note_export",
    "reduce_history",
    "rename_account",
    "rotate_backup",
    "save_selection",
    "unmatch_booking",
    "withdraw_import",
}
ROOMS = ("bankklient_lab.analysis", "bankklient_lab.history")


def results(lab: Lab) -> list[Any]:
    """Return what every reading action gives."""
    return [ACTIONS[name].run(lab, *args, **kwargs) for name, args, kwargs in READS]


def test_every_action_is_tried_here_and_there() -> None:
    known = {name for name, one in ACTIONS.items() if one.function.__module__.startswith(ROOMS)}
    assert known == {name for name, _, _ in READS} | WRITES


@pytest.mark.spec("ADM-021")
def test_results_are_the_same_here_and_there(filled: Path, owner: Owner) -> None:
    with open_here(filled) as lab:
        here = results(lab)
    owner()
    with bl.open(filled) as lab:
        assert lab.remote is not None
        there = results(lab)
    for (name, _, _), one, other in zip(READS, here, there, strict=True):
        assert type(one) is type(other), name
        if isinstance(one, pa.Table):
            assert one.schema == other.schema, name
        assert one == other, name


def test_frames_of_a_remote_lab_are_exact(filled: Path, owner: Owner) -> None:
    owner()
    with bl.open(filled) as lab:
        frame = bl.balances(lab, on=date(2026, 11, 2), accounts=[ACCOUNT])
    assert str(frame["balance"].iloc[0]) == "1150.000"


def test_changes_through_the_owner_last_and_name_the_user(filled: Path, owner: Owner, tmp_path: Path) -> None:
    process = owner()
    with bl.open(filled, user="caller") as lab:
        bl.rename_account(lab, ACCOUNT, "Main")
        bl.save_selection(lab, "mine", {"text": "ř", "accounts": [ACCOUNT]})
        bl.withdraw_import(lab, 2, reason="test")
    process.communicate()  # its input ends, so it closes the lab
    with open_here(filled) as lab:
        assert "Main" in bl.accounts.arrow(lab)["name"].to_pylist()
        assert bl.selections.arrow(lab).num_rows == 1
        assert lab.rows("SELECT DISTINCT by_user FROM ops.log WHERE action = 'withdraw_import'") == [("caller",)]


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("balances", (), {"on": date(2026, 11, 2), "accounts": ["nobody"]}),
        ("balances", (), {"on": date(2026, 11, 2), "in_currency": "XXX"}),
        ("withdraw_import", (99,), {"reason": "x"}),
        ("export_statement", (ACCOUNT,), {**DAYS, "suffix": ".doc"}),
        ("statement", (ACCOUNT,), {"since": UNTIL, "until": SINCE}),
    ],
)
def test_errors_are_the_same_here_and_there(
    filled: Path, owner: Owner, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    def failure() -> LabError:
        with bl.open(filled) as lab, pytest.raises(LabError) as caught:
            ACTIONS[name].run(lab, *args, **kwargs)
        return caught.value

    here = failure()
    owner()
    there = failure()
    assert (type(here), here.message, here.code, here.details) == (
        type(there),
        there.message,
        there.code,
        there.details,
    )


def test_refused_files_report_the_same_here_and_there(filled: Path, owner: Owner, tmp_path: Path) -> None:
    bad = tmp_path / "bad.bin"
    bad.write_bytes(b"\x1b]0;no bank file\x07")
    with open_here(filled) as lab:
        here = bl.import_file(lab, bad)
    owner()
    with bl.open(filled) as lab:
        there = bl.import_file(lab, bad)
    assert here == there
    assert here["path"] == str(bad)


def test_wrong_arguments_fail_as_of_a_direct_call(filled: Path, owner: Owner) -> None:
    owner()
    with bl.open(filled) as lab, pytest.raises(TypeError):
        bl.balances(lab, day=date(2026, 11, 2))  # type: ignore[call-arg]


def test_many_callers_read_and_write_at_once(filled: Path, owner: Owner, tmp_path: Path) -> None:
    owner()
    files = [
        mt940(tmp_path, f"{day}.sta", number=str(day), first=f"2611{day}", last=f"2611{day}", opening="0,00",
              closing="0,00", entries=((f"2611{day}", f"C{day},00", f"R{day}"), (f"2611{day}", f"D{day},00", "X")))
        for day in range(10, 18)
    ]  # fmt: skip
    with bl.open(filled) as lab, ThreadPoolExecutor(16) as pool:
        reading = [pool.submit(bl.accounts.arrow, lab) for _ in range(40)]
        writing = [pool.submit(bl.import_file, lab, file) for file in files]
        assert {one.result().num_rows for one in reading} == {bl.accounts.arrow(lab).num_rows}
        assert [one.result()["status"] for one in writing] == ["imported"] * len(files)
        assert not any(bl_row["broken"] for bl_row in ACTIONS["check"].run(lab).to_pylist())


def a_large_file(folder: Path) -> Path:
    """Return a statement whose import takes some seconds."""
    entries = tuple(("261201", f"C{n % 97 + 1},00", f"L{n}") for n in range(120_000))
    total = sum(n % 97 + 1 for n in range(120_000))
    day, closing = "261201", f"{total},00"
    return mt940(folder, "large.sta", number="9", first=day, last=day, opening="0,00", closing=closing, entries=entries)


def test_progress_comes_back_and_cancelling_keeps_nothing(filled: Path, owner: Owner, tmp_path: Path) -> None:
    owner()
    seen: list[str] = []

    def note(doing: str, _share: float | None) -> None:
        seen.append(doing)
        if doing.startswith("reading"):
            job.cancel()

    job = Job(note)
    with bl.open(filled) as lab:
        before = bl.imports.arrow(lab).num_rows
        with pytest.raises(Cancelled):
            bl.import_file(lab, a_large_file(tmp_path), job=job)
        assert any(doing.startswith("reading") for doing in seen)
        assert bl.imports.arrow(lab).num_rows == before
        assert bl.entries.arrow(lab, text="L1").num_rows == 0


def test_a_caller_that_is_killed_stops_its_import_and_nothing_else(filled: Path, owner: Owner, tmp_path: Path) -> None:
    process = owner()
    command = [sys.executable, "-m", "bankklient_lab.cli", "import", str(a_large_file(tmp_path)), "--lab", str(filled)]
    caller = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    uploads = filled.with_name(filled.name + ".uploads")
    while caller.poll() is None and not (uploads.is_dir() and list(uploads.iterdir())):
        pass
    caller.send_signal(signal.SIGKILL)
    caller.communicate()
    with bl.open(filled) as lab:
        assert bl.balances.arrow(lab, on=date(2026, 11, 30)).num_rows
    assert process.poll() is None
    process.communicate()
    with open_here(filled) as lab:
        assert "large.sta" not in bl.imports.arrow(lab)["file_name"].to_pylist()
    assert not uploads.exists()


def test_the_file_sent_is_gone_after_the_call(filled: Path, owner: Owner, tmp_path: Path) -> None:
    owner()
    uploads = filled.with_name(filled.name + ".uploads")
    with bl.open(filled) as lab:
        bl.import_file(lab, mt940(tmp_path, "again.sta", number="77"))
        assert list(uploads.iterdir()) == []
        assert uploads.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_lab_outlives_its_owner(filled: Path, owner: Owner, how: signal.Signals) -> None:
    process = owner()
    with bl.open(filled) as lab:
        before = bl.accounts.arrow(lab)
        process.send_signal(how)
        process.communicate()
        assert bl.accounts.arrow(lab) == before  # this process is the owner now
        owner_card = card_of(filled)
        command = [sys.executable, "-m", "bankklient_lab.cli", "accounts", "--json", "--lab", str(filled)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert len(json.loads(done.stdout)) == before.num_rows
        assert card_of(filled) == owner_card
    assert current_owner(filled) is None


def test_a_stale_card_means_nothing(filled: Path) -> None:
    card = {"pid": 1, "since": "", "command": "gone", "address": "http://127.0.0.1:9", "token": "0" * 64}
    card_path(filled).write_text(json.dumps(card))
    assert current_owner(filled) is None
    with bl.open(filled) as lab:
        assert lab.remote is None


def test_a_holder_without_endpoint_is_waited_for(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = Ownership(filled).take(own_card())
    threading.Timer(0.4, holder.release).start()
    with bl.open(filled) as lab:
        assert lab.remote is None


def test_a_holder_that_stays_is_named(
    filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bankklient_lab.opening.SECONDS_TO_WAIT", 0.4)
    monkeypatch.setattr("bankklient_lab.opening.SECONDS_UNTIL_SAID", 0.1)
    holder = Ownership(filled).take(own_card())
    with pytest.raises(LabBusy, match=f"process {holder.card.pid} "):
        bl.open(filled)
    holder.release()
    assert capsys.readouterr().err.count("waiting: ") == 1


def test_opening_again_in_one_process_gives_the_same_lab(filled: Path) -> None:
    with bl.open(filled) as one:
        assert bl.open(filled) is one


def test_an_action_that_the_owner_lacks_is_named(filled: Path, owner: Owner) -> None:
    owner()
    with bl.open(filled) as lab:
        assert lab.remote is not None

        class Unknown:
            name = "no_such_action"
            declared = ACTIONS["accounts"].declared

            @staticmethod
            def function(lab: Lab) -> None: ...

        with pytest.raises(UnknownName, match="no_such_action"):
            lab.remote.call(Unknown, (), {})  # type: ignore[arg-type]
