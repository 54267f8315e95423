"""Every text that people read, from one catalogue: data/texts/<language>.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import ParamSpec, TypeVar

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "cs": "Čeština"}
LANGUAGE_COOKIE = "bankklient_language"

P = ParamSpec("P")
R = TypeVar("R")
_spoken: ContextVar[str] = ContextVar("language", default="")
_of_window: list[Callable[[], str]] = []


@cache
def _catalogue(language: str) -> dict[str, str]:
    """Return the texts of a language by "section.name", in English where it has none."""
    content = (files("bankklient_lab.data") / "texts" / f"{language}.toml").read_text(encoding="utf-8")
    own = {
        f"{section}.{name}": text for section, texts in tomllib.loads(content).items() for name, text in texts.items()
    }
    return own if language == ENGLISH else _catalogue(ENGLISH) | own


def language() -> str:
    """Return the language that is spoken here: of this piece of work, of its window, or English."""
    return _spoken.get() or (_of_window[0]() if _of_window else "") or ENGLISH


def ask_window(answer: Callable[[], str]) -> None:
    """Say who tells the language of the window that is worked for ("" outside of one)."""
    _of_window[:] = [answer]


def speak(language: str) -> None:
    """Speak a language in the rest of this piece of work."""
    _spoken.set(language)


def speaking(work: Callable[P, R]) -> Callable[P, R]:
    """Return work for another thread that speaks the language of this one."""
    spoken = language()

    def speaks(*args: P.args, **kwargs: P.kwargs) -> R:
        _spoken.set(spoken)
        return work(*args, **kwargs)

    return speaks


def known_language(wanted: str | None, headers: Mapping[str, str]) -> str:
    """Return the wanted language if there is one, else the first that the browser asks for, else English."""
    asked = (part.partition(";")[0].strip()[:2].lower() for part in headers.get("Accept-Language", "").split(","))
    return next((one for one in (wanted, *asked) if one in LANGUAGES), ENGLISH)


def text(key: str, /, **values: object) -> str:
    """Return the text of `key` ("section.name") with {values} filled in; KeyError for a key that is not there."""
    found = _catalogue(language())[key]
    return found.format(**values) if values else found


def section(name: str) -> dict[str, str]:
    """Return all texts of one section by their short names."""
    start = f"{name}."
    return {key.removeprefix(start): found for key, found in _catalogue(language()).items() if key.startswith(start)}


def counted(key: str, number: int, shown: str | None = None) -> str:
    """Return the text of `key`_one, `key`_few (Czech, 2 to 4) or `key`_many with {n}: "1 entry", "3 entries"."""
    few = f"{key}_few" if 2 <= number <= 4 else ""
    form = few if few in _catalogue(language()) else f"{key}_{'one' if number == 1 else 'many'}"
    return text(form, n=shown or str(number))
