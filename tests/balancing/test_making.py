from __future__ import annotations

from bankklient_lab.balancing.making import Signer
from bankklient_lab.lab import Lab
from tests.balancing.labs import balanced, payload
from tests.orders.labs import COLLECTION, FOREIGN, broken_checks, created, status


def test_first(company: Lab, signer: Signer) -> None:
    ids = [
        created(company),
        created(company, COLLECTION),
        created(company, FOREIGN),
        created(company, express_payment=True),
    ]
    made = balanced(company, signer)
    print(made)
    assert [status(company, one) for one in ids] == ["NS"] * 4
    assert broken_checks(company) == {}
    for one in made["batches"]:
        print(payload(company, one["batch_id"]))
