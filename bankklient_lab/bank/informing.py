"""The bank's doors for information beyond accounts and orders: codebooks, messages, whose an account is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager

from bankklient_lab.bank import contracts, letters
from bankklient_lab.bank.client_lists import send_accounts, send_configuration
from bankklient_lab.bank.codebooks import send_codebook
from bankklient_lab.bank.letters import Taken, Wanted
from bankklient_lab.bank.payees import verify_payee
from bankklient_lab.bank.work import Work
from bankklient_lab.formats.client_accounts import AuthorizedPerson
from bankklient_lab.formats.payee_answers import read_question, write_answers
from bankklient_lab.sealing.cms import signed
from bankklient_lab.sealing.keys import SigningKey


class Informing(ABC):
    """What a bank tells its clients' people; every call is one transaction at the bank's moment."""

    _key: SigningKey

    @abstractmethod
    def _now(self) -> AbstractContextManager[Work]:
        """Let one transaction run at the bank's moment."""

    def send_codebook(self, name: str, content: bytes) -> None:
        """Send each client a codebook, a CSV file (UTF-8) with a header line.

        UnknownName for a codebook that no bank sends, FormatError for a content that can't be.
        """
        with self._now() as work:
            send_codebook(work, name, content)

    def send_accounts(self, point: int) -> None:
        """Send a client the list of its accounts; UnknownName for another point, Refused for one without accounts."""
        with self._now() as work:
            send_accounts(work, point)

    def send_configuration(self, point: int, *, address: str = "") -> None:
        """Send a client its banking configuration; `address` is that of the bank's service, empty: as it is."""
        with self._now() as work:
            send_configuration(work, point, address)

    def authorize_person(self, point: int, person: AuthorizedPerson) -> None:
        """Authorize a person for a client; its next configuration tells. BadArgument without the marks."""
        with self._now() as work:
            contracts.authorize_person(work, point, person)

    def withdraw_person(self, point: int, user: str) -> None:
        """Authorize a person no more; the client's next configuration tells. UnknownName."""
        with self._now() as work:
            contracts.withdraw_person(work, point, user)

    def send_message(self, wanted: Wanted) -> int:
        """Send a message to one client or to all, and return its number; BadArgument for what can't be sent."""
        with self._now() as work:
            return letters.send_letter(work, wanted)

    def messages(self) -> list[Taken]:
        """Return what clients wrote, in the order of its receipt."""
        with self._now() as work:
            return letters.taken_letters(work)

    def verify_payees(self, question: bytes) -> bytes:
        """Answer a verification of payee (formats.payee_answers), signed; FormatError for what is no question."""
        with self._now() as work:
            answers = [verify_payee(work, payee) for payee in read_question(question)]
            return signed(write_answers(answers), self._key, work.at)
