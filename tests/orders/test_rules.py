"""Every error number is found by what breaks its rule and not by what just doesn't; a form and a file find the same."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.codebooks import rows
from bankklient_lab.errors import SuspectedDuplicate, WrongOrder
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.accounts import set_account_position
from bankklient_lab.orders.checking import checked, error_items, rule_parameters
from bankklient_lab.orders.codebooks import codebook, update_codebook
from bankklient_lab.orders.creating import check_order, create_order
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.rechecking import recheck_orders
from scripts import orders_reference
from tests.clocks import NOON
from tests.orders.codebook_files import codebook_file
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, SAVINGS
from tests.orders.rules import CASES, NONE, RIGHT, TODAY, Case, Values, order

# Blocked and budget accounts, a payment title and a partner: no bank's, but such as a bank may have.
_NUMBERS = {
    "blocked_accounts": [
        {"code": f"{part.upper()}{bank}", "name": "blocked", "bank": bank, "part": part, "first": first, "last": first}
        for part, first in (("base", "2000000018"), ("prefix", "700007"))
        for bank in ("0600", "0800")
    ],
    "budget_accounts": [
        {"code": "TAXES", "name": "taxes", "bank": "0800", "first": "3000000000", "last": "3000000010",
         "specific_symbol": "required"},
        {"code": "FEES", "name": "fees", "bank": "0800", "first": "4000000000", "last": "4000000010",
         "specific_symbol": "forbidden"},
    ],
    "payment_titles": [{"code": "110", "name": "goods"}],
    "contractual_partners": [{"code": "PARTNER1", "name": "partner"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def bank(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab whose codebooks let every rule be broken; nothing is stored in it."""
    folder = tmp_path_factory.mktemp("rules")
    with open_here(Path(shutil.copy(orders_file, folder)), clock=lambda: NOON) as lab:
        for name, content in _NUMBERS.items():
            update_codebook(lab, name, codebook_file(folder, content))
        instructions = codebook.rows(lab, "instructions")
        for row in instructions:
            row["description"] = "required" if row["code"] == "REPA" else row["description"]
        update_codebook(lab, "instructions", codebook_file(folder, instructions))
        set_account_position(lab, SAVINGS, "debit")
        configure(lab, {"check_variable_symbol": True})
        yield lab


ITEM_LINES = (
    "ORD-070",
    "ORD-071",
    "ORD-072",
    "ORD-073",
    "ORD-074",
    "ORD-075",
    "ORD-076",
    "ORD-077",
    "ORD-078",
    "ORD-079",
    "ORD-080",
    "ORD-081",
    "ORD-082",
    "ORD-083",
    "ORD-084",
    "ORD-130",
    "ORD-132",
    "ORD-138",
    "ORD-139",
    "ORD-140",
    "ORD-141",
    "ORD-143",
    "ORD-144",
    "ORD-145",
    "ORD-146",
    "ORD-147",
    "ORD-150",
    "ORD-151",
    "ORD-152",
    "ORD-163",
    "ORD-166",
    "ORD-167",
    "ORD-426",
    "BAS-243",
)
NUMBER_LINES = (
    "ORD-355",
    "ORD-356",
    "ORD-357",
    "ORD-358",
    "ORD-359",
    "ORD-360",
    "ORD-361",
    "ORD-362",
    "ORD-363",
    "ORD-364",
    "ORD-365",
    "ORD-366",
    "ORD-367",
    "ORD-368",
    "ORD-369",
    "ORD-370",
    "ORD-371",
    "ORD-372",
    "ORD-373",
    "ORD-374",
    "ORD-375",
    "ORD-376",
    "ORD-377",
    "ORD-378",
    "ORD-380",
    "ORD-381",
    "ORD-382",
    "ORD-383",
    "ORD-384",
    "ORD-385",
    "ORD-386",
    "ORD-387",
    "ORD-388",
    "ORD-389",
    "ORD-390",
    "ORD-391",
    "ORD-392",
    "ORD-393",
    "ORD-394",
    "ORD-395",
    "ORD-396",
    "ORD-397",
    "ORD-398",
    "ORD-399",
    "ORD-400",
    "ORD-401",
    "ORD-402",
    "ORD-403",
    "ORD-404",
)
ACCOUNT_LINES = (
    "ORD-096",
    "ORD-097",
    "ORD-098",
    "ORD-099",
    "ORD-100",
    "ORD-101",
    "ORD-102",
    "ORD-103",
    "ORD-104",
    "ORD-105",
    "ORD-106",
    "ORD-107",
    "ORD-108",
    "ORD-109",
    "ORD-110",
)
IBAN_LINES = ("ORD-174", "ORD-175", "ORD-176", "ORD-177", "ORD-178", "ORD-179", "ORD-180", "ORD-181")


