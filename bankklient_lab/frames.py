"""Arrow tables as DataFrames for people: exact decimals, dates as datetime64."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa


def frame(table: pa.Table) -> pd.DataFrame:
    """Return a DataFrame with decimals and texts as ArrowDtype (exact) and dates as datetime64[s]."""
    columns: dict[str, object] = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_date(column.type):
            columns[name] = column.cast(pa.timestamp("s")).to_pandas()
        elif pa.types.is_decimal(column.type) or pa.types.is_string(column.type):
            columns[name] = pd.Series(pd.array(column, dtype=pd.ArrowDtype(column.type)))
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns, columns=table.column_names)
