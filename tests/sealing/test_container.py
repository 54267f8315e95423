"""The container of a batch: opened by whom it is for, and refused, with its reason, for whatever is wrong with it."""

from __future__ import annotations

import hashlib
import zlib
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankklient_lab.errors import BadArgument, SealBroken
from bankklient_lab.sealing import cms, container
from bankklient_lab.sealing.certificates import Certificate
from bankklient_lab.sealing.container import Limits, Opened, check_signature, opened, seal, sign
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.sealing.keys import SigningKey
from tests.sealing import parties
from tests.sealing.parties import AT, BANK, BATCH, CLIENT, PAYLOAD

FORMATS = ("00", "02", "06")
DIGEST = hashlib.sha256(PAYLOAD).digest()


@cache
def _sealed(record_format: str) -> bytes:
    return parties.sealed(record_format)


def _known(fingerprint: str) -> Certificate | None:
    return parties.registered(parties.operational(), parties.personal())(fingerprint)


def _opened(box: bytes, **other: object) -> Opened:
    given: dict[str, object] = {"trust": _known, "decrypt_with": parties.banks().private_key, "at": AT, **other}
    return opened(box, **given)  # type: ignore[arg-type]


def _reason(box: bytes, **other: object) -> str:
    with pytest.raises(SealBroken) as refused:
        _opened(box, **other)
    return refused.value.reason


def _boxed(package: bytes, key: SigningKey | None = None) -> bytes:
    """Return a container with something else in it, well signed outside."""
    return cms.signed(package, key or parties.operational(), AT)


def _packaged(identity: str = BATCH.line, form: str = "00", signatures: tuple[bytes, ...] = ()) -> bytes:
    return container._packaged(container._Package(identity, form, list(signatures), PAYLOAD))


@pytest.mark.spec("FLW-107", "FLW-109", "FLW-110")
@pytest.mark.spec("TRN-003")
@pytest.mark.parametrize("form", FORMATS)
def test_what_is_sealed_is_opened(form: str) -> None:
    found = _opened(_sealed(form))
    assert found.identity == BATCH
    assert found.payload == PAYLOAD
    assert found.signers == [one.certificate.fingerprint for one in (parties.operational(), parties.personal())]
    assert found.sent_by == parties.operational().certificate.fingerprint
    assert found.record_format == form


@pytest.mark.parametrize("payload", [b"", b"\0", bytes(range(256)) * 4_000])
def test_any_payload_comes_through(payload: bytes) -> None:
    assert _opened(parties.sealed("06", payload=payload)).payload == payload


