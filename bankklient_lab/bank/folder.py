"""The folder of a bank: its database, its key under a password, and the certificate that its clients register."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from bankklient_lab.bank.bank import Bank
from bankklient_lab.bank.parameters import parameters_of
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.sealing.certificates import read_certificate
from bankklient_lab.sealing.keys import new_key
from bankklient_lab.sealing.private_keys import opened_key, sealed_key

YEARS_OF_THE_KEY = 10
FILE, KEY, CERTIFICATE = "bank.db", "bank.key", "bank.pem"


def found_bank(
    folder: Path, password: str, clock: Callable[[], datetime], *, parameters: str = "cz", seed: int = 1
) -> Bank:
    """Found a bank in a new folder, with a key of its own, and return it open; Refused for a folder that is there."""
    terms, now = parameters_of(parameters), clock()
    if folder.exists():
        raise Refused(f"{folder} is there already; a bank is founded in a new folder")
    expires_on = date(now.year + YEARS_OF_THE_KEY, 1, 1)
    made = new_key(point=terms.point, kind="operational", at=now, expires_on=expires_on)
    sealed = sealed_key(made, password)
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise BadArgument(f"{folder} can't be made ({error.strerror})") from None
    (folder / KEY).write_bytes(sealed)
    (folder / CERTIFICATE).write_text(made.certificate.pem, "ascii")
    return Bank.open(folder / FILE, clock, key=made, seed=seed, parameters=parameters)


def open_bank(folder: Path, password: str, clock: Callable[[], datetime]) -> Bank:
    """Open the bank of a folder; LabBusy while another process has it, SealBroken for a wrong password."""
    if not (folder / FILE).is_file():
        raise BadArgument(f"{folder} is no folder of a bank; `bankklient bank found` makes one")
    certificate = read_certificate((folder / CERTIFICATE).read_bytes())
    return Bank.open(folder / FILE, clock, key=opened_key((folder / KEY).read_bytes(), password, certificate))
