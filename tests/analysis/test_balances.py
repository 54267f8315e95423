"""Balances follow what the banks state, on a day and over time, in own and other currencies."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, NoRate, UnknownName
from bankklient_lab.lab import Lab, open_here
from tests.corpus import SAMPLES
from tests.statements import ACCOUNT, mt940

EURO = "DE89370400440532013000"
RATES = """Datum|1 EUR|100 HUF|1 USD
02.11.2026|24,215|6,512|22,105
03.11.2026|24,330|6,498|22,250
"""


def series(lab: Lab, **criteria: object) -> dict[date, Decimal]:
    table = bl.balance_series.arrow(lab, **criteria)
    return dict(zip(table["day"].to_pylist(), table["balance"].to_pylist(), strict=True))


def two_currencies(lab: Lab, folder: Path) -> None:
    bl.import_file(lab, mt940(folder))
    euro = mt940(
        folder, "eur.sta", account=EURO, currency="EUR", opening="10,00", closing="25,00",
        entries=(("261102", "C15,00", "E1"),),
    )  # fmt: skip
    bl.import_file(lab, euro)
    rates = folder / "rates.txt"
    rates.write_text(RATES, "utf-8")
    assert bl.import_file(lab, rates)["status"] == "imported"


@pytest.mark.parametrize(
    ("day", "balance"),
    [
        (date(2026, 11, 1), Decimal("1200.000")),
        (date(2026, 11, 2), Decimal("1150.000")),
        (date(2026, 11, 20), Decimal("1150.000")),
    ],
)
@pytest.mark.spec("EL-025")
def test_balance_on_days_within_and_after_a_statement(lab: Lab, tmp_path: Path, day: date, balance: Decimal) -> None:
    bl.import_file(lab, mt940(tmp_path))
    assert bl.balances.arrow(lab, on=day)["balance"].to_pylist() == [balance]


def test_an_account_has_no_balance_before_its_first_statement(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    assert bl.balances.arrow(lab, on=date(2026, 10, 31)).num_rows == 0
    assert series(lab, since=date(2026, 10, 30), until=date(2026, 11, 3)) == {
        date(2026, 11, 1): Decimal(1200),
        date(2026, 11, 2): Decimal(1150),
    }


def test_conversion_takes_the_last_rate_before_and_says_so(lab: Lab, tmp_path: Path) -> None:
    two_currencies(lab, tmp_path)
    table = bl.balances.arrow(lab, on=date(2026, 11, 8), in_currency="CZK").to_pylist()
    assert [(row["currency"], row["converted"], row["rate_day"]) for row in table] == [
        ("CZK", Decimal("1150.000"), None),
        ("EUR", Decimal("608.250"), date(2026, 11, 3)),
    ]


def test_cross_rates_go_over_the_base_exactly(lab: Lab, tmp_path: Path) -> None:
    two_currencies(lab, tmp_path)
    table = bl.balances.arrow(lab, on=date(2026, 11, 2), in_currency="HUF").to_pylist()
    euro = Fraction(25) * Fraction("24.215") / (Fraction("6.512") / 100)
    crowns = Fraction(1150) / (Fraction("6.512") / 100)
    expected = [
        (Decimal(f.numerator) / Decimal(f.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP) for f in (crowns, euro)
    ]
    assert [row["converted"] for row in table] == expected


@pytest.mark.parametrize("amount", ["1000,00", "999999999999,99", "2000000000000,01"])
def test_rates_of_three_digits_and_amounts_of_trillions_convert_exactly(lab: Lab, tmp_path: Path, amount: str) -> None:
    """The ECB publishes yen, forint and won per euro, each above 100."""
    bl.import_file(lab, SAMPLES / "ecb_rates" / "hist.csv")
    path = mt940(tmp_path, currency="USD", opening=amount, closing=amount, last="260105", entries=())
    assert bl.import_file(lab, path)["status"] == "imported"
    dollars = Fraction(amount.replace(",", "."))
    for target, places, rate in (("EUR", "0.01", Fraction(1)), ("JPY", "1", Fraction("175.68"))):
        (row,) = bl.balances.arrow(lab, on=date(2026, 1, 5), in_currency=target).to_pylist()
        exact = dollars / Fraction("1.1172") * rate
        with localcontext(prec=40):
            expected = (Decimal(exact.numerator) / exact.denominator).quantize(Decimal(places), ROUND_HALF_UP)
        assert row["converted"] == expected
    assert [row["currency"] for row in bl.rates.arrow(lab, on=date(2026, 1, 5)).to_pylist()] == ["CYP", "JPY", "USD"]


def test_total_over_time_adds_up_what_the_accounts_have(lab: Lab, tmp_path: Path) -> None:
    two_currencies(lab, tmp_path)
    total = series(lab, since=date(2026, 11, 2), until=date(2026, 11, 4), by="total", in_currency="CZK")
    assert total == {date(2026, 11, 2): Decimal("1755.380"), date(2026, 11, 3): Decimal("1758.250")}


def test_a_day_before_all_rates_is_an_error_not_a_guess(lab: Lab, tmp_path: Path) -> None:
    two_currencies(lab, tmp_path)
    with pytest.raises(NoRate, match="import"):
        bl.balance_series(lab, since=date(2026, 11, 1), until=date(2026, 11, 4), by="total", in_currency="EUR")
    with pytest.raises(NoRate, match="JPY"):
        bl.balances(lab, on=date(2026, 11, 3), in_currency="JPY")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda lab: bl.balances(lab, on=date(2026, 11, 2), accounts=["no such"]), UnknownName),
        (lambda lab: bl.balances(lab, on=date(2026, 11, 2), accounts=ACCOUNT), BadArgument),
        (lambda lab: bl.balances(lab, on=date(2026, 11, 2), in_currency="crowns"), BadArgument),
        (lambda lab: bl.balance_series(lab, since=date(2026, 11, 2), until=date(2026, 11, 2)), BadArgument),
        (lambda lab: bl.balance_series(lab, since=date(2026, 11, 2), until=date(2026, 12, 2), by="total"), BadArgument),
        (lambda lab: bl.balance_series(lab, since=date(2026, 11, 2), until=date(2026, 12, 2), by="mood"), BadArgument),
    ],
)
def test_bad_arguments_are_one_sentence(lab: Lab, tmp_path: Path, call, error) -> None:
    bl.import_file(lab, mt940(tmp_path))
    with pytest.raises(error) as caught:
        call(lab)
    assert "\n" not in caught.value.message


def test_an_account_held_in_other_currencies_is_not_called_unknown(lab: Lab, tmp_path: Path) -> None:
    for currency in ("CZK", "EUR"):
        bl.import_file(lab, mt940(tmp_path, currency=currency))
    days = {"since": date(2026, 11, 1), "until": date(2026, 11, 3)}
    with pytest.raises(BadArgument, match="is held in CZK, EUR; say which currency"):
        bl.statement(lab, ACCOUNT, **days)
    with pytest.raises(BadArgument, match="is held in CZK, EUR; not in USD"):
        bl.statement(lab, ACCOUNT, currency="USD", **days)
    assert set(bl.statement.arrow(lab, ACCOUNT, currency="eur", **days)["currency"].to_pylist()) == {"EUR"}


def test_people_get_exact_decimals(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path, opening="1234567890123,45", closing="1234567890273,45"))
    frame = bl.balances(lab, on=date(2026, 11, 2))
    assert frame["balance"].sum() == Decimal("1234567890273.450")
    assert str(frame["balance"].dtype) == "decimal128(18, 3)[pyarrow]"


@st.composite
def business(draw: st.DrawFn) -> tuple[Decimal, list[list[tuple[date, Decimal]]]]:
    opening = Decimal(draw(st.integers(-10_000, 10_000)))
    day, statements = date(2026, 1, 1), []
    for _ in range(draw(st.integers(1, 5))):
        entries = []
        for _ in range(draw(st.integers(1, 4))):
            day += timedelta(days=draw(st.integers(0, 3)))
            entries.append((day, Decimal(draw(st.integers(-99_999, 99_999).filter(bool))) / 100))
        statements.append(entries)
        day += timedelta(days=draw(st.integers(1, 4)))
    return opening, statements


@settings(max_examples=25, deadline=None)
@given(business())
def test_balances_equal_a_plain_ledger(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[Decimal, list[list[tuple[date, Decimal]]]]
) -> None:
    opening, statements = made
    folder = tmp_path_factory.mktemp("ledger")
    moved: dict[date, Decimal] = {}
    with open_here(folder / "x.lab", create=True) as lab:
        balance = opening
        for number, entries in enumerate(statements, start=1):
            closing = balance + sum(amount for _, amount in entries)
            write_signed(folder, number, balance, closing, entries)
            bl.import_file(lab, folder / f"{number}.sta")
            balance = closing
            for day, amount in entries:
                moved[day] = moved.get(day, Decimal(0)) + amount
        first, last = statements[0][0][0], statements[-1][-1][0]
        over_time = series(lab, since=first, until=last + timedelta(days=3))
        day, ledger = first, opening
        while day < last + timedelta(days=3):
            ledger += moved.get(day, Decimal(0))
            assert over_time[day] == ledger
            assert bl.balances.arrow(lab, on=day)["balance"].to_pylist() == [ledger]
            day += timedelta(days=1)
        lines = bl.statement.arrow(lab, ACCOUNT, since=first, until=last + timedelta(days=1)).to_pylist()
        head = bl.statement_head.arrow(lab, ACCOUNT, since=first, until=last + timedelta(days=1)).to_pylist()[0]
        assert head["opening"] + sum(line["amount"] for line in lines) == head["closing"] == lines[-1]["balance"]
        assert head["difference"] == 0


def write_signed(
    folder: Path, number: int, opening: Decimal, closing: Decimal, entries: list[tuple[date, Decimal]]
) -> None:
    def signed(amount: Decimal) -> str:
        return f"{'D' if amount < 0 else 'C'}%s{abs(amount):.2f}".replace(".", ",")

    first, last = entries[0][0], entries[-1][0]
    lines = [":20:TEST", f":25:{ACCOUNT}", f":28C:{number}/1", f":60F:{signed(opening) % f'{first:%y%m%d}CZK'}"]
    for no, (day, amount) in enumerate(entries):
        lines += [f":61:{day:%y%m%d}{day:%m%d}{signed(amount) % ''}NTRFNONREF//R{number}-{no}", ":86:Payment"]
    lines += [f":62F:{signed(closing) % f'{last:%y%m%d}CZK'}", "-"]
    (folder / f"{number}.sta").write_text("\r\n".join(lines) + "\r\n", "ascii")


def without_balances(folder: Path, *booked: tuple[str, str]) -> Path:
    """Write the CSV of a bank that states no balances; an entry is (YYYY/MM/DD, amount)."""
    head = (SAMPLES / "csv" / "ceska_sporitelna.csv").read_bytes().splitlines()[0]
    rows = [f'"Platba";"{day}";"{amount}";"";"{day}";;;"Partner";;;;;"R{day}{amount}";;;' for day, amount in booked]
    path = folder / f"{booked[0][0].replace('/', '')}.csv"
    path.write_bytes(b"\r\n".join([head, *(row.encode("cp1250") for row in rows)]) + b"\r\n")
    return path


def test_balances_that_no_bank_states_are_counted_from_zero_and_say_so(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    for booked in ((("2026/03/02", "-30,00"), ("2026/03/05", "100,00")), (("2026/04/01", "7,50"),)):
        path = without_balances(tmp_path, *booked)
        assert bl.import_file(lab, path, account=EURO, currency="CZK")["status"] == "imported"
    bl.import_file(lab, mt940(tmp_path, "other.sta", account="CZ5508000000001234567899"))
    found = {row["account"]: row for row in bl.accounts.rows(lab)}
    assert [found[account]["basis"] for account in (ACCOUNT, EURO)] == ["stated", "counted"]
    assert found[EURO]["closing"] == Decimal("77.500")
    for day, balance in ((date(2026, 3, 2), "-30"), (date(2026, 3, 31), "70"), (date(2026, 4, 1), "77.5")):
        (row,) = bl.balances.rows(lab, on=day, accounts=[EURO])
        assert (row["balance"], row["basis"]) == (Decimal(balance), "counted")
    (head,) = bl.statement_head.rows(lab, EURO, since=date(2026, 3, 3), until=date(2026, 5, 1))
    assert (head["opening"], head["closing"], head["stated"]) == (Decimal(-30), Decimal("77.5"), False)
    lines = bl.statement.rows(lab, EURO, since=date(2026, 3, 3), until=date(2026, 5, 1))
    assert [line["balance"] for line in lines] == [Decimal(70), Decimal("77.5")]


@pytest.mark.parametrize("closing", ["1150,00", "1200,00"])
def test_balances_beside_stated_ones_go_on_from_the_nearest(lab: Lab, tmp_path: Path, closing: str) -> None:
    """Back from its opening and on from its closing, also where these two don't agree with its entries."""
    for booked in ((("2026/03/02", "-30,00"),), (("2026/04/01", "7,50"),)):
        bl.import_file(lab, without_balances(tmp_path, *booked), account=ACCOUNT, currency="CZK")
    bl.import_file(lab, mt940(tmp_path, closing=closing))  # opens with 1000.00
    bl.import_file(lab, without_balances(tmp_path, ("2026/12/01", "0,50")), account=ACCOUNT, currency="CZK")
    days = (date(2026, 3, 2), date(2026, 4, 1), date(2026, 11, 2), date(2026, 12, 1))
    found = [bl.balances.rows(lab, on=day)[0] for day in days]
    stated = Decimal(closing.replace(",", "."))
    assert [row["balance"] for row in found] == [Decimal("992.5"), Decimal(1000), stated, stated + Decimal("0.5")]
    assert {row["basis"] for row in found} == {"stated"}
    (head,) = bl.statement_head.rows(lab, ACCOUNT, since=date(2026, 1, 1), until=date(2026, 3, 3))
    assert (head["opening"], head["closing"]) == (Decimal("1022.5"), Decimal("992.5"))


