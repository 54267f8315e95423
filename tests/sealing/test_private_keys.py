"""Private keys under a password."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bankklient_lab.errors import SealBroken
from bankklient_lab.sealing import private_keys
from bankklient_lab.sealing.keys import SigningKey
from bankklient_lab.sealing.private_keys import COST, MARK, opened_key, sealed_key
from tests.sealing import parties


def _plain(key: SigningKey) -> bytes:
    return key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.spec("TRN-174")
@pytest.mark.parametrize("key", [parties.operational, parties.personal])
def test_a_key_opens_with_its_password_alone(key: object) -> None:
    mine: SigningKey = key()  # type: ignore[operator]
    sealed = sealed_key(mine, "heslo 8č")
    assert _plain(mine) not in sealed
    assert _plain(opened_key(sealed, "heslo 8č", mine.certificate)) == _plain(mine)
    with pytest.raises(SealBroken) as refused:
        opened_key(sealed, "heslo 8c", mine.certificate)
    assert refused.value.reason == "key"


def test_a_sealed_key_fits_no_other_certificate() -> None:
    sealed = sealed_key(parties.personal(), "password")
    with pytest.raises(SealBroken) as refused:
        opened_key(sealed, "password", parties.operational().certificate)
    assert refused.value.reason == "key"


@pytest.mark.parametrize("place", [0, 6, 7, 11, 12, 28, 40, -1])
def test_a_changed_byte_opens_nothing(place: int) -> None:
    sealed = bytearray(sealed_key(parties.personal(), "password"))
    sealed[place] ^= 1
    with pytest.raises(SealBroken):
        opened_key(bytes(sealed), "password", parties.personal().certificate)


@pytest.mark.parametrize("cost", [(0, 64, 1), (3, 7, 1), (17, 64, 1), (3, 1024 * 1024 + 1, 4), (3, 1024, 0)])
def test_a_cost_that_nobody_seals_at_is_refused_before_it_is_paid(cost: tuple[int, int, int]) -> None:
    sealed = bytearray(sealed_key(parties.personal(), "password"))
    COST.pack_into(sealed, len(MARK), *cost)
    with pytest.raises(SealBroken) as refused:
        opened_key(bytes(sealed), "password", parties.personal().certificate)
    assert refused.value.reason == "format"


def test_what_was_sealed_at_another_cost_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = parties.personal()
    monkeypatch.setattr(private_keys, "ROUNDS", 1)
    sealed = sealed_key(mine, "password")
    monkeypatch.undo()
    assert _plain(opened_key(sealed, "password", mine.certificate)) == _plain(mine)


@pytest.mark.parametrize("length", [0, 6, 20, 40])
def test_a_part_of_a_sealed_key_is_none(length: int) -> None:
    with pytest.raises(SealBroken) as refused:
        opened_key(sealed_key(parties.personal(), "password")[:length], "password", parties.personal().certificate)
    assert refused.value.reason == "format"


def test_the_text_of_a_key_shows_nothing_of_it() -> None:
    assert "PrivateKey" not in repr(parties.operational())
    assert "private" not in repr(parties.operational())