def test_an_encrypted_batch_shows_nothing_of_its_payload() -> None:
    assert PAYLOAD[:40] in _sealed("00")
    assert PAYLOAD[:40] not in _sealed("06")
    assert zlib.compress(PAYLOAD)[:40] not in _sealed("06")


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_container_with_one_changed_byte_is_refused(form: str, data: st.DataObject) -> None:
    box = bytearray(_sealed(form))
    box[data.draw(st.integers(0, len(box) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        _opened(bytes(box))


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_part_of_a_container_is_refused(form: str, data: st.DataObject) -> None:
    box = _sealed(form)
    with pytest.raises(SealBroken):
        _opened(box[: data.draw(st.integers(0, len(box) - 1))])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused(content: bytes) -> None:
    assert _reason(content) == "format"
    with pytest.raises(SealBroken):
        _opened(_boxed(content))


def test_bytes_behind_a_container_are_refused() -> None:
    assert _reason(_sealed("02") + b"\0") == "format"


def test_a_signer_whom_nobody_knows_is_refused() -> None:
    assert _reason(_sealed("02"), trust=parties.registered(parties.personal())) == "signer"
    assert _reason(_sealed("02"), trust=parties.registered(parties.operational())) == "signer"


def test_a_signer_of_another_point_is_refused() -> None:
    other = parties.key(20_002, "operational", "ecdsa")
    known = parties.registered(parties.operational(), parties.personal(), other)
    assert _reason(_boxed(_packaged(), other), trust=known) == "signer"
    foreign = cms.signed(f"{BATCH.line}|{DIGEST.hex()}".encode(), other, AT, detached=True)
    assert _reason(_boxed(_packaged(signatures=(foreign,))), trust=known) == "signer"


def test_an_expired_certificate_is_judged_as_of_the_time_of_receipt() -> None:
    ends = parties.operational().certificate.valid_until
    assert _reason(_sealed("06"), at=ends) == "expired"
    assert _opened(_sealed("06"), at=ends - timedelta(seconds=1)).payload == PAYLOAD
    assert _reason(_sealed("06"), at=AT - timedelta(days=2)) == "expired"


@pytest.mark.spec("FLW-126")
def test_a_batch_encrypted_for_another_key_is_refused() -> None:
    other = parties.key(2, "operational")
    assert _reason(_sealed("06"), decrypt_with=other.private_key) == "key"
    assert _reason(_sealed("06"), decrypt_with=None) == "key"


@pytest.mark.spec("FLW-112")
def test_a_signature_over_another_batch_is_refused() -> None:
    another = BatchIdentity(CLIENT, BANK, 1, 2026, 8)
    for signature in (sign(another, DIGEST, parties.personal(), AT), sign(BATCH, b"\1" * 32, parties.personal(), AT)):
        assert _reason(_boxed(_packaged(signatures=(signature,)))) == "tampered"


def test_one_key_does_not_make_two_signatures() -> None:
    twice = (sign(BATCH, DIGEST, parties.personal(), AT), sign(BATCH, DIGEST, parties.personal(), AT))
    assert _reason(_boxed(_packaged(signatures=twice))) == "signature"


def test_an_identity_out_of_range_is_refused() -> None:
    assert _reason(_boxed(_packaged(identity="20001|1|1|20260000"))) == "identity"


@pytest.mark.spec("FLW-086")
def test_a_record_format_that_is_not_that_of_the_layers_is_refused() -> None:
    assert _reason(_boxed(_packaged(form="02"))) == "format"
    assert _reason(_boxed(zlib.compress(_packaged(form="00")))) == "format"
    assert _reason(_boxed(cms.enveloped(_packaged(form="06"), parties.banks().certificate))) == "format"


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "LIMITS", Limits(payload_bytes=1024**2, signatures=1, signature_bytes=1))
    assert _reason(_boxed(zlib.compress(bytes(8 * 1024**2)))) == "format"


@pytest.mark.spec("FLW-127")
def test_packed_content_ends_where_it_should() -> None:
    packed = zlib.compress(_packaged(form="02"))
    assert _reason(_boxed(packed + b"\0")) == "format"
    assert _reason(_boxed(packed[:-1])) == "format"


def test_limits_hold_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    box = parties.sealed("02")  # another sealing may be a few bytes shorter: signatures by ECDSA differ in length
    for limits in (Limits(container_bytes=len(box) - 16), Limits(payload_bytes=len(PAYLOAD) - 1), Limits(signatures=1)):
        monkeypatch.setattr(container, "LIMITS", limits)
        assert _reason(box) == "format"
        with pytest.raises(BadArgument, match="at most"):
            parties.sealed("02")


def test_only_the_sender_signs_and_only_the_recipient_is_encrypted_for() -> None:
    with pytest.raises(BadArgument, match="signed by point 1"):
        sign(BATCH, DIGEST, parties.banks(), AT)
    for key, form, certificate in (
        (parties.banks(), "02", None),
        (parties.operational(), "06", None),
        (parties.operational(), "02", parties.banks().certificate),
        (parties.operational(), "06", parties.operational().certificate),
        (parties.operational(), "07", None),
    ):
        with pytest.raises(BadArgument):
            seal(BATCH, PAYLOAD, [], key, record_format=form, encrypt_for=certificate, at=AT)


def test_nothing_is_encrypted_for_a_key_that_only_signs() -> None:
    with pytest.raises(BadArgument, match="only signs"):
        cms.enveloped(b"secret", parties.personal().certificate)


def test_a_signature_by_itself_is_checked_against_identity_and_payload() -> None:
    signature = sign(BATCH, DIGEST, parties.personal(), AT)
    assert check_signature(signature, BATCH, DIGEST, trust=_known, at=AT) == parties.personal().certificate.fingerprint
    with pytest.raises(SealBroken):
        check_signature(signature, BATCH, hashlib.sha256(b"other").digest(), trust=_known, at=AT)


def test_a_detached_signature_is_no_container_and_a_container_no_detached_signature() -> None:
    assert _reason(sign(BATCH, DIGEST, parties.operational(), AT)) == "format"
    with pytest.raises(SealBroken):
        check_signature(_sealed("00"), BATCH, DIGEST, trust=_known, at=AT)


def test_a_signature_tells_when_it_was_made() -> None:
    proof = cms.verified(cms.signed(b"text", parties.personal(), AT), trust=_known, at=AT + timedelta(days=1))
    assert proof == (b"text", parties.personal().certificate.fingerprint, AT)
