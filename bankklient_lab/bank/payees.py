"""Verification of payee: whose an account of the bank is, told only to whom knows it nearly."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

from bankklient_lab.bank.work import Work
from bankklient_lab.formats.payee_answers import CLOSE, MATCH, NO_MATCH, NOT_POSSIBLE, Payee, PayeeAnswer

_CLOSE_FROM = 0.8  # share of letters in common; below it a name would be told to whom only guesses
_WORDS = re.compile(r"[a-z0-9]+")


def verify_payee(work: Work, payee: Payee) -> PayeeAnswer:
    """Compare a name with that of an account's holder; not possible for an account that this bank does not keep."""
    held = work.store.row(
        "SELECT name FROM account WHERE account = $account AND NOT own AND (closed IS NULL OR closed > $day)",
        {"account": payee.account, "day": work.day},
    )
    if held is None or not _plain(payee.name):
        return PayeeAnswer(payee, NOT_POSSIBLE, "")
    asked, kept = _plain(payee.name), _plain(held[0])
    if asked == kept:
        return PayeeAnswer(payee, MATCH, "")
    if SequenceMatcher(None, asked, kept).ratio() >= _CLOSE_FROM:
        return PayeeAnswer(payee, CLOSE, held[0])
    return PayeeAnswer(payee, NO_MATCH, "")


def _plain(name: str) -> str:
    """Return the words of a name without case, accents, marks and order."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return " ".join(sorted(_WORDS.findall("".join(one for one in letters if not unicodedata.combining(one)))))
