"""Amounts in another currency: which rates are used, and what happens where there are none.

A balance without a rate is returned unconverted (null), beside the others. A sum is whole or refused: one that left a
currency out would look like a figure that it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bankklient_lab.errors import NoRate
from bankklient_lab.lab import Lab
from bankklient_lab.orders.rates import WHAT_TO_DO

if TYPE_CHECKING:
    import pyarrow as pa


def without_rate(balances: Iterable[dict[str, Any]]) -> list[str]:
    """Return the currencies of the rows of `balances` that have no rate into the currency asked for, sorted."""
    return sorted({row["currency"] for row in balances if row["converted"] is None})


def all_converted(balances: pa.Table, target: str) -> pa.Table:
    """Return a table of `balances`, which is to be added up; NoRate when a row has no rate into `target`."""
    if missing := without_rate(balances.to_pylist()):
        raise NoRate(
            f"there is no rate of {', '.join(missing)} into {target.upper()} on or before the day; {WHAT_TO_DO}"
        )
    return balances


def whole_sums(lab: Lab, table: pa.Table, values: Mapping[str, object]) -> pa.Table:
    """Return the table without its column `missing`, the number of amounts without a rate; NoRate when there are any.

    `values` are what the sums were asked with: since, accounts, and target and source of the rates.
    """
    if any(table["missing"].to_pylist()):
        currencies = _without_rate_on_first_day(lab, values)
        raise NoRate(
            f"there is no rate of {', '.join(currencies)} into {values['target']} on or before {values['since']},"
            " and sums without them would be wrong; import older rates or start later"
        )
    return table.drop_columns(["missing"])


def _without_rate_on_first_day(lab: Lab, values: Mapping[str, object]) -> list[str]:
    """Return the currencies without a rate: what has one on the first day has one on all days after it."""
    rows = lab.rows(
        """
        SELECT DISTINCT currency FROM chosen_account($accounts)
            ANTI JOIN conversion($since, $since + 1, $target, $source) USING (currency)
        ORDER BY currency
        """,
        {name: values[name] for name in ("accounts", "since", "target", "source")},
    )
    return [str(row[0]) for row in rows]
