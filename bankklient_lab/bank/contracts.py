"""Contracts: clients with their keys, accounts with what is allowed, permissions to collect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bankklient_lab.bank.ledger import CAPITAL, OWN_ACCOUNTS, book, columns_between
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks import rows
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.formats.client_accounts import AuthorizedPerson
from bankklient_lab.money import exact
from bankklient_lab.sealing.certificates import Certificate, read_certificate
from bankklient_lab.sealing.configuration import ClientAccount
from bankklient_lab.sealing.key_change import KeyChange


@dataclass(frozen=True, slots=True)
class Account:
    """An account to open: `account` an IBAN, amounts in its currency.

    `order_max` limits one order, `day_max` all payments ordered from it for one day (None: any amount). `point` is the
    client that may see it and, as far as `debit` and `credit` allow, order payments and collections.
    `documents` says how its documents reach the client: mail and person are told of only, electronic ones are ordered,
    automatic ones come by themselves. `deposit` is that of a time deposit.
    """

    account: str
    currency: str
    name: str
    point: int | None = None
    opening: Decimal = Decimal(0)
    overdraft: Decimal = Decimal(0)
    debit: bool = True
    credit: bool = True
    order_max: Decimal | None = None
    day_max: Decimal | None = None
    documents: str = "electronic"
    deposit: bool = False


DELIVERIES = ("mail", "person", "electronic", "automatic")


def found(work: Work) -> None:
    """Store what a new bank has: its own accounts and the other banks of its clearing."""
    p = work.parameters
    for currency in (p.currency, *sorted(p.rates)):
        for name in OWN_ACCOUNTS:
            work.store.do(
                "INSERT INTO account BY NAME SELECT $account AS account, $currency AS currency, $name AS name,"
                " true AS own, 0 AS overdraft, false AS debit, false AS credit, 'mail' AS documents, false AS deposit,"
                " $day AS opened",
                {"account": f"{name} {currency}", "currency": currency, "name": name.capitalize(), "day": work.day},
            )
    codes = [row["bank_code"] for row in rows(p.participants)]
    work.store.do("INSERT INTO participant SELECT DISTINCT unnest($codes)", {"codes": [*codes, p.bank_code]})


def register_client(
    work: Work, point: int, name: str, *, encrypted: bool = False, np_days: int = 0, signers: int = 1
) -> None:
    """Register a client; `np_days` 0 is the bank's own number, `signers` how many keys must sign a batch of orders."""
    if work.store.row("SELECT 1 FROM client WHERE point = $point", {"point": point}):
        raise BadArgument(f"connection point {point} is registered already")
    if not (20_001 <= point <= 65_535 and 0 <= np_days <= 99 and 1 <= signers <= 9):
        raise BadArgument("a client's point is 20001 to 65535, its days without funds 0 to 99, its signers 1 to 9")
    work.store.do(
        "INSERT INTO client VALUES ($point, $name, $encrypted, $np_days, $signers)",
        {"point": point, "name": name, "encrypted": encrypted, "np_days": np_days, "signers": signers},
    )


def register_key(
    work: Work, certificate: Certificate, *, signs_orders: bool, key_order: str = "", one_time: bool = False
) -> None:
    """Register the certificate of a client's key, from now on."""
    require_client(work, certificate.point)
    if work.store.row("SELECT 1 FROM certificate WHERE fingerprint = $id", {"id": certificate.fingerprint}):
        raise BadArgument("this key is registered already")
    work.store.do(
        "INSERT INTO certificate VALUES ($id, $point, $der, $order, $signs, $once, $at, NULL, NULL)",
        {
            "id": certificate.fingerprint,
            "point": certificate.point,
            "der": certificate.der,
            "order": key_order,
            "signs": signs_orders,
            "once": one_time,
            "at": work.at,
        },
    )


def withdraw_key(work: Work, fingerprint: str) -> None:
    """Trust a key no more."""
    work.store.do(
        "UPDATE certificate SET withdrawn_at = $at WHERE fingerprint = $id AND withdrawn_at IS NULL",
        {"id": fingerprint, "at": work.at},
    )


