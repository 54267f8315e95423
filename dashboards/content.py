"""What the lab holds, as far as the pages need it to offer choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.errors import NoRate
from bankklient_lab.orders.numbers import bank_day

from .state import Choice, State
from .texts import text

T = TypeVar("T")


@dataclass(frozen=True)
class Content:
    """The accounts and the days of a lab; `end` is the day after the last one that statements tell of."""

    accounts: list[dict[str, Any]] = field(default_factory=list)
    first_day: date = date(2000, 1, 1)
    end: date = date(2000, 1, 2)

    @property
    def labels(self) -> dict[str, str]:
        """Name in the address -> label; the number, or the label where several accounts share the number."""
        numbers = Counter(account["account"] for account in self.accounts)
        return {
            account["account"] if numbers[account["account"]] == 1 else account["label"]: account["label"]
            for account in self.accounts
        }

    @property
    def currencies(self) -> list[str]:
        """Currencies of the accounts, the most frequent first."""
        return [code for code, _ in Counter(account["currency"] for account in self.accounts).most_common()]

    def in_currency(self, currency: str, chosen: list[str]) -> list[str]:
        """Return the names of the accounts held in a currency, of the chosen ones (all when none is)."""
        label_to_name = {label: name for name, label in self.labels.items()}
        names = [label_to_name[account["label"]] for account in self.accounts if account["currency"] == currency]
        return [name for name in names if not chosen or name in chosen]


def read_content(lab: bl.Lab) -> Content:
    """Read it anew."""
    accounts = bl.accounts.arrow(lab).to_pylist()
    today = bank_day(lab)
    first = [account["first_day"] for account in accounts if account["first_day"]]
    last = [account["last_day"] for account in accounts if account["last_day"]]
    end = max(last, default=today) + timedelta(days=1)
    return Content(accounts, min(first, default=today - timedelta(days=365)), end)


def in_one_currency(
    content: Content, state: State | Choice, load: Callable[[list[str], str | None], pa.Table]
) -> tuple[pa.Table | None, str]:
    """Load amounts in the chosen currency; without rates only the accounts held in it, and say so.

    Returns the table (None when nothing can be shown) and the sentence about what is left out.
    """
    if content.currencies == [state.currency]:
        return load(state.accounts, None), ""
    try:
        return load(state.accounts, state.currency), ""
    except NoRate as error:
        names = content.in_currency(state.currency, state.accounts)
        return (load(names, None) if names else None), left_out(error, state.currency)


def left_out(error: NoRate, currency: str) -> str:
    """Return the sentences that say why and what is not in sums and charts."""
    return f"{error.message[:1].upper()}{error.message[1:]}. {text('overview.left_out', currency=currency)}"


def reload(lab: bl.Lab, state: State) -> None:
    """Show what the lab has now: a preset moves with the last day, what is gone is left out."""
    content, preset = read_content(lab), state.preset
    state.content, state.first_day, state.end = content, content.first_day, content.end
    since, until = state.period_of(preset) if preset else (state.since, state.until)
    known = content.labels
    currency = state.currency if state.currency in content.currencies else next(iter(content.currencies), "")
    state.param.update(
        since=since, until=until, currency=currency, accounts=[name for name in state.accounts if name in known],
        data_version=state.data_version + 1,
    )  # fmt: skip
