"""The checks of account numbers in SQL are those of python-stdnum and schwifty, and take any text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schwifty import IBAN, registry
from schwifty.exceptions import SchwiftyException
from stdnum import iban as stdnum_iban
from stdnum.cz import bankaccount
from stdnum.iso7064 import mod_97_10

from bankklient_lab.lab import Lab, open_here

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COUNTRIES = sorted(country for country in registry.get_countries() if len(country) == 2)


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_here(tmp_path_factory.mktemp("numbers") / "numbers.lab", create=True, user="tester") as lab:
        yield lab


def checks(lab: Lab, macro: str, texts: list[str]) -> list[bool | None]:
    found = lab.rows(f"SELECT {macro}(t) FROM (SELECT unnest($texts::VARCHAR[]) AS t)", {"texts": texts})
    return [one for (one,) in found]


def stdnum_says(prefix: str, base: str) -> bool:
    """Tell whether python-stdnum takes an account, at a bank that it knows."""
    return bool(bankaccount.is_valid(f"{prefix.zfill(6)}-{base.zfill(10)}/0100"))


@pytest.mark.spec("ORD-092", "ORD-094")
@MANY
@given(st.lists(st.integers(0, 10**10 - 1), min_size=50, max_size=200))
def test_modulo_11_of_bases_is_that_of_stdnum(sql: Lab, numbers: list[int]) -> None:
    bases = [str(number) for number in numbers if number >= 10]
    assert checks(sql, "check_number", bases) == [stdnum_says("0", base) for base in bases]


@pytest.mark.spec("ORD-092")
@MANY
@given(st.lists(st.integers(0, 10**6 - 1), min_size=50, max_size=200))
def test_modulo_11_of_prefixes_is_that_of_stdnum(sql: Lab, numbers: list[int]) -> None:
    prefixes = [str(number) for number in numbers]
    assert checks(sql, "check_number", prefixes) == [stdnum_says(prefix, "19") for prefix in prefixes]


def schwifty_says(text: str) -> bool:
    """Tell whether schwifty finds the check digits of an IBAN right, whatever its country says of the rest."""
    try:
        IBAN(text, allow_invalid=True)._validate_iban_checksum()
    except SchwiftyException:
        return False
    return True


def made(country: str, bban: str) -> str:
    """Return the IBAN with the right check digits."""
    return country + stdnum_iban.calc_check_digits(f"{country}00{bban}") + bban


IBANS = st.builds(
    lambda country, bban, wrong: made(country, bban) if wrong is None else f"{country}{wrong:02}{bban}",
    st.sampled_from(COUNTRIES),
    st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=11, max_size=30),
    st.one_of(st.none(), st.integers(0, 99)),
)


@pytest.mark.spec("ORD-169", "ORD-170")
@MANY
@given(st.lists(IBANS, min_size=20, max_size=100))
def test_the_check_of_ibans_is_that_of_stdnum_and_schwifty(sql: Lab, ibans: list[str]) -> None:
    found = checks(sql, "iban_checks", ibans)
    assert found == [schwifty_says(iban) for iban in ibans]
    assert found == [mod_97_10.is_valid(iban[4:] + iban[:4]) and "02" <= iban[2:4] <= "98" for iban in ibans]


@pytest.mark.spec("ORD-171", "ORD-174", "ORD-175", "ORD-176", "ORD-177", "ORD-178", "ORD-179", "ORD-180", "ORD-181")
def test_ibans_that_are_known(sql: Lab) -> None:
    right = [
        "CZ3807100037030000921811", "CZ4906000000000150000030", "CZ8406002020160000303634", "CZ7706000006090150012947",
        "CZ6508000000192000145399", "DE89370400440532013000", "SK3112000000198742637541",
    ]  # fmt: skip
    assert checks(sql, "iban_checks", right) == [True] * len(right)
    assert checks(sql, "iban_checks", ["CZ9906000000000150000030"]) == [False]


def test_every_example_of_a_country_is_right(sql: Lab) -> None:
    examples = [IBAN.random(country).compact for country in ("AT", "CZ", "DE", "FR", "GB", "MT", "NO", "SK")]
    assert checks(sql, "iban_checks", examples) == [True] * len(examples)


@pytest.mark.parametrize(
    "macro", ["iban_checks", "check_number", "amount_value", "date_value", "rate_value", "yes_no_value"]
)
@MANY
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40), min_size=1))
def test_a_macro_takes_any_text(sql: Lab, macro: str, texts: list[str]) -> None:
    assert len(checks(sql, macro, texts)) == len(texts)


@pytest.mark.spec("ORD-169")
def test_the_lengths_of_ibans_are_those_of_the_registry(sql: Lab) -> None:
    kept = dict(
        sql.rows("SELECT code, attributes['iban_length']::INTEGER FROM codebook('countries', DATE '2026-11-22')")
    )
    assert kept == {country: known_length(country) for country in kept}


def known_length(country: str) -> int | None:
    try:
        return registry.get_iban_spec(country).iban_length
    except SchwiftyException:
        return None