def names(cases: tuple[Case, ...]) -> list[str]:
    return [f"{case.code}-{n}" for n, case in enumerate(cases)]


BY_FORM = tuple(case for case in CASES if case.origin == "creation")


def found(lab: Lab, kind: str, values: Values) -> set[int]:
    """Return the numbers of errors that a form shows for an order that is right with other values put in."""
    return {one["code"] for one in check_order(lab, kind, order(kind, values))["errors"]}


@pytest.mark.spec("ORD-089", "ORD-113", "ORD-352", "ORD-354", "BAS-119")
@pytest.mark.spec(*NUMBER_LINES)
@pytest.mark.spec(*ITEM_LINES)
@pytest.mark.parametrize("case", BY_FORM, ids=names(BY_FORM))
def test_a_form_refuses_what_breaks_a_rule_and_takes_what_just_does_not(bank: Lab, case: Case) -> None:
    assert found(bank, case.kind, case.holds) == set()
    with pytest.raises(WrongOrder) as refused:
        create_order(bank, case.kind, dict(order(case.kind, case.breaks)), use_defaults=False)
    told = {one["code"]: one for one in refused.value.details["errors"]}
    assert told[case.code]["text"] in refused.value.message
    assert bank.rows("SELECT count(*) FROM ops.order_step") == [(0,)]


def relation(kind: str, cases: list[tuple[Values, str]]) -> str:
    """Return a SELECT of orders as an import has them."""
    items = KINDS[kind].names
    texts = [[order(kind, values).get(item) for item in items] for values, _ in cases]
    quoted = [["NULL" if text is None else "'" + text.replace("'", "''") + "'" for text in line] for line in texts]
    lines = [
        f"({number}, '{origin}', DATE '{TODAY}', {', '.join(line)})"
        for number, ((_, origin), line) in enumerate(zip(cases, quoted, strict=True))
    ]
    return (
        f"SELECT entered_no, origin, created_on, {', '.join(f'{item}::VARCHAR AS {item}' for item in items)}"
        f" FROM (VALUES {', '.join(lines)}) v(entered_no, origin, created_on, {', '.join(items)})"
    )


@pytest.mark.spec("ORD-356", "ORD-398", "ORD-419", "BAS-119")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_orders_finds_the_same_as_a_form(bank: Lab, kind: str) -> None:
    cases = [case for case in CASES if case.kind == kind]
    entered = [(values, case.origin) for case in cases for values in (case.breaks, case.holds)]
    sql = f"SELECT entered_no, errors FROM ({checked(KINDS[kind], relation(kind, entered))}) ORDER BY 1"
    codes = [set(map(int, errors.split())) for _, errors in bank.rows(sql, rule_parameters(bank, TODAY))]
    for n, case in enumerate(cases):
        assert case.code in codes[2 * n], case
        assert codes[2 * n + 1] == set(), case


