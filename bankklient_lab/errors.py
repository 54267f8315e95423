"""Every error that bankklient_lab raises on purpose, as one tree.

    LabError                      one clear sentence: what, where, why, what to do
    +-- FormatError               a file that is refused as a whole, with its place
    |   +-- NotRecognised         no format's content
    |   +-- HintNeeded            the file does not say something that the caller can give
    |   +-- LimitExceeded         larger, deeper or denser than a stated limit
    +-- SealBroken                a signed or sealed thing that is not what it should be, with the reason
    +-- StoreError                the lab's file
    |   +-- LabBusy               another process holds the file and offers no endpoint
    |   +-- WrongPassphrase
    |   +-- NewerLab              written by a newer version of this package
    |   +-- DamagedLab
    +-- UnknownName               a look-up that missed (account, currency, import, report, ...)
    +-- BadArgument               a value that the function can't take
    +-- NoRate                    no exchange rate on or before the day
    +-- Refused                   an action that the state of the lab does not allow
    |   +-- Blocked               another user is at work on the same
    |   +-- SuspectedDuplicate    an order that pays the same as others
    +-- WrongOrder                an order that breaks rules, with the number of each
    +-- WrongForm                 a form whose fields are not as its template asks, with each of them
    +-- NotLoggedIn               no login, or one that has ended or is locked
    |   +-- LoginRefused          a wrong name or password, a user who may not log in, too many tries
    |   +-- SecondFactorNeeded    the password was right; a code or a passkey is missing
    |   +-- PasswordExpired       nothing but a new password is possible
    |   +-- ProofNeeded           the action needs a password or code again, although the session goes on
    +-- NotAllowed                a permission that the caller does not have
    +-- Unreachable               a bank that does not answer; what was sent may have reached it
    +-- RunFailed                 a notebook run that stopped, with the failing cell
    +-- Cancelled                 stopped by the user

Each carries a `code` that is stable and a message for people. `details` holds the parts of the
message as plain values, so that the command line and the API can show them as data.
"""

from __future__ import annotations

from typing import ClassVar

MESSAGE_CHARS_MAX = 1_000


class LabError(Exception):
    """Base of all errors meant for the user; `str(error)` is one sentence (or few) without a traceback."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **details: object) -> None:
        message = " ".join(message.splitlines())
        if len(message) > MESSAGE_CHARS_MAX:  # it quotes something long
            message = f"{message[: MESSAGE_CHARS_MAX - 300]} ... {message[-200:]}"
        super().__init__(message)
        self.message = message
        self.details = details


class FormatError(LabError):
    """A file that can't be taken over.

    `place` names where ("line 14", "Ntry 3 of Stmt 1", "byte 120"), `field` which field, `text` the raw
    text found there (shortened to 80 characters), `reason` why it is refused.
    """

    code = "bad_file"

    def __init__(self, reason: str, *, place: str = "", field: str = "", text: str = "") -> None:
        reason = " ".join(reason.split())
        shown = text if len(text) <= 80 else text[:77] + "..."
        parts = [part for part in (place, field and f"field {field}", shown and f"found {shown!r}") if part]
        super().__init__(
            f"{', '.join(parts)}: {reason}" if parts else reason,
            place=place,
            field=field,
            text=shown,
            reason=reason,
        )
        self.reason = reason
        self.place = place
        self.field = field
        self.text = shown


class NotRecognised(FormatError):
    """No known format recognises the content."""

    code = "not_recognised"


class HintNeeded(FormatError):
    """The file lacks something that the caller can give, such as `account` or `currency`."""

    code = "hint_needed"

    def __init__(self, hint: str, reason: str, *, place: str = "") -> None:
        super().__init__(f"{reason}; give it with --{hint.replace('_', '-')}", place=place, field=hint)
        self.hint = hint


class LimitExceeded(FormatError):
    """A stated limit (see formats.base.LIMITS) is exceeded."""

    code = "limit_exceeded"


class SealBroken(LabError):
    """Something signed or sealed that is refused; nothing of its content is handed out.

    `reason` is one word: "format" (not what our writer would have written, or over a limit), "signer" (nobody who is
    known, or of another connection point), "expired" (the signer's certificate, at the time of receipt), "signature",
    "tampered" (content that is not the signed one), "key" (not sealed for the key that opens it), "identity".
    """

    code = "seal_broken"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason


class StoreError(LabError):
    """The lab's database file can't be used as asked."""

    code = "store"


class LabBusy(StoreError):
    """Another process holds the file and offers no endpoint; the message names the process."""

    code = "lab_busy"


class WrongPassphrase(StoreError):
    """The passphrase does not open the file, or one is needed."""

    code = "wrong_passphrase"


class NewerLab(StoreError):
    """The file was written by a newer version of this package."""

    code = "newer_lab"


class DamagedLab(StoreError):
    """The file can't be read as a lab."""

    code = "damaged_lab"


class UnknownName(LabError):
    """A name that the lab does not know."""

    code = "unknown_name"

    def __init__(self, kind: str, name: object, known: str = "") -> None:
        super().__init__(f"unknown {kind} {name!r}" + (f"; {known}" if known else ""), kind=kind, name=str(name))


class BadArgument(LabError):
    """A value outside what the function takes."""

    code = "bad_argument"


class NoRate(LabError):
    """There is no exchange rate on or before the day asked for."""

    code = "no_rate"


class Refused(LabError):
    """The state of the lab does not allow the action."""

    code = "refused"


class Blocked(Refused):
    """Another user is at work on the same; `user`, `workstation`, `action` and `since` say who, where and what."""

    code = "blocked"


class SuspectedDuplicate(Refused):
    """An order pays the same as others (error 151): `twins` are their ids. Change it, or allow it with a reason."""

    code = "suspected_duplicate"


class WrongOrder(LabError):
    """An order breaks rules: `errors` has of each the number, the item and the text."""

    code = "wrong_order"


class WrongForm(LabError):
    """A form has fields that are not as they should be: `errors` has of each the item and the text."""

    code = "wrong_form"


class NotLoggedIn(LabError):
    """The caller has not logged in, or the login has ended or is locked (`locked`)."""

    code = "not_logged_in"


class LoginRefused(NotLoggedIn):
    """A wrong name or password, a user who may not log in, or a try that came too early: one message for all."""

    code = "login_refused"


class SecondFactorNeeded(NotLoggedIn):
    """The password was right; a code or a passkey must come with it (`kinds`)."""

    code = "second_factor_needed"


class PasswordExpired(NotLoggedIn):
    """Nothing but choosing a new password is possible."""

    code = "password_expired"


class ProofNeeded(NotLoggedIn):
    """The action needs a fresh proof of who calls (`prove`); the session goes on."""

    code = "proof_needed"


class NotAllowed(LabError):
    """The caller lacks a permission; `needed` is the expression over their numbers."""

    code = "not_allowed"


class Unreachable(LabError):
    """The bank can't be reached, or did not answer; whether it got what was sent shows the next transmission."""

    code = "unreachable"


class RunFailed(LabError):
    """A notebook run stopped; `details` name the notebook and the failing cell."""

    code = "run_failed"


class Cancelled(LabError):
    """The user stopped the work; nothing of it was kept."""

    code = "cancelled"
