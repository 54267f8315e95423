"""The page Keys without a browser: made, handed over, the bank's registered, connection points changed."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from bankklient_lab.bank import Account, Bank
from bankklient_lab.dashboards.browser import Browser
from bankklient_lab.dashboards.keys import Keys
from bankklient_lab.dashboards.menu import offered
from bankklient_lab.dashboards.shell import Shell, new_state
from bankklient_lab.keys.creating import create_key
from bankklient_lab.keys.delivering import note_delivered, note_proven
from bankklient_lab.keys.register import key_numbered, key_register
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.keys import new_key
from tests.dashboards.texts import shown
from tests.exchange.labs import BANK_KEY
from tests.orders.labs import hands
from tests.sealing.cards import PIN, a_card

PASSWORD = "Eight-8x"


def page_of(lab: Lab) -> Keys:
    return Keys(lab, new_state(lab, "?page=keys"))


def make(page: Keys, **values: str) -> None:
    page.maker.open()
    form = page.maker.form
    assert form is not None
    for name, value in ({"password": PASSWORD, "again": PASSWORD} | values).items():
        form.widgets[name].value = value
    form.save()
    page.maker.work.wait()


@pytest.mark.spec("TRN-164")
def test_the_first_key_is_made_and_its_next_step_is_told(lab: Lab) -> None:
    page = page_of(lab)
    page.maker.open()
    assert page.maker.form is not None
    assert not page.maker.form.widgets["expires_days"].visible
    make(page, again="Other-8x")
    assert key_register.rows(lab) == []
    make(page, password="short", again="short")
    assert key_register.rows(lab) == []
    make(page)
    (key,) = key_register.rows(lab)
    assert key["kind"] == "operational"
    assert "hand it over to the bank" in shown(page.maker._place)
    assert page.list.table is not None
    assert page.list.table["state"].to_pylist() == ["\u25d4 the bank lacks it"]
    page.maker._leave(key["key_id"])
    assert page.drawer.view.open
    assert list(page.drawer.forms) == ["hand_over", "record", "pass", "change"]


@pytest.mark.spec("TRN-172")
def test_why_no_other_key_can_be_made_is_told_before_anything_is_typed(lab: Lab) -> None:
    create_key(lab, "operational", PASSWORD)
    page = page_of(lab)
    page.maker.open()
    assert page.maker.form is None
    assert "The bank does not have the operational key 20260001 yet" in shown(page.maker._place)


@pytest.mark.spec("TRN-178", "TRN-179")
def test_a_key_is_handed_over_and_its_delivery_recorded(lab: Lab) -> None:
    create_key(lab, "operational", PASSWORD)
    page = page_of(lab)
    sent: list[tuple[str, bytes]] = []
    page.drawer._state.send_file = lambda name, content: sent.append((name, content))
    page._open(1)
    page.drawer._toggle("hand_over")
    form = page.drawer.forms["hand_over"]
    form.widgets["password"].value = PASSWORD
    form.save()
    ((name, content),) = sent
    assert name == "key_20260001.zip"
    assert sorted(zipfile.ZipFile(io.BytesIO(content)).namelist()) == [
        "KEY1/20001.997/FKEYID.SGN", "KEY1/20001.997/LETTER.TXT",
    ]  # fmt: skip
    assert form.widgets["password"].value == ""
    form = page.drawer.forms["record"]
    form.widgets["fingerprint"].value = "00"
    form.save()
    assert not key_register.rows(lab)[0]["delivered"]
    form.widgets["fingerprint"].value = key_register.rows(lab)[0]["fingerprint"]
    form.save()
    assert key_register.rows(lab)[0]["delivered"]
    assert page.list.table is not None
    assert page.list.table["state"].to_pylist() == ["\u25cf valid"]


def test_the_banks_key_is_registered_after_its_fingerprint_was_compared(lab: Lab, tmp_path: Path) -> None:
    theirs = new_key(point=1, kind="operational", at=lab.clock(), expires_on=date(2028, 1, 1), algorithm="ecdsa")
    file = tmp_path / "0-0"
    file.write_text(theirs.certificate.pem)
    page = page_of(lab)
    page.bank.open()
    page.bank.dropped("bank.pem", file)
    assert page.bank._compare.visible
    assert page.bank.button.disabled
    assert theirs.certificate.fingerprint[:4].upper() in page.bank._facts.object
    page.bank.same.value = True
    assert not page.bank.button.disabled
    page.bank.register()
    (row,) = key_register.rows(lab)
    assert (row["point"], row["fingerprint"]) == (1, theirs.certificate.fingerprint)
    page.bank.open()
    page.bank.dropped("bank.pem", file)
    assert not page.bank._compare.visible
    assert "registered already" in page.bank._problem.object


def issued(lab: Lab, folder: Path, client: str) -> Path:
    """Return the configuration that a bank issued for a client of this name."""
    bank = Bank.open(None, lab.clock, key=BANK_KEY)
    bank.register_client(20_001, client)
    bank.open_account(Account("CZ3506000000000000001000", "CZK", "Main", 20_001))
    file = folder / "0-0"
    file.write_bytes(bank.issue_configuration(20_001, "once-8xx")[1])
    bank.close()
    return file


def test_a_setting_of_the_configuration_that_does_not_fit_is_told(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("bankklient_lab.dashboards.ui.tell", told.append)
    page = page_of(lab)
    page.bank.open()
    page.bank.dropped("26000110.02", issued(lab, tmp_path, "C" * 101))
    page.bank.register()
    assert told[0].endswith("Left out, since they do not fit this version: client_name.")


@pytest.mark.spec("TRN-184")
def test_a_lab_begins_with_the_configuration_of_the_bank(lab: Lab, tmp_path: Path) -> None:
    page = page_of(lab)
    page.bank.open()
    page.bank.dropped("26000110.02", issued(lab, tmp_path, "Our company"))
    assert "Our company (20001)" in page.bank._facts.object
    assert BANK_KEY.certificate.fingerprint[:4].upper() in page.bank._facts.object
    page.bank.same.value = True
    assert page.bank.button.label == "Begin with this configuration"
    page.bank.register()
    assert [row["kind"] for row in key_register.rows(lab)] == ["operational", "initialization"]
    page.maker.open()
    assert page.maker.form is not None
    assert page.maker.form.widgets["expires_days"].visible  # it goes by a batch
    make(page)
    page.maker._leave(3)
    assert list(page.drawer.forms) == ["announce", "pass", "change"]


@pytest.mark.spec("EL-011")
def test_a_key_is_made_on_a_card_that_is_there(lab: Lab, tmp_path: Path) -> None:
    with a_card(tmp_path) as card:
        page = page_of(lab)
        page.maker.open()
        assert page.maker.form is not None
        widgets = page.maker.form.widgets
        widgets["card"].value = card
        assert not widgets["again"].visible
        assert widgets["password"].label.startswith(f"PIN of card {card}")
        make(page, card=card, password="000000", again="")
        assert key_register.rows(lab) == []
        make(page, card=card, password=PIN, again="")
        (key,) = key_register.rows(lab)
        assert key["card"] == card
        page.maker._leave(key["key_id"])
        assert list(page.drawer.forms) == ["hand_over", "record", "pass"]  # its PIN is changed elsewhere
    page.maker.open()
    page.drawer.open(key, "Own")
    assert card in page.drawer._facts.object


def test_what_is_no_certificate_is_told_with_its_name(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "0-0").write_text("x")
    page = page_of(lab)
    page.bank.open()
    page.bank.dropped("<b>.pem", tmp_path / "0-0")
    assert page.bank._problem.object.startswith("&lt;b&gt;.pem: ")
    assert not page.bank._compare.visible


@pytest.mark.spec("TRN-082")
def test_the_banks_connection_point_is_changed(lab: Lab, tmp_path: Path) -> None:
    for name in ("out", "in"):
        (tmp_path / name).mkdir()
    page = page_of(lab)
    page.points.open({"role": "bank"})
    form = page.points.form
    assert form is not None
    assert not form.widgets["send_to"].visible
    form.widgets["channel"].value = "folder"
    assert form.widgets["send_to"].visible
    form.widgets["send_to"].value = str(tmp_path / "out")
    form.save()
    assert page.points.rows["bank"]["channel"] == ""  # needs the other folder too
    form.widgets["receive_from"].value = str(tmp_path / "in")
    form.widgets["name"].value = "Our bank"
    form.save()
    assert (page.points.rows["bank"]["channel"], page.points.rows["bank"]["name"]) == ("folder", "Our bank")


@pytest.mark.spec("TRN-167")
def test_keys_that_expire_soon_are_told_of(lab: Lab) -> None:
    create_key(lab, "operational", PASSWORD)
    with lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET expires_on = DATE '2026-12-01', delivered = true")
    page = page_of(lab)
    assert page.warnings.visible
    assert "expires on 2026-12-01, in 9 days" in page.warnings.object
    assert page.list.table is not None
    assert page.list.table["state"].to_pylist() == ["\u25d1 expires soon"]
    shell = Shell(lab, new_state(lab), Browser(scheme="", narrow=False, prefers_dark=False))
    assert shell.warnings.visible
    assert "expires on 2026-12-01, in 9 days" in shell.warnings.object


@pytest.mark.spec("TRN-180")
def test_everybody_may_look_and_only_some_may_do(lab: Lab) -> None:
    create_key(lab, "operational", PASSWORD)
    nobody = hands(lab, "NO", {161})
    assert "keys" in offered(nobody)
    page = page_of(nobody)
    page._open(1)
    assert page.drawer.forms == {}


@pytest.mark.spec("TRN-170")
def test_a_key_that_replaced_another_is_announced(lab: Lab) -> None:
    create_key(lab, "operational", PASSWORD)
    note_delivered(lab, key_numbered(lab, 1))
    note_proven(lab, key_numbered(lab, 1), domestic_batch=True)
    create_key(lab, "operational", "Other-8x")
    page = page_of(lab)
    page._open(2)
    assert list(page.drawer.forms) == ["announce", "pass", "change"]
    form = page.drawer.forms["announce"]
    form.widgets["password"].value, form.widgets["previous"].value = "Other-8x", PASSWORD
    form.save()
    assert not page.drawer.view.open
    assert lab.rows("SELECT batch_type, status FROM ops.batch") == [(2, 1)]