def test_a_statement_from_within_a_banks_statement_goes_on_from_the_day_before(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, mt940(tmp_path))
    (line,) = bl.statement.rows(lab, ACCOUNT, since=date(2026, 11, 2), until=date(2026, 11, 3))
    assert (line["amount"], line["balance"], line["statement_number"]) == (Decimal(-50), Decimal(1150), "1")
    assert bl.statement.rows(lab, ACCOUNT, since=date(2026, 12, 1), until=date(2027, 1, 1)) == []


def test_a_sum_is_whole_or_refused_but_each_balance_is_shown(lab: Lab, tmp_path: Path) -> None:
    two_currencies(lab, tmp_path)
    bl.import_file(lab, mt940(tmp_path, "kwd.sta", currency="KWD"))
    converted = {
        row["currency"]: row["converted"] for row in bl.balances.rows(lab, on=date(2026, 11, 2), in_currency="CZK")
    }
    assert converted == {"CZK": Decimal(1150), "EUR": Decimal("605.380"), "KWD": None}
    days = {"since": date(2026, 11, 2), "until": date(2026, 11, 4), "in_currency": "CZK"}
    for sums, by in ((bl.balance_series, "total"), (bl.cash_flow, "none"), (bl.entry_flow, "none")):
        with pytest.raises(NoRate, match="there is no rate of KWD into CZK on or before 2026-11-02"):
            sums(lab, by=by, **days)
    assert bl.cash_flow.rows(lab, accounts=[EURO], by="none", **days)
    with pytest.raises(NoRate, match="no exchange rates for JPY"):
        bl.balances(lab, on=date(2026, 11, 2), in_currency="JPY")
