"""What is wrong with an order, in words: the errors by number, each with its item and text."""

from __future__ import annotations

from typing import Any

from bankklient_lab.errors import WrongOrder
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import error_items
from bankklient_lab.rights.settings import read_setting

TOO_FAR_AHEAD = 774  # the number whose limit is a parameter


def error_list(lab: Lab, codes: str) -> list[dict[str, Any]]:
    """Return of each error number (separated by spaces) the code, the item and the text.

    A text names the limit that the bank has set (ORD-168).
    """
    found = []
    for code in map(int, codes.split()):
        item, _, text = error_items()[code]
        if code == TOO_FAR_AHEAD:
            text += f": at most {read_setting(lab.database, 'foreign_maturity_days')} days"
        found.append({"code": code, "item": item, "text": text})
    return found


def in_words(lab: Lab, codes: str) -> str:
    """Return errors as a part of a sentence."""
    return "; ".join(f"{one['code']} {one['text']}" for one in error_list(lab, codes))


def refuse(lab: Lab, codes: str, what: str) -> None:
    """Raise WrongOrder when something has errors; `what` is what people call it."""
    if codes:
        raise WrongOrder(f"the {what} is not saved: {in_words(lab, codes)}", errors=error_list(lab, codes))
