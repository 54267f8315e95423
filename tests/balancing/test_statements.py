"""The balancing statement: of the last balancing and of an earlier batch, totals and orders."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bankklient_lab.balancing.making import Signer
from bankklient_lab.balancing.statements import balancing_statement, balancing_statement_totals
from bankklient_lab.errors import BadArgument, NotAllowed, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.reports.balancing import render_balancing_statement
from tests.balancing.labs import balanced
from tests.orders.labs import COLLECTION, FOREIGN, MAIN, SAVINGS, created, hands


@pytest.mark.spec("BAL-069", "TXN-130", "TXN-131", "TXN-132", "BAL-089", "ORD-349")
def test_the_statement_has_the_orders_of_the_last_balancing_or_of_a_batch(company: Lab, signer: Signer) -> None:
    assert balancing_statement.rows(company) == []
    first, foreign = created(company), created(company, FOREIGN)
    balanced(company, signer)
    urgent = created(company, express_payment=True, amount="9")
    last = [
        created(company, own_account=SAVINGS, amount="3"),
        created(company, COLLECTION),
        created(company, amount="4"),
    ]
    balanced(company, signer)
    rows = balancing_statement.rows(company)
    assert [(row["batch_order"], row["position"]) for row in rows] == [
        ("20260002", 1), ("20260003", 1), ("20260003", 2), ("20260003", 3),
    ]  # fmt: skip
    assert rows[0]["order_id"] == urgent
    assert sorted(row["order_id"] for row in rows[1:]) == last
    assert rows[0]["transmission_id"] == f"20001{urgent % 10**8:08}"
    totals = balancing_statement_totals.rows(company)
    assert [(row["own_account"], row["kind"], row["orders"], row["amount"]) for row in totals] == [
        (SAVINGS, "domestic_payment", 1, Decimal("3")), (MAIN, "domestic_payment", 2, Decimal("13")),
        (MAIN, "domestic_collection", 1, Decimal("700")),
    ]  # fmt: skip
    assert [row["order_id"] for row in balancing_statement.rows(company, batch="20260001")] == [first]
    # the last balancing of foreign payments was the first one
    assert [row["order_id"] for row in balancing_statement.rows(company, "foreign")] == [foreign]
    assert [row["order_id"] for row in balancing_statement.rows(company, "foreign", "20260001")] == [foreign]
    for wrong in ("20260009", "20250001", "99999999"):
        with pytest.raises(UnknownName, match="batch of domestic orders"):
            balancing_statement.rows(company, batch=wrong)
    for odd in ("1", "2026 001", "'; --", "2026000\u0661"):
        with pytest.raises(BadArgument, match="no order of a batch"):
            balancing_statement_totals.rows(company, batch=odd)
    with pytest.raises(UnknownName, match="family"):
        balancing_statement.rows(company, "both")


@pytest.mark.spec("BAS-173", "BAS-174", "ADM-110", "ADM-111", "ADM-117")
@pytest.mark.spec("BAL-072", "BAL-089", "BAS-147", "BAS-148", "BAS-157", "BAS-158", "BAS-165", "BAS-166", "BAS-170")
def test_each_statement_is_for_those_who_have_one_of_its_permissions(company: Lab, signer: Signer) -> None:
    created(company)
    created(company, FOREIGN)
    balanced(company, signer)
    for permission, families in {
        11: {"domestic", "foreign"}, 16: {"domestic", "foreign"}, 70: {"domestic"}, 71: {"domestic"}, 110: {"domestic"},
        111: {"domestic"}, 121: {"foreign"}, 130: {"foreign"}, 131: {"foreign"}, 156: set(), 141: set(), 26: set(),
    }.items():  # fmt: skip
        lab = hands(company, "XY", {permission})
        for family in ("domestic", "foreign"):
            for read in (balancing_statement, balancing_statement_totals):
                if family in families:
                    assert len(read.rows(lab, family)) == 1
                else:
                    with pytest.raises(NotAllowed):
                        read.rows(lab, family)


@pytest.mark.spec("BAL-070")
def test_the_statement_as_a_file(company: Lab, signer: Signer) -> None:
    created(company)
    created(company, own_account=SAVINGS, amount="2")
    balanced(company, signer)
    assert render_balancing_statement(company, ".pdf").startswith(b"%PDF")
    assert len(render_balancing_statement(company, ".pdf", totals=False)) > 1000
    table = render_balancing_statement(company, ".csv").decode("utf-8-sig").splitlines()
    assert len(table) == 3
    assert "batch_order" in table[0]
    with pytest.raises(BadArgument):
        render_balancing_statement(company, ".doc")
    with pytest.raises(NotAllowed):
        render_balancing_statement(hands(company, "NO", {71}), ".csv")  # which needs the permission for exports
