"""What the bank says later of accounts and of the client's configuration, and what orders become by it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from bankklient_lab.access.configuration import setting
from bankklient_lab.access.logins import caller_of, login
from bankklient_lab.access.users import set_password, users
from bankklient_lab.bank import Account
from bankklient_lab.errors import BadArgument, FormatError, Refused, UnknownName
from bankklient_lab.formats.bank_files import BankFile, write_file
from bankklient_lab.formats.client_accounts import AuthorizedPerson, read_accounts, read_parameters, write_accounts
from bankklient_lab.keys.points import change_connection_point, connection_points
from bankklient_lab.orders.accounts import own_accounts
from bankklient_lab.sealing.configuration import ClientAccount
from tests.access.people import PASSWORD, with_users
from tests.balancing.labs import OWN_POINT
from tests.exchange.labs import Pair
from tests.exchange.test_bank_codebooks import receive_only
from tests.exchange.test_receiving import arrive
from tests.orders.labs import SAVINGS, created, status

SAVINGS_IBAN = "CZ4906000000000150000030"
NEW = "CZ6206000000000150000049"
TWO_BANKS = b"""account,currency,name,position
CZ7706000006090150012947,CZK,Main,both
CZ6508000000192000145399,CZK,Not its,both
"""


def positions(pair: Pair) -> dict[str, str]:
    return {row["account"]: row["position"] for row in own_accounts.rows(pair.lab)}


@pytest.mark.spec("TRN-025", "TRN-050", "TRN-191")
def test_a_list_of_accounts_takes_the_place_of_the_one_here(pair: Pair) -> None:
    before = positions(pair)
    balanced = created(pair.lab, own_account=SAVINGS)
    (batch,) = pair.balance()["batches"]
    waiting = created(pair.lab, own_account=SAVINGS, variable_symbol="77")
    pair.bank.close_account(SAVINGS_IBAN)
    pair.bank.open_account(Account(NEW, "CZK", "Reserve", OWN_POINT, opening=Decimal(5), debit=False))
    pair.bank.send_accounts(OWN_POINT)
    receive_only(pair)
    after = positions(pair)
    assert (after[SAVINGS_IBAN], after[NEW]) == ("none", "credit")
    assert {name: after[name] for name in before.keys() - {SAVINGS_IBAN}}.keys() == before.keys() - {SAVINGS_IBAN}
    assert (status(pair.lab, waiting), status(pair.lab, balanced)) == ("E", "NS")
    ((state, note),) = pair.received(9)
    assert state == 14
    assert f"{SAVINGS_IBAN} is not on the bank's list any more" in note
    assert f"batch 1 {batch['batch_order']}, which is not sent, has orders that fail now: {balanced};" in note
    pair.bank.open_account(Account(NEW[:-2] + "57", "CZK", "Elsewhere"))  # of somebody else: no word of it
    pair.bank.send_accounts(OWN_POINT)
    receive_only(pair)
    assert positions(pair) == after
    assert pair.logged("bank_sends_accounts") == ["accounts.csv", "accounts.csv"]


@pytest.mark.spec("TRN-044", "TRN-050")
def test_a_later_configuration_replaces_what_the_bank_says_of_itself(pair: Pair) -> None:
    change_connection_point(pair.lab, "bank", channel="https", settings={"address": "https://old.example"})
    waiting = created(pair.lab, own_account=SAVINGS)
    pair.bank.parameters = replace(pair.bank.parameters, name="Bank of <b>Tomorrow</b>")
    pair.bank.close_account(SAVINGS_IBAN)
    pair.bank.send_configuration(OWN_POINT, address="https://new.example")
    receive_only(pair)
    ((state, _),) = pair.received(10)
    assert state == 14
    assert (setting(pair.lab, "bank_code"), setting(pair.lab, "client_name")) == ("0600", "Client")
    (bank,) = [row for row in connection_points.rows(pair.lab) if row["role"] == "bank"]
    assert (bank["name"], json.loads(bank["settings"])["address"]) == ("Bank of <b>Tomorrow</b>", "https://new.example")
    assert positions(pair)[SAVINGS_IBAN] == "none"
    assert status(pair.lab, waiting) == "E"
    pair.bank.send_configuration(OWN_POINT)
    receive_only(pair)
    (bank,) = [row for row in connection_points.rows(pair.lab) if row["role"] == "bank"]
    assert json.loads(bank["settings"])["address"] == "https://new.example"


@pytest.mark.spec("ADM-034", "TRN-044")
def test_authorized_persons_come_change_and_go_with_the_configuration(pair: Pair) -> None:
    lab, bank = pair.lab, pair.bank

    def told(*persons: AuthorizedPerson) -> dict[str, tuple[str, str, str, bool]]:
        for person in persons:
            bank.authorize_person(OWN_POINT, person)
        bank.send_configuration(OWN_POINT)
        receive_only(pair)
        return {
            row["user"]: (row["kind"], row["role"], row["first_name"], row["valid"])
            for row in users.rows(lab) if row["user"].startswith("#")
        }  # fmt: skip

    ann = AuthorizedPerson("#Ann", "#A", "SUPERUSER", "Ann", "Young", "601")
    assert told(ann) == {}  # nobody could log in as the first user any more
    assert "#Ann is not added: set a password of your own first" in pair.received(10)[-1][1]
    pair.lab = lab = with_users(lab, otto="USER")
    assert told(ann) == {"#Ann": ("authorized", "SUPERUSER", "Ann", True)}
    petr = AuthorizedPerson("#Petr", "&P")
    set_password(lab, "#Ann", PASSWORD)
    assert told(ann._replace(first_name="Anna", role="VIEW"), petr) == {
        "#Ann": ("authorized", "SUPERUSER", "Anna", True), "#Petr": ("authorized", "INITIATE", "", True),
    }  # fmt: skip
    hers = login(lab, "#Ann", PASSWORD)["session"]
    bank.withdraw_person(OWN_POINT, "#Ann")
    assert told()["#Ann"] == ("authorized", "SUPERUSER", "Anna", False)
    assert caller_of(lab, hers) is None
    assert told(ann)["#Ann"] == ("authorized", "SUPERUSER", "Ann", True)
    with pytest.raises(UnknownName):
        bank.withdraw_person(OWN_POINT, "#Eva")
    for wrong in (AuthorizedPerson("Eva", "#E"), AuthorizedPerson("#Eva", "EE"), AuthorizedPerson("#Eva", "&P")):
        with pytest.raises(BadArgument):
            bank.authorize_person(OWN_POINT, wrong)
    told(AuthorizedPerson("#Eva", "#E", "BOSS"))
    assert "BOSS" in pair.received(10)[-1][1]
    assert "#Eva" not in [row["user"] for row in users.rows(lab)]


@pytest.mark.parametrize(
    ("batch_type", "name", "content", "why"),
    [
        (9, "accounts.csv", b"account,currency,name,position\n", "no account"),
        (9, "accounts.csv", b"account,currency,name\nCZ7706000006090150012947,CZK,Main\n", "header"),
        (9, "accounts.csv", b"account,currency,name,position\nCZ77060'0--,CZK,Main,both\n", "line 2"),
        (9, "accounts.csv", b"account,currency,name,position\nCZ7706000006090150012947,CZK,Main,all\n", "position"),
        (9, "accounts.csv", TWO_BANKS, "accounts of other banks: 0600, 0800"),
        (9, "configuration.csv", b"parameter,value\n", "accounts.csv"),
        (10, "configuration.csv", b"parameter,value\npassword,x\n", "parameter"),
        (10, "configuration.csv", b"parameter,value\naddress,javascript:1\n", "address"),
    ],
)
def test_a_wrong_list_is_refused_with_its_place_and_leaves_all_as_it_was(
    pair: Pair, batch_type: int, name: str, content: bytes, why: str
) -> None:
    change_connection_point(pair.lab, "bank", channel="https", settings={"address": "https://old.example"})
    before = (positions(pair), connection_points.rows(pair.lab))
    arrive(pair, batch_type, 1, write_file(BankFile(name, content)))
    receive_only(pair)
    ((state, note),) = pair.received(batch_type)
    assert (state, why in note) == (13, True), note
    assert (positions(pair), connection_points.rows(pair.lab)) == before


def test_what_is_written_reads_back_and_nobody_is_told_of_nothing(pair: Pair) -> None:
    given = [ClientAccount(SAVINGS_IBAN, "CZK", 'Savings, "old"; ž', "both"), ClientAccount(NEW, "EUR", "", "none")]
    assert read_accounts(write_accounts(given)) == given
    with pytest.raises(FormatError, match="each account once"):
        read_accounts(write_accounts([*given, given[0]]))
    with pytest.raises(FormatError, match="once"):
        read_parameters(BankFile("configuration.csv", b"parameter,value\nbank_name,A\nbank_name,B\n"))
    with pytest.raises(UnknownName):
        pair.bank.send_accounts(OWN_POINT + 7)
    pair.bank.register_client(OWN_POINT + 7, "Nobody")
    with pytest.raises(Refused, match="no account"):
        pair.bank.send_accounts(OWN_POINT + 7)
