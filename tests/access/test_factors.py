"""Second factors: codes of an app, passkeys and recovery codes, at login and inside a session."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pyotp
import pytest

from bankklient_lab.access.factors import add_totp, confirm_totp, factors, remove_factor, remove_factors
from bankklient_lab.access.log import application_log
from bankklient_lab.access.logins import caller_of, login, prove
from bankklient_lab.access.passkeys import add_passkey, begin_passkey
from bankklient_lab.access.recovery import make_recovery_codes
from bankklient_lab.access.tokens import create_token
from bankklient_lab.errors import LoginRefused, NotAllowed, ProofNeeded, Refused, SecondFactorNeeded, UnknownName
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.rights.identity import Site
from tests.access.authenticator import Authenticator
from tests.access.people import PASSWORD, of
from tests.clocks import Clock

SITE = Site("lab.example", "https://lab.example:8443")


def code(secret: str, clock: Clock, **later: float) -> str:
    """Return the code that an app shows."""
    return pyotp.TOTP(secret).at(clock.now + timedelta(**later))


def with_app(lab: Lab, clock: Clock) -> tuple[Lab, str, list[str]]:
    """Return the lab in the hands of alice, who has a code generator, its secret and her recovery codes."""
    alice = of(lab, "alice")
    begun = add_totp(alice, "phone")
    recovery = confirm_totp(alice, begun["factor_id"], code(begun["secret"], clock))
    clock.move(seconds=30)
    return alice, begun["secret"], recovery


def logged_in(lab: Lab, **proof: str) -> dict[str, Any]:
    """Log alice in with her password and another proof."""
    return login(lab, "alice", PASSWORD, **proof)


def test_a_generator_guards_the_login_from_its_first_code_on(office: Lab, clock: Clock) -> None:
    alice = of(office, "alice")
    begun = add_totp(alice, "phone")
    logged_in(office)
    with pytest.raises(LoginRefused):
        confirm_totp(alice, begun["factor_id"], "000000")
    logged_in(office)
    assert len(confirm_totp(alice, begun["factor_id"], code(begun["secret"], clock))) == 10
    with pytest.raises(SecondFactorNeeded) as needed:
        logged_in(office)
    assert needed.value.details["kinds"] == ["totp"]
    clock.move(seconds=30)
    assert logged_in(office, code=code(begun["secret"], clock))["user"] == "alice"
    assert [(row["kind"], row["name"], row["recovery_codes"]) for row in factors.rows(alice)] == [("totp", "phone", 10)]


def test_the_picture_and_the_address_carry_the_same_secret(office: Lab) -> None:
    begun = add_totp(of(office, "alice"), "phone")
    parsed = pyotp.parse_uri(begun["url"])
    assert (parsed.secret, parsed.name, parsed.issuer) == (begun["secret"], "alice", "bankklient")
    assert len(begun["secret"]) == 32
    assert ElementTree.fromstring(begun["qr"]).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_code_is_good_once_and_half_a_minute_before_and_after(office: Lab, clock: Clock) -> None:
    _, secret, _ = with_app(office, clock)
    early = code(secret, clock, seconds=-30)
    assert early  # its step was used to confirm the generator
    for used_up in (early, code(secret, clock, seconds=60), code(secret, clock, seconds=-60)):
        with pytest.raises(LoginRefused):
            logged_in(office, code=used_up)
    logged_in(office, code=code(secret, clock, seconds=30))
    for again in (code(secret, clock, seconds=30), code(secret, clock)):  # used, and one before the one used
        with pytest.raises(LoginRefused):
            logged_in(office, code=again)


def test_a_code_that_was_used_stays_used_after_reopening(office: Lab, clock: Clock) -> None:
    _, secret, _ = with_app(office, clock)
    shown = code(secret, clock)
    logged_in(office, code=shown)
    office.close()
    with open_here(office.path, clock=clock) as again, pytest.raises(LoginRefused):
        logged_in(again, code=shown)


def test_codes_are_guessed_no_faster_than_passwords(office: Lab, clock: Clock) -> None:
    _, secret, _ = with_app(office, clock)
    for _ in range(5):
        with pytest.raises(LoginRefused):
            logged_in(office, code="000000")
    with pytest.raises(LoginRefused, match="wait"):
        logged_in(office, code=code(secret, clock))


def test_the_password_alone_counts_neither_as_wrong_nor_as_right(office: Lab, clock: Clock) -> None:
    _, secret, _ = with_app(office, clock)
    with pytest.raises(LoginRefused):
        logged_in(office, code="000000")
    for _ in range(10):
        with pytest.raises(SecondFactorNeeded):
            logged_in(office)
    assert logged_in(office, code=code(secret, clock))["failed"] == 1


def test_recovery_codes_are_good_once_each_and_kept_as_digests(office: Lab, clock: Clock) -> None:
    alice, _, recovery = with_app(office, clock)
    assert len(set(recovery)) == 10
    logged_in(office, code=recovery[0])
    logged_in(office, code=recovery[1].upper().replace("-", " "))
    with pytest.raises(LoginRefused):
        logged_in(office, code=recovery[0])
    assert factors.rows(alice)[0]["recovery_codes"] == 8
    kept = str(office.rows("FROM ops.recovery_code"))
    assert not any(one in kept or one.replace("-", "") in kept for one in recovery)
    newer = make_recovery_codes(alice)
    with pytest.raises(LoginRefused):
        logged_in(office, code=recovery[2])
    logged_in(office, code=newer[0])
    assert len(application_log.rows(alice, number=444)) == 3


@pytest.mark.spec("CB-025")
def test_who_has_a_factor_proves_with_it_and_not_with_the_password(office: Lab, clock: Clock) -> None:
    alice, secret, _ = with_app(office, clock)
    clock.move(minutes=11)
    with pytest.raises(ProofNeeded):
        make_recovery_codes(alice)
    with pytest.raises(SecondFactorNeeded):
        prove(alice, password=PASSWORD)
    with pytest.raises(LoginRefused):
        prove(alice, code="000000")
    prove(alice, code=code(secret, clock))
    assert len(make_recovery_codes(alice)) == 10


def test_a_factor_is_removed_by_its_user_or_an_administrator(office: Lab, clock: Clock) -> None:
    alice, secret, _ = with_app(office, clock)
    (own,) = factors.rows(alice)
    tester = of(office, "tester")
    with pytest.raises(UnknownName):
        remove_factor(tester, own["factor_id"])
    with pytest.raises(NotAllowed):
        remove_factors(alice, "tester")
    remove_factor(alice, own["factor_id"])
    assert secret not in str(office.rows("FROM ops.factor"))
    logged_in(office)
    with_app(office, clock)
    assert remove_factors(tester, "alice") == 1
    logged_in(office)
    assert office.rows("SELECT count(*) FROM ops.recovery_code") == [(0,)]


def test_a_token_changes_nothing_of_how_its_user_logs_in(office: Lab) -> None:
    tester = of(office, "tester")
    caller = caller_of(office, create_token(tester, "script", scope=[1, 950])["token"])
    assert caller is not None
    script = office.acting(caller)
    for change in (add_totp, make_recovery_codes, lambda lab: create_token(lab, "other", scope=[1])):
        with pytest.raises(NotAllowed):
            change(script)


def passkey_of(lab: Lab, origin: str = SITE.origin) -> Authenticator:
    """Return a passkey that alice has registered."""
    alice, key = of(lab, "alice"), Authenticator(origin)
    add_passkey(alice, "key", key.register(begin_passkey(alice)))
    return key


def asked(lab: Lab) -> str:
    """Return what a browser gets when the password was right."""
    with pytest.raises(SecondFactorNeeded) as needed:
        logged_in(lab)
    return str(needed.value.details["passkey"])


def test_a_passkey_logs_in(office: Lab) -> None:
    office.rights.site = SITE
    key = passkey_of(office)
    options = asked(office)
    assert json.loads(options)["rpId"] == "lab.example"
    assert logged_in(office, passkey=key.sign(options))["user"] == "alice"


def test_an_answer_of_a_passkey_is_good_once_and_for_five_minutes(office: Lab, clock: Clock) -> None:
    office.rights.site = SITE
    key = passkey_of(office)
    answer = key.sign(asked(office))
    logged_in(office, passkey=answer)
    late = key.sign(asked(office))
    clock.move(minutes=5, seconds=1)
    for wrong in (answer, late, "{}", "not JSON", '{"response": {"clientDataJSON": "AAAA"}}'):
        with pytest.raises(LoginRefused):
            logged_in(office, passkey=wrong)
        clock.move(minutes=15)


def test_a_passkey_of_another_site_key_or_user_is_refused(office: Lab) -> None:
    office.rights.site = SITE
    with pytest.raises(LoginRefused):
        passkey_of(office, "https://lab.example.evil")
    key = passkey_of(office)
    phished, stranger = Authenticator("https://lab.example.evil"), Authenticator(SITE.origin)
    phished.id, phished._key = key.id, key._key
    stranger.id = key.id
    for other in (phished, stranger):
        with pytest.raises(LoginRefused):
            logged_in(office, passkey=other.sign(asked(office)))
    key.count = 0  # a copy of the key that lags behind
    with pytest.raises(LoginRefused):
        logged_in(office, passkey=key.sign(asked(office)))


@pytest.mark.spec("CB-025")
def test_a_passkey_proves_inside_a_session(office: Lab, clock: Clock) -> None:
    office.rights.site = SITE
    key = passkey_of(office)
    alice = of_passkey(office, key)
    clock.move(minutes=11)
    with pytest.raises(SecondFactorNeeded) as needed:
        prove(alice)
    prove(alice, passkey=key.sign(str(needed.value.details["passkey"])))
    assert len(make_recovery_codes(alice)) == 10


def of_passkey(lab: Lab, key: Authenticator) -> Lab:
    """Return the lab in the hands of alice, logged in by passkey."""
    caller = caller_of(lab, logged_in(lab, passkey=key.sign(asked(lab)))["session"])
    assert caller is not None
    return lab.acting(caller)


def test_without_pages_a_user_with_a_passkey_logs_in_by_recovery_code(office: Lab) -> None:
    office.rights.site = SITE
    alice, key = of(office, "alice"), Authenticator(SITE.origin)
    recovery = add_passkey(alice, "key", key.register(begin_passkey(alice)))
    office.rights.site = None
    with pytest.raises(SecondFactorNeeded) as needed:
        logged_in(office)
    assert (needed.value.details["kinds"], needed.value.details["passkey"]) == (["passkey"], "")
    with pytest.raises(Refused):
        begin_passkey(alice)
    assert logged_in(office, code=recovery[0])["user"] == "alice"
