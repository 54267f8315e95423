"""Exchange rates as the central banks publish them, and as the bank sends its own."""

from __future__ import annotations

from datetime import date

from bankklient_lab.actions import table_action
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab, Read


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
            ((CASE WHEN indirect THEN (2 * units::HUGEINT * 10000000000000000 + r8) // (2 * r8)
                ELSE (2 * r8 + units) // (2 * units) END)::DECIMAL(18,0) * 0.00000001::DECIMAL(9,8))::DECIMAL(18,8) AS
                per_unit
        FROM (SELECT *, (rate::DECIMAL(38,8) * 100000000)::HUGEINT AS r8 FROM live_rate())
        WHERE day <= $on AND ($source IS NULL OR source = $source)
        QUALIFY row_number() OVER (PARTITION BY source, currency ORDER BY day DESC, import_id DESC) = 1
        ORDER BY source, currency
        """,
        {"on": on, "source": source},
    )
