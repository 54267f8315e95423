"""Signed requests: nothing of them can be another's, and none is taken long after it was made."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bankklient_lab.errors import SealBroken
from bankklient_lab.sealing.requests import INSTANT, SIGNATURE, check_request, signed_headers
from tests.sealing import parties
from tests.sealing.parties import AT

REQUEST = ("PUT", "/batches/20001/1/20260007", b"body")


def _checked(method: str, path: str, body: bytes, headers: dict[str, str], later: timedelta = timedelta(0)) -> str:
    known = parties.registered(parties.personal())
    return check_request(method, path, body, headers, trust=known, at=AT + later)


def _reason(*request: object, later: timedelta = timedelta(0)) -> str:
    with pytest.raises(SealBroken) as refused:
        _checked(*request, later=later)  # type: ignore[arg-type]
    return refused.value.reason


@pytest.mark.spec("TRN-157")
def test_a_signed_request_names_its_signer() -> None:
    headers = signed_headers(*REQUEST, parties.personal(), AT)
    assert _checked(*REQUEST, headers) == parties.personal().certificate.fingerprint


def test_each_part_of_a_request_is_signed() -> None:
    headers = signed_headers(*REQUEST, parties.personal(), AT)
    assert _reason("GET", REQUEST[1], REQUEST[2], headers) == "tampered"
    assert _reason("PUT", "/batches/20001/1/20260008", REQUEST[2], headers) == "tampered"
    assert _reason("PUT", REQUEST[1], b"bodY", headers) == "tampered"
    later = (AT + timedelta(seconds=1)).isoformat(timespec="seconds")
    assert _reason(*REQUEST, headers | {INSTANT: later}) == "tampered"


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_request_is_good_for_five_minutes_by_either_clock(minutes: int) -> None:
    headers = signed_headers(*REQUEST, parties.personal(), AT)
    edge = timedelta(minutes=minutes)
    assert _checked(*REQUEST, headers, edge)
    beyond = edge + timedelta(seconds=1 if minutes > 0 else -1)
    assert _reason(*REQUEST, headers, later=beyond) == "expired"


def test_requests_of_others_and_without_signature_are_refused() -> None:
    assert _reason(*REQUEST, signed_headers(*REQUEST, parties.operational(), AT)) == "signer"
    headers = signed_headers(*REQUEST, parties.personal(), AT)
    for wrong in ({}, {INSTANT: headers[INSTANT]}, {SIGNATURE: headers[SIGNATURE]}):
        assert _reason(*REQUEST, wrong) == "format"
    for wrong in ({SIGNATURE: "%"}, {SIGNATURE: "é"}, {INSTANT: "now"}, {INSTANT: "2026-11-02T12:00:00"}):
        assert _reason(*REQUEST, headers | wrong) == "format"
