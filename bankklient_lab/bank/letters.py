"""Messages to the clients' people, and those from them: taken in at once, read by somebody the next morning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from bankklient_lab.bank.answers import send
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import FormatError, UnknownName
from bankklient_lab.formats.bank_files import BankFile
from bankklient_lab.formats.forms import read_form
from bankklient_lab.formats.letters import Letter, LetterState, write_letter, write_state

# The test file of all virus scanners, which is harmless: https://www.eicar.org
_VIRUS = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


class Wanted(NamedTuple):
    """A message to be sent, as formats.letters.Letter says; `client` None: to all, which is a global message."""

    subject: str
    text: str
    client: int | None = None
    kind: str = ""
    confidential: bool = False
    reply: str = "none"
    html: bool = False
    until: date | None = None
    attachment: BankFile | None = None


class Taken(NamedTuple):
    """A message from a client; `answers` is the number of ours that it replies to, `status` PR, OK or ER.

    The text of a `form` is XML.
    """

    client: int
    number: int
    answers: int | None
    subject: str
    text: str
    status: str
    kind: str = ""
    form: bool = False
    attachment: BankFile | None = None


def send_letter(work: Work, wanted: Wanted) -> int:
    """Send a message and return its number; UnknownName for a client that there is not, BadArgument as check_letter."""
    points = [point for (point,) in work.store.rows("SELECT point FROM client ORDER BY point")]
    if wanted.client is not None and wanted.client not in points:
        raise UnknownName("client", wanted.client)
    ((number,),) = work.store.rows("SELECT coalesce(max(letter_id), 0) + 1 FROM letter")
    work.store.do("INSERT INTO letter VALUES ($id, $at)", {"id": number, "at": work.at})
    individual = wanted.client is not None
    letter = Letter(
        number, wanted.subject, wanted.text, work.at, wanted.kind, individual, wanted.confidential, wanted.reply,
        wanted.html, wanted.until, attachment=wanted.attachment,
    )  # fmt: skip
    message = write_letter(letter)
    batch_type = BatchType.INDIVIDUAL_MESSAGES if individual else BatchType.GLOBAL_MESSAGES
    for point in points if wanted.client is None else [wanted.client]:
        send(work, point, batch_type, [message])
    return int(number)


def take_letters(work: Work, point: int, letters: Sequence[Letter]) -> None:
    """Keep what a client wrote; what can't be passed on comes back at once, the rest waits for its recipient."""
    for letter in letters:
        why = _problem(letter)
        state, (name, attachment) = "ER" if why else "PR", letter.attachment or (None, None)
        work.store.do(
            "INSERT INTO client_letter VALUES"
            " ($point, $number, $answers, $kind, $subject, $text, $form, $name, $attachment::BLOB, $at, $state)",
            {
                "point": point, "number": letter.number, "answers": letter.answers, "kind": letter.kind,
                "subject": letter.subject, "text": letter.text, "form": letter.form, "name": name,
                "attachment": attachment, "at": work.at, "state": state,
            },
        )  # fmt: skip
        _tell(work, point, LetterState(letter.number, state, why))


def _problem(letter: Letter) -> str:
    """Return why a message is not passed on, "" when it is."""
    if _VIRUS in letter.text or (letter.attachment and _VIRUS.encode() in letter.attachment.content):
        return "it carries a virus"
    if letter.form:
        try:
            read_form(letter.text)
        except FormatError:
            return "its form can't be read"
    return ""


def is_new(work: Work, point: int, number: int) -> bool:
    """Tell whether a client has not sent a message of this number."""
    given = {"point": point, "number": number}
    return not work.store.row("SELECT 1 FROM client_letter WHERE point = $point AND number = $number", given)


def read_letters(work: Work) -> None:
    """Let the recipients read what came since the last morning."""
    waiting = work.store.rows("SELECT point, number FROM client_letter WHERE state = 'PR' ORDER BY received_at, 1, 2")
    for point, number in waiting:
        _tell(work, point, LetterState(number, "OK"))
    work.store.do("UPDATE client_letter SET state = 'OK' WHERE state = 'PR'")


def taken_letters(work: Work) -> list[Taken]:
    """Return what clients wrote, in the order of its receipt."""
    rows = work.store.rows(
        "SELECT point, number, answers, subject, content, state, kind, form, attachment_name, attachment"
        " FROM client_letter ORDER BY received_at, point, number"
    )
    return [_taken(*row) for row in rows]


def _taken(*row: Any) -> Taken:
    *told, name, content = row
    return Taken(*told)._replace(attachment=BankFile(name, bytes(content)) if name else None)


def _tell(work: Work, point: int, state: LetterState) -> None:
    send(work, point, BatchType.CLIENT_MESSAGES, [write_state(state)])
