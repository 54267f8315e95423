"""Messages from the bank and to it: kept, seen by who may, read by each user, answered, and what became of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bankklient_lab.balancing.making import make_batches
from bankklient_lab.balancing.summaries import balancing_types
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.bank import Taken, Wanted
from bankklient_lab.bank.faults import Fault
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.exchange.messages import (
    bank_message_attachment,
    bank_messages,
    delete_bank_message,
    read_bank_message,
)
from bankklient_lab.exchange.replies import change_message, client_messages, withdraw_message, write_to_bank
from bankklient_lab.formats.bank_files import BankFile
from bankklient_lab.formats.letters import Letter, write_letter
from tests.balancing.labs import OWN_POINT, a_signer, agreed, balanced
from tests.bank.banks import a_world
from tests.exchange.labs import Pair, a_bank, by_folder
from tests.exchange.test_receiving import arrive
from tests.orders.labs import broken_checks, hands

HOURS = Wanted("Opening hours", "We close at <b>five</b>.", kind="notice")


def received(pair: Pair, *wanted: Wanted) -> None:
    """Let the bank send messages and the client take them over."""
    for one in wanted:
        pair.bank.send_message(one)
    told = pair.transmit()
    assert told["complete"], told["message"]


def statuses(pair: Pair) -> list[str]:
    return [row["status"] for row in client_messages.rows(pair.lab)]


@pytest.mark.spec("TRN-042", "BNK-125", "BNK-126", "BNK-130", "BNK-132", "BNK-133")
def test_a_message_is_kept_with_all_that_the_bank_says_of_it(pair: Pair) -> None:
    file = BankFile("terms.pdf", bytes(range(256)))
    received(
        pair, HOURS,
        Wanted("New terms", "Read them.", client=OWN_POINT, reply="many", until=date(2026, 11, 23), attachment=file),
    )  # fmt: skip
    second, first = bank_messages.rows(pair.lab)
    assert (first["subject"], first["individual"], first["has_attachment"], first["valid_until"]) == (
        "Opening hours", False, False, None,
    )  # fmt: skip
    assert (second["individual"], second["has_attachment"], second["reply"], second["replies"], second["kind"]) == (
        True, True, "many", 0, "",
    )  # fmt: skip
    assert first["received_at"] == first["sent_at"] == pair.clock()
    assert [row["message_id"] for row in bank_messages.rows(pair.lab, "notice")] == [first["message_id"]]
    assert bank_message_attachment(pair.lab, second["message_id"]) == file.content
    with pytest.raises(UnknownName):
        bank_message_attachment(pair.lab, first["message_id"])
    assert not second["expired"]
    pair.later(days=1)
    assert [row["expired"] for row in bank_messages.rows(pair.lab)] == [True, False]


@pytest.mark.spec("TRN-042")
def test_a_batch_of_several_messages_keeps_each_once(pair: Pair) -> None:
    letters = [write_letter(Letter(number, f"No {number}", "Text", pair.clock())) for number in (1, 2, 1)]
    arrive(pair, 8, 1, *letters)
    pair.transmit()
    assert [row["subject"] for row in bank_messages.rows(pair.lab)] == ["No 2", "No 1"]
    assert pair.received(8) == [(14, "message 1 of the bank is here already")]


@pytest.mark.spec("BNK-131")
def test_text_is_text_and_html_runs_nothing(pair: Pair) -> None:
    received(pair, HOURS, HOURS._replace(html=True, text="We close at <b>five</b>.<img src=x onerror=alert(1)>"))
    html, text = (read_bank_message(pair.lab, row["message_id"]) for row in bank_messages.rows(pair.lab))
    assert (text["text"], text["shown"]) == ("We close at <b>five</b>.", "")
    assert html["shown"] == "We close at <b>five</b>."


@pytest.mark.spec("BNK-128", "BNK-005", "SRV-327")
def test_each_user_reads_for_themselves_and_needs_no_permission_for_it(pair: Pair) -> None:
    received(pair, HOURS)
    one, other = hands(pair.lab, "AA", ()), hands(pair.lab, "BB", ())
    (row,) = bank_messages.rows(one)
    assert (row["unread"], row["read_by"]) == (True, 0)
    read_bank_message(one, row["message_id"])
    assert read_bank_message(one, row["message_id"])["read_by"] == 1
    assert [(row["unread"], row["read_by"]) for row in bank_messages.rows(one)] == [(False, 1)]
    assert [(row["unread"], row["read_by"]) for row in bank_messages.rows(other)] == [(True, 1)]


@pytest.mark.spec("BNK-129", "BAS-199")
def test_a_confidential_message_does_not_exist_for_who_may_not_see_it(pair: Pair) -> None:
    received(pair, HOURS._replace(confidential=True, reply="many", attachment=BankFile("a.txt", b"a")))
    (row,) = bank_messages.rows(hands(pair.lab, "AA", {245}))
    assert row["confidential"]
    number = row["message_id"]
    none = hands(pair.lab, "BB", {246})
    assert bank_messages.rows(none) == []
    for call in (read_bank_message, bank_message_attachment, delete_bank_message):
        with pytest.raises(UnknownName):
            call(none, number)
    with pytest.raises(UnknownName):
        write_to_bank(none, "What is it?", reply_to=number)


@pytest.mark.spec("BNK-135")
def test_a_message_is_deleted_for_everybody_and_stays_away(pair: Pair) -> None:
    received(pair, HOURS)
    (row,) = bank_messages.rows(pair.lab)
    delete_bank_message(pair.lab, row["message_id"])
    pair.transmit()
    assert (bank_messages.rows(pair.lab), pair.logged("delete_bank_message")) == ([], [str(row["message_id"])])
    with pytest.raises(UnknownName):
        read_bank_message(pair.lab, row["message_id"])


@pytest.mark.spec("BNK-137", "BNK-139", "BNK-140", "SRV-299", "SRV-322", "SRV-324", "SRV-325")
def test_a_message_is_answered_as_often_as_it_takes_with_its_type_and_subject(pair: Pair) -> None:
    received(pair, HOURS, HOURS._replace(reply="one"), HOURS._replace(reply="many"))
    many, one, none = (row["message_id"] for row in bank_messages.rows(pair.lab))
    with pytest.raises(Refused, match="takes no reply"):
        write_to_bank(pair.lab, "Yes", reply_to=none)
    write_to_bank(pair.lab, "Yes", reply_to=one)
    with pytest.raises(Refused, match="has its reply"):
        write_to_bank(pair.lab, "No", reply_to=one)
    write_to_bank(pair.lab, "Yes", reply_to=many)
    write_to_bank(pair.lab, "No", subject="Or rather", reply_to=many)
    assert [(row["subject"], row["kind"], row["answers"]) for row in client_messages.rows(pair.lab)] == [
        ("Or rather", "notice", 3), ("RE Opening hours", "notice", 3), ("RE Opening hours", "notice", 2),
    ]  # fmt: skip
    assert [row["replies"] for row in bank_messages.rows(pair.lab)] == [2, 1, 0]
    with pytest.raises(NotAllowed):
        write_to_bank(hands(pair.lab, "AA", {245}), "Yes", reply_to=many)


def test_a_demanded_reply_that_was_discarded_is_written_anew(pair: Pair) -> None:
    received(pair, HOURS._replace(reply="one"))
    (asked,) = (row["message_id"] for row in bank_messages.rows(pair.lab))
    write_to_bank(pair.lab, "Yes", reply_to=asked)
    (gone,) = pair.balance()["batches"]
    with pytest.raises(Refused, match="has its reply"):
        write_to_bank(pair.lab, "No", reply_to=asked)
    discard_batch(pair.lab, gone["batch_id"])
    write_to_bank(pair.lab, "No", reply_to=asked)
    with pytest.raises(Refused, match="has its reply"):
        write_to_bank(pair.lab, "Yes", reply_to=asked)


@pytest.mark.spec("BNK-143", "SRV-306", "SRV-309")
def test_a_message_is_changed_and_withdrawn_until_a_batch_takes_it(pair: Pair) -> None:
    gone, kept = (write_to_bank(pair.lab, "Text", subject=name) for name in ("First", "Second"))
    stale = agreed(pair.lab)
    change_message(pair.lab, kept, "Other text", subject="Third")
    with pytest.raises(Refused, match="have changed"):
        make_batches(pair.lab, stale, a_signer(), which="complete")
    withdraw_message(pair.lab, gone)
    pair.balance()
    for call in (lambda: change_message(pair.lab, kept, "x", subject="y"), lambda: withdraw_message(pair.lab, kept)):
        with pytest.raises(Refused, match="is in a batch"):
            call()
    assert [(row["subject"], row["text"]) for row in client_messages.rows(pair.lab)] == [("Third", "Other text")]
    with pytest.raises(UnknownName):
        withdraw_message(pair.lab, gone)
    with pytest.raises(BadArgument):
        write_to_bank(pair.lab, "", subject="Empty")


def test_another_message_never_passes_for_one_that_was_withdrawn(pair: Pair) -> None:
    first = write_to_bank(pair.lab, "Text", subject="First")
    stale = agreed(pair.lab)
    withdraw_message(pair.lab, first)
    assert write_to_bank(pair.lab, "Another text", subject="Second") == first + 1
    with pytest.raises(Refused, match="have changed"):
        make_batches(pair.lab, stale, a_signer(), which="complete")


def test_the_bank_is_not_changed_to_a_folder_while_a_message_to_it_is_written(pair: Pair, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    written = write_to_bank(pair.lab, "Text", subject="First")
    with pytest.raises(Refused, match=f"message {written} is written for the bank's service"):
        by_folder(pair.lab, before)
    withdraw_message(pair.lab, written)
    by_folder(pair.lab, after)
    with pytest.raises(Refused, match="takes no messages"):
        write_to_bank(pair.lab, "Text", subject="First")


@pytest.mark.spec("BAL-022", "BAL-054")
@pytest.mark.spec("SRV-307", "BAL-001", "TRN-043", "BNK-144", "BNK-146", "BNK-147", "BNK-148", "BNK-149")
@pytest.mark.spec("SRV-310", "SRV-312", "SRV-313", "SRV-314", "SRV-315")
def test_each_message_goes_in_a_batch_of_its_own_and_the_bank_says_what_became_of_it(pair: Pair) -> None:
    received(pair, HOURS._replace(reply="one"))
    (asked,) = bank_messages.rows(pair.lab)
    write_to_bank(pair.lab, "X5O!P%@AP EICAR-STANDARD-ANTIVIRUS-TEST-FILE!", subject="Look")
    write_to_bank(pair.lab, "Thank you & bye", reply_to=asked["message_id"])
    ready = {row["record_type"]: (row["records"], row["batches"]) for row in balancing_types.rows(pair.lab)}
    assert ready["client_messages"] == (2, 2)
    made = balanced(pair.lab, a_signer())
    assert [(one["batch_type"], one["orders"]) for one in made["batches"]] == [(7, 1), (7, 1)]
    assert statuses(pair) == ["NS", "NS"]
    pair.later(hours=10)  # eight in the evening: the bank takes everything in and reads nothing
    pair.transmit()
    assert statuses(pair) == ["RV", "RV"]
    pair.later(hours=11)  # the next morning
    pair.transmit()
    assert statuses(pair) == ["PR", "ER"]
    assert [row["why"] for row in client_messages.rows(pair.lab)] == [None, "it carries a virus"]
    pair.later(days=1)
    pair.transmit()
    assert statuses(pair) == ["OK", "ER"]
    assert pair.bank.messages()[1] == Taken(OWN_POINT, 2, 1, "RE Opening hours", "Thank you & bye", "OK", "notice")
    assert broken_checks(pair.lab) == {}


@pytest.mark.spec("BAL-084", "BNK-145", "BNK-150", "SRV-311", "SRV-316")
def test_a_message_whose_batch_waits_at_the_bank_is_sent_and_one_discarded_is_deleted(pair: Pair) -> None:
    write_to_bank(pair.lab, "Text", subject="Discarded")
    (gone,) = pair.balance()["batches"]
    write_to_bank(pair.lab, "Text", subject="Sent")
    pair.balance()
    assert statuses(pair) == ["NS", "NS"]
    discard_batch(pair.lab, gone["batch_id"])
    assert statuses(pair) == ["NS", "DE"]
    pair.transmit(Fault.LOST)
    assert statuses(pair) == ["NS", "DE"]
    pair.transmit()
    assert statuses(pair) == ["PR", "DE"]
    pair.transmit()  # the bank has processed it
    write_to_bank(pair.lab, "Text", subject="Before its turn")
    pair.balance()
    pair.line.bank = a_bank(pair.clock)  # which lacks the batches before it
    pair.transmit()
    assert statuses(pair) == ["SE", "PR", "DE"]


def test_the_bank_sends_to_one_client_or_to_all_and_to_nobody_unknown() -> None:
    world = a_world()
    world.bank.send_message(HOURS)
    world.bank.send_message(HOURS._replace(client=20_002))
    assert [batch.identity.batch_type for batch in world.batches(20_001)] == [5]
    assert [batch.identity.batch_type for batch in world.batches(20_002)] == [5, 6]
    with pytest.raises(UnknownName):
        world.bank.send_message(HOURS._replace(client=20_003))
    with pytest.raises(BadArgument):
        world.bank.send_message(HOURS._replace(subject=""))
