"""What was confirmed is provably what an order says: digests, signatures, and the invariants over all orders."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bankklient_lab.access.configuration import configure
from bankklient_lab.errors import BadArgument, NotAllowed, Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.confirmation import cancel_confirmation, confirm_and_sign, include_orders
from bankklient_lab.orders.content import canonical, checked_row
from bankklient_lab.orders.creating import correct_order
from bankklient_lab.orders.evidence import order_evidence
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.signing import create_personal_key, personal_keys, withdraw_personal_key
from bankklient_lab.store.order_checks import ORDER_CHECKS
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, broken_checks, created, hands, status
from tests.orders.rules import Values

PASSWORD, OTHER = "Correct-Horse-7x", "Wrong-Horse-7x"


@pytest.fixture
def three(company: Lab) -> list[int]:
    """Return a verified payment and collection and a foreign payment that is confirmed once."""
    clerk = hands(company, "CD", {51, 61, 76, 120, 125, 130, 135, 136})
    return [created(clerk, DOMESTIC), created(clerk, COLLECTION), created(clerk, FOREIGN)]


def confirmer(lab: Lab, reference: str = "AB") -> Lab:
    return hands(lab, reference, {71, 131, 141, 156})


def test_the_canonical_text_is_what_the_order_means(company: Lab) -> None:
    order = created(company, amount="1 500,5", client_message="a=b\nsecond")
    kind = kind_named(DOMESTIC)
    ((text, digest),) = company.rows(f"SELECT {canonical(kind)}, digest FROM {kind.table}")
    assert text.splitlines() == [
        "kind=domestic_payment", "debit_account_prefix=609", "debit_account_base=150012947", "debit_bank=0600",
        "credit_account_prefix=19", "credit_account_base=2000145399", "credit_bank=0800",
        "credit_variable_symbol=2026001", "maturity_date=2026-11-22", "amount=1500.500", "currency=CZK",
        "client_message_line_1=a=b", "client_message_line_2=second",
    ]  # fmt: skip
    assert digest == hashlib.sha256(text.encode()).hexdigest()
    assert order_evidence(company, order)["digest"] == digest


LOOK_ALIKE: list[tuple[str, Values, Values]] = [
    (FOREIGN, {"agreed_rate_marked": "maybe\nclient_transaction_id=X"},
     {"agreed_rate_marked": "maybe", "client_transaction_id": "X"}),
    (FOREIGN, {"agreed_rate_marked": "yes"}, {"agreed_rate_marked": "true?"}),
    (FOREIGN, {"amount": "x\ncurrency=EUR"}, {"amount": "x", "currency": "EUR"}),
    (FOREIGN, {"recipient_line_1": "a\nb"}, {"recipient_line_1": "a\\nb"}),
    (FOREIGN, {"recipient_line_1": "a\\\nb"}, {"recipient_line_1": "a\\\\nb"}),
    (DOMESTIC, {"client_message_line_1": "a\nclient_message_line_2=b"},
     {"client_message_line_1": "a", "client_message_line_2": "b"}),
    (DOMESTIC, {"maturity_date": "2026-11-22"}, {"maturity_date": "2026-11-22 ?"}),
    (COLLECTION, {"constant_symbol": ""}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "one", "other"), LOOK_ALIKE)
def test_two_contents_never_have_one_canonical_text(company: Lab, kind: str, one: Values, other: Values) -> None:
    declared = kind_named(kind)
    today = date(2026, 11, 22)
    with company.database.reading() as cursor:
        rows = [
            checked_row(company, cursor, declared, texts, today=today, origin="creation", created_on=today)
            for texts in (one, other)
        ]
        digests = {
            cursor.execute(
                f"SELECT sha256({canonical(declared)}) FROM (SELECT {', '.join(f'${c} AS {c}' for c in row)})", row
            ).fetchone()
            for row in [{name: row[name] for name in declared.columns()} for row in rows]
        }
    assert len(digests) == 2


@pytest.mark.spec("BAS-089", "BAS-213")
def test_the_step_of_a_correction_has_the_digest_of_what_the_order_says_then(company: Lab) -> None:
    order = created(company)
    correct_order(company, order, {"amount": "2"})
    steps = company.rows("SELECT version, action, digest FROM ops.order_step ORDER BY version")
    ((now,),) = company.rows("SELECT digest FROM ops.domestic_order")
    assert [(version, action) for version, action, _ in steps] == [(1, "create"), (2, "correct")]
    assert steps[0][2] != steps[1][2] == now


def test_a_signed_confirmation_is_verified_by_anybody_with_the_public_key(company: Lab, three: list[int]) -> None:
    mine = confirmer(company)
    fingerprint = create_personal_key(mine, PASSWORD)["fingerprint"]
    assert confirm_and_sign(mine, three, PASSWORD)["done"] == 3
    assert [status(company, one) for one in three] == ["F", "F", "F2"]
    ((key_id, public),) = [(row["key_id"], row["public_key"]) for row in personal_keys.rows(mine)]
    assert hashlib.sha256(b64decode(public)).hexdigest().startswith(fingerprint.replace(" ", ""))
    for order in three:
        found = order_evidence(mine, order)
        assert found["confirmed"]
        last = found["confirmations"][-1]
        assert (last["done_by"], last["channel"], last["signature"]) == ("AB", "api", "valid")
        ((signature, version),) = company.rows(
            "SELECT signature, version FROM ops.order_step WHERE order_id = $o AND action = 'confirm'", {"o": order}
        )
        number, _, text = signature.partition(":")
        assert int(number) == key_id
        said = f"bankklient_lab confirmation 1\norder={order}\nversion={version}\nsha256={found['digest']}\n"
        Ed25519PublicKey.from_public_bytes(b64decode(public)).verify(b64decode(text), said.encode())
    foreign = order_evidence(mine, three[2])["confirmations"]
    assert [(one["done_by"], one["signature"]) for one in foreign] == [("CD", ""), ("AB", "valid")]


def test_included_orders_keep_their_evidence_and_cancelled_ones_lose_it(company: Lab, three: list[int]) -> None:
    mine = confirmer(company)
    create_personal_key(mine, PASSWORD)
    confirm_and_sign(mine, three, PASSWORD)
    withdraw_personal_key(mine)
    include_orders(hands(company, "IN", {16}), three[:1])
    assert order_evidence(mine, three[0])["confirmed"]
    cancel_confirmation(mine, three[1:])
    assert order_evidence(mine, three[1]) == {
        "confirmed": False, "digest": order_evidence(mine, three[1])["digest"], "confirmations": [],
    }  # fmt: skip
    with pytest.raises(Refused, match="make one first"):
        confirm_and_sign(mine, three[1:], PASSWORD)
    with pytest.raises(Refused, match="no key"):
        withdraw_personal_key(mine)


@pytest.mark.parametrize(
    ("kind", "numbers"), [(DOMESTIC, {56, 76, 81}), (COLLECTION, {56, 76, 81}), (FOREIGN, {121, 132, 135, 136})]
)
def test_a_correction_that_confirms_by_itself_is_evidence_of_what_the_order_says_then(
    company: Lab, kind: str, numbers: set[int]
) -> None:
    one, other = hands(company, "AA", numbers), hands(company, "BB", numbers)
    order = created(one, kind)
    correct_order(other, order, {"amount": "2"})
    correct_order(one, order, {"amount": "3"})
    include_orders(hands(company, "IN", {16}), [order])
    found = order_evidence(hands(company, "CC", {141, 156}), order)
    assert found["confirmed"]
    assert [(step["done_by"], step["digest"]) for step in found["confirmations"]] == [("AA", found["digest"])]


@pytest.mark.parametrize(
    ("tampered", "name"),
    [
        ("UPDATE ops.domestic_order SET amount_value = 9, amount = '9' WHERE order_id = $o", "order_digests"),
        ("UPDATE ops.order_step SET digest = 'x' WHERE order_id = $o AND action = 'confirm'", "orders_as_confirmed"),
        ("UPDATE ops.order_step SET signature = '1:' || repeat('A', 86) || '=='"
         " WHERE order_id = $o AND action = 'confirm'", ""),
        ("UPDATE ops.order_step SET signature = (SELECT max(signature) FROM ops.order_step WHERE order_id <> $o)"
         " WHERE order_id = $o AND action = 'confirm'", ""),
        ("UPDATE ops.order_step SET signature = '99' || substr(signature, 2) WHERE order_id = $o", ""),
    ],
)  # fmt: skip
def test_what_was_changed_behind_the_back_shows(company: Lab, three: list[int], tampered: str, name: str) -> None:
    mine = confirmer(company)
    create_personal_key(mine, PASSWORD)
    confirm_and_sign(mine, three, PASSWORD)
    assert broken_checks(company) == {}
    with company.database.tx("ops") as cursor:
        cursor.execute(tampered, {"o": three[0]})
    assert not order_evidence(mine, three[0])["confirmed"]
    assert order_evidence(mine, three[1])["confirmed"]
    assert broken_checks(company).keys() == ({name} if name else set())


@pytest.mark.spec("ADM-152")
def test_wrong_passwords_sign_nothing_and_are_counted(company: Lab, three: list[int]) -> None:
    mine = confirmer(company)
    create_personal_key(mine, PASSWORD)
    for _ in range(2):
        with pytest.raises(Refused, match="not right; nothing was signed"):
            confirm_and_sign(mine, three, OTHER)
    assert confirm_and_sign(mine, three[:1], PASSWORD)["done"] == 1  # the right one resets the count
    for _ in range(3):
        with pytest.raises(Refused, match="not right"):
            confirm_and_sign(mine, three[1:], OTHER)
    with pytest.raises(Refused, match="blocked after 3 wrong passwords"):
        confirm_and_sign(mine, three[1:], PASSWORD)
    assert [status(company, one) for one in three] == ["F", "V", "F1"]
    configure(hands(company, "AD"), {"signature_attempts": 4})
    assert confirm_and_sign(mine, three[1:], PASSWORD)["done"] == 2
    assert company.rows("SELECT count(*) FROM ops.log WHERE action = 'signature_refused'") == [(5,)]


@pytest.mark.spec("ADM-241")
def test_a_right_that_is_taken_away_while_the_key_is_opened_confirms_nothing(company: Lab, three: list[int]) -> None:
    create_personal_key(confirmer(company), PASSWORD)
    mine = hands(company, "AB", {156})  # after the call was admitted
    with pytest.raises(NotAllowed):
        confirm_and_sign.function(mine, three, PASSWORD)
    assert [status(company, one) for one in three] == ["V", "V", "F1"]


def test_a_key_is_of_one_user_and_its_password_is_kept_nowhere(company: Lab, three: list[int]) -> None:
    mine, other = confirmer(company), confirmer(company, "EF")
    with pytest.raises(BadArgument, match="too weak"):
        create_personal_key(mine, "short")
    create_personal_key(mine, PASSWORD)
    with pytest.raises(Refused, match="you have no key"):
        confirm_and_sign(other, three, PASSWORD)
    create_personal_key(other, OTHER)
    create_personal_key(mine, "Another-Horse-8y")  # in place of the first one
    with pytest.raises(Refused, match="not right"):
        confirm_and_sign(mine, three, PASSWORD)
    assert [(row["reference"], row["withdrawn_at"] is None) for row in personal_keys.rows(mine)] == [
        ("AB", False), ("EF", True), ("AB", True),
    ]  # fmt: skip
    assert company.rows("SELECT private_key FROM ops.personal_key WHERE withdrawn_at IS NOT NULL") == [("",)]
    company.database.checkpoint()
    kept = Path(company.path).read_bytes()
    for secret in (PASSWORD, OTHER, "Another-Horse-8y"):
        assert secret.encode() not in kept


PLANTED: list[tuple[str, set[str], str]] = [
    ("order_statuses", {"order_steps", "order_marks"}, "UPDATE ops.domestic_order SET status = 'F2'"),
    ("order_statuses", {"order_steps"}, "UPDATE ops.foreign_order SET status = 'F'"),
    ("order_statuses", {"order_steps", "order_marks"}, "UPDATE ops.foreign_order SET status = 'XX'"),
    ("order_statuses", set(), "UPDATE ops.domestic_order SET errors = '83' WHERE kind = 'domestic_payment'"),
    ("order_statuses", {"order_steps", "order_marks"}, "UPDATE ops.domestic_order SET status = 'E'"),
    ("order_marks", set(), "UPDATE ops.foreign_order SET confirmed_by = NULL"),
    ("order_marks", set(), "UPDATE ops.domestic_order SET verified_by = NULL"),
    ("order_marks", set(), "UPDATE ops.domestic_order SET confirmed_by = 'AB'"),
    ("order_marks", set(), "UPDATE ops.foreign_order SET confirmed_again_by = 'AB'"),
    ("order_numbers", set(), "UPDATE ops.order_number SET last = 2"),
    ("order_numbers", set(), "DELETE FROM ops.order_number"),
    ("order_steps", {"orders_as_confirmed"}, "DELETE FROM ops.order_step WHERE version = 1"),
    ("order_steps", set(), "DELETE FROM ops.foreign_order"),
    ("order_steps", set(), "UPDATE ops.foreign_order SET version = 3"),
    ("order_steps", set(), "INSERT INTO ops.order_step SELECT * REPLACE (2 AS version) FROM ops.order_step"),
    ("order_steps", set(), "UPDATE ops.order_step SET status = 'F' WHERE status = 'V'"),
    ("orders_as_confirmed", {"order_digests"}, "UPDATE ops.foreign_order SET digest = 'x'"),
    ("order_digests", set(), "UPDATE ops.domestic_order SET client_message_line_1 = 'x'"),
    ("order_digests", set(), "UPDATE ops.foreign_order SET recipient_account = 'DE02120300000000202051'"),
]


@pytest.mark.parametrize(("name", "also", "sql"), PLANTED)
def test_a_planted_violation_is_found(company: Lab, three: list[int], name: str, also: set[str], sql: str) -> None:
    assert broken_checks(company) == {}
    with company.database.tx("ops") as cursor:
        cursor.execute(sql)
    found: dict[str, Any] = broken_checks(company)
    assert name in found
    assert found[name]
    assert set(found) <= {name, *also}


def test_every_invariant_of_orders_has_a_violation() -> None:
    assert {name for name, _, _ in PLANTED} == {check.name for check in ORDER_CHECKS} | {"order_digests"}
