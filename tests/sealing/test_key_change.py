"""Announcing a new key: signed by the one before and by itself."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from bankklient_lab.errors import BadArgument, SealBroken
from bankklient_lab.sealing import cms
from bankklient_lab.sealing.key_change import key_change, read_key_change
from tests.sealing import parties
from tests.sealing.parties import AT, CLIENT

OLD, NEW, OTHER = (
    lambda kind=kind: parties.key(CLIENT, kind, "ecdsa") for kind in ("operational", "personal", "initial")
)


def _reason(content: bytes) -> str:
    with pytest.raises(SealBroken) as refused:
        read_key_change(content, trust=parties.registered(OLD()), at=AT)
    return refused.value.reason


def _changed(**parts: object) -> bytes:
    return json.dumps(json.loads(key_change(NEW(), OLD(), "20260002", AT)) | parts).encode()


def test_a_change_is_believed_by_the_signature_of_the_key_before() -> None:
    found = read_key_change(key_change(NEW(), OLD(), "20260002", AT), trust=parties.registered(OLD()), at=AT)
    assert found == (NEW().certificate, "20260002", OLD().certificate.fingerprint)


def test_a_change_by_a_key_that_nobody_knows_is_refused() -> None:
    assert _reason(key_change(NEW(), OTHER(), "20260002", AT)) == "signer"
    with pytest.raises(BadArgument, match="same connection point"):
        key_change(NEW(), parties.key(1, "operational", "ecdsa"), "20260002", AT)


def test_whoever_announces_a_key_has_it() -> None:
    told = json.loads(key_change(NEW(), OLD(), "20260002", AT))
    stolen = told | {"certificate": b64encode(OTHER().certificate.der).decode()}
    assert _reason(json.dumps(stolen).encode()) == "tampered"
    text = (
        f"bankklient key change 1\norder=20260002\nnew={OTHER().certificate.fingerprint}\nreplaces={told['replaces']}\n"
    )
    both = [b64encode(cms.signed(text.encode(), key, AT, detached=True)).decode() for key in (OLD(), OLD())]
    assert _reason(json.dumps(stolen | {"signatures": both}).encode()) == "signer"


def test_each_part_is_signed() -> None:
    assert _reason(_changed(key_order="20260003")) == "tampered"
    assert _reason(_changed(replaces=OTHER().certificate.fingerprint)) == "tampered"


@pytest.mark.parametrize(
    "parts",
    [
        {"version": 2}, {"format": "other"}, {"more": 1}, {"signatures": []}, {"signatures": ["", ""]},
        {"signatures": [1, 2]}, {"certificate": "%"}, {"certificate": ""}, {"key_order": 7}, {"key_order": "é"},
    ],
)  # fmt: skip
def test_other_content_is_refused(parts: dict[str, object]) -> None:
    assert _reason(_changed(**parts)) == "format"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'"' + b"x" * 200_000 + b'"'])
def test_other_bytes_are_refused(content: bytes) -> None:
    assert _reason(content) == "format"