@pytest.mark.spec("ORD-353")
def test_no_number_is_left_out_and_none_has_no_text() -> None:
    declared = {rule.code for kind in KINDS.values() for rule in kind.rules}
    tried = {case.code for case in CASES}
    known = [row for row in rows("order_errors") if row["family"] in {kind.family for kind in KINDS.values()}]
    numbers = {int(row["code"]) for row in known}
    assert declared == tried
    assert numbers == tried | {151}
    texts = {(row["family"], row["text"]) for row in rows("order_errors")}
    assert len(known) == len(numbers)
    assert len(rows("order_errors")) == len({row["code"] for row in rows("order_errors")}) == len(texts)


def test_every_number_of_the_specification_is_there() -> None:
    manual = Path(__file__).parents[2] / "docs" / "spec" / "codebooks" / "validation_errors.csv"
    with manual.open(encoding="utf-8") as file:
        wanted = {int(row["code"]) for row in csv.DictReader(file) if row["family"] in ("domestic", "foreign")}
    assert wanted - set(error_items()) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_that_the_cases_change_is_right(bank: Lab, kind: str) -> None:
    assert found(bank, kind, {}) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_no_item_takes_a_line_break(bank: Lab, kind: str) -> None:
    broken: list[tuple[Values, str]] = [({item: "A\nB"}, "creation") for item in KINDS[kind].names]
    sql = f"SELECT errors FROM ({checked(KINDS[kind], relation(kind, broken))}) ORDER BY entered_no"
    for item, (errors,) in zip(KINDS[kind].names, bank.rows(sql, rule_parameters(bank, TODAY)), strict=True):
        assert errors, item


@pytest.mark.spec("ORD-379", "BAS-276", "BAS-279")
def test_a_suspected_duplicate_has_number_151(company: Lab) -> None:
    create_order(company, DOMESTIC, RIGHT[DOMESTIC])
    with pytest.raises(SuspectedDuplicate, match="151"):
        create_order(company, DOMESTIC, RIGHT[DOMESTIC])
    kept = create_order(company, DOMESTIC, RIGHT[DOMESTIC], duplicate="error")
    assert kept["status"] == "E"
    assert company.rows("SELECT errors FROM ops.domestic_order ORDER BY order_id") == [("",), ("151",)]


@pytest.mark.spec("ORD-095")
def test_of_one_item_the_first_broken_rule_is_told_and_of_all_items(bank: Lab) -> None:
    wrong: dict[str, str | None] = {
        "credit_account_base": "5A", "credit_account_prefix": "12A4567", "credit_bank": "9999", "amount": "-x",
        "currency": NONE, "constant_symbol": "99999A", "maturity_date": "soon",
    }  # fmt: skip
    assert found(bank, DOMESTIC, wrong) == {32, 35, 45, 72, 66, 62, 83}


ACCOUNTS = [  # what people write; the errors
    ("3703-921811/0710", set()), ("202016-12930424/0600", set()), ("000123-0000424524/0600", set()),
    ("000609-0150012947/0600", {61}), ("0150006432/0600", set()), ("202016-0000303634/0600", set()),
    ("150000030/0600", set()), ("202016-12345678/0600", {33}), ("158913578/0600", {33}), ("1-19/0100", {37}),
    ("5/0100", {31}), ("0000000000/0100", {46}), ("12A4/0100", {32}), ("1234567-19/0100", {35}), ("19/9999", {45}),
]  # fmt: skip


@pytest.mark.spec("ORD-085", "ORD-086", "ORD-087", "ORD-092", "ORD-093", *ACCOUNT_LINES)
@pytest.mark.parametrize(("account", "errors"), ACCOUNTS)
def test_account_numbers_of_the_specification(company: Lab, account: str, errors: set[int]) -> None:
    given = {"own_account": "609-150012947/0600", "counter_account": account, "amount": "1", "maturity_date": TODAY}
    told = check_order(company, DOMESTIC, given | {"currency": "CZK"})["errors"]
    assert {one["code"] for one in told} == errors


@pytest.mark.spec("ORD-103")
def test_the_same_number_on_the_debit_side_is_error_3(company: Lab) -> None:
    own = {"debit_account_prefix": "202016", "debit_account_base": "12345678"}
    assert found(company, DOMESTIC, own) == {3}


