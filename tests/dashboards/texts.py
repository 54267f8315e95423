"""What a piece of a page says."""

from __future__ import annotations

from typing import Any


def shown(view: Any) -> str:
    """Return all markup and labels within a piece of a page."""
    here = [
        str(getattr(view, name, "") or "") for name in ("object", "label") if isinstance(getattr(view, name, ""), str)
    ]
    within = getattr(view, "objects", None) or []
    return " ".join([*here, *map(shown, within)])
