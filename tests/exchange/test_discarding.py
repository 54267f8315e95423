"""A batch whose sending broke off is discarded only when the bank does not have it, and then never comes there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankklient_lab.balancing.balance import balance
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.bank.faults import Fault
from bankklient_lab.demo.inprocess import InProcess
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, Unreachable
from bankklient_lab.exchange import discarding
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.discarding import discard_aborted, discard_over
from bankklient_lab.exchange.transmitting import transmit
from bankklient_lab.jobs import Job
from bankklient_lab.keys.register import bank_trust
from bankklient_lab.sealing.identity import BatchIdentity
from tests.balancing.labs import agreed
from tests.exchange.labs import BANK_POINT, Pair
from tests.exchange.test_channels import folder, keyed, reached, served
from tests.keys.conftest import KEY_PASSWORD, quick_key_passwords
from tests.orders.labs import broken_checks, created, hands, status

__all__ = ["folder", "keyed", "quick_key_passwords"]

IDENTITY = BatchIdentity(20001, BANK_POINT, 1, 2026, 1)


@pytest.fixture
def aborted(pair: Pair) -> Pair:
    """Return the pair with a batch that got lost on its way."""
    created(pair.lab)
    pair.balance()
    pair.transmit(Fault.LOST)
    assert pair.batch_status() == 2
    return pair


def discard(pair: Pair) -> None:
    discard_over(pair.lab, Link(InProcess(pair.line, 20001), pair.key, bank_trust(pair.lab)), 1, Job())


@pytest.mark.spec("BAL-078", "TRN-071", "TRN-072")
def test_what_the_bank_does_not_have_is_given_up_there_and_discarded(aborted: Pair) -> None:
    with pytest.raises(Refused, match="is aborted; only one that was not sent is discarded; of one that was aborted"):
        discard_batch(aborted.lab, 1)
    aborted.faults[:] = [Fault.DOWN]
    with pytest.raises(Unreachable):  # nobody was asked, so nothing is discarded
        discard(aborted)
    assert aborted.batch_status() == 2
    discard(aborted)
    assert (aborted.bank.state(IDENTITY).status, aborted.statuses()[-2:]) == ("void", [21, 22])
    assert aborted.lab.rows("SELECT status FROM ops.domestic_order") == [("DE",)]
    order = created(aborted.lab)
    aborted.balance()
    assert aborted.transmit()["complete"]
    assert status(aborted.lab, order) == "OK"
    assert broken_checks(aborted.lab) == {}


@pytest.mark.spec("BAL-078")
def test_what_the_bank_has_is_not_discarded(pair: Pair) -> None:
    created(pair.lab)
    pair.balance()
    pair.transmit(Fault.UNANSWERED)
    assert pair.batch_status() == 2
    with pytest.raises(Refused, match="the bank has batch 1 20260001"):
        discard(pair)
    assert pair.transmit()["complete"]
    assert pair.batch_status() == 6


def test_what_a_transmission_brought_meanwhile_is_not_discarded(aborted: Pair) -> None:
    assert aborted.transmit()["complete"]
    with pytest.raises(Refused, match="only one that is aborted is discarded"):
        discard(aborted)


def test_a_crash_after_the_bank_gave_the_number_up_is_made_good(aborted: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(discarding, "note_void", crash)
        with pytest.raises(KeyboardInterrupt):
            discard(aborted)
    assert (aborted.bank.state(IDENTITY).status, aborted.batch_status()) == ("void", 2)
    assert "has its number as given up" in aborted.transmit()["message"]
    discard(aborted)
    assert aborted.batch_status() == 22


def test_it_is_asked_over_http_with_the_password_of_the_key(keyed: Pair) -> None:
    created(keyed.lab)
    balance(keyed.lab, agreed(keyed.lab), KEY_PASSWORD)
    reached(keyed.lab, "https", address="http://127.0.0.1:1")
    transmit(keyed.lab, KEY_PASSWORD)
    with served(keyed.bank) as address:
        reached(keyed.lab, "https", address=address)
        with pytest.raises(BadArgument, match="password"):
            discard_aborted(keyed.lab, 1)
        assert discard_aborted(keyed.lab, 1, KEY_PASSWORD)["records"] == 1
    with pytest.raises(Refused, match="is deletion recorded; only one that is aborted is discarded"):
        discard_aborted(keyed.lab, 1, KEY_PASSWORD)


def test_with_a_folder_a_batch_is_discarded_unless_its_files_are_there(pair: Pair, folder: Path) -> None:
    created(pair.lab, client_message_line_1="NP: not for a file in KPC")
    pair.balance()
    reached(pair.lab, "folder", send_to=str(folder), receive_from=str(folder.with_name("from")), domestic_files="kpc")
    told = transmit(pair.lab)
    assert pair.batch_status() == 2
    assert "domestic_files=pain" in told["message"]
    assert "balance discard --ask-bank" in told["message"]
    left = folder / "26000101.kpc"
    left.touch()
    with pytest.raises(Refused, match="files of batch 1 20260001 lie in"):
        discard_aborted(pair.lab, 1)
    left.unlink()
    with pytest.raises(NotAllowed):
        discard_aborted(hands(pair.lab, "NO", {11}), 1)
    discard_aborted(hands(pair.lab, "YE", {11, 26}), 1)
    assert pair.batch_status() == 21
    assert transmit(hands(pair.lab, "AL"))["complete"]
    assert broken_checks(pair.lab) == {}