def replace_key(work: Work, change: KeyChange) -> None:
    """Register a client's new key, which may what the one that it replaces might; that one brings nothing new."""
    row = work.store.row("SELECT signs_orders FROM certificate WHERE fingerprint = $id", {"id": change.replaces})
    assert row is not None  # its signature was verified
    register_key(work, change.certificate, signs_orders=row[0], key_order=change.key_order)
    work.store.do(
        "UPDATE certificate SET replaced_at = $at WHERE fingerprint = $id", {"id": change.replaces, "at": work.at}
    )


def is_replaced(work: Work, fingerprints: Sequence[str]) -> bool:
    """Tell whether one of these keys was replaced by a newer one."""
    return bool(
        work.store.row(
            "SELECT 1 FROM certificate WHERE replaced_at IS NOT NULL AND fingerprint IN (SELECT unnest($ids))",
            {"ids": list(fingerprints)},
        )
    )


def is_one_time(work: Work, fingerprints: Sequence[str]) -> bool:
    """Tell whether one of these keys is of a configuration: it only announces the client's first key."""
    return bool(
        work.store.row(
            "SELECT 1 FROM certificate WHERE one_time AND fingerprint IN (SELECT unnest($ids))",
            {"ids": list(fingerprints)},
        )
    )


def certificate(work: Work, fingerprint: str) -> Certificate | None:
    """Return the certificate of a client's key that is trusted now."""
    row = work.store.row(
        "SELECT certificate FROM certificate WHERE fingerprint = $id AND withdrawn_at IS NULL", {"id": fingerprint}
    )
    return read_certificate(row[0]) if row else None


def encryption_certificate(work: Work, point: int) -> Certificate | None:
    """Return the certificate to encrypt for a client by, its last one that can; None when batches go unencrypted.

    Refused when they are to be encrypted and no key of the client can be.
    """
    client = work.store.row("SELECT encrypted FROM client WHERE point = $point", {"point": point})
    if client is None or not client[0]:
        return None
    rows = work.store.rows(
        "SELECT certificate FROM certificate WHERE point = $point AND withdrawn_at IS NULL AND replaced_at IS NULL"
        " ORDER BY registered_at DESC, fingerprint",
        {"point": point},
    )
    found = next((one for one in (read_certificate(row[0]) for row in rows) if one.encrypts), None)
    if found is None:
        raise Refused(f"nothing can be encrypted for connection point {point}: none of its keys here takes that")
    return found


def signing_keys(work: Work, fingerprints: Sequence[str]) -> int:
    """Return how many different keys among the fingerprints may sign orders."""
    row = work.store.row(
        "SELECT count(*) FROM certificate WHERE signs_orders AND fingerprint IN (SELECT unnest($ids))",
        {"ids": list(fingerprints)},
    )
    assert row is not None
    return int(row[0])


def signers_needed(work: Work, point: int) -> int:
    """Return how many keys must sign the batches of a client."""
    row = work.store.row("SELECT signers FROM client WHERE point = $point", {"point": point})
    assert row is not None
    return int(row[0])


def require_client(work: Work, point: int) -> None:
    """Refuse a connection point that is no client's."""
    if not work.store.row("SELECT 1 FROM client WHERE point = $point", {"point": point}):
        raise UnknownName("connection point", point)


def client_accounts(work: Work, point: int) -> tuple[ClientAccount, ...]:
    """Return the open accounts of a client, each with the side of orders on which it may stand."""
    rows = work.store.rows(
        "SELECT account, currency, name, CASE WHEN debit AND credit THEN 'both' WHEN debit THEN 'debit'"
        " WHEN credit THEN 'credit' ELSE 'none' END FROM account WHERE point = $point AND closed IS NULL"
        " ORDER BY account",
        {"point": point},
    )
    return tuple(ClientAccount(*row) for row in rows)


