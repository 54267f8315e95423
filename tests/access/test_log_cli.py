"""The commands for the log, tokens and sessions, as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bankklient_lab.analysis.selections import save_selection
from bankklient_lab.cli import run
from bankklient_lab.lab import open_here


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a lab with an entry in its log, which commands find."""
    path = tmp_path / "kept.lab"
    with open_here(path, create=True, user="tester") as lab:
        save_selection(lab, "mine", {})
    monkeypatch.setenv("BANKKLIENT_LAB", str(path))
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Run a command and return what it printed."""
    assert run(list(arguments)) == code
    printed = capsys.readouterr()
    return printed.err if code else printed.out


def test_the_log_is_shown_verified_and_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (entry,) = json.loads(said(capsys, "log", "show", "--number", "211", "--json"))
    assert (entry["subject"], entry["type"]) == ("mine", "message")
    assert "no entry" in said(capsys, "log", "show", "--user", "nobody")
    assert "is whole" in said(capsys, "log", "verify")
    for suffix, head in ((".pdf", b"%PDF"), (".xlsx", b"PK"), (".csv", "\ufefforder".encode())):
        file = tmp_path / f"log{suffix}"
        said(capsys, "log", "print", str(file), "--module", "analysis")
        assert file.read_bytes().startswith(head)
    assert "known are" in said(capsys, "log", "print", str(tmp_path / "log.doc"), code=2)


def test_a_log_that_was_changed_ends_verifying_with_1(capsys: pytest.CaptureFixture[str], kept: Path) -> None:
    with open_here(kept) as lab, lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.log SET subject = 'other'")
    assert run(["log", "verify"]) == 1
    assert "it was changed" in capsys.readouterr().out


def test_tokens_are_made_listed_and_withdrawn(capsys: pytest.CaptureFixture[str]) -> None:
    secret = said(capsys, "tokens", "create", "nightly", "--permission", "236", "--days", "1").strip()
    assert secret.startswith("bkl_")
    party = json.loads(
        said(capsys, "tokens", "consent", "Auditors", "--purpose", "audit", "--permission", "236", "--json")
    )
    rows = json.loads(said(capsys, "tokens", "list", "--json"))
    assert [(row["name"], row["third_party"], row["state"]) for row in rows] == [
        ("Auditors", "Auditors", "valid"), ("nightly", None, "valid")]  # fmt: skip
    assert secret not in json.dumps(rows)
    said(capsys, "tokens", "withdraw", str(party["token_id"]))
    assert json.loads(said(capsys, "tokens", "list", "--json"))[0]["state"] == "withdrawn"
    assert "unknown token" in said(capsys, "tokens", "withdraw", "99", code=1)
    assert "365" in said(capsys, "tokens", "create", "long", "--days", "366", code=2)


def test_a_lab_without_logins_has_no_sessions(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nobody is logged in" in said(capsys, "sessions", "list")
    assert "nobody is logged in" in said(capsys, "sessions", "list", "--own")
    assert "nothing is held" in said(capsys, "sessions", "locks")
    assert "unknown session" in said(capsys, "sessions", "disconnect", "7", code=1)
    assert "unknown session" in said(capsys, "sessions", "end", "7", code=1)