IBANS = [
    ("CZ38 0710 0037 0300 0092 1811", "CZ", set()), ("CZ49 0600 0000 0001 5000 0030", "CZ", {766}),
    ("CZ84 0600 2020 1600 0030 3634", "CZ", {766}), ("CZ77 0600 0006 0901 5001 2947", "CZ", {766}),
    ("CZ99 0600 0000 0001 5000 0030", "CZ", {713, 766}), ("CZ65 0800 0000 1920 0014 5399", "CZ", set()),
    ("DE89 3704 0044 0532 0130 00", "DE", set()), ("SK31 1200 0000 1987 4263 7541", "SK", set()),
    ("cz65 0800 0000 1920 0014 5399", "CZ", set()), ("CZ65 0800 0000 1920 0014 5390", "CZ", {713}),
]  # fmt: skip


@pytest.mark.spec("ORD-158", "ORD-169", "ORD-170", "ORD-171", "ORD-172", *IBAN_LINES)
@pytest.mark.parametrize(("iban", "country", "errors"), IBANS)
def test_ibans_of_the_specification(company: Lab, iban: str, country: str, errors: set[int]) -> None:
    """Those at the own bank are right, too; it takes other charges (766)."""
    assert found(company, FOREIGN, {"recipient_account": iban, "country": country}) == errors


@pytest.mark.spec("ORD-182")
def test_an_iban_in_lower_case_is_refused_in_files_only(company: Lab) -> None:
    iban = "cz6508000000192000145399"
    assert found(company, FOREIGN, {"recipient_account": iban, "country": "CZ"}) == set()
    sql = checked(KINDS[FOREIGN], relation(FOREIGN, [({"recipient_account": iban, "country": "CZ"}, "creation")]))
    assert company.rows(f"SELECT errors FROM ({sql})", rule_parameters(company, TODAY)) == [("713",)]


FOREIGN_EXAMPLES: list[tuple[tuple[str, ...], dict[str, Any], set[int]]] = [
    (("ORD-183", "ADM-031"), {"amount": "1500.50", "currency": "JPY"}, {764}),
    (("BAS-245", "ORD-184"), {"amount": "1500", "currency": "JPY"}, set()),
    (("ORD-185",), {"amount": "100.505"}, {764}),
    (("ORD-137", "ORD-186"), {"maturity_date": "2027-11-21"}, set()),
    (("ORD-187",), {"maturity_date": "2027-11-22"}, {774}),
    (("ORD-161", "ORD-188"), {"agreed_rate_marked": "yes", "maturity_date": "2026-11-23"}, {770}),
    (("ORD-189",), {"swift_bic": "AGBACZPP"}, set()),
    (("ORD-148", "ORD-159", "ORD-190"), {"swift_bic": "AGBACZPPX"}, {726}),
    (("ORD-191",), {"recipient_account": "NO9386011117947", "country": "NO", "payer_reference": "x" * 36}, {791}),
    (("BAS-248", "BAS-256"), {"charges": "OUR"}, {766}),
    (("BAS-257",), {"charges": "SHA"}, set()),
    (("BAS-258",), {"charges": "OUR", "currency": "USD"}, set()),
    (
        ("BAS-249", "BAS-259"),
        {"recipient_account": "CH9300762011623852957", "country": "CH", "payer_reference": "1"},
        set(),
    ),
    (
        ("ORD-153", "ORD-165", "BAS-260"),
        {"recipient_account": "CH9300762011623852957", "country": "CH", "currency": "CHF", "payer_reference": "1"},
        {793},
    ),
    (("BAS-246",), {"recipient_account": "CZ6508000000192000145399", "country": "CZ", "currency": "USD"}, set()),
    (("BAS-254",), {"recipient_account": "CZ6508000000192000145399", "country": "CZ", "currency": "CZK"}, {721}),
]  # fmt: skip


