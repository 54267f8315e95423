"""What a client learns of its contract: the list of its accounts, or its whole configuration."""

from __future__ import annotations

from bankklient_lab.bank.answers import send
from bankklient_lab.bank.contracts import authorized_persons, client_accounts, require_client
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import Refused
from bankklient_lab.formats.bank_files import write_file
from bankklient_lab.formats.client_accounts import write_accounts, write_parameters, write_persons
from bankklient_lab.sealing.configuration import ClientAccount


def send_accounts(work: Work, point: int) -> None:
    """Send a client the list of its accounts (type 9); Refused while it has none."""
    send(work, point, BatchType.ACCOUNT_TYPES, [write_file(write_accounts(_accounts(work, point)))])


def send_configuration(work: Work, point: int, address: str) -> None:
    """Send a client its banking configuration (type 10); Refused while it has no account.

    The bank's parameters, the accounts, and the authorized persons if its contract ever named one.
    """
    accounts, p = _accounts(work, point), work.parameters
    client = work.store.row("SELECT name FROM client WHERE point = $point", {"point": point})
    assert client is not None
    values = {
        "client_name": client[0], "bank_name": p.name, "bank_code": p.bank_code, "national_currency": p.currency,
    } | ({"address": address} if address else {})  # fmt: skip
    files = [write_parameters(values), write_accounts(accounts)]
    persons = authorized_persons(work, point)
    if persons is not None:
        files.append(write_persons(persons))
    send(work, point, BatchType.CLIENT_BANKING_CONFIGURATION, [write_file(file) for file in files])


def _accounts(work: Work, point: int) -> tuple[ClientAccount, ...]:
    require_client(work, point)
    found = client_accounts(work, point)
    if not found:
        raise Refused(f"client {point} has no account")
    return found
