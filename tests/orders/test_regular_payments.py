"""Regular payments: due dates against an independent calendar, imports, simulation, and what is refused."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName, WrongOrder
from bankklient_lab.lab import Lab
from tests.clocks import Clock
from tests.orders.labs import LANDLORD, created, domestic_values, hands

TODAY = date(2014, 1, 24)  # a Friday


def at(clock: Clock, day: date) -> None:
    clock.now = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("Europe/Prague"))


@pytest.fixture
def lab(company: Lab, clock: Clock) -> Lab:
    """Return a lab on 24 January 2014."""
    at(clock, TODAY)
    return company


def enter(lab: Lab, name: str = "rent", values: dict[str, Any] | None = None, **schedule: Any) -> int:
    """Enter a regular payment, monthly on the 15th from the beginning of 2014 unless something else is said."""
    usual: dict[str, Any] = {"periodicity": "month", "day": 15, "valid_from": date(2014, 1, 1)}
    payment = domestic_values(counter_account=LANDLORD, currency="CZK", amount="500.00") | (values or {})
    return bl.create_regular_payment(lab, name, payment, **usual | schedule)


def simulated(lab: Lab, until: date) -> list[date]:
    return [row["due_on"] for row in bl.simulate_regular_payments.rows(lab, until)]


def orders(lab: Lab) -> list[tuple[Any, ...]]:
    return lab.rows(
        "SELECT due_on, maturity_date_value, amount_value, status, errors FROM ops.domestic_order"
        " WHERE origin = 'automatic' ORDER BY order_id"
    )


@pytest.mark.spec("IMP-064", "IMP-066", "IMP-070")
@pytest.mark.parametrize(
    ("schedule", "until", "due"),
    [
        pytest.param(
            {"periodicity": "quarter", "month": 2, "day": 15}, date(2014, 12, 31),
            ["2014-02-15", "2014-05-15", "2014-08-15", "2014-11-15"], marks=pytest.mark.spec("IMP-079", "IMP-088"),
        ),
        pytest.param(
            {"periodicity": "half-year", "month": 3, "day": 30}, date(2014, 12, 31), ["2014-03-30", "2014-09-30"],
            marks=pytest.mark.spec("IMP-089"),
        ),
        pytest.param(
            {"periodicity": "half-year", "month": 2, "day": 30}, date(2014, 12, 31), ["2014-02-28", "2014-08-30"],
            marks=pytest.mark.spec("IMP-078", "IMP-085", "IMP-090"),
        ),
        pytest.param(
            {"periodicity": "year", "month": 12, "day": 24}, date(2014, 12, 31), ["2014-12-24"],
            marks=pytest.mark.spec("IMP-077", "IMP-091"),
        ),
        pytest.param(
            {"day": 30, "valid_until": date(2014, 3, 31)}, date(2014, 12, 31),
            ["2014-01-30", "2014-02-28", "2014-03-30"],
            marks=pytest.mark.spec("IMP-080", "IMP-084", "IMP-086", "IMP-092"),
        ),
        pytest.param(
            {"day": 29, "valid_from": date(2016, 2, 1)}, date(2016, 2, 29), ["2016-02-29"],
            marks=pytest.mark.spec("IMP-093"),
        ),
        pytest.param(
            {"periodicity": "14 days", "day": 5, "valid_from": date(2014, 2, 5)}, date(2014, 3, 19),
            ["2014-02-05", "2014-02-19", "2014-03-05", "2014-03-19"], marks=pytest.mark.spec("IMP-081", "IMP-094"),
        ),
        pytest.param(
            {"periodicity": "ten days", "day": 10, "valid_from": date(2014, 2, 1)}, date(2014, 2, 28),
            ["2014-02-10", "2014-02-20", "2014-02-28"], marks=pytest.mark.spec("IMP-082", "IMP-095"),
        ),
        pytest.param(
            {"periodicity": "week", "day": 1, "valid_from": TODAY}, date(2014, 2, 10),
            ["2014-01-27", "2014-02-03", "2014-02-10"], marks=pytest.mark.spec("IMP-083", "IMP-096"),
        ),
    ],
)  # fmt: skip
def test_due_dates(lab: Lab, schedule: dict[str, Any], until: date, due: list[str]) -> None:
    enter(lab, **schedule)
    assert [str(day) for day in simulated(lab, until)] == due


@pytest.mark.spec("IMP-087")
def test_a_due_date_on_a_weekend_stays(lab: Lab) -> None:
    enter(lab, day=15, valid_from=date(2014, 2, 1))
    (row,) = bl.simulate_regular_payments.rows(lab, date(2014, 2, 28))
    assert row["due_on"].isoweekday() == 6
    assert row["maturity"] == row["due_on"]


# What the schedules mean, once more and day by day.
def falls_due(day: date, periodicity: str, month: int, number: int) -> bool:
    last = monthrange(day.year, day.month)[1]
    if periodicity == "week":
        return day.isoweekday() == number
    months = {
        "year": {month},
        "half-year": {month, month + 6},
        "quarter": {month, month + 3, month + 6, month + 9},
    }.get(periodicity, set(range(1, 13)))
    days = {"14 days": [number, number + 14], "ten days": [number, number + 10, number + 20]}.get(periodicity, [number])
    return day.month in months and day.day in {min(one, last) for one in days}


RANGES = {
    "year": (12, 30), "half-year": (6, 30), "quarter": (3, 30), "month": (0, 30), "14 days": (0, 14),
    "ten days": (0, 10), "week": (0, 5),
}  # fmt: skip
DAYS = st.dates(date(2011, 1, 1), date(2030, 12, 31))


@st.composite
def schedules(draw: st.DrawFn) -> tuple[str, int, int, date, date]:
    periodicity = draw(st.sampled_from(sorted(RANGES)))
    months, days = RANGES[periodicity]
    month = draw(st.integers(1, months)) if months else 0
    since = draw(DAYS)
    return periodicity, month, draw(st.integers(1, days)), since, since + timedelta(draw(st.integers(0, 900)))


@pytest.mark.spec("IMP-077", "IMP-078", "IMP-079", "IMP-080", "IMP-081", "IMP-082", "IMP-083", "IMP-084", "IMP-086")
@given(schedule=schedules())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_due_dates_are_those_of_a_calendar_gone_through_day_by_day(
    company: Lab, schedule: tuple[str, int, int, date, date]
) -> None:
    periodicity, month, number, since, until = schedule
    span = (since + timedelta(n) for n in range((until - since).days + 1))
    expected = [day for day in span if falls_due(day, periodicity, month, number)]
    ((found,),) = company.rows(
        "SELECT due_dates(step::INTEGER, $month, $day, string_split(offsets, ' ')::INTEGER[], $since, $until)"
        " FROM app.regular_payment_period WHERE periodicity = $periodicity",
        {"month": month, "day": number, "since": since, "until": until, "periodicity": periodicity},
    )
    assert found == expected


@pytest.mark.spec("IMP-070")
@pytest.mark.parametrize("periodicity", sorted(RANGES))
def test_values_out_of_the_ranges_are_refused(lab: Lab, periodicity: str) -> None:
    months, days = RANGES[periodicity]
    right = {"periodicity": periodicity, "month": min(1, months), "day": days}
    for wrong in ({"month": months + 1}, {"month": -1}, {"day": days + 1}, {"day": 0}):
        with pytest.raises(BadArgument, match=f"of the periodicity {periodicity} takes"):
            enter(lab, **right | wrong)
    if months:
        with pytest.raises(BadArgument):
            enter(lab, **right | {"month": 0})
    assert enter(lab, **right) == 1


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        pytest.param({"day": 31}, "DD of the periodicity month takes 1 to 30", marks=pytest.mark.spec("IMP-098")),
        pytest.param(
            {"periodicity": "quarter", "month": 4}, "MM of the periodicity quarter takes 1 to 3",
            marks=pytest.mark.spec("IMP-099"),
        ),
        pytest.param(
            {"valid_until": date(2015, 1, 1), "instalments": 3}, "not both",
            marks=pytest.mark.spec("IMP-067", "IMP-100"),
        ),
        ({"valid_until": date(2013, 12, 31)}, "the validity begins on 2014-01-01"),
        pytest.param({"last_amount": "10"}, "needs a number of instalments", marks=pytest.mark.spec("IMP-068")),
        ({"instalments": 0}, "it takes 1 to 9999"),
        ({"periodicity": "fortnight"}, "it takes year, half-year"),
        ({"valid_from": date(1999, 12, 31)}, "it takes 2000-01-01"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(lab: Lab, schedule: dict[str, Any], told: str) -> None:
    with pytest.raises(BadArgument, match=told):
        enter(lab, **schedule)
    assert bl.regular_payments.rows(lab) == []


@pytest.mark.spec("IMP-068", "IMP-069", "IMP-097", "IMP-116")
def test_instalments_run_out(lab: Lab, clock: Clock) -> None:
    at(clock, date(2014, 1, 1))
    enter(lab, values={"amount": "1000"}, day=1, instalments=3, last_amount="750")
    (row,) = bl.regular_payments.rows(lab)
    assert (row["instalments"], row["remaining"], row["remaining_amount"]) == (3, 3, Decimal("2750.000"))
    bl.import_regular_payments(lab, date(2014, 2, 27))
    (row,) = bl.regular_payments.rows(lab)
    assert (row["remaining"], row["remaining_amount"], row["last_due"], row["state"], row["next_due"]) == (
        1, Decimal("750.000"), date(2014, 2, 1), "valid", date(2014, 3, 1),
    )  # fmt: skip
    at(clock, date(2014, 3, 1))
    assert bl.import_regular_payments(lab)["orders"] == 1
    (row,) = bl.regular_payments.rows(lab)
    assert (row["instalments"], row["remaining"], row["remaining_amount"], row["state"], row["ended_on"]) == (
        3, 0, Decimal("0.000"), "finished", date(2014, 3, 1),
    )  # fmt: skip
    assert [(str(due), amount) for due, _, amount, _, _ in orders(lab)] == [
        ("2014-01-01", Decimal("1000.000")), ("2014-02-01", Decimal("1000.000")), ("2014-03-01", Decimal("750.000")),
    ]  # fmt: skip
    assert simulated(lab, date(2020, 1, 1)) == []


@pytest.mark.spec("IMP-068")
def test_without_an_amount_of_its_own_the_last_instalment_is_as_the_others(lab: Lab) -> None:
    enter(lab, instalments=2)
    assert [row["amount"] for row in bl.simulate_regular_payments.rows(lab, date(2015, 1, 1))] == [
        Decimal("500.000")
    ] * 2


@pytest.mark.spec("IMP-065")
def test_a_wrong_order_is_refused_at_saving(lab: Lab) -> None:
    with pytest.raises(WrongOrder, match="33 Credit account base number fails") as caught:
        enter(lab, values={"counter_account": "3703-921812/0710", "amount": "0"})
    assert [one["code"] for one in caught.value.details["errors"]] == [33, 73]
    with pytest.raises(WrongOrder, match="73 Amount is zero"):
        enter(lab, instalments=2, last_amount="0")
    with pytest.raises(BadArgument, match="has no maturity"):
        enter(lab, values={"maturity_date": "2014-02-01"})
    assert bl.regular_payments.rows(lab) == []


@pytest.mark.spec("FLW-015")
@pytest.mark.spec("IMP-071", "IMP-113")
@pytest.mark.parametrize(("confirm", "status"), [(False, "V"), (True, "F")])
def test_confirm_decides_the_status(lab: Lab, confirm: bool, status: str) -> None:
    enter(lab, confirm=confirm)
    bl.import_regular_payments(lab)
    assert [row[3] for row in orders(lab)] == [status]
    assert lab.rows("SELECT DISTINCT origin FROM ops.domestic_order") == [("automatic",)]


@pytest.mark.spec("IMP-072", "IMP-073")
def test_the_schedule_is_locked_after_the_first_order(lab: Lab) -> None:
    number = enter(lab)
    bl.change_regular_payment(lab, number, schedule={"day": 28})
    bl.import_regular_payments(lab)
    assert simulated(lab, date(2014, 2, 28)) == [date(2014, 1, 28), date(2014, 2, 28)]  # nothing was due yet
    bl.change_regular_payment(lab, number, schedule={"day": 23, "valid_until": date(2014, 6, 30)})
    bl.import_regular_payments(lab)
    for change in ({"day": 21}, {"valid_until": "2015-01-01"}):
        with pytest.raises(Refused, match="end this payment and enter a new one"):
            bl.change_regular_payment(lab, number, schedule=change)
    for wrong in ({"valid_from": "soon"}, {"day": "1"}, {"instalments": True}):
        with pytest.raises(BadArgument, match="can't be"):
            bl.change_regular_payment(lab, number, schedule=wrong)
    with pytest.raises(UnknownName, match="part of a schedule 'colour'"):
        bl.change_regular_payment(lab, number, schedule={"colour": "red"})
    bl.change_regular_payment(
        lab, number, name="new rent", values={"amount": "600"}, confirm=True, schedule={"day": 23}
    )
    assert [(row["status"], row["amount"]) for row in bl.simulate_regular_payments.rows(lab, date(2014, 2, 28))] == [
        ("F", Decimal("600.000"))
    ]
    bl.end_regular_payment(lab, number)
    assert simulated(lab, date(2014, 2, 28)) == []
    with pytest.raises(Refused, match="ended on 2014-01-24"):
        bl.end_regular_payment(lab, number)
    (row,) = bl.regular_payments.rows(lab)
    assert (row["name"], row["state"], row["last_due"]) == ("new rent", "finished", date(2014, 1, 23))


@pytest.mark.spec("IMP-074", "IMP-177")
def test_the_list_shows_valid_and_finished_ones(lab: Lab) -> None:
    enter(lab, "valid")
    enter(lab, "later", valid_from=date(2018, 1, 1), periodicity="year", month=12)
    enter(lab, "over", valid_until=date(2014, 1, 10))  # no due date within
    rows = {row["name"]: row for row in bl.regular_payments.rows(lab)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "valid": "valid", "later": "later", "over": "finished"
    }  # fmt: skip
    assert rows["later"]["next_due"] == date(2018, 12, 15)
    bl.import_regular_payments(lab)
    rows = {row["name"]: row for row in bl.regular_payments.rows(lab)}
    assert {name: row["last_due"] for name, row in rows.items()} == {
        "valid": date(2014, 1, 15), "later": None, "over": None
    }  # fmt: skip
    assert {name: row["ended_on"] for name, row in rows.items()} == {"valid": None, "later": None, "over": TODAY}


@pytest.mark.spec("IMP-075", "IMP-076")
def test_orders_outlive_their_payment(lab: Lab) -> None:
    number = enter(lab)
    bl.import_regular_payments(lab)
    before = orders(lab)
    assert [row["name"] for row in bl.regular_payment_orders.rows(lab, number)] == ["rent"]
    bl.delete_regular_payment(lab, number)
    assert orders(lab) == before
    assert [(row["name"], row["due_on"]) for row in bl.regular_payment_orders.rows(lab)] == [(None, date(2014, 1, 15))]
    with pytest.raises(UnknownName, match="regular payment"):
        bl.delete_regular_payment(lab, number)


@pytest.fixture
def monthly(lab: Lab, clock: Clock) -> Lab:
    """Return the lab of the worked examples: the payment of the 15th was made on 15 January 2014."""
    at(clock, date(2014, 1, 15))
    enter(lab)
    bl.import_regular_payments(lab)
    at(clock, TODAY)
    return lab


def maturities(lab: Lab, after: int) -> list[str]:
    return [str(maturity) for _, maturity, _, _, _ in orders(lab)[after:]]


@pytest.mark.spec("FLW-011")
@pytest.mark.spec("IMP-108", "IMP-109", "IMP-120", "IMP-121")
def test_75_days_ahead_and_no_more(monthly: Lab) -> None:
    for day in (date(2014, 4, 10), date(2014, 1, 23)):
        with pytest.raises(BadArgument, match="it takes 2014-01-24 to 2014-04-09"):
            bl.import_regular_payments(monthly, day)
    assert bl.import_regular_payments(monthly, date(2014, 4, 9))["orders"] == 2


@pytest.mark.spec("FLW-001")
@pytest.mark.spec("IMP-101", "IMP-102", "IMP-110", "IMP-112", "IMP-115", "IMP-122", "IMP-123", "IMP-126")
def test_a_simulation_is_what_the_import_makes(monthly: Lab) -> None:
    until, before = date(2014, 4, 9), everything(monthly)
    simulation = [
        (row["due_on"], row["maturity"], row["amount"], row["status"], row["errors"])
        for row in bl.simulate_regular_payments.rows(monthly, until)
    ]
    assert everything(monthly) == before
    bl.import_regular_payments(monthly, until)
    assert orders(monthly)[1:] == simulation
    assert maturities(monthly, 1) == ["2014-02-15", "2014-03-15"]
    assert bl.import_regular_payments(monthly, until)["orders"] == 0


def everything(lab: Lab) -> list[Any]:
    return [lab.rows(f"FROM ops.{name} ORDER BY ALL") for name in (
        "domestic_order", "order_step", "order_number", "regular_payment", "regular_payment_offer", "log",
    )]  # fmt: skip


@pytest.mark.spec("IMP-102", "IMP-117")
@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_simulation_is_what_the_import_makes(lab: Lab, data: st.DataObject) -> None:
    for row in bl.regular_payments.rows(lab):  # of the example before
        bl.delete_regular_payment(lab, row["regular_payment_id"])
    for n in range(data.draw(st.integers(1, 4))):
        periodicity = data.draw(st.sampled_from(sorted(RANGES)))
        months, days = RANGES[periodicity]
        counted = data.draw(st.none() | st.integers(1, 4))
        enter(
            lab, f"payment {n}", {"amount": str(data.draw(st.integers(1, 2)))}, periodicity=periodicity,
            month=data.draw(st.integers(1, months)) if months else 0, day=data.draw(st.integers(1, days)),
            valid_from=TODAY + timedelta(data.draw(st.integers(-40, 40))), instalments=counted,
            last_amount=data.draw(st.none() | st.just("3")) if counted else None, confirm=data.draw(st.booleans()),
        )  # fmt: skip
    until = TODAY + timedelta(data.draw(st.integers(0, 75)))
    done = len(orders(lab))
    simulation = [
        (row["due_on"], row["maturity"], row["amount"], row["status"], row["errors"])
        for row in bl.simulate_regular_payments.rows(lab, until)
    ]
    made = bl.import_regular_payments(lab, until)
    assert orders(lab)[done:] == simulation
    assert (made["orders"], made["duplicates"]) == (len(simulation), sum(row[4] == "151" for row in simulation))


@pytest.mark.spec("IMP-103")
def test_a_simulation_of_any_day(monthly: Lab) -> None:
    assert simulated(monthly, date(2013, 1, 1)) == []
    far = simulated(monthly, date(2034, 1, 1))
    assert (len(far), far[-1]) == (239, date(2033, 12, 15))
    for n in range(20):
        enter(monthly, f"yearly {n}", periodicity="year", month=1)
    last = date(9999, 12, 31)
    assert len(simulated(monthly, last)) == 186 * 20 + 186 * 12 - 1  # 2014 to 2199; one of the monthly ones was made
    for n in range(30):
        enter(monthly, f"weekly {n}", periodicity="week", day=1)
    with pytest.raises(Refused, match="more than 100000; simulate an earlier day"):
        bl.simulate_regular_payments(monthly, last)


@pytest.mark.spec("IMP-115", "IMP-119", "IMP-124")
def test_a_new_payment_is_taken_the_same_day(monthly: Lab) -> None:
    assert bl.import_regular_payments(monthly)["orders"] == 0
    enter(monthly, "new", {"amount": "7"}, day=24)
    assert bl.import_regular_payments(monthly)["orders"] == 1
    assert bl.import_regular_payments(monthly)["orders"] == 0


@pytest.mark.spec("IMP-114", "IMP-125", "BAS-300")
def test_what_is_overdue_gets_the_present_day(lab: Lab, clock: Clock) -> None:
    at(clock, date(2013, 11, 15))
    enter(lab, valid_from=date(2013, 11, 1))
    bl.import_regular_payments(lab)
    at(clock, TODAY)
    made = bl.import_regular_payments(lab)
    assert (made["orders"], made["duplicates"]) == (2, 0)
    assert [(str(due), str(maturity)) for due, maturity, _, _, _ in orders(lab)[1:]] == [
        ("2013-12-15", "2014-01-24"), ("2014-01-15", "2014-01-24"),
    ]  # fmt: skip


@pytest.mark.spec("IMP-127", "BAS-300")
def test_instalments_are_no_duplicates_of_each_other(lab: Lab) -> None:
    enter(lab, values={"amount": "100"}, periodicity="week", day=1, valid_from=TODAY)
    made = bl.import_regular_payments(lab, date(2014, 2, 17))
    assert (made["orders"], made["right"], made["duplicates"]) == (4, 4, 0)
    assert maturities(lab, 0) == ["2014-01-27", "2014-02-03", "2014-02-10", "2014-02-17"]


@pytest.mark.spec("IMP-117", "IMP-176")
def test_two_payments_that_pay_the_same_are_suspected(lab: Lab) -> None:
    enter(lab, "first", day=27, instalments=1)
    enter(lab, "second", day=3, valid_from=date(2014, 2, 1), instalments=1)
    made = bl.import_regular_payments(lab, date(2014, 2, 10))
    assert (made["orders"], made["right"], made["wrong"], made["duplicates"]) == (2, 1, 1, 1)
    assert [(str(due), status, errors) for due, _, _, status, errors in orders(lab)] == [
        ("2014-01-27", "V", ""), ("2014-02-03", "E", "151"),
    ]  # fmt: skip


@pytest.mark.spec("FLW-013")
@pytest.mark.spec("BAS-300", "IMP-117")
def test_an_order_typed_before_makes_an_instalment_suspected(lab: Lab) -> None:
    created(lab, counter_account=LANDLORD, amount="500")
    enter(lab)
    assert bl.import_regular_payments(lab)["duplicates"] == 1


@pytest.mark.spec("FLW-013")
@pytest.mark.spec("IMP-111")
def test_a_payment_with_errors_is_left_out_and_logged(monthly: Lab) -> None:
    wrong = enter(monthly, "wrong", {"amount": "11", "counter_account": "19-2000145399/0800"}, day=20)
    with monthly.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.codebook SET valid_until = DATE '2014-01-01' WHERE codebook = 'banks' AND code = '0800'"
        )
    assert [row["errors"] for row in bl.regular_payments.rows(monthly) if row["name"] == "wrong"] == ["45"]
    made = bl.import_regular_payments(monthly, date(2014, 2, 20))
    assert made["left_out"] == [{"regular_payment_id": wrong, "name": "wrong", "errors": "45"}]
    assert made["orders"] == 1
    (row,) = [row for row in bl.regular_payments.rows(monthly) if row["name"] == "wrong"]
    assert row["last_due"] is None
    assert monthly.rows("SELECT subject FROM ops.log WHERE action = 'leave_out_regular_payment'") == [("wrong",)]


@pytest.mark.spec("IMP-116")
def test_a_failure_leaves_neither_orders_nor_notes(monthly: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(monthly)[:4]

    def fail(*_given: object, **_named: object) -> None:
        raise Refused("no room on the disk")

    monkeypatch.setattr(type(monthly), "log", fail)
    with pytest.raises(Refused, match="no room"):
        bl.import_regular_payments(monthly, date(2014, 4, 9))
    monkeypatch.undo()
    assert everything(monthly)[:4] == before


@pytest.mark.spec("FLW-010", "FLW-011")
@pytest.mark.spec("IMP-064", "IMP-104")
def test_who_may(lab: Lab) -> None:
    editor, importer, other = hands(lab, "ED", [96]), hands(lab, "IM", [21]), hands(lab, "OT", [51])
    enter(editor)
    assert bl.import_regular_payments(importer)["orders"] == 1
    assert len(bl.simulate_regular_payments.rows(editor, date(2014, 2, 28))) == 1
    for refused in (
        lambda: bl.import_regular_payments(editor),
        lambda: enter(importer),
        lambda: bl.end_regular_payment(importer, 1),
        lambda: bl.regular_payments(other),
        lambda: bl.simulate_regular_payments(other, TODAY),
    ):
        with pytest.raises(NotAllowed):
            refused()


@pytest.fixture
def offering(lab: Lab) -> Lab:
    """Return a lab that offers the import at start."""
    with lab.database.tx("ops") as cursor:
        cursor.execute("INSERT OR REPLACE INTO ops.setting VALUES ('regular_payments_at_start', 'yes')")
    lab.rights.forget()
    enter(lab)
    return lab


@pytest.mark.spec("IMP-105", "IMP-107", "ADM-143")
def test_the_import_is_offered_once_a_day(offering: Lab, clock: Clock) -> None:
    assert bl.regular_payments_offer(offering) == {"offered": True, "last_due": None}
    bl.decline_regular_payments(offering)
    assert not bl.regular_payments_offer(offering)["offered"]
    assert bl.import_regular_payments(offering)["orders"] == 1
    at(clock, TODAY + timedelta(1))
    assert bl.regular_payments_offer(offering) == {"offered": True, "last_due": date(2014, 1, 15)}
    assert not bl.regular_payments_offer(offering)["offered"]


@pytest.mark.spec("IMP-106", "ADM-143")
def test_a_first_start_without_the_permission_ends_the_offer_of_the_day(offering: Lab, clock: Clock) -> None:
    clerk, importer = hands(offering, "CL", [51]), hands(offering, "IM", [21])
    assert not bl.regular_payments_offer(clerk)["offered"]
    assert not bl.regular_payments_offer(importer)["offered"]
    assert bl.import_regular_payments(importer)["orders"] == 1
    at(clock, TODAY + timedelta(1))
    assert bl.regular_payments_offer(importer)["offered"]


@pytest.mark.spec("IMP-105")
def test_nothing_is_offered_without_the_setting_or_without_payments(lab: Lab, offering: Lab) -> None:
    bl.delete_regular_payment(offering, 1)
    assert not bl.regular_payments_offer(offering)["offered"]
    enter(offering)
    assert bl.regular_payments_offer(offering)["offered"]
