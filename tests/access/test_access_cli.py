"""Commands for administrators, and the lists that they print."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pypdf
import pytest
from python_calamine import CalamineWorkbook

from bankklient_lab import cli
from bankklient_lab.access.configuration import configure
from bankklient_lab.access.granting import grant_permissions
from bankklient_lab.access.listings import LISTINGS
from bankklient_lab.access.users import create_user
from bankklient_lab.errors import BadArgument, NotAllowed, UnknownName
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.reports.listings import LISTING_SUFFIXES, render_listing
from tests.access.people import PASSWORD, of, with_users

Run = Callable[..., tuple[int, str, str]]
OTHER = "Other-Horse-7x"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs a command as a user on a new lab of that user, and returns code, output, errors."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("mine", PASSWORD), ("other", OTHER)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("BANKKLIENT_LAB", str(tmp_path / "a.lab"))
    monkeypatch.setenv("LOGNAME", "anna")  # whom a new lab belongs to
    monkeypatch.delenv("BANKKLIENT_USER", raising=False)
    monkeypatch.delenv("BANKKLIENT_PASSWORD_FILE", raising=False)

    def one(line: str, *further: str, user: str = "", password: str = "mine") -> tuple[int, str, str]:
        if user:
            monkeypatch.setenv("BANKKLIENT_USER", user)
            monkeypatch.setenv("BANKKLIENT_PASSWORD_FILE", password)
        code = cli.run([*line.split(), *further])
        said = capsys.readouterr()
        return code, said.out, said.err

    return one


def done(answer: tuple[int, str, str]) -> str:
    """Return what a command printed that did its work and complained of nothing."""
    code, out, err = answer
    assert (code, err) == (0, "")
    return out


def refused(answer: tuple[int, str, str]) -> str:
    """Return the one sentence of a command that was refused."""
    code, out, err = answer
    assert code in {1, 2}
    assert out == ""
    assert err.startswith("bankklient: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


@pytest.fixture
def staffed(run: Run, tmp_path: Path) -> Run:
    """Return the same for a lab that has a second user, berta, as its first user."""
    done(run("init", str(tmp_path / "a.lab")))
    done(run("users password anna --password-file mine"))
    done(run("users add berta --reference BE --role VIEW --password-file mine --phone 601"))
    done(run("users list", user="anna"))
    return run


def test_a_user_is_added_changed_locked_out_and_taken_in_again(staffed: Run) -> None:
    done(staffed("users change berta --grant 241 --grant 26 --last-name Nová --expires 2099-12-31"))
    rows: list[dict[str, Any]] = json.loads(done(staffed("users list --json")))
    berta = rows[1]
    assert [berta[name] for name in ("user", "reference", "role", "permissions", "last_name", "phone", "state")] == [
        "berta", "BE", "VIEW", "26 241", "Nová", "601", "valid",
    ]  # fmt: skip
    assert berta["password_expires"] == "2099-12-31"
    done(staffed("users change berta --take 26 --expires never --role EMPTY"))
    berta = json.loads(done(staffed("users list --json")))[1]
    assert (berta["role"], berta["permissions"], berta["password_expires"]) == ("EMPTY", "241", None)
    assert "without 196" in done(staffed("users change berta --grant 196"))
    done(staffed("users change berta --invalid"))
    assert "not right" in refused(staffed("permissions list", user="berta"))
    done(staffed("users change berta --valid", user="anna"))
    done(staffed("users unlock berta"))
    done(staffed("permissions list", user="berta"))


def test_passwords_come_from_files_and_never_from_arguments(staffed: Run, tmp_path: Path) -> None:
    done(staffed("users password berta --password-file other"))
    assert "not right" in refused(staffed("permissions list", user="berta"))
    done(staffed("permissions list", user="berta", password="other"))
    (tmp_path / "third").write_text("Third-Horse-7x")
    (tmp_path / "third").chmod(0o644)
    assert "chmod 600" in refused(staffed("users my-password --password-file third"))
    (tmp_path / "third").chmod(0o600)
    done(staffed("users my-password --password-file third"))
    done(staffed("permissions list", password="third", user="berta"))
    assert "no terminal to ask for it; give it with --password-file" in refused(staffed("users my-password"))
    assert "no terminal to ask for it; use one" in refused(staffed("configuration set proxy_password", user="anna"))
    assert "others can see" in refused(staffed("configuration set proxy_password tiger"))


def test_roles_permissions_and_configuration(staffed: Run, tmp_path: Path) -> None:
    done(staffed("roles add Typist --permission 51 --permission 61 --note types"))
    done(staffed("roles change Typist --permission 51 --permission 61 --permission 76"))
    (typist,) = [row for row in json.loads(done(staffed("roles list --json"))) if row["role"] == "Typist"]
    assert (typist["permissions"], typist["note"], typist["valid"]) == ("51 61 76", "types", True)
    done(staffed("roles delete Typist"))
    assert "not valid" in refused(staffed("users change berta --role Typist"))
    holders = json.loads(done(staffed("permissions holders 161 --json")))
    assert [(row["user"], row["through"]) for row in holders] == [("anna", "role"), ("berta", "role")]
    assert done(staffed("permissions holders 912 --json")).count('"user"') == 1
    done(staffed("permissions holders 912 -o holders.csv"))
    assert (tmp_path / "holders.csv").read_text("utf-8-sig").count("912") == 1
    done(staffed("configuration set funds_days 7"))
    (days,) = [row for row in json.loads(done(staffed("configuration list --json"))) if row["name"] == "funds_days"]
    assert days["value"] == "7"
    ways = json.loads(done(staffed("users alone --json")))
    assert {row["user"] for row in ways} == {"anna"}
    assert json.loads(done(staffed("roles alone --json")))


@pytest.mark.spec("ADM-105")
def test_whoever_gives_a_role_of_two_persons_hears_its_condition(staffed: Run) -> None:
    code, out, err = staffed("users change berta", "--role", "IMPORT 1+1")
    assert (code, out) == (0, "user berta is changed\n")
    assert err.count("\n") == 2
    assert "while the transmission register takes files over as confirmed" in err
    code, _, err = staffed("users add carl --reference CA --password-file mine", "--role", "TYPING & IMPORT 1+1")
    assert (code, err.count("\n")) == (0, 2)


WRONG = [
    ("users change zoe --invalid", "unknown user 'zoe'"),
    ("users change anna --invalid", "lock yourself out"),
    ("users change berta --role BOSS", "unknown role 'BOSS'"),
    ("users change berta --grant 5", "unknown permission 5"),
    ("users change berta --grant x", "--grant"),
    ("users change berta --expires tomorrow", "is not a day"),
    ("users add zoe --reference BE --role VIEW --password-file mine", "has this name or reference"),
    ("users add zoe --reference ZO --role VIEW --password-file absent", "can't be read"),
    ("users list --output list.doc", "'.doc' is no form"),
    ("users list --output no-such-folder/list.csv", "can't be written"),
    ("roles change VIEW --invalid", "comes from the bank"),
    ("roles delete BOSS", "unknown role 'BOSS'"),
    ("permissions holders 5", "unknown permission 5"),
    ("configuration set colour red", "unknown parameter 'colour'"),
    ("configuration set funds_days", "give the new value"),
    ("configuration set bank_code 0100", "comes from the bank"),
]


def test_what_goes_wrong_is_one_sentence(staffed: Run) -> None:
    for command, said in WRONG:
        assert said in refused(staffed(command)), command


@pytest.mark.spec("ADM-063", "ADM-064")
def test_what_a_role_changed_by_the_bank_took_away_is_said_by_the_next_command_once(
    staffed: Run, tmp_path: Path
) -> None:
    with open_here(tmp_path / "a.lab") as lab, lab.database.tx("ops") as cursor:  # as an older codebook left it
        cursor.execute("UPDATE ops.role SET permissions = '36 108' WHERE name = 'IMPORT 1'")
        cursor.execute("UPDATE ops.user SET role_id = 7, permissions = '110' WHERE name = 'berta'")
    code, _, err = staffed("permissions list")
    assert code == 0
    assert err.startswith("the bank changed role IMPORT 1, so user berta lost permissions of their own")
    done(staffed("permissions list"))


@pytest.fixture
def office(lab: Lab) -> Lab:
    """Give a lab with berta (VIEW) and carl (EMPTY) in the hands of its first user."""
    return with_users(lab, berta="VIEW", carl="EMPTY")


@pytest.mark.spec("ADM-137", "ADM-140")
def test_each_list_is_printed_with_the_clients_name(office: Lab) -> None:
    configure(office, {"client_name": "Dairy & Sons"})
    for name in LISTINGS:
        check_print(office, name)


def check_print(office: Lab, name: str) -> None:
    """Check that a list is a PDF with its title, the client and its first row, the same whenever it is made."""
    pdf = render_listing(office, name, ".pdf")
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert pages[0].extract_text().splitlines()[:2] == ["Dairy & Sons", LISTINGS[name].title]
    text = " ".join("".join(page.extract_text() for page in pages).split())
    first = LISTINGS[name].read.rows(office)[0]
    assert str(first[LISTINGS[name].columns[0]]) in text
    assert render_listing(office, name, ".pdf") == pdf


def test_a_list_comes_in_every_form_with_all_its_rows(office: Lab) -> None:
    content = {suffix: render_listing(office, "users", suffix) for suffix in LISTING_SUFFIXES}
    assert [row["user"] for row in json.loads(content[".json"])] == ["tester", "berta", "carl"]
    assert content[".csv"].count(b"\r\n") == 4
    assert parquet.read_table(io.BytesIO(content[".parquet"])).num_rows == 3
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content[".xlsx"])).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[-3:]] == ["tester", "berta", "carl"]


def test_a_printed_text_is_never_markup_or_a_formula(office: Lab) -> None:
    create_user(office, "=1+1", reference="FF", role="VIEW", password=PASSWORD, last_name="#panic() *x* $y$")
    text = pypdf.PdfReader(io.BytesIO(render_listing(office, "users", ".pdf"))).pages[0].extract_text()
    assert "#panic() *x* $y$" in " ".join(text.split())
    assert b"'=1+1" in render_listing(office, "users", ".csv")


def test_who_may_not_see_a_list_may_not_print_it(office: Lab) -> None:
    carl = of(office, "carl")
    for name in LISTINGS:
        if name in {"permissions", "holders"}:
            assert render_listing(carl, name, ".csv")
        else:
            with pytest.raises(NotAllowed):
                render_listing(carl, name, ".csv")
    grant_permissions(office, "carl", [2])
    assert render_listing(carl, "configuration", ".pdf")
    with pytest.raises(UnknownName, match="list 'keys'"):
        render_listing(office, "keys", ".pdf")
    with pytest.raises(BadArgument, match="no form"):
        render_listing(office, "users", ".html")
