"""Exchange rates as the central banks publish them, and as the bank sends its own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.money import rounded, to_minor_unit
from bankklient_lab.orders.rates import conversion_of, rate_source


@table_action()
def rates(lab: Lab, *, on: date, source: str | None = None) -> Read:
    """Return the rates valid on the day `on`: of each source and currency the last one not after it.

    Columns: source, day, base, currency, units, rate, indirect (ECB: currency per base), per_unit: base for one unit
    of the currency,
    DECIMAL(18,8), rounded half away from zero and for information; conversions use the exact fraction. Raises
    UnknownName for a source that the lab has no rates of.
    """
    if source is not None:
        known = [row[0] for row in lab.rows("SELECT DISTINCT source FROM live_rate() ORDER BY source")]
        if source not in known:
            raise UnknownName(
                "source of rates", source, f"known are {', '.join(known)}" if known else "no rates were imported yet"
            )
    return lab.read(
        """
        SELECT source, day, base, currency, units, rate, indirect,
            (CASE WHEN indirect THEN shown_rate(units::HUGEINT * 100000000, r8)
                ELSE shown_rate(r8, units::HUGEINT * 100000000) END)::DECIMAL(18,8) AS per_unit
        FROM (SELECT *, (rate::DECIMAL(38,8) * 100000000)::HUGEINT AS r8 FROM live_rate())
        WHERE day <= $on AND ($source IS NULL OR source = $source)
        QUALIFY row_number() OVER (PARTITION BY source, currency ORDER BY day DESC, import_id DESC) = 1
        ORDER BY source, currency
        """,
        {"on": on, "source": source},
    )


@table_action()
def rate_series(lab: Lab, currency: str, *, into: str, since: date, until: date) -> Read:
    """Return what one unit of a currency was in another one over [since, until).

    Columns: day (the first one and each with another rate), rate (DECIMAL(18,8), half up, for information), source. By
    the source that conversions into the currency use; days before the first rate are left out. NoRate when there is no
    source.
    """
    if until <= since:
        raise BadArgument(f"the period ends on {until}, before it begins", parameter="until")
    target = into.upper()
    return lab.read(
        """
        WITH fraction AS (SELECT * FROM rate_fraction($source)),
        changed AS (
            SELECT DISTINCT greatest(day, $since) AS day FROM fraction
            WHERE currency IN ($currency, $target) AND day < $until),
        priced AS (
            SELECT c.day, f.p * t.q AS n, f.q * t.p AS d
            FROM (SELECT day, $currency AS currency, $target AS target FROM changed) c
                ASOF JOIN fraction f ON f.currency = c.currency AND c.day >= f.day
                ASOF JOIN fraction t ON t.currency = c.target AND c.day >= t.day)
        SELECT day, shown_rate(n, d)::DECIMAL(18,8) AS rate, $source AS source
        FROM priced ORDER BY day
        """,
        {
            "currency": currency.upper(), "target": target, "since": since, "until": until,
            "source": rate_source(lab, target),
        },
    )  # fmt: skip


@action(mode="standard")
def convert_amount(lab: Lab, amount: Decimal, currency: str, *, into: str, on: date) -> dict[str, Any]:
    """Return an amount in another currency by the last rates not after the day `on`.

    amount (half up to the minor unit of `into`), currency, rate (for one unit, eight decimals, for information), day
    (of the older rate that was used, None: none was needed) and source. Raises NoRate.
    """
    source, target = currency.upper(), into.upper()
    found = conversion_of(lab, source, target, on)
    return {
        "amount": to_minor_unit(Fraction(amount) * found.rate, target), "currency": target,
        "rate": rounded(found.rate, 8), "day": found.day, "source": found.source,
    }  # fmt: skip
