"""Messages of services: both ways the same, and what is none of them is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.batches import DECLARATION, Message
from bankklient_lab.formats.services import (
    LIST_MESSAGE,
    REQUEST_MESSAGE,
    STATE_MESSAGE,
    ServiceList,
    ServiceRecord,
    ServiceRequest,
    ServiceState,
    read_records,
    read_requests,
    read_states,
    write_records,
    write_requests,
    write_states,
)
from tests.faults.mutate import mutated

ITEMS = {
    "own_account": "CZ7706000006090150012947", "counter_account": "CZ6508000000192000145399", "amount": "100.00",
    "valid_from": "2026-12-01", "period": "month", "frequency": "2", "order_name": "Rent & <more>",
}  # fmt: skip
REQUESTS = [
    ServiceRequest(1, "standing_order", "new", "", ITEMS),
    ServiceRequest(2, "standing_order", "correction", "SO17", {"amount": "1.00", "variable_symbol": ""}),
    ServiceRequest(999_999_999, "permitted_collection", "revocation", "PC1", {}),
]
STATES = [ServiceState(1, "OK", "SO17"), ServiceState(2, "ER", "SO17", 208, "no <such> order")]
LISTED = ServiceList(
    "standing_order", datetime(2026, 11, 23, 9, tzinfo=UTC),
    [ServiceRecord("SO1", "valid", True, ITEMS), ServiceRecord("SO2", "ended", False, ITEMS)],
)  # fmt: skip
MESSAGES: dict[str, tuple[Message, Callable[[Message], Any]]] = {
    REQUEST_MESSAGE: (write_requests(REQUESTS), read_requests),
    STATE_MESSAGE: (write_states(STATES), read_states),
    LIST_MESSAGE: (write_records(LISTED), read_records),
}


def test_each_is_read_as_it_was_written() -> None:
    assert [read(message) for message, read in MESSAGES.values()] == [REQUESTS, STATES, LISTED]
    empty = LISTED._replace(records=[])
    assert read_records(write_records(empty)) == empty


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (REQUEST_MESSAGE, 'number="1"', 'number="0"', "up to 9 digits"),
        (REQUEST_MESSAGE, 'number="2"', 'number="1"', "comes twice"),
        (REQUEST_MESSAGE, 'kind="standing_order"', 'kind="loan"', "a kind of request"),
        (REQUEST_MESSAGE, 'request="new"', 'request="old"', "a request is"),
        (REQUEST_MESSAGE, 'request="new"', 'request="new" record="SO1"', "for a new one none"),
        (REQUEST_MESSAGE, ' record="PC1"', "", "names the record"),
        (REQUEST_MESSAGE, 'record="PC1"', 'record="../x"', "two letters and a number"),
        (REQUEST_MESSAGE, "100.00", "100", "two decimals"),
        (REQUEST_MESSAGE, "100.00", "0.00", "above 0"),
        (REQUEST_MESSAGE, "2026-12-01", "1.12.2026", "2026-11-23"),
        (REQUEST_MESSAGE, "CZ6508000000192000145399", "CZ6608000000192000145399", "IBAN"),
        (REQUEST_MESSAGE, "CZ7706000006090150012947", "DE7706000006090150012947", "IBAN"),
        (REQUEST_MESSAGE, '"period">month', '"period">week', "one of"),
        (REQUEST_MESSAGE, '<Item name="amount">100.00</Item>', "", "is missing"),
        (REQUEST_MESSAGE, '<Item name="amount">1.00', '<Item name="period">day', "does not say it there"),
        (REQUEST_MESSAGE, '<Item name="variable_symbol">', '<Item name="amount">', "stands once, with a text"),
        (REQUEST_MESSAGE, "Rent", "Rent <b/>", "stands once, with a text"),
        (STATE_MESSAGE, 'status="OK"', 'status="XX"', "OK, ER or DE"),
        (STATE_MESSAGE, 'code="208"', 'code="2"', "three digits"),
        (STATE_MESSAGE, "no ", "x" * 141, "up to 140 characters"),
        (LIST_MESSAGE, "+00:00", "", "with its zone"),
        (LIST_MESSAGE, 'state="valid"', 'state="new"', "has a state"),
        (LIST_MESSAGE, 'changeable="true"', 'changeable="yes"', "can be changed"),
        (LIST_MESSAGE, 'name="SO2"', 'name="SO1"', "comes twice"),
        (LIST_MESSAGE, "<Record ", "<Other ", "a list has records"),
        (LIST_MESSAGE, "</List>", '</List><List kind="standing_order" at="2026-11-23T09:00:00+00:00"/>', "one List"),
    ],
)
def test_what_is_wrong_is_refused(name: str, old: str, new: str, says: str) -> None:
    message, read = MESSAGES[name]
    content = message.content.decode()
    assert old in content
    changed = content.replace(old, new, 1).replace("</Record>", "</Other>" if new == "<Other " else "</Record>", 1)
    with pytest.raises(FormatError, match=says):
        read(Message(name, changed.encode()))


@pytest.mark.parametrize("name", list(MESSAGES))
def test_another_message_is_refused(name: str) -> None:
    _message, read = MESSAGES[name]
    for other, _ in MESSAGES.values():
        if other.name != name:
            with pytest.raises(FormatError):
                read(other)
    with pytest.raises(FormatError):
        read(Message(name, DECLARATION + f'<Document xmlns="urn:bankklient:message:{name}"/>'.encode()))


@pytest.mark.parametrize("name", list(MESSAGES))
def test_a_damaged_message_is_refused_or_says_what_its_kind_can_say(name: str) -> None:
    message, read = MESSAGES[name]
    refusals = []
    for number in range(300):
        content = mutated(message.content, number)
        try:
            read(Message(name, content))
        except FormatError as error:
            refusals.append(error.message)
    assert len(refusals) > 100
    assert not [one for one in refusals if "\n" in one]


def test_the_largest_list_is_read() -> None:
    records = [ServiceRecord(f"SO{n}", "valid", True, ITEMS) for n in range(1, 10_001)]
    assert len(read_records(write_records(LISTED._replace(records=records))).records) == 10_000
    with pytest.raises(FormatError, match="at most 10000"):
        read_records(write_records(LISTED._replace(records=[*records, records[0]._replace(name="SO0")])))


TERMS = {
    "contract_status": "A", "contract_number": "20001", "client_name": "Company", "contract_limit": "2000000.00",
    "limit_drawn": "0.00", "least_amount": "500000.00", "least_days": "3", "most_days": "365", "curfew": "16:00",
}  # fmt: skip
WITH_TERMS = ServiceList("forward_deal", datetime(2026, 11, 23, 9, tzinfo=UTC), [], TERMS)


def test_terms_are_told_whole_before_the_records() -> None:
    assert read_records(write_records(WITH_TERMS)) == WITH_TERMS
    for old, new, says in (
        ('<Item name="curfew">16:00</Item>', "", "told whole"),
        ("16:00", "25:99", "a time of day"),
        ('least_days">3', 'least_days">999', "more than most_days"),
        ('name="limit_drawn">0.00', 'name="limit_drawn">-1.00', "0 or more"),
        ('name="curfew"', 'name="amount"', "does not say it there"),
        ("</Terms>", "</Terms><Terms/>", "a list has records"),
    ):
        content = write_records(WITH_TERMS).content.decode()
        assert old in content
        with pytest.raises(FormatError, match=says):
            read_records(Message(LIST_MESSAGE, content.replace(old, new, 1).encode()))


DEAL = {
    "pair": "EUR/CZK", "deal_type": "sell", "own_account": "CZ8406002020160000303634", "amount": "1000000.00",
    "currency": "CZK", "maturity": "2027-02-23", "recipient": "own account",
    "recipient_account": "CZ7706000006090150012947", "agreement": "yes", "reference": "7", "forward_type": "standard",
    "stored_pair": "CZK/EUR", "second_amount": "40863.00", "second_currency": "EUR", "contract_rate": "0.040863",
    "dealt_on": "2026-11-23", "received_on": "2026-11-23",
}  # fmt: skip


def test_a_deal_says_what_follows_from_it() -> None:
    listed = WITH_TERMS._replace(records=[ServiceRecord("FW1", "valid", False, DEAL)])
    assert read_records(write_records(listed)) == listed
    for item, text in (
        ("currency", "EUR"), ("second_currency", "USD"), ("stored_pair", "EUR/CZK"), ("second_amount", "40863.01"),
        ("contract_rate", "0.040864"), ("amount", "9999999999999.00"), ("forward_type", "other"),
    ):  # fmt: skip
        wrong = listed._replace(records=[ServiceRecord("FW1", "valid", False, DEAL | {item: text})])
        with pytest.raises(FormatError):
            read_records(write_records(wrong))
    for item in ("currency", "second_amount", "reference"):
        less = {name: text for name, text in DEAL.items() if name != item}
        with pytest.raises(FormatError, match="missing"):
            read_records(write_records(listed._replace(records=[ServiceRecord("FW1", "valid", False, less)])))
