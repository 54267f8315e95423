"""Every error number of receivables is found by what breaks its rule and not by what just doesn't."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.codebooks import rows
from bankklient_lab.errors import BadArgument, UnknownName, WrongOrder
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.checking import error_items, rule_parameters
from bankklient_lab.orders.codebooks import update_codebook
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.services.receivable_rules import RECEIVABLE as RULED
from bankklient_lab.services.receivable_rules import checked_receivables
from bankklient_lab.services.requests import create_service_request
from tests.clocks import NOON
from tests.orders.codebook_files import codebook_file
from tests.services.labs import request
from tests.services.receivables import CASES, RECEIVABLE, Case, agreed, credit_note, invoice

MAIN_IBAN, EURO_IBAN = "CZ7706000006090150012947", "CZ8406002020160000303634"
_BLOCKED = [
    {"code": f"{part.upper()}0600", "name": "blocked", "bank": "0600", "part": part, "first": first, "last": first}
    for part, first in (("base", "2000000018"), ("prefix", "700007"))
]


@pytest.fixture(scope="module")
def bank(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab with an agreement for two accounts and blocked numbers; no receivable is stored in it."""
    folder = tmp_path_factory.mktemp("receivables")
    with open_here(Path(shutil.copy(orders_file, folder)), clock=lambda: NOON) as lab:
        update_codebook(lab, "blocked_accounts", codebook_file(folder, _BLOCKED))
        agreed(lab, (MAIN_IBAN, "CZK"), (EURO_IBAN, "EUR"))
        yield lab


def values(case: Case, changes: dict[str, str | None]) -> dict[str, Any]:
    return (credit_note if case.note else invoice)(**changes)


def checked(lab: Lab, given: list[dict[str, Any]]) -> list[tuple[list[int], bool, dict[str, str]]]:
    """Return errors, formal and what is kept of each."""
    texts = [json.dumps({name: text for name, text in one.items() if text is not None}) for one in given]
    relation = (
        "(SELECT unnest(range(len($texts::VARCHAR[]))) AS entered_no, unnest($texts::VARCHAR[]) AS items,"
        " $today::DATE AS entered_on)"
    )
    found = lab.rows(
        f"SELECT errors, formal, items FROM ({checked_receivables(relation)}) ORDER BY entered_no",
        rule_parameters(lab, bank_day(lab)) | {"texts": texts},
    )
    return [([int(one) for one in errors.split()], formal, json.loads(items)) for errors, formal, items in found]


@pytest.mark.spec(
    "SRV-237", "SRV-242", "SRV-243", "SRV-246", "SRV-247", "SRV-248",
    "SRV-231", "SRV-249", "SRV-250", "SRV-251", "SRV-260", "SRV-261", "SRV-262", "SRV-263", "SRV-264", "SRV-265",
    "SRV-266", "SRV-267", "SRV-268", "SRV-269", "SRV-282", "SRV-283", "SRV-284", "SRV-285", "SRV-286", "SRV-287",
    "SRV-288", "SRV-289", "SRV-290", "SRV-291", "SRV-292", "SRV-293", "SRV-294", "SRV-295", "SRV-296", "SRV-297",
    "SRV-298",
)  # fmt: skip
def test_each_rule_is_broken_by_its_case_alone(bank: Lab) -> None:
    given = [values(case, changes) for case in CASES for changes in (case.breaks, case.holds)]
    found = checked(bank, given)
    for n, case in enumerate(CASES):
        assert case.code in found[2 * n][0], case
        assert found[2 * n + 1][0] == [], case


def test_no_number_is_left_out() -> None:
    declared = {rule.code for rule in RULED.rules}
    assert declared == {case.code for case in CASES}
    assert declared == {int(row["code"]) for row in rows("order_errors") if row["family"] == RECEIVABLE}
    manual = Path(__file__).parents[2] / "docs" / "spec" / "codebooks" / "validation_errors.csv"
    with manual.open(encoding="utf-8") as file:
        wanted = {int(row["code"]) for row in csv.DictReader(file) if row["family"] == RECEIVABLE}
    assert wanted == declared <= error_items().keys()


@pytest.mark.spec("SRV-256")
def test_what_can_not_be_read_is_formal_and_what_is_wrong_is_logical(bank: Lab) -> None:
    formal = {502, 503, 506, 507, 512, 513, 516, 517, 520, 521, 524, 525, 528, 529, 532, 533, 536, 537, 540, 541, 544,
              545, 548, 558, 559, 562, 563, 567, 568, 572, 573}  # fmt: skip
    unread = ({"issue_date": "yesterday"}, {"due_date": "2026-02-30"}, {"amount": "10000000000000000"})
    given = [values(case, case.breaks) for case in CASES]
    for case, (errors, said, _items) in zip(CASES, checked(bank, given), strict=True):
        assert said == bool(formal & set(errors) or case.breaks in unread), (case, errors)


@pytest.mark.spec("SRV-240", "SRV-241")
def test_what_is_right_is_kept_in_one_form(bank: Lab) -> None:
    given = invoice(
        receivable_type="1", own_account="CZ77 0600 0006 0901 5001 2947", amount="1 200,5", issue_date="20. 11. 2026",
        debtor_id_type="1", debtor_name=" Novak ",
    )  # fmt: skip
    ((errors, _formal, items),) = checked(bank, [given])
    assert errors == []
    assert items == invoice(
        own_account=MAIN_IBAN, amount="1200.50", invoice_number="2026001", debtor_name="Novak",
    )  # fmt: skip


@pytest.mark.spec("SRV-239", "SRV-272")
def test_a_form_is_saved_when_it_breaks_no_rule(bank: Lab) -> None:
    with pytest.raises(WrongOrder, match=r"538 .*; 549 .*") as refused:
        create_service_request(bank, RECEIVABLE, invoice(debtor_identification="25672721", amount="0"))
    told = [(one["code"], one["item"]) for one in refused.value.details["errors"]]
    assert told == [(538, "debtor_identification"), (549, "amount")]
    for wrong, error in (
        ({"price": "1"}, UnknownName),
        ({"amount": 1.5}, BadArgument),
        ({"debtor_name": "x" * 1001}, BadArgument),
    ):
        with pytest.raises(error):
            create_service_request(bank, RECEIVABLE, invoice(**wrong))
    saved = []
    for values in (invoice(sequence_number=None), credit_note(sequence_number="")):
        told = create_service_request(bank, RECEIVABLE, values)
        assert told["status"] == "CO"
        saved.append(request(bank, told["request_id"]))
    assert [one["sequence_number"] for one in saved] == ["1", "2"]
    with pytest.raises(WrongOrder, match="570"):
        create_service_request(bank, RECEIVABLE, credit_note(invoice_number="2026001"))
