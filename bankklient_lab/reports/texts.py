"""Values as people read them in printed reports: amounts, days, accounts, the texts of an entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bankklient_lab.money import decimals
from bankklient_lab.reports.model import StatementHead

THIN_SPACE = "\u2009"
MINUS = "\u2212"
DASH = "\u2013"
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")

# Characters that print as nothing or turn the order of what stands around them: shown as a replacement character.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)

Entry = Mapping[str, object]


def amount_text(value: Decimal | None, currency: str) -> str:
    """Return an amount with groups of thousands and the decimals of its currency, more when it has more.

    "" when there is none.
    """
    return "" if value is None else grouped(value, decimals(currency))


def grouped(value: Decimal, places: int) -> str:
    """Return a number of at most three decimals, at least `places`, with groups of thousands and a true minus."""
    text = f"{value:,.3f}"
    spare = text[len(text) - 3 + places :]
    if spare and not spare.strip("0"):
        text = text[: -len(spare)].rstrip(".")
    return text.replace(",", THIN_SPACE).replace("-", MINUS)


def exact_text(value: Decimal, currency: str) -> str:
    """Return an amount without groups, as programs write it, and its currency."""
    return f"{amount_text(value, currency).replace(THIN_SPACE, '').replace(MINUS, '-')} {currency}"


def day_text(day: date | None) -> str:
    """Return a day as 2026-10-31."""
    return day.isoformat() if day else ""


def period_text(since: date, until: date) -> str:
    """Return the days of [since, until) with both ends included."""
    last = until - timedelta(days=1)
    return day_text(since) if last <= since else f"{day_text(since)} {DASH} {day_text(last)}"


def account_text(account: str | None) -> str:
    """Return an account number; an IBAN in groups of four."""
    if account and _IBAN.fullmatch(account):
        return " ".join(account[i : i + 4] for i in range(0, len(account), 4))
    return account or ""


def runs_text(numbers: str) -> str:
    """Return a list of numbers, parted by commas, with three and more that follow one another as first and last."""
    runs: list[list[str]] = []
    for number in numbers.split(", "):
        if runs and number == _next_number(runs[-1][-1]):
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]} {DASH} {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)


def _next_number(number: str) -> str | None:
    return f"{int(number) + 1:0{len(number)}}" if number.isascii() and number.isdigit() else None


def head_facts(head: StatementHead) -> list[tuple[str, str]]:
    """Return what identifies a statement, as pairs of a name and a text; only what is known."""
    facts = [
        ("Account", account_text(head.account)),
        ("Bank", head.bank or ""),
        ("Owner", head.owner or ""),
        ("Currency", head.currency),
        ("Period", period_text(head.since, head.until)),
        ("Bank's statements", runs_text(head.numbers or "")),
        ("Entries", f"{head.entries:,}".replace(",", THIN_SPACE)),
    ]
    return [(name, text) for name, text in facts if text]


def head_amounts(head: StatementHead) -> list[tuple[str, str]]:
    """Return the balances and sums of a statement, as pairs of a name and a text; debits below zero."""
    amounts = (
        ("Opening balance", head.opening),
        ("Credits", head.sum_credit),
        ("Debits", -head.sum_debit),
        ("Closing balance", head.closing),
    )
    return [(name, amount_text(amount, head.currency)) for name, amount in amounts]


def head_warning(head: StatementHead) -> str:
    """Return what to say when balances are not what the bank states for all the days, "" when they are."""
    sentences = []
    if head.difference:
        difference = f"{amount_text(head.difference, head.currency)} {head.currency}"
        sentences.append(
            "The closing balance that the bank states differs from opening balance and entries by "
            f"{difference}: a statement is missing or does not add up."
        )
    if head.known_since is None or head.known_until is None:
        sentences.append("There is no statement of the bank for these days.")
    elif head.known_since > head.since or head.known_until < head.until - timedelta(days=1):
        days = period_text(head.known_since, head.known_until + timedelta(days=1))
        sentences.append(f"The bank's statements tell only of {days}.")
    if not head.stated:
        sentences.append("The bank states no balance; these are counted from zero.")
    return " ".join(sentences)


def entry_details(entry: Entry, *, all_texts: bool) -> list[str]:
    """Return the texts of an entry below the counterparty's name, one fact a line."""
    account = account_text(text_of(entry, "counterparty_account"))
    bank = text_of(entry, "counterparty_bank")
    lines = [" / ".join(part for part in (account, bank) if part), text_of(entry, "remittance")]
    if all_texts:
        lines += [text_of(entry, "additional_info"), *_references(entry)]
    elif not any(lines) and not text_of(entry, "counterparty_name"):
        lines = [text_of(entry, "additional_info") or text_of(entry, "transaction_code")]
    return [line for line in lines if line]


def entry_symbols(entry: Entry) -> list[str]:
    """Return the Czech symbols of an entry, each with its short name."""
    names = (("VS", "variable_symbol"), ("KS", "constant_symbol"), ("SS", "specific_symbol"))
    return [f"{short} {text}" for short, name in names if (text := text_of(entry, name))]


def _references(entry: Entry) -> Iterator[str]:
    for title, name in (
        ("Transaction code", "transaction_code"),
        ("Bank reference", "bank_reference"),
        ("Client reference", "client_reference"),
        ("End to end", "end_to_end_id"),
        ("Bank's statement", "statement_number"),
    ):
        if text := text_of(entry, name):
            yield f"{title}: {text}"


def other_day(entry: Entry) -> str:
    """Return the booking or value day of an entry that differs from its day, with what it is; "" when none does."""
    for title, name in (("value", "value_day"), ("booked", "booking_day")):
        day = entry.get(name)
        if isinstance(day, date) and day != entry["day"]:
            return f"{title} {day_text(day)}"
    return ""


def text_of(entry: Entry, name: str) -> str:
    """Return a text of an entry as it is printed, "" when it has none."""
    value = entry.get(name)
    text = "" if value is None else str(value)
    return text if text.isprintable() else _HIDDEN.sub("\ufffd", text)


def statement_title(head: StatementHead) -> str:
    """Return the title of one statement."""
    return f"Account statement {DASH} {head.label}"


def running_title(head: StatementHead) -> str:
    """Return what stands above the further pages of a statement."""
    parts = (head.label, account_text(head.account), head.currency, period_text(head.since, head.until))
    return " \u00b7 ".join(dict.fromkeys(parts))


def document_title(heads: Sequence[StatementHead]) -> str:
    """Return the title of a document of one or more statements."""
    return statement_title(heads[0]) if len(heads) == 1 else f"{len(heads)} account statements"


def made_text(made_at: datetime) -> str:
    """Return when a report was made."""
    return f"{made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
