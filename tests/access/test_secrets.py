"""Passwords, codes, tokens and secrets of sessions stay with their owners: not in files, logs, outputs or texts."""

from __future__ import annotations

import logging
from typing import Any

import pyotp
import pytest

from bankklient_lab.access.configuration import configuration, configure
from bankklient_lab.access.factors import add_totp, confirm_totp
from bankklient_lab.access.log import application_log
from bankklient_lab.access.logins import caller_of, lock_session, login, logout, prove, unlock_session
from bankklient_lab.access.passkeys import add_passkey, begin_passkey
from bankklient_lab.access.recovery import make_recovery_codes
from bankklient_lab.access.tokens import create_token, give_consent, tokens
from bankklient_lab.access.users import change_password, create_user, set_password
from bankklient_lab.actions import ACTIONS
from bankklient_lab.errors import LabError
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Credentials, Site
from bankklient_lab.store.witness import witness_path
from tests.access.authenticator import Authenticator
from tests.access.people import PASSWORD, of
from tests.clocks import Clock

MARK = "zqXk"  # every secret that a person types has it
PROXY = "Vexing-Proxy-31"  # kept as it is, because the proxy asks for it, but never shown


def typed(number: int) -> str:
    """Return a password that nothing else in the world contains."""
    return f"{MARK}-Passw{number}rd-77"


def everything_done(lab: Lab, clock: Clock) -> list[str]:
    """Use every secret there is, rightly and wrongly, and return those that the program made."""
    tester = of(lab, "tester")
    create_user(tester, "carol", reference="CA", role="VIEW", password=typed(1))
    set_password(tester, "carol", typed(2))
    begun = login(lab, "carol", typed(2))
    carol = lab.acting(_known(lab, begun["session"]))
    change_password(carol, typed(2), typed(3))
    made, said = [str(begun["session"])], list[str]()
    for wrong in (lambda: login(lab, "carol", typed(4)), lambda: login(lab, typed(5), typed(6)),
                  lambda: change_password(carol, typed(7), typed(8)), lambda: prove(carol, password=typed(9)),
                  lambda: login(lab, "carol", typed(3), code=typed(10)), lambda: unlock_session(carol, typed(11)),
                  lambda: create_user(tester, "dora", reference="DO", role="VIEW", password=MARK),
                  lambda: confirm_totp(carol, 99, typed(12)), lambda: login(lab, "carol", typed(3), passkey=typed(13)),
                  lambda: add_passkey(carol, "key", typed(14))):  # fmt: skip
        clock.move(minutes=20)
        prove(tester, password=PASSWORD)
        try:
            wrong()
        except LabError as error:
            said.append(f"{error} {error!r} {error.details}")
    assert len(said) == 8  # who has no second factor logs in whatever comes with the password
    assert MARK not in str(said)
    configure(tester, {"proxy_password": PROXY})
    lock_session(carol)
    unlock_session(carol, typed(3))
    made += [str(create_token(tester, "script")["token"])]
    made += [str(give_consent(tester, "Auditors", purpose="audit", scope=[236])["token"])]
    totp = add_totp(carol)
    code = pyotp.TOTP(totp["secret"]).at(clock.now)
    made += confirm_totp(carol, totp["factor_id"], code)
    clock.move(seconds=30)
    made.append(str(login(lab, "carol", typed(3), code=pyotp.TOTP(totp["secret"]).at(clock.now))["session"]))
    made += make_recovery_codes(carol)
    made.append(str(login(lab, "carol", typed(3), code=made[-1])["session"]))
    lab.rights.site = Site("lab.example", "https://lab.example")
    key = Authenticator("https://lab.example")
    add_passkey(carol, "key", key.register(begin_passkey(carol)))
    logout(carol)
    return [one for one in made if one]


def _known(lab: Lab, secret: str) -> Any:
    caller = caller_of(lab, secret)
    assert caller is not None
    return caller


def test_no_secret_is_kept_logged_or_shown(
    office: Lab, clock: Clock, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = everything_done(office, clock)
    tester = of(office, "tester")
    shown = [str(application_log.rows(tester, limit=1000)), str(tokens.rows(tester, everybody=True)),
             str(configuration.rows(tester)), repr(tester), repr(tester.caller), caplog.text, *capfd.readouterr(),
             repr(office.rights.__dict__), *(repr(one.declared) for one in ACTIONS.values())]  # fmt: skip
    office.database.checkpoint()
    office.close()
    files = [path.read_bytes() for path in sorted(office.path.parent.glob(f"{office.path.name}*"))]
    assert witness_path(office.path).exists()
    assert len(made) > 20
    secrets = [MARK, PASSWORD, *made, *(one.replace("-", "") for one in made)]
    assert [secret for secret in [*secrets, PROXY] if any(secret in text for text in shown)] == []
    assert [secret for secret in secrets if any(secret.encode() in content for content in files)] == []


def test_credentials_do_not_show_what_they_hold() -> None:
    shown = repr(Credentials("carol", typed(1), typed(2), typed(3)))
    assert MARK not in shown
    assert "carol" in shown
