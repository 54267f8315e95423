"""C2: one order saved from a form, with all checks, as the page and the API save it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.creating import create_order
from tests.bench.measure import Measurement, Target, timed
from tests.orders.labs import DOMESTIC, FOREIGN, domestic_values, equip, foreign_values

_VALUES = {DOMESTIC: domestic_values, FOREIGN: foreign_values}
_MILLISECONDS = 80


def saved_from_a_form(folder: Path, *, orders: int, rounds: int) -> Iterator[Measurement]:
    """Measure C2 for a domestic and a foreign payment, one after another in a lab that gets fuller by it."""
    for kind in _VALUES:
        path = folder / f"{kind}.lab"
        with open_here(path, create=True, user="bench") as lab:
            equip(lab)
            _save(lab, kind, orders, 0)  # what is loaded and compiled once
            samples = tuple(_save(lab, kind, orders, number) for number in range(1, rounds + 1))
        work = f"{kind.replace('_', ' ')} saved by `create_order` with all checks, p95 of {orders}"
        yield Measurement("C2", work, samples, Target("limit", _MILLISECONDS), unit="ms")


def _save(lab: Lab, kind: str, orders: int, number: int) -> float:
    """Save orders that differ in their amounts, and return the 95th percentile of their times in milliseconds."""
    values = [_VALUES[kind](amount=f"{number * orders + one}.50") for one in range(1, orders + 1)]
    times = [timed(lambda given=given: create_order(lab, kind, given)) for given in values]  # type: ignore[misc]
    return quantiles(times, n=20)[-1] * 1000
