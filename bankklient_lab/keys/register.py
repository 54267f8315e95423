"""The register of the client's and the bank's keys (TRN-180, TRN-181)."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Any, NamedTuple

from bankklient_lab.actions import table_action
from bankklient_lab.errors import UnknownName
from bankklient_lab.keys.points import BANK, point_of
from bankklient_lab.lab import Lab, Read
from bankklient_lab.sealing.certificates import Certificate, read_certificate
from bankklient_lab.sealing.configuration import AFTER_RECOVERY, INITIALIZATION

OPERATIONAL, PERSONAL = "operational", "personal"
ONE_TIME = (INITIALIZATION, AFTER_RECOVERY)  # kinds of the key that comes with the bank's configuration


class Key(NamedTuple):
    """A key of the register, without its private part."""

    key_id: int
    point: int
    kind: str
    key_order: str
    user_id: int | None
    der: bytes
    expires_on: date
    warn_days: int
    valid: bool
    delivered: bool
    proven: bool
    replaces: int | None
    card: str

    @property
    def title(self) -> str:
        """How messages name it: operational key 20260001, or personal key 20260002 on card 0123."""
        return f"{self.kind} key {self.key_order}{f' on card {self.card}' if self.card else ''}"

    @property
    def certificate(self) -> Certificate:
        """Its certificate."""
        return read_certificate(self.der)

    def expired(self, today: date) -> bool:
        """Tell whether it may not be used any more."""
        return today >= self.expires_on

    def warned(self, today: date) -> bool:
        """Tell whether its expiration is near enough to warn of."""
        return today >= self.expires_on - timedelta(days=self.warn_days)


_KEY = (
    "SELECT key_id, point, kind, key_order, user_id, certificate, expires_on, warn_days, valid, delivered, proven,"
    " replaces, card FROM ops.key"
)


@table_action()
def key_register(lab: Lab) -> Read:
    """Return the register of keys in the order in which they came.

    Columns: key_id, point, key_order (rrrrnnnn, from which it is valid), user_order (of an authorized person), kind,
    valid (the last of its kind and owner), expires_on (the first day on which it is not valid), user, user_name,
    user_valid (of personal keys), created_at, delivered (the bank has it), proven (the bank confirmed what was signed
    by it), private (it signs here), card (serial number of the chip card that has it; empty: none), warn_on (the day
    from which its expiration is told), password_saved, failed_tries and fingerprint (SHA-256 of the certificate,
    hexadecimal).
    """
    return lab.read(
        "SELECT k.key_id, k.point, k.key_order, u.ordinal AS user_order, k.kind, k.valid, k.expires_on, u.name AS user,"
        " nullif(trim(concat_ws(' ', u.first_name, u.last_name)), '') AS user_name, u.valid AS user_valid,"
        " k.created_at, k.delivered, k.proven, k.private_key IS NOT NULL OR k.card <> '' AS private, k.card,"
        " k.expires_on - k.warn_days AS warn_on, k.saved_password <> '' AS password_saved, k.failed_tries,"
        " sha256(k.certificate) AS fingerprint"
        " FROM ops.key k LEFT JOIN ops.user u ON u.user_id = k.user_id ORDER BY k.key_id"
    )


def key_numbered(lab: Lab, key_id: int) -> Key:
    """Return a key of the register; UnknownName."""
    found = found_keys(lab, "key_id = $key_id", key_id=key_id)
    if not found:
        raise UnknownName("key", key_id, "`bankklient keys list` shows them")
    return found[0]


def found_keys(lab: Lab, where: str, **values: object) -> list[Key]:
    """Return the keys that fulfil a condition of our own SQL, the newest first."""
    return [Key(*row) for row in lab.rows(f"{_KEY} WHERE {where} ORDER BY key_id DESC", values)]


def newest_key(lab: Lab, where: str, **values: object) -> Key | None:
    """Return the newest key that fulfils a condition of our own SQL."""
    return next(iter(found_keys(lab, where, **values)), None)


OF_OWNER = "point = $point AND kind = $kind AND user_id IS NOT DISTINCT FROM $user_id"


def valid_key(lab: Lab, point: int, kind: str, user_id: int | None = None) -> Key | None:
    """Return the valid key of a connection point, kind and user (None: of nobody alone)."""
    return newest_key(lab, f"{OF_OWNER} AND valid", point=point, kind=kind, user_id=user_id)


def bank_trust(lab: Lab) -> dict[str, Certificate]:
    """Return the certificates of the bank that are registered and not replaced, by fingerprint."""
    bank = point_of(lab, BANK)
    certificates = [key.certificate for key in found_keys(lab, "point = $point AND valid", point=bank.point)]
    return {one.fingerprint: one for one in certificates}


def today(lab: Lab) -> date:
    """Return the day by which keys expire: that of UTC, as in their certificates."""
    return lab.clock().astimezone(UTC).date()


def insert_key(lab: Lab, cursor: Any, certificate: Certificate, **values: object) -> Key:
    """Add a key with its certificate, as the valid one of its kind and owner instead of the present one; return it."""
    row: dict[str, object] = {
        "point": certificate.point, "kind": certificate.kind, "user_id": None,
        "certificate": certificate.der, "replaces": None, "private_key": None, "card": "", "saved_password": "",
        "expires_on": certificate.valid_until.date(), "valid": True, "delivered": False, "refused": False,
        "proven": False,
        "failed_tries": 0, "created_by": lab.caller.reference, "created_at": lab.clock(),
    } | values  # fmt: skip
    cursor.execute(
        f"UPDATE ops.key SET valid = false WHERE valid AND (key_id = $replaces OR ({OF_OWNER}))",  # noqa: S608 - ours
        {name: row[name] for name in ("replaces", "point", "kind", "user_id")},
    )
    ((key_id,),) = cursor.execute("SELECT coalesce(max(key_id), 0) + 1 FROM ops.key").fetchall()
    row = {"key_id": key_id, **row}
    cursor.execute(
        f"INSERT INTO ops.key ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})",  # noqa: S608 - our names
        list(row.values()),
    )
    return key_numbered(lab, key_id)


def next_order(lab: Lab, cursor: Any, point: int) -> str:
    """Return the order rrrrnnnn of a new key: the next one of the year among the keys of a connection point."""
    year = str(today(lab).year)
    ((last,),) = cursor.execute(
        "SELECT coalesce(max(right(key_order, 4)::INTEGER), 0) FROM ops.key WHERE point = ? AND left(key_order, 4) = ?",
        [point, year],
    ).fetchall()
    return f"{year}{last + 1:04d}"
