"""Numbers of NumPy as Arrow columns: exact amounts, days and places."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.formats.spans import Bools, Ints
from bankklient_lab.money import PRECISION, SCALE

NO_DAY = np.iinfo(np.int32).min
UNITS_END = 10 ** (PRECISION - SCALE)  # whole units that fit an amount at any number of decimals


def null_where(missing: Bools, array: pa.Array) -> pa.Array:
    """Return an array with null where `missing`."""
    return pc.if_else(pa.array(missing), pa.scalar(None, array.type), array) if missing.any() else array


def amounts(units: Ints, places: int | Ints, good: Bools | None = None) -> pa.Array:
    """Return whole units of 10 ** -places as exact amounts, null where not `good`; |units| < UNITS_END."""
    values = np.empty((len(units), 2), np.int64)
    np.multiply(units, 10 ** (SCALE - places), out=values[:, 0])
    values[:, 1] = values[:, 0] >> 63  # the upper half of the 128 bits: the sign
    array = pa.Array.from_buffers(AMOUNT, len(units), [None, pa.py_buffer(values)])
    return array if good is None else null_where(~good, array)


def days(values: npt.NDArray[np.int32]) -> pa.Array:
    """Return days since 1970 as Arrow dates, NO_DAY as null."""
    return null_where(values == NO_DAY, pa.array(values).cast(pa.date32()))


def places(line_numbers: Ints) -> pa.Array:
    """Return "line 14" for each line number."""
    return pc.binary_join_element_wise("line", pa.array(line_numbers).cast(pa.string()), " ")


def exact_sum(values: Ints) -> int:
    """Return the sum without the overflow of 64 bits."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
