"""Columns cut out of a text by positions: what a reader of free-form fields uses instead of a loop over them.

Positions are byte offsets into UTF-8 text, ranges are half-open. Each function is a few passes in NumPy and Arrow.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats import texts

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]


def bytes_of(column: pa.Array) -> tuple[Bytes, Ints]:
    """Return the bytes of all texts and where each text begins in them, with the end of the last one."""
    _, offsets, data = column.buffers()
    bounds = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data or b"", np.uint8), bounds.astype(np.int64)


def cut(data: Bytes, starts: Ints, ends: Ints) -> pa.Array:
    """Return the texts `data[start:end]`; the ranges ascend and do not overlap."""
    if not len(starts):
        return pa.array([], pa.string())
    bounds = np.column_stack([starts, ends]).ravel().astype(np.int32)
    pieces = pa.StringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(data))
    return pieces.take(pa.array(np.arange(0, len(bounds), 2)))


def owners(at: Ints, bounds: Ints) -> Ints:
    """Return in which range each of the ascending positions `at` is; all lie between the first and the last bound."""
    counts = np.diff(np.searchsorted(at, bounds))
    return np.repeat(np.arange(len(counts)), counts)


def scattered(rows: Ints, values: pa.Array, length: int) -> pa.Array:
    """Return `length` values: of each row the first one given, null where none is; `rows` ascend."""
    first = np.ones(len(rows), bool)
    first[1:] = rows[1:] != rows[:-1]
    index = np.zeros(length, np.int64)
    missing = np.ones(length, bool)
    index[rows[first]] = np.flatnonzero(first)
    missing[rows] = False
    return values.take(pa.array(index, mask=missing))


def joined(rows: Ints, values: pa.Array, length: int) -> pa.Array:
    """Return `length` texts: all values of a row one after another, null where none is; `rows` ascend."""
    bounds = np.searchsorted(rows, np.arange(length + 1))
    lists = pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), values)
    missing = pa.array(bounds[1:] == bounds[:-1])
    return pc.if_else(missing, pa.scalar(None, pa.string()), pc.binary_join(lists, ""))


def chosen(mask: pa.Array) -> Bools:
    """Return a column of truth values as a NumPy mask, null as false."""
    return np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False), bool)


def groups(column: pa.Array, pattern: str) -> dict[str, pa.Array]:
    """Return the named groups of a regular expression: "" where a group has no part, null where nothing matches."""
    found = pc.extract_regex(column, pattern)
    return {field.name: pc.struct_field(found, field.name) for field in found.type}


def tidy(column: pa.Array) -> pa.Array:
    """Return texts trimmed, runs of white space as one space, null where nothing is left; fast when they are so."""
    trimmed = pc.utf8_trim_whitespace(column)
    data, bounds = bytes_of(trimmed)
    white = data[bounds[0] : bounds[-1]] <= ord(" ")
    uneven = np.any(white[1:] & white[:-1]) or np.any(white & (data[bounds[0] : bounds[-1]] != ord(" ")))
    return texts.clean_texts(trimmed) if uneven else texts.null_if_empty(trimmed)
