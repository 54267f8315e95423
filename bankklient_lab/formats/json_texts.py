"""JSON from outside: what it says, or a ValueError, whatever the bytes are."""

from __future__ import annotations

import json
from typing import Any


def read_json(content: bytes) -> Any:
    """Return what JSON says; ValueError for what is none, what is nested too deep, and texts with half of a letter."""
    try:
        said = json.loads(content)
        json.dumps(said, ensure_ascii=False).encode()  # half of a letter can be neither written nor stored
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None
    return said
