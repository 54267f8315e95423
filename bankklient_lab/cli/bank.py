"""Commands for a simulated bank: found it, register clients and accounts, serve it, look at it."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bankklient_lab.cli import options
from bankklient_lab.cli.asked import PasswordFileOption, password
from bankklient_lab.cli.options import JsonOption
from bankklient_lab.cli.output import lines, print_table
from bankklient_lab.errors import BadArgument, Refused, SealBroken

if TYPE_CHECKING:
    from bankklient_lab.bank import Bank
    from bankklient_lab.sealing.certificates import Certificate

BankArgument = Annotated[str, typer.Argument(metavar="BANK", help="Folder of the bank.")]
PointArgument = Annotated[int, typer.Argument(metavar="POINT", help="Connection point of the client.")]
_QUESTION = "Password of the bank's key: "
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="A simulated bank, to rehearse with.", no_args_is_help=True)
    commands: dict[str, Callable[..., None]] = {
        "found": found, "client": client, "key": key, "account": account, "permit": permit, "forwards": forwards,
        "financing": financing, "agree": agree, "call-off": call_off, "codebook": codebook, "accounts": accounts,
        "person": person, "configuration": configuration, "message": message, "messages": messages,
        "advance": advance, "balances": balances, "statements": statements, "check": check, "serve": serve,
    }  # fmt: skip
    for name, command in commands.items():
        group.command(name)(command)
    app.add_typer(group, name="bank")


def found(
    bank: BankArgument,
    parameters: Annotated[str, typer.Option(help="Which bank: cz or eur.")] = "cz",
    seed: Annotated[int, typer.Option(help="Of its exchange rates.")] = 1,
    password_file: PasswordFileOption = "",
) -> None:
    """Found a bank in a new folder, with a key of its own; clients register its certificate bank.pem."""
    from bankklient_lab.bank.folder import CERTIFICATE, found_bank

    folder = Path(bank)
    one = found_bank(folder, password(password_file, _QUESTION), _now, parameters=parameters, seed=seed)
    one.close()
    terms = one.parameters
    lines([f"{terms.name}, connection point {terms.point}, is founded; its certificate is {folder / CERTIFICATE}"])


def client(
    bank: BankArgument,
    point: PointArgument,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    encrypted: Annotated[bool, typer.Option("--encrypted", help="Batches are encrypted in both directions.")] = False,
    np_days: Annotated[int, typer.Option(help="Closings a payment waits for funds; 0: the bank's number.")] = 0,
    signers: Annotated[int, typer.Option(help="Keys that must sign a batch.")] = 1,
    password_file: PasswordFileOption = "",
) -> None:
    """Register a client."""
    with _opened(bank, password_file) as one:
        one.register_client(point, name, encrypted=encrypted, np_days=np_days, signers=signers)
    lines([f"client {point} is registered"])


def key(
    bank: BankArgument,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="FKEYID.SGN that a client handed over, or a certificate (PEM, DER).")
    ],
    brings_only: Annotated[bool, typer.Option("--brings-only", help="It brings batches and signs no orders.")] = False,
    password_file: PasswordFileOption = "",
) -> None:
    """Register a client's key; compare the fingerprint with the client's on another way."""
    from bankklient_lab.sealing.certificates import fingerprint_text

    found, order = _certificate(_content(file))
    with _opened(bank, password_file) as one:
        one.register_key(found, signs_orders=not brings_only, key_order=order)
    lines([f"the key of {found.point} is registered; its fingerprint is {fingerprint_text(found.fingerprint)}"])


def _certificate(content: bytes) -> tuple[Certificate, str]:
    """Return the certificate of a file, or that and the order of a first key that identifies itself; FormatError."""
    from bankklient_lab.sealing.certificates import read_certificate
    from bankklient_lab.sealing.identification import read_identification

    try:
        found = read_identification(content, datetime.now(UTC))
    except SealBroken as broken:
        if broken.reason != "format":
            raise
        return read_certificate(content), ""
    return found.certificate, found.key_order


def account(
    bank: BankArgument,
    number: Annotated[str, typer.Argument(metavar="IBAN")],
    currency: Annotated[str, typer.Argument(metavar="CURRENCY")],
    name: Annotated[str, typer.Argument(metavar="NAME")],
    point: Annotated[int, typer.Option(help="Whose; 0: of a customer without this channel.")] = 0,
    opening: Annotated[str, typer.Option(metavar="AMOUNT", help="Opening balance.")] = "0",
    overdraft: Annotated[str, typer.Option(metavar="AMOUNT", help="How far below zero it may go.")] = "0",
    order_limit: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Of one order from it. [default: any amount]")
    ] = "",
    day_limit: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Of all payments ordered from it for one day. [default: any amount]")
    ] = "",
    documents: Annotated[
        str, typer.Option(help="How its documents come: mail, person, electronic (when ordered) or automatic.")
    ] = "electronic",
    password_file: PasswordFileOption = "",
) -> None:
    """Open an account."""
    from bankklient_lab.bank import Account
    from bankklient_lab.money import parse_amount

    given = Account(
        number.replace(" ", ""), currency, name, point or None, parse_amount(opening), parse_amount(overdraft),
        order_max=parse_amount(order_limit) if order_limit else None,
        day_max=parse_amount(day_limit) if day_limit else None, documents=documents,
    )  # fmt: skip
    with _opened(bank, password_file) as one:
        one.open_account(given)
    lines([f"account {given.account} is open"])


def permit(
    bank: BankArgument,
    debited: Annotated[str, typer.Argument(metavar="DEBITED", help="Account that is collected from.")],
    credited: Annotated[str, typer.Argument(metavar="CREDITED", help="Account that collects.")],
    limit: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Of all collections of a period. [default: any amount]")
    ] = "",
    period: Annotated[str, typer.Option(help="1 day, 1 week, 1 month, 3 months, 6 months or 12 months.")] = "1 month",
    password_file: PasswordFileOption = "",
) -> None:
    """Permit collections from one account to another."""
    from bankklient_lab.codebooks.services import AMOUNT_MAX
    from bankklient_lab.money import parse_amount

    with _opened(bank, password_file) as one:
        one.permit_collection(debited, credited, limit=parse_amount(limit) if limit else AMOUNT_MAX, period=period)
    lines(["the collection is permitted"])


def forwards(
    bank: BankArgument,
    point: PointArgument,
    limit: Annotated[str, typer.Argument(metavar="LIMIT", help="Of open deals together, in the national currency.")],
    by_dealer: Annotated[bool, typer.Option("--by-dealer", help="Rates wait for somebody to agree them.")] = False,
    password_file: PasswordFileOption = "",
) -> None:
    """Give a client a contract on forward deals, or change its limit."""
    from bankklient_lab.money import parse_amount

    with _opened(bank, password_file) as one:
        one.allow_forwards(point, parse_amount(limit), by_dealer=by_dealer)
    lines([f"client {point} may make forward deals"])


def financing(
    bank: BankArgument,
    point: PointArgument,
    account: Annotated[str, typer.Argument(metavar="IBAN", help="Account to which receivables are settled.")],
    end: Annotated[bool, typer.Option("--end", help="End the agreement.")] = False,
    password_file: PasswordFileOption = "",
) -> None:
    """Agree with a client to finance its receivables, or end that."""
    with _opened(bank, password_file) as one:
        if end:
            one.end_financing(account)
        else:
            one.agree_financing(point, account)
    lines([f"receivables of client {point} are {'no more' if end else 'now'} financed for {account}"])


def agree(
    bank: BankArgument,
    point: PointArgument,
    request: Annotated[int, typer.Argument(metavar="REQUEST", help="The client's number of the wish for a deal.")],
    rate: Annotated[
        str, typer.Option(metavar="RATE", help="Sold currency for one bought. [default: that of now]")
    ] = "",
    no: Annotated[bool, typer.Option("--no", help="Give the wish up.")] = False,
    password_file: PasswordFileOption = "",
) -> None:
    """Agree the rate of a forward deal that waits for its dealer, or give the wish up."""
    agreed = _rate(rate) if rate else None
    with _opened(bank, password_file) as one:
        if no:
            one.cancel_forward(point, request)
        else:
            one.agree_forward(point, request, agreed)
    lines([f"request {request} is {'given up' if no else 'agreed'}"])


def _rate(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise BadArgument(f"a rate is a number as 24.512345, not {text[:20]!r}") from None


def call_off(
    bank: BankArgument,
    deal: Annotated[str, typer.Argument(metavar="DEAL", help="Such as FW1.")],
    password_file: PasswordFileOption = "",
) -> None:
    """Call an active forward deal off."""
    with _opened(bank, password_file) as one:
        one.call_off_forward(deal)
    lines([f"{deal} is called off"])


def codebook(
    bank: BankArgument,
    name: Annotated[str, typer.Argument(metavar="CODEBOOK", help="Such as banks, currencies or bics.")],
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV with a header line; it replaces the whole codebook.")
    ],
    password_file: PasswordFileOption = "",
) -> None:
    """Send all clients a codebook."""
    content = _content(file)
    with _opened(bank, password_file) as one:
        one.send_codebook(name, content)
    lines([f"codebook {name} waits for the clients"])


def accounts(
    bank: BankArgument,
    point: PointArgument,
    whole: Annotated[bool, typer.Option("--configuration", help="With the bank's parameters.")] = False,
    address: Annotated[
        str, typer.Option(metavar="URL", help="With --configuration: another address of the bank's service.")
    ] = "",
    password_file: PasswordFileOption = "",
) -> None:
    """Send a client the list of its accounts, which takes the place of the one that it has."""
    if address and not whole:
        raise BadArgument("--address is told with --configuration; a list of accounts has none")
    with _opened(bank, password_file) as one:
        if whole:
            one.send_configuration(point, address=address)
        else:
            one.send_accounts(point)
    lines([f"{'the configuration' if whole else 'the list of accounts'} waits for client {point}"])


def person(
    bank: BankArgument,
    point: PointArgument,
    user: Annotated[str, typer.Argument(metavar="USER", help="Identification, which begins with #.")],
    reference: Annotated[str, typer.Option(help="Two characters, # or & first.")] = "",
    role: Annotated[str, typer.Option(help="To begin with; the least without it.")] = "",
    first_name: Annotated[str, typer.Option()] = "",
    last_name: Annotated[str, typer.Option()] = "",
    phone: Annotated[str, typer.Option()] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Authorize this person no more.")] = False,
    password_file: PasswordFileOption = "",
) -> None:
    """Authorize a person for a client; `bank accounts --configuration` tells the client."""
    from bankklient_lab.formats.client_accounts import AuthorizedPerson

    with _opened(bank, password_file) as one:
        if withdraw:
            one.withdraw_person(point, user)
        else:
            one.authorize_person(point, AuthorizedPerson(user, reference, role, first_name, last_name, phone))
    lines([f"{user} is {'no longer ' if withdraw else ''}authorized for client {point}"])


def message(
    bank: BankArgument,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT")],
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    client: Annotated[int, typer.Option(metavar="POINT", help="To one client; 0: to all.")] = 0,
    kind: Annotated[str, typer.Option(help="Type of the message, in small letters.")] = "",
    reply: Annotated[str, typer.Option(help="none, one (demanded) or many.")] = "none",
    confidential: Annotated[bool, typer.Option("--confidential", help="For users with permission 245.")] = False,
    html: Annotated[bool, typer.Option("--html", help="The text is HTML.")] = False,
    until: Annotated[str, typer.Option(metavar="DATE", help="Last day on which it is valid.")] = "",
    attach: Annotated[str, typer.Option(metavar="FILE", help="Attachment.")] = "",
    password_file: PasswordFileOption = "",
) -> None:
    """Send a message to one client or to all."""
    from bankklient_lab.bank import Wanted
    from bankklient_lab.formats.bank_files import BankFile

    attachment = BankFile(Path(attach).name, _content(attach)) if attach else None
    last = options.day(until) if until else None
    wanted = Wanted(subject, text, client or None, kind, confidential, reply, html, last, attachment)
    with _opened(bank, password_file) as one:
        number = one.send_message(wanted)
    lines([f"message {number} waits for {f'client {client}' if client else 'all clients'}"])


def messages(bank: BankArgument, as_json: JsonOption = False, password_file: PasswordFileOption = "") -> None:
    """Show the messages that clients sent."""
    with _opened(bank, password_file) as one:
        rows = [
            found._asdict() | {"attachment": found.attachment.name if found.attachment else None}
            for found in one.messages()
        ]
    columns = ("client", "number", "answers", "status", "kind", "attachment", "subject", "text")
    print_table(rows, columns, as_json=as_json, empty="no client has written")


def _content(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise BadArgument(f"{file} can't be read ({error.strerror})") from None


def configuration(
    bank: BankArgument,
    point: PointArgument,
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Where the file for the client is put.")],
    address: Annotated[str, typer.Option(metavar="URL", help="Of the bank's service, as `bank serve` tells it.")] = "",
    recovery: Annotated[bool, typer.Option("--recovery", help="The client's lab is lost: its keys end.")] = False,
    since: Annotated[
        str, typer.Option(metavar="DAY", help="With --recovery: what was made from this day on is sent again.")
    ] = "",
    password_file: PasswordFileOption = "",
) -> None:
    """Issue the configuration with which a client's lab begins; its password and fingerprint go another way."""
    from bankklient_lab.keys.unlocking import PASSWORD_CHARS
    from bankklient_lab.sealing.certificates import fingerprint_text
    from bankklient_lab.store.files import write_whole

    if since and not recovery:
        raise BadArgument("--since says what is sent again with --recovery; a first configuration sends nothing")
    once = "".join(secrets.choice(_ALPHABET) for _ in range(PASSWORD_CHARS))
    with _opened(bank, password_file) as one:
        name, content = one.issue_configuration(
            point, once, address=address, recovery=recovery, since=options.day(since) if since else None
        )
        fingerprint = fingerprint_text(one.certificate.fingerprint)
    path = Path(folder) / name
    write_whole(path, content)
    lines(
        [
            f"{path} is the configuration for client {point}",
            f"password of its one-time key, to be told another way: {once}",
            f"fingerprint of the bank's certificate, to be told another way: {fingerprint}",
        ]
    )


