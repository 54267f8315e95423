"""What a change of an account's parameters can say: how its statements come, how often, and who is told by e-mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bankklient_lab.lab import Lab
from bankklient_lab.services.wrong import wrong

ELECTRONIC = "electronically"
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", re.ASCII)


def check_parameters(_lab: Lab, _cursor: Any, items: Mapping[str, str], *, new: bool) -> None:
    """Refuse parameters that do not go together, and a change that nobody agreed to, at its item."""
    del new  # they are only ever changed
    if items.get("agreement") != "yes":
        raise wrong("agreement", "to the change is needed: it may change the account's fee, and makes a statement")
    if items["automatic"] == "yes" and items["delivery"] != ELECTRONIC:
        raise wrong("automatic", f"delivery of documents needs statements that come {ELECTRONIC}")
    for address in items.get("emails", "").replace(",", " ").split():
        if not _EMAIL.fullmatch(address):
            raise wrong("emails", f"has no address of the usual form in {address[:40]!r}")
