"""Balancing with a key of the client: its password is asked, tried and counted, before anything is done."""

from __future__ import annotations

import pytest

from bankklient_lab.balancing.balance import balance, key_for_balancing
from bankklient_lab.errors import NotAllowed, Refused
from bankklient_lab.keys.creating import create_key
from bankklient_lab.lab import Lab
from bankklient_lab.orders.confirmation import include_orders
from bankklient_lab.sealing.certificates import read_certificate
from bankklient_lab.sealing.container import check_signature
from tests.balancing.labs import agreed, payload
from tests.orders.labs import broken_checks, created, hands, status

PASSWORD = "Eight-8x"


@pytest.mark.spec("BAL-004")
def test_without_a_key_nothing_is_balanced(company: Lab) -> None:
    order = created(company)
    with pytest.raises(Refused, match="nothing is balanced without one"):
        key_for_balancing(company)
    with pytest.raises(Refused, match="nothing is balanced without one"):
        balance(company, agreed(company), PASSWORD)
    assert status(company, order) == "F"


@pytest.mark.spec("BAL-044", "BAL-045")
def test_the_password_of_the_key_is_tried_before_anything_is_done(company: Lab) -> None:
    order = created(company)
    key = create_key(company, "operational", PASSWORD)
    assert key_for_balancing(company) == {
        "key_id": key["key_id"],
        "title": f"operational key {key['key_order']}",
        "card": "",
    }
    with pytest.raises(Refused, match="is not right; tries left: 2"):
        balance(company, agreed(company), "Wrong-8x")
    assert status(company, order) == "F"
    made = balance(company, agreed(company), PASSWORD)
    assert (made["orders"], status(company, order)) == (1, "NS")
    ((signature, sha256, certificate),) = company.rows(
        "SELECT signature, payload_sha256, certificate FROM ops.batch JOIN ops.batch_signature USING (batch_id)"
        " JOIN ops.key USING (key_id)"
    )
    own = read_certificate(certificate)
    trust = {own.fingerprint: own}.get
    identity = payload(company, made["batches"][0]["batch_id"]).identity
    signer = check_signature(signature, identity, bytes.fromhex(sha256), trust=trust, at=company.clock())
    assert signer == own.fingerprint
    created(company, amount="2")
    for left in (2, 1):
        with pytest.raises(Refused, match=f"tries left: {left}"):
            balance(company, agreed(company), "Wrong-8x")
    with pytest.raises(Refused, match=r"connection point 20001, operational key \d{8}, was wrong 3 times"):
        balance(company, agreed(company), "Wrong-8x")
    with pytest.raises(Refused, match="after the number of attempts is raised"):
        balance(company, agreed(company), PASSWORD)
    assert company.rows("SELECT count(*) FROM ops.log WHERE action = 'key_password_wrong'") == [(4,)]
    assert broken_checks(company) == {}


@pytest.mark.spec("BAL-003")
def test_who_may_not_balance_is_told_before_the_password_counts(company: Lab) -> None:
    create_key(company, "operational", PASSWORD)
    include_orders(company, [created(company)])
    complete, included, nobody = (hands(company, who, held) for who, held in (("CO", {11}), ("IN", {16}), ("NO", {26})))
    for lab, which in ((complete, "included"), (included, "complete"), (nobody, "complete")):
        with pytest.raises(NotAllowed):
            balance(lab, {"domestic_orders": ""}, "Wrong-8x", which=which)
    assert company.rows("SELECT failed_tries FROM ops.key") == [(0,)]
    assert balance(included, agreed(included, "included"), PASSWORD, which="included")["orders"] == 1
