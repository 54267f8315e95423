"""Codebooks: what is shipped, looked up, searched, and replaced from a file; validity in time."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from schwifty import registry

from bankklient_lab.codebooks import rows
from bankklient_lab.codebooks.bank import CODEBOOKS, shipped
from bankklient_lab.errors import BadArgument, FormatError, LimitExceeded, NotAllowed, UnknownName
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.money import DECIMALS
from bankklient_lab.orders.codebooks import codebook, codebook_register, search_codebook, update_codebook
from bankklient_lab.rights.codebooks import ensure_codebooks, note_content
from tests.clocks import NOON, Clock
from tests.orders.codebook_files import codebook_file
from tests.orders.labs import hands

BANKS = [
    {"code": "0600", "name": "MONETA Money Bank", "bic": "AGBACZPP"},
    {"code": "0800", "name": "Česká spořitelna", "bic": "GIBACZPX"},
    {"code": "7777", "name": "New bank", "bic": ""},
]
TODAY = date(2026, 11, 22)


def codes(lab: Lab, name: str, day: date | None = None) -> list[str]:
    return [row["code"] for row in codebook.rows(lab, name, day)]


@pytest.mark.spec("ADM-024", "ADM-027", "ADM-028", "ADM-029", "ADM-030", "BAS-137")
@pytest.mark.parametrize("name", CODEBOOKS)
def test_a_new_lab_has_what_is_shipped(company: Lab, name: str) -> None:
    kept = {row["code"]: row for row in codebook.rows(company, name)}
    for row in shipped(name):
        assert kept[row.code] == dict.fromkeys(CODEBOOKS[name].header) | {
            "code": row.code, "name": row.name, **row.attributes,
        }  # fmt: skip
    (told,) = [one for one in codebook_register.rows(company) if one["codebook"] == name]
    assert (told["rows"], told["source"]) == (len(kept), "shipped")


@pytest.mark.spec("ORD-142", "ADM-031")
def test_decimals_of_currencies_are_those_of_money() -> None:
    kept = {row.code: int(row.attributes["decimals"]) for row in shipped("currencies")}
    assert kept == {code: DECIMALS.get(code, 2) for code in kept}
    assert set(DECIMALS) - set(kept) == {"UYI"}  # a unit of account


@pytest.mark.spec("BAS-249")
def test_every_state_of_the_union_is_of_the_area_and_all_take_sepa() -> None:
    flags = {row.code: row.attributes for row in shipped("countries")}
    for flag, wider in (("eu", "eea"), ("eea", "sepa")):
        assert {code for code, one in flags.items() if one[flag] == "yes"} <= {
            code for code, one in flags.items() if one[wider] == "yes"
        }
    assert {code for code in ("IS", "LI", "NO") if flags[code]["eea"] == "yes" != flags[code]["eu"]} == {
        "IS",
        "LI",
        "NO",
    }
    assert [flags[code]["sepa"] for code in ("CH", "MC", "US")] == ["yes", "yes", "no"]
    assert all(one.get("iban_length") for one in flags.values() if one["eea"] == "yes" and one["numeric"] != "663")


def test_bics_of_foreign_banks_are_those_of_the_registry() -> None:
    domestic = {row["bic"] for row in rows("czech_banks")}
    for row in shipped("bics"):
        country = row.attributes["country"]
        assert row.code[4:6] == country
        known = {bank.bic[:8] for bank in registry.get_banks_by_country(country) if bank.bic}
        assert row.code in known | domestic, row.code


@pytest.mark.spec("ORD-149")
def test_instructions_exclude_each_other_and_operations_name_only_known_ones() -> None:
    known = {row.code: row.attributes.get("excludes", "").split() for row in shipped("instructions")}
    assert {(one, other) for one, others in known.items() for other in others} == {
        (other, one) for one, others in known.items() for other in others
    }
    named = {code for row in shipped("bank_operations") for code in row.attributes["instructions"].split()}
    assert named - {"all", "none"} <= set(known)


@pytest.mark.spec("ORD-030", "ORD-031", "ADM-025", "ADM-029")
def test_search_by_any_column_and_by_the_first_letters(company: Lab) -> None:
    def found(text: str, **how: Any) -> list[str]:
        return [row["code"] for row in search_codebook.rows(company, "banks", text, **how)]

    assert set(found("sporitel")) == {"0800", "2060", "2200", "2220", "2260", "7950", "7960", "7970", "7990", "8060"}
    assert found("GIBA", column="bic") == ["0800"]
    assert found("giba", column="bic", first=True) == ["0800"]
    assert found("68", column="code", first=True) == ["6800"]
    assert found("nothing like this", first=True) == []
    assert found("60", column="code") == ["0600", "2060", "2260", "2600", "3060", "6000", "7960", "8060", "8660"]
    names = [row["name"] for row in search_codebook.rows(company, "countries", "land")]
    assert names == sorted(names, key=lambda name: name.replace("Å", "A").lower())
    assert len(found("")) == len(shipped("banks"))


def test_search_refuses_what_is_not_there(company: Lab) -> None:
    with pytest.raises(BadArgument, match="code, name, bic"):
        search_codebook.rows(company, "banks", "x", column="colour")
    for action in (codebook, search_codebook):
        with pytest.raises(UnknownName, match="there are banks"):
            action.rows(company, "bank", *(["x"] if action is search_codebook else []))


@pytest.mark.spec("TRN-049", "BAS-061")
def test_a_file_replaces_the_content_from_today_on(company: Lab, tmp_path: Path, clock: Clock) -> None:
    before = codes(company, "banks")
    told = update_codebook(company, "banks", codebook_file(tmp_path, BANKS))
    assert told == {"new": 1, "changed": 2, "gone": len(before) - 2, "wrong": 0, "right": 0, "duplicates": 0}
    assert codes(company, "banks") == ["0600", "0800", "7777"]
    assert codes(company, "banks", TODAY - timedelta(days=1)) == before
    clock.move(days=3)
    changed = [*BANKS[:2], {"code": "7777", "name": "Newer bank", "bic": ""}]
    assert update_codebook(company, "banks", codebook_file(tmp_path, changed))["changed"] == 1
    named = {day: {row["code"]: row["name"] for row in codebook.rows(company, "banks", day)}["7777"]
             for day in (TODAY, TODAY + timedelta(days=2), TODAY + timedelta(days=3))}  # fmt: skip
    assert list(named.values()) == ["New bank", "New bank", "Newer bank"]
    (told,) = [one for one in codebook_register.rows(company) if one["codebook"] == "banks"]
    assert (told["rows"], told["since"], told["source"]) == (3, TODAY + timedelta(days=3), "file")
    assert company.rows("SELECT subject FROM ops.log WHERE action = 'update_codebook'") == [("banks",)] * 2


def test_a_content_replaced_twice_a_day_counts_as_it_was_last(company: Lab, tmp_path: Path) -> None:
    first = update_codebook(company, "banks", codebook_file(tmp_path, BANKS))
    second = update_codebook(company, "banks", codebook_file(tmp_path, BANKS[:2]))
    assert (first["new"], second["gone"]) == (1, 1)
    assert codes(company, "banks") == ["0600", "0800"]
    assert update_codebook(company, "banks", codebook_file(tmp_path, BANKS[:2]))["changed"] == 0
    assert company.rows("SELECT count(*) FROM ops.codebook WHERE codebook = 'banks' AND valid_from = valid_until") == [
        (0,)
    ]


REFUSED = [
    ("banks", "code,name\n0600,x\n", FormatError, "bic missing"),
    ("banks", "code,name,bic,city\n0600,x,,\n", FormatError, "city"),
    ("banks", "", FormatError, "header"),
    ("banks", "code,name,bic\n", FormatError, "no rows"),
    ("banks", "code,name,bic\n600,x,\n", FormatError, "row 1.*code.*600.*4 digits"),
    ("banks", "code,name,bic\n0600,,\n", FormatError, "name.*1 to 200"),
    ("banks", "code,name,bic\n0600,x,AGBA\n", FormatError, "bic.*AGBA"),
    ("banks", "code,name,bic\n0600,x,\n0600,y,\n", FormatError, "row 2.*twice"),
    ("banks", "code,name,bic\n0600,x\n", FormatError, "line 2.*2 values"),
    ("banks", 'code,name,bic\n0600,"x,\n', FormatError, "no CSV"),
    ("banks", "code,name,bic\n0600,Česká,\n".encode("cp1250"), FormatError, "UTF-8"),
    ("currencies", "code,name,decimals,abroad,eea,clearing,forwards,monetary_union\nCZK,x,9,yes,yes,no,no,no\n",
     FormatError, "decimals.*0 to 3"),
    ("instructions", "code,name,description,excludes\nHOLD,x,maybe,\n", FormatError, "required, optional or none"),
    ("blocked_accounts", "code,name,bank,part,first,last\nA,x,0600,base,20,10\n", FormatError, "less than first"),
]  # fmt: skip


@pytest.mark.spec("TRN-049")
@pytest.mark.parametrize(("name", "text", "error", "said"), REFUSED)
def test_a_file_that_can_not_be_leaves_the_content(
    company: Lab, tmp_path: Path, name: str, text: str | bytes, error: type[Exception], said: str
) -> None:
    path = tmp_path / "codebook.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = codebook.rows(company, name)
    with pytest.raises(error, match=f"(?s){said}"):
        update_codebook(company, name, path)
    assert codebook.rows(company, name) == before


def test_a_file_is_bounded(company: Lab, tmp_path: Path) -> None:
    path = tmp_path / "codebook.csv"
    path.write_bytes(b"x" * (LIMITS.table_bytes + 1))
    with pytest.raises(LimitExceeded, match="16 MB"):
        update_codebook(company, "banks", path)


def test_own_lists_may_be_emptied(company: Lab, tmp_path: Path) -> None:
    row = {"code": "A", "name": "x", "bank": "0600", "part": "base", "first": "10", "last": "20"}
    update_codebook(company, "blocked_accounts", codebook_file(tmp_path, [row]))
    path = tmp_path / "empty.csv"
    path.write_text(",".join(row) + "\n")
    assert update_codebook(company, "blocked_accounts", path)["gone"] == 1


@pytest.mark.spec("ADM-022", "ADM-106", "BAS-136")
def test_everybody_reads_and_only_administrators_replace(company: Lab, tmp_path: Path) -> None:
    nobody = hands(company, "NN", [])
    assert codes(nobody, "banks")
    assert codebook_register.rows(nobody)
    with pytest.raises(NotAllowed):
        update_codebook(nobody, "banks", codebook_file(tmp_path, BANKS))
    update_codebook(hands(company, "AD", [2]), "banks", codebook_file(tmp_path, BANKS))


def test_newer_shipped_contents_replace_older_ones_but_not_a_file(tmp_path: Path) -> None:
    path = tmp_path / "company.lab"
    with open_here(path, create=True, clock=lambda: NOON, user="tester") as lab:
        update_codebook(lab, "banks", codebook_file(tmp_path, BANKS))
        with lab.database.tx("ops") as cursor:  # as a version before this one left it
            note_content(cursor, "charges", "0" * 64)
            cursor.execute("UPDATE ops.codebook SET name = 'Older' WHERE codebook = 'charges' AND code = 'SHA'")
    with open_here(path, clock=lambda: NOON, user="tester") as lab:
        assert lab.renewed_codebooks == ["charges"]
        assert [row["name"] == "Older" for row in codebook.rows(lab, "charges") if row["code"] == "SHA"] == [False]
        assert codes(lab, "banks") == ["0600", "0800", "7777"]
        assert ensure_codebooks(lab.database, TODAY, lab.log) == []
