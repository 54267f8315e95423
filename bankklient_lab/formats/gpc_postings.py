"""What the posting codes of record 075 mean: 1 and 2 are the same everywhere, reversals differ by bank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from bankklient_lab.errors import FormatError, HintNeeded
from bankklient_lab.formats.gpc_layout import Profile, profile_of, profiles

_NONE = ("\0", "\0")  # codes that no record has


class Postings:
    """The bank's profile as far as it is known, and the posting codes of reversals."""

    def __init__(self, bank: str | None) -> None:
        self._bank = bank
        self._proven: tuple[str, str] | None = None
        self.profile: Profile | None = profile_of(bank) if bank else None

    def notice(self, marker: str) -> None:
        """Take the profile of the bank that leaves `marker` in its records 074, if there is one."""
        self.profile = next((p for p in profiles() if p.marker and marker.startswith(p.marker)), self.profile)

    def reversals(self, codes: npt.NDArray[Any], place: Callable[[int], str]) -> tuple[str, str]:
        """Return the codes of debit and credit reversals; NUL characters while the file has none.

        `place(at)` names the place of an entry. HintNeeded when only the caller can say what a code means.
        """
        if self.profile:
            return self.profile.debit_reversal, self.profile.credit_reversal
        unusual = (codes >= ord("3")) & (codes <= ord("5"))
        if self._proven is None and unusual.any():
            self._proven = self._prove({chr(code) for code in codes[unusual]}, place(int(unusual.argmax())))
        return self._proven or _NONE

    def _prove(self, present: set[str], place: str) -> tuple[str, str]:
        if present >= {"3", "5"}:
            reason = "reversals 3 and 5 are of different banks and do not go together"
            raise FormatError(reason, place=place, field="posting_code")
        if present != {"4"}:
            return ("4", "5") if "5" in present else ("3", "4")
        reason = "posting code 4 reverses a debit or a credit, depending on the bank"
        if self._bank:
            raise FormatError(f"{reason}, and bank {self._bank} has no profile", place=place, field="posting_code")
        raise HintNeeded("bank", reason, place=place)