def open_account(work: Work, account: Account) -> None:
    """Open an account, its opening balance paid by the bank's own capital."""
    if account.point is not None:
        require_client(work, account.point)
    if account.currency != work.parameters.currency and account.currency not in work.parameters.rates:
        raise UnknownName("currency", account.currency, "the bank has no rate of it")
    if not (account.account.isascii() and account.account.isalnum()):
        raise BadArgument(f"an account is an IBAN without spaces, not {account.account[:40]!r}")
    if work.store.row("SELECT 1 FROM account WHERE account = $account", {"account": account.account}):
        raise BadArgument(f"the account {account.account} is open already")
    for limit in (account.order_max, account.day_max):
        if limit is not None and limit <= 0:
            raise BadArgument(f"the limit of an account is above 0, not {limit}; without it any amount may be ordered")
    if account.documents not in DELIVERIES:
        raise BadArgument(f"documents come by {', '.join(DELIVERIES)}, not by {account.documents!r}")
    work.store.do(
        "INSERT INTO account BY NAME SELECT $account AS account, $point AS point, $currency AS currency,"
        " $name AS name, false AS own, $overdraft AS overdraft, $debit AS debit, $credit AS credit,"
        " $order_max AS order_max, $day_max AS day_max, $documents AS documents, $deposit AS deposit, $day AS opened",
        {
            "account": account.account,
            "point": account.point,
            "currency": account.currency,
            "name": account.name,
            "overdraft": exact(account.overdraft),
            "debit": account.debit,
            "credit": account.credit,
            "order_max": None if account.order_max is None else exact(account.order_max),
            "day_max": None if account.day_max is None else exact(account.day_max),
            "documents": account.documents,
            "deposit": account.deposit,
            "day": work.day,
        },
    )
    if account.opening:
        between = columns_between("opening", f"'{CAPITAL} ' || currency", "account", "Opening balance")
        book(
            work,
            f"SELECT 1 AS sort, {between} FROM (SELECT $amount::DECIMAL(18,3) AS amount, account, currency FROM account"  # noqa: S608
            " WHERE account = $account)",
            amount=exact(account.opening),
            account=account.account,
        )


def close_account(work: Work, account: str) -> None:
    """Close an account from today on; Refused while a time deposit or a forward deal needs it."""
    waiting = work.store.row(
        "SELECT 'time deposit ' || deposit_id || ' is paid back to' FROM time_deposit"
        " WHERE state IN ('waiting', 'valid') AND $account IN"
        " (items ->> '$.own_account', coalesce(principal_account, ''), coalesce(interest_account, ''))"
        " UNION ALL SELECT 'forward deal ' || deal_id || ' settles with' FROM forward_deal"
        " WHERE state IN ('waiting', 'valid') AND $account IN"
        " (items ->> '$.own_account', items ->> '$.recipient_account') LIMIT 1",
        {"account": account},
    )
    if waiting:
        raise Refused(f"{waiting[0]} account {account}; end that first")
    work.store.do(
        "UPDATE account SET closed = $day WHERE account = $account AND closed IS NULL AND NOT own",
        {"account": account, "day": work.day},
    )


def authorize_person(work: Work, point: int, person: AuthorizedPerson) -> None:
    """Authorize a person for a client, from now on; a person of that name is replaced."""
    require_client(work, point)
    if not (person.user.startswith("#") and len(person.reference) == 2 and person.reference[0] in "#&"):
        raise BadArgument("a person's identification begins with #, and the reference is two characters, # or & first")
    if work.store.row(
        "SELECT 1 FROM person WHERE point = $point AND reference = $reference AND user_name <> $user",
        {"point": point, "reference": person.reference, "user": person.user},
    ):
        raise BadArgument(f"another person of client {point} has the reference {person.reference}")
    work.store.do(
        "INSERT OR REPLACE INTO person VALUES"
        " ($point, $user, $reference, $role, $first_name, $last_name, $phone, false)",
        {"point": point, **person._asdict()},
    )


def withdraw_person(work: Work, point: int, user: str) -> None:
    """Authorize a person no more; UnknownName for one who is not authorized."""
    if not work.store.row(
        "SELECT 1 FROM person WHERE point = $point AND user_name = $user AND NOT withdrawn",
        {"point": point, "user": user},
    ):
        raise UnknownName("authorized person", user)
    work.store.do(
        "UPDATE person SET withdrawn = true WHERE point = $point AND user_name = $user", {"point": point, "user": user}
    )


def authorized_persons(work: Work, point: int) -> list[AuthorizedPerson] | None:
    """Return whom a client's contract authorizes now, None when it never named anybody."""
    rows = work.store.rows(
        "SELECT withdrawn, user_name, reference, role, first_name, last_name, phone FROM person WHERE point = $point"
        " ORDER BY user_name",
        {"point": point},
    )
    return [AuthorizedPerson(*row) for withdrawn, *row in rows if not withdrawn] if rows else None
