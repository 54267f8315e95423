"""How a wrong item is refused."""

from __future__ import annotations

from bankklient_lab.errors import BadArgument


def wrong(item: str, why: str) -> BadArgument:
    """Return the refusal of an item, named in words and as `parameter`."""
    return BadArgument(f"{item.replace('_', ' ')} {why}", parameter=item)