@pytest.mark.spec(
    "ADM-031",
    "BAS-246",
    "BAS-248",
    "BAS-249",
    "BAS-254",
    "BAS-256",
    "BAS-257",
    "BAS-258",
    "BAS-259",
    "BAS-260",
    "ORD-137",
    "ORD-148",
    "ORD-153",
    "ORD-159",
    "ORD-161",
    "ORD-165",
    "ORD-183",
    "ORD-184",
    "ORD-185",
    "ORD-186",
    "ORD-187",
    "ORD-188",
    "ORD-189",
    "ORD-190",
    "ORD-191",
)
@pytest.mark.parametrize(
    ("values", "errors"),
    [pytest.param(values, errors, id=lines[-1]) for lines, values, errors in FOREIGN_EXAMPLES],
)
def test_foreign_payments_of_the_specification(company: Lab, values: dict[str, Any], errors: set[int]) -> None:
    assert found(company, FOREIGN, values) == errors


@pytest.mark.spec("ORD-162", "BAS-247", "BAS-250", "BAS-251", "BAS-255", "BAS-261", "BAS-262")
def test_a_transfer_within_the_bank_is_in_the_currency_of_one_of_the_two_accounts(company: Lab) -> None:
    crowns = {"orderer_account_prefix": "609", "orderer_account_base": "150012947"}
    to_dollars = crowns | {"recipient_account": "150006432/0600 USD", "country": "CZ", "charges": "BEN"}
    assert found(company, FOREIGN, to_dollars | {"currency": "EUR"}) == {721}
    assert found(company, FOREIGN, to_dollars | {"currency": "CZK"}) == set()
    assert found(company, FOREIGN, to_dollars | {"currency": "USD"}) == set()
    agreed = to_dollars | {"agreed_rate_marked": "yes"}
    assert found(company, FOREIGN, agreed | {"currency": "CZK"}) == {721}
    assert found(company, FOREIGN, agreed | {"currency": "USD"}) == set()
    assert found(company, FOREIGN, to_dollars | {"currency": "USD", "charges": "SHA"}) == {766}


@pytest.mark.spec("ORD-168")
def test_the_limit_of_the_maturity_is_the_bank_s_and_its_text_names_it(company: Lab) -> None:
    configure(company, {"foreign_maturity_days": 25})
    assert found(company, FOREIGN, {"maturity_date": "2026-12-17"}) == set()
    with pytest.raises(WrongOrder, match=r"774 .*: at most 25 days"):
        create_order(company, FOREIGN, order(FOREIGN, {"maturity_date": "2026-12-18"}))
    waiting = create_order(company, FOREIGN, order(FOREIGN, {"maturity_date": "2026-12-17"}))["order_id"]
    configure(company, {"foreign_maturity_days": 20})
    recheck_orders(company)
    (error,) = order_detail(company, waiting)["errors"]
    assert error["code"] == 774
    assert error["text"].endswith(": at most 20 days")


@pytest.mark.spec("ORD-158", "ORD-160", "ORD-425")
def test_what_is_only_slower_or_dearer_is_told(company: Lab) -> None:
    def told(**values: str | None) -> list[str]:
        return list(check_order(company, FOREIGN, order(FOREIGN, values))["warnings"])

    assert any("without a BIC" in one for one in told())
    assert told(swift_bic="COBADEFF") == []
    assert any("another country" in one for one in told(swift_bic="COBAFRPP"))
    assert any("no IBAN" in one for one in told(swift_bic="COBADEFF", recipient_account="532013000", currency="USD"))


def test_a_collection_knows_no_credit_account_of_others(company: Lab) -> None:
    assert found(company, COLLECTION, {"credit_account_prefix": "0", "credit_account_base": "19"}) == {39}


def test_the_page_about_orders_is_made_from_the_declarations() -> None:
    assert orders_reference.PAGE.read_text("utf-8") == orders_reference.page(), "run `make docs`"
