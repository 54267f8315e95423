"""Every text that people read, from one catalogue: data/texts/<language>.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

LANGUAGE = "en"


@cache
def _catalogue() -> dict[str, str]:
    content = (files("bankklient_lab.data") / "texts" / f"{LANGUAGE}.toml").read_text(encoding="utf-8")
    return {
        f"{section}.{name}": text for section, texts in tomllib.loads(content).items() for name, text in texts.items()
    }


def text(key: str, **values: object) -> str:
    """Return the text of `key` ("section.name") with {values} filled in; KeyError for a key that is not there."""
    found = _catalogue()[key]
    return found.format(**values) if values else found


def section(name: str) -> dict[str, str]:
    """Return all texts of one section by their short names."""
    start = f"{name}."
    return {key.removeprefix(start): found for key, found in _catalogue().items() if key.startswith(start)}


def counted(key: str, number: int, shown: str | None = None) -> str:
    """Return the text of `key`_one or `key`_many with {n}: "1 entry", "3 entries"."""
    return text(f"{key}_{'one' if number == 1 else 'many'}", n=shown or str(number))