def advance(
    bank: BankArgument,
    days: Annotated[int, typer.Argument(metavar="DAYS", min=1, max=366, help="From its present moment.")],
    password_file: PasswordFileOption = "",
) -> None:
    """Let a bank live some days in one go, ahead of the clock."""
    with _opened(bank, password_file) as one:
        one.advance(one.lived_until + timedelta(days=days))
        until = one.lived_until
    lines([f"the bank has lived until {until:%Y-%m-%d %H:%M} UTC"])


def balances(bank: BankArgument, as_json: JsonOption = False, password_file: PasswordFileOption = "") -> None:
    """Show the balances of customers' accounts."""
    with _opened(bank, password_file) as one:
        rows = [{"account": number, "balance": amount} for number, amount in sorted(one.balances().items())]
    print_table(rows, ("account", "balance"), as_json=as_json, empty="there is no account")


def statements(
    bank: BankArgument,
    point: PointArgument,
    day: Annotated[str, typer.Argument(metavar="DAY", help="A day that the bank has closed, such as 2026-11-30.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where to write them.")],
    format_name: Annotated[str, typer.Option("--format", help="camt.053, mt940, or gpc with --currency.")] = "mt940",
    currency: Annotated[str, typer.Option(metavar="CODE", help="Only accounts in this currency, such as CZK.")] = "",
    password_file: PasswordFileOption = "",
) -> None:
    """Write the statements of a client's accounts as a file, as a bank gives them that is reached by a folder."""
    from bankklient_lab.store.files import write_whole

    with _opened(bank, password_file) as one:
        content = one.statement_file(point, options.day(day), format_name, currency)
    write_whole(Path(output), content)
    lines([f"{output} has the statements of {day}"])


