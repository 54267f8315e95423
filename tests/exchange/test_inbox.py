"""The folder of a bank that answers by files: orders go out as it takes them, what it gives is taken over once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bankklient_lab.errors import BadArgument
from bankklient_lab.exchange.inbox import REFUSED, TAKEN
from bankklient_lab.exchange.transmitting import transmit
from bankklient_lab.formats.order_answers import OrderAnswer, write_status
from bankklient_lab.jobs import Job
from bankklient_lab.keys.points import change_connection_point
from tests.exchange.labs import Pair
from tests.orders.labs import COLLECTION, FOREIGN, broken_checks, created, status

SAMPLES = Path(__file__).parents[1] / "samples"
STATEMENTS = ("mt940/one_statement.sta", "camt053/two_accounts.v8.xml", "gpc/kb_two_statements.gpc")


@pytest.fixture
def folders(pair: Pair, tmp_path: Path) -> tuple[Path, Path]:
    """Set two folders up as the way to the bank and from it, and return them."""
    there, back = tmp_path / "to", tmp_path / "from"
    for folder in (there, back):
        folder.mkdir()
    change_connection_point(
        pair.lab, "bank", channel="folder", settings={"send_to": str(there), "receive_from": str(back)}
    )
    return there, back


def put(pair: Pair, path: Path, content: bytes, *, seconds_ago: float = 60) -> Path:
    """Put a file into a folder, last changed so many seconds ago."""
    path.write_bytes(content)
    changed = pair.clock().timestamp() - seconds_ago
    os.utime(path, (changed, changed))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_statements_of_each_format_are_taken_over_once(pair: Pair, folders: tuple[Path, Path]) -> None:
    _, back = folders
    given = [SAMPLES / name for name in STATEMENTS]
    for path in given:
        put(pair, back / path.name, path.read_bytes())
    told = transmit(pair.lab)
    assert (told["complete"], {file["status"] for file in told["files"]}) == (True, {"taken"})
    ((entries,),) = pair.lab.rows("SELECT count(*) FROM history.entry")
    assert entries > 0
    assert names(back) == [TAKEN]
    assert names(back / TAKEN) == sorted(path.name for path in given)
    put(pair, back / given[0].name, given[0].read_bytes())
    assert [file["status"] for file in transmit(pair.lab)["files"]] == ["known"]
    assert pair.lab.rows("SELECT count(*) FROM history.entry") == [(entries,)]
    assert len(names(back / TAKEN)) == len(given) + 1  # none replaces another
    assert transmit(pair.lab)["files"] == []


def test_files_that_are_still_written_are_left_alone_and_others_refused(
    pair: Pair, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    _, back = folders
    sample = (SAMPLES / STATEMENTS[0]).read_bytes()
    put(pair, back / "fresh.sta", sample, seconds_ago=1)
    for name in (".hidden.sta", "half.sta.part"):
        put(pair, back / name, sample)
    (back / "elsewhere.sta").symlink_to(put(pair, tmp_path / "secret.sta", sample))
    assert transmit(pair.lab)["files"] == []
    put(pair, back / "letter.txt", b"Dear customer")
    told = transmit(pair.lab)
    assert [(file["name"], file["status"]) for file in told["files"]] == [("letter.txt", "refused")]
    assert (told["complete"], "letter.txt was refused" in told["message"]) == (False, True)
    assert names(back / REFUSED) == ["letter.txt"]
    pair.later(minutes=1)
    assert [file["name"] for file in transmit(pair.lab)["files"]] == ["fresh.sta"]
    assert names(back) == [".hidden.sta", "elsewhere.sta", "half.sta.part", REFUSED, TAKEN]
    shutil.rmtree(back)
    told = transmit(pair.lab)
    assert (told["complete"], "can't be read" in told["message"]) == (False, True)


def test_a_file_that_is_replaced_while_it_is_read_waits_for_the_next_transmission(
    pair: Pair, folders: tuple[Path, Path]
) -> None:
    _, back = folders
    first, later = ((SAMPLES / name).read_bytes() for name in STATEMENTS[:2])
    path = put(pair, back / "statement", first)

    def replacing(doing: str, _share: float | None) -> None:
        if doing.startswith(during):
            put(pair, path, later, seconds_ago=30)

    during = "writing"
    (file,) = transmit(pair.lab, job=Job(replacing))["files"]
    assert (file["status"], names(back), path.read_bytes()) == ("taken", ["statement"], later)
    put(pair, path, (SAMPLES / STATEMENTS[2]).read_bytes())
    during = "opening"
    assert transmit(pair.lab, job=Job(replacing))["files"] == []
    during = "never"
    assert [file["status"] for file in transmit(pair.lab, job=Job(replacing))["files"]] == ["taken"]
    assert (names(back), (back / TAKEN / "statement").read_bytes()) == ([TAKEN], later)


def test_a_file_whose_name_is_no_text_is_taken_over_and_its_name_told_in_escapes(
    pair: Pair, folders: tuple[Path, Path]
) -> None:
    _, back = folders
    put(pair, back / os.fsdecode(b"v\xfdpis.sta"), (SAMPLES / STATEMENTS[0]).read_bytes())
    put(pair, back / os.fsdecode(b"dop\xeds.txt"), b"Dear customer", seconds_ago=30)
    told = transmit(pair.lab)
    assert [(file["name"], file["status"]) for file in told["files"]] == [
        ("v\\udcfdpis.sta", "taken"), ("dop\\udceds.txt", "refused"),
    ]  # fmt: skip
    assert (names(back), pair.logged("take_file")) == ([REFUSED, TAKEN], [file["name"] for file in told["files"]])


def test_the_banks_own_report_ends_the_waiting_of_a_batch(pair: Pair, folders: tuple[Path, Path]) -> None:
    _, back = folders
    paid, refused, left = [created(pair.lab, amount=amount) for amount in ("1", "2", "3")]
    pair.balance()
    transmit(pair.lab)
    assert pair.batch_status() == 3
    answers = [OrderAnswer(paid, "OK"), OrderAnswer(refused, "ER", 205, "no such account"), OrderAnswer(99, "OK")]
    report = write_status("1/20260001", answers, "R1", pair.clock())
    put(pair, back / "report.xml", report.content)
    (file,) = transmit(pair.lab)["files"]
    assert (file["status"], "order 99" in file["note"]) == ("taken", True)
    assert [status(pair.lab, one) for one in (paid, refused, left)] == ["OK", "ER", "SE"]
    assert (pair.statuses()[-1], pair.batch_status()) == (6, 6)
    put(pair, back / "report.xml", report.content)
    transmit(pair.lab)
    assert (pair.statuses().count(6), status(pair.lab, paid)) == (1, "OK")
    put(pair, back / "broken.xml", report.content[:-40])
    (file,) = transmit(pair.lab)["files"]
    assert file["status"] == "refused"
    assert broken_checks(pair.lab) == {}


def test_domestic_orders_go_out_in_kpc_where_the_bank_takes_that(pair: Pair, folders: tuple[Path, Path]) -> None:
    there, back = folders
    given = {"send_to": str(there), "receive_from": str(back)}
    with pytest.raises(BadArgument, match="domestic_files is pain or kpc"):
        change_connection_point(pair.lab, "bank", settings=given | {"domestic_files": "abo"})
    change_connection_point(pair.lab, "bank", settings=given | {"domestic_files": "kpc"})
    for kind in ("domestic_payment", COLLECTION, FOREIGN):
        created(pair.lab, kind)
    pair.balance()
    assert transmit(pair.lab)["complete"]
    assert names(there) == ["26000101.kpc", "26000111-1.pain.001.001.09.xml"]
    lines = (there / "26000101.kpc").read_text("ascii").splitlines()
    assert lines[0].startswith("UHL1231126")
    assert [line[:6] for line in lines if line.startswith("1 ")] == ["1 1501", "1 1502"]
    assert any(" 150000 2026001 " in line for line in lines)
    created(pair.lab, express_payment=True)
    pair.balance()
    told = transmit(pair.lab)
    assert (told["complete"], "KPC has no place for it" in told["message"]) == (False, True)
    assert len(names(there)) == 2
    change_connection_point(pair.lab, "bank", settings=given)
    assert transmit(pair.lab)["complete"]
    assert names(there)[-1] == "26000201-1.pain.001.001.09.xml"
