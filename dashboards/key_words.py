"""How keys are told: their names and states in the language spoken here, and fingerprints as people compare them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bankklient_lab.keys.unlocking import PASSWORD_CHARS
from bankklient_lab.sealing.certificates import fingerprint_text

from . import formatting
from .formatting import escape
from .texts import section, text

PIN_CHARS_MAX = 64
# Before a state, so that it is never told by colour alone; table.css colours them.
_MARKS = {"valid": "\u25cf", "soon": "\u25d1", "undelivered": "\u25d4", "expired": "\u25cb", "replaced": "\u2298"}


def kind_name(kind: str) -> str:
    """Return the name of a kind of key, such as "operational"."""
    return section("key_kind").get(kind.replace(" ", "_"), kind)


def key_title(row: Mapping[str, Any]) -> str:
    """Return the name of a key, such as "operational key 20260001"."""
    return text("keys.named", kind=kind_name(row["kind"]), order=row["key_order"])


def state_of(row: Mapping[str, Any], today: date) -> str:
    """Return in which state a key of the register is: a name that `state_text` tells."""
    if not row["valid"]:
        return "replaced"
    if today >= row["expires_on"]:
        return "expired"
    if not row["delivered"]:
        return "undelivered"
    return "soon" if today >= row["warn_on"] else "valid"


def state_text(state: str) -> str:
    """Return a state with its mark."""
    return f"{_MARKS[state]} {text(f'keys.state_{state}')}"


def fingerprint_html(fingerprint: str) -> str:
    """Return a fingerprint, hexadecimal, in lines of four groups."""
    groups = fingerprint_text("".join(fingerprint.split()).lower()).split()
    lines = (" ".join(groups[start : start + 4]) for start in range(0, len(groups), 4))
    return "".join(f"<code class='print'>{escape(line)}</code>" for line in lines)


def password_label(title: str, card: str) -> str:
    """Return what asks for the password of a key, or for the PIN of the chip card that has it."""
    return text("balancing.pin", card=card) if card else text("balancing.password", key=title)


def password_hint(card: str) -> str:
    """Return how long a password is; a card does not tell that of its PIN."""
    return "" if card else text("balancing.chars", n=PASSWORD_CHARS)


def ask_for_password(field: Any, title: str, card: str) -> None:
    """Let a field ask for the password of a key, or for the PIN of the chip card that has it."""
    field.param.update(
        label=password_label(title, card),
        placeholder=password_hint(card),
        max_length=PIN_CHARS_MAX if card else PASSWORD_CHARS,
    )


def wrong_length(password: str, card: str) -> str:
    """Return why what was typed can't be right, empty when it can; that is no try, since those are counted."""
    fits = password if card else len(password) == PASSWORD_CHARS
    return "" if fits else text("balancing.pin_needed") if card else text("balancing.password_chars", n=PASSWORD_CHARS)


def day_text(value: date | None) -> str:
    """Return a day, a dash for none."""
    return formatting.day(value) or formatting.DASH
