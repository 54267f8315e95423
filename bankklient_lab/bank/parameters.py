"""What makes one simulated bank another one: data/codebooks/bank_parameters.csv, a column for each bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from functools import cache

from bankklient_lab.codebooks import rows
from bankklient_lab.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Rate:
    """A currency's mean rate (national currency for one unit), and the bank abroad.

    Payments in it go through the bank of this BIC and name (with address, in lines).
    """

    rate: Decimal
    correspondent: str
    correspondent_name: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of a bank, as the codebook explains them; times of day are the bank's."""

    code: str
    point: int
    bank_code: str
    bic: str
    name: str
    country: str
    currency: str
    calendar: str
    zone: str
    participants: str
    day_start: time
    real_time_end: time
    night_start: time
    evening_credit: time
    closing: time
    priority_cut_off: time
    foreign_cut_off: time
    foreign_booking: time
    real_time_orders: int
    deferral: timedelta
    np_days: int
    collection_days: int
    late_days: int
    current_entries: int
    document_batch_bytes: int
    foreign_fee: Decimal
    incoming_fee: Decimal
    priority_fee: Decimal
    month_fee: Decimal
    credit_interest: Decimal
    debit_interest: Decimal
    forward_least: Decimal
    forward_least_days: int
    forward_most_days: int
    forward_curfew: time
    refused_countries: tuple[str, ...]
    unreachable_banks: tuple[str, ...]
    rates: dict[str, Rate]


def parameter_sets() -> tuple[str, ...]:
    """Return the names of the banks that there are."""
    return tuple(name for name in rows("bank_parameters")[0] if name not in {"parameter", "meaning"})


@cache
def parameters_of(code: str) -> Parameters:
    """Return the parameters of a bank; UnknownName when there is none of that name."""
    if code not in parameter_sets():
        raise UnknownName("bank", code, f"there are {', '.join(parameter_sets())}")
    found = {row["parameter"]: row[code] for row in rows("bank_parameters")}
    rates = {
        row["currency"]: Rate(Decimal(row["rate"]), row["correspondent"], row["correspondent_name"].replace("; ", "\n"))
        for row in rows("bank_rates")
        if row["bank"] == code
    }
    return Parameters(
        code=code,
        point=int(found["point"]),
        bank_code=found["bank_code"],
        bic=found["bic"],
        name=found["name"],
        country=found["country"],
        currency=found["currency"],
        calendar=found["calendar"],
        zone=found["zone"],
        participants=found["participants"],
        day_start=time.fromisoformat(found["day_start"]),
        real_time_end=time.fromisoformat(found["real_time_end"]),
        night_start=time.fromisoformat(found["night_start"]),
        evening_credit=time.fromisoformat(found["evening_credit"]),
        closing=time.fromisoformat(found["closing"]),
        priority_cut_off=time.fromisoformat(found["priority_cut_off"]),
        foreign_cut_off=time.fromisoformat(found["foreign_cut_off"]),
        foreign_booking=time.fromisoformat(found["foreign_booking"]),
        real_time_orders=int(found["real_time_orders"]),
        deferral=timedelta(minutes=int(found["deferral_minutes"])),
        np_days=int(found["np_days"]),
        collection_days=int(found["collection_days"]),
        late_days=int(found["late_days"]),
        current_entries=int(found["current_entries"]),
        document_batch_bytes=int(found["document_batch_kb"]) * 1024,
        foreign_fee=Decimal(found["foreign_fee"]),
        incoming_fee=Decimal(found["incoming_fee"]),
        priority_fee=Decimal(found["priority_fee"]),
        month_fee=Decimal(found["month_fee"]),
        credit_interest=Decimal(found["credit_interest"]),
        debit_interest=Decimal(found["debit_interest"]),
        forward_least=Decimal(found["forward_least"]),
        forward_least_days=int(found["forward_least_days"]),
        forward_most_days=int(found["forward_most_days"]),
        forward_curfew=time.fromisoformat(found["forward_curfew"]),
        refused_countries=tuple(found["refused_countries"].split()),
        unreachable_banks=tuple(found["unreachable_banks"].split()),
        rates=rates,
    )
