"""What the demo company and its bank write to each other (data/demo/bank_messages.csv, client_messages.csv)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bankklient_lab.bank import Wanted
from bankklient_lab.demo.company import rows

if TYPE_CHECKING:
    from bankklient_lab.bank import Bank
    from bankklient_lab.lab import Lab


def greet(bank: Bank) -> None:
    """Let the bank write to all its clients."""
    for one in rows("bank_messages"):
        bank.send_message(Wanted(one["subject"], one["text"], reply=one["reply"]))


def write(lab: Lab, accounts: Mapping[str, str]) -> None:
    """Let the company write; its messages go out with the next balancing. `accounts` are its IBANs by name."""
    from bankklient_lab.exchange.replies import write_to_bank
    from bankklient_lab.orders.numbers import bank_day

    def value(text: str) -> str:
        return bank_day(lab).isoformat() if text == "+0" else accounts.get(text, text)

    with tempfile.TemporaryDirectory() as folder:
        for one in rows("client_messages"):
            given = [field.partition("=") for field in one["fields"].split(";") if field]
            fields = {name: value(text) for name, _, text in given}
            file = Path(folder) / one["file"] if one["file"] else None
            if file is not None:
                file.write_text(one["content"], "utf-8")
            write_to_bank(
                lab, one["text"], kind=one["kind"], subject=one["subject"], fields=fields, attachment=file
            )  # fmt: skip