def check(bank: BankArgument, password_file: PasswordFileOption = "") -> None:
    """Check what must always be true of a bank, such as that its ledger sums to zero."""
    with _opened(bank, password_file) as one:
        found = one.check()
    lines([f"{'broken' if broken else 'holds '}  {name}" for name, broken in found.items()])
    if any(found.values()):
        raise Refused("the bank is not whole")


def serve(
    bank: BankArgument,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; beyond this machine with TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8765,
    certificate: Annotated[str, typer.Option(metavar="FILE", help="Certificate (PEM, with its chain) for TLS.")] = "",
    tls_key: Annotated[str, typer.Option("--key", metavar="FILE", help="Private key of the certificate.")] = "",
    fault: Annotated[
        list[str],
        typer.Option(
            metavar="FAULT",
            help="Switch a fault on: lost, doubled, delayed, truncated, tampered, unanswered, down. May be repeated.",
        ),
    ] = [],
    probability: Annotated[float, typer.Option(min=0, max=1, help="Of a fault in one request.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the faults.")] = 1,
    skew: Annotated[int, typer.Option(metavar="SECONDS", help="How far the bank's clock is ahead.")] = 0,
    password_file: PasswordFileOption = "",
) -> None:
    """Serve a bank over HTTP until Ctrl-C."""
    import uvicorn

    from bankklient_lab.bank.faults import Chance, Fault, FaultyBank
    from bankklient_lab.bank.service import application

    if bool(certificate) != bool(tls_key):
        raise BadArgument("TLS needs both --certificate and --key")
    if host not in {"127.0.0.1", "::1", "localhost"} and not certificate:
        raise BadArgument("beyond this machine a bank is served with TLS only: give --certificate and --key")
    unknown = sorted(set(fault) - set(Fault))
    if unknown:
        raise BadArgument(f"unknown fault {unknown[0]!r}; there are {', '.join(Fault)}")
    ahead = timedelta(seconds=skew)
    with _opened(bank, password_file, ahead) as one:
        line = FaultyBank(one, Chance(tuple(map(Fault, fault)), probability, seed)) if fault else one
        lines([f"{one.parameters.name} is served at {'https' if certificate else 'http'}://{host}:{port}"])
        sys.stdout.flush()
        uvicorn.run(
            application(one, line), host=host, port=port, log_level="warning",
            ssl_certfile=certificate or None, ssl_keyfile=tls_key or None,
        )  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _opened(bank: str, password_file: str, ahead: timedelta = timedelta()) -> Iterator[Bank]:
    """Open a bank by its folder, its clock `ahead` of this machine's."""
    from bankklient_lab.bank.folder import open_bank

    one = open_bank(Path(bank), password(password_file, _QUESTION), lambda: _now() + ahead)
    try:
        yield one
    finally:
        one.close()
