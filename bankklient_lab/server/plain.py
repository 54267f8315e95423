"""Values as plain JSON, for callers in any language.

Decimals are texts, days and instants as in ISO 8601, bytes base64; a table is {"columns": [{"name", "type"}], "rows":
[[...]]}.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa


def encode(value: object) -> Any:  # noqa: PLR0911 - one line a type
    """Return `value` as plain JSON values; what JSON has no form for is its text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode("ascii")
        case pa.Table():
            return table(value)
        case Mapping():
            return {str(key): encode(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Collection):
        return [encode(item) for item in value]
    if callable(getattr(value, "item", None)):  # a number of numpy
        return encode(value.item())  # type: ignore[attr-defined]
    return str(value)


def table(found: pa.Table) -> dict[str, Any]:
    """Return a table as columns (name, and type in the words of Arrow) and rows."""
    values = [encode(column.to_pylist()) for column in found.columns]
    return {
        "columns": [{"name": field.name, "type": str(field.type)} for field in found.schema],
        "rows": [list(row) for row in zip(*values, strict=True)],
    }
