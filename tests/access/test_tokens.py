"""Tokens and consents: what they may, how long, and that a withdrawn one is refused at the next call."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date

import pytest

from bankklient_lab.access.granting import grant_permissions
from bankklient_lab.access.log import application_log
from bankklient_lab.access.logins import caller_of
from bankklient_lab.access.tokens import create_token, give_consent, tokens, withdraw_token
from bankklient_lab.access.users import change_password, create_user, set_password, users
from bankklient_lab.actions import ACTIONS
from bankklient_lab.analysis.accounts import accounts
from bankklient_lab.analysis.balances import balances
from bankklient_lab.errors import BadArgument, NotAllowed, NotLoggedIn, ProofNeeded, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.server.endpoint import register_actions
from tests.access.people import PASSWORD, of
from tests.clocks import Clock

register_actions()
TOKENS, VIEW_BALANCES, USERS = 950, 236, 1


def through(lab: Lab, secret: str) -> Lab:
    """Return the lab in the hands of who brings a token."""
    caller = caller_of(lab, secret)
    assert caller is not None
    return lab.acting(caller)


def test_a_token_does_what_its_scope_names_and_nothing_else(office: Lab) -> None:
    made = create_token(of(office, "tester"), "report", scope=[TOKENS])
    assert made["token"].startswith("bkl_")
    script = through(office, made["token"])
    assert tokens.rows(script)[0]["name"] == "report"
    with pytest.raises(NotAllowed, match="this token"):
        users.rows(script)
    with pytest.raises(NotAllowed):
        tokens.rows(script, everybody=True)


def test_what_is_for_people_is_closed_to_tokens_with_a_scope(office: Lab) -> None:
    """Every action that needs no permission but tells of others or of the login."""
    script = through(office, create_token(of(office, "tester"), "report", scope=[TOKENS])["token"])
    whole = through(office, create_token(of(office, "tester"), "notebook", scope=None)["token"])
    closed = {name for name, one in ACTIONS.items() if one.declared.personal}
    assert {"application_log", "permission_holders", "own_sessions", "end_own_session", "factors"} <= closed
    for name in closed:
        with pytest.raises(NotAllowed, match="is not for tokens with a scope"):
            ACTIONS[name].admit(script)
        with pytest.raises(ProofNeeded) if ACTIONS[name].declared.proof else nullcontext():
            ACTIONS[name].admit(whole)


def test_a_password_set_by_an_administrator_withdraws_tokens_and_ends_sessions(office: Lab) -> None:
    tester = of(office, "tester")
    grant_permissions(tester, "alice", [TOKENS])
    alice = of(office, "alice")
    script = through(office, create_token(alice, "report", scope=[TOKENS])["token"])
    set_password(tester, "alice", "Third-Horse-9z")
    for hands in (alice, script):
        with pytest.raises(NotLoggedIn):
            tokens.rows(hands)


def test_choosing_a_new_password_ends_the_other_sessions(office: Lab) -> None:
    here, elsewhere = of(office, "alice"), of(office, "alice")
    change_password(here, PASSWORD, "Third-Horse-9z")
    assert accounts.rows(here) == []
    with pytest.raises(NotLoggedIn):
        accounts.rows(elsewhere)


def test_a_scope_cannot_exceed_what_its_maker_may(office: Lab) -> None:
    tester = of(office, "tester")
    grant_permissions(tester, "alice", [TOKENS])
    with pytest.raises(NotAllowed, match=r": 1$"):
        create_token(of(office, "alice"), "more", scope=[USERS, TOKENS])
    with pytest.raises(UnknownName):
        create_token(tester, "more", scope=[999])


def test_a_token_loses_what_its_user_loses(office: Lab) -> None:
    tester = of(office, "tester")
    grant_permissions(tester, "alice", [TOKENS])
    script = through(office, create_token(of(office, "alice"), "report")["token"])
    assert len(tokens.rows(script)) == 1
    grant_permissions(tester, "alice", [])
    with pytest.raises(NotAllowed):
        tokens.rows(script)


def test_what_needs_a_fresh_proof_needs_a_token_that_names_it(office: Lab) -> None:
    tester = of(office, "tester")
    wide, narrow = (through(office, create_token(tester, "one", scope=scope)["token"]) for scope in (None, [USERS]))
    with pytest.raises(ProofNeeded):
        create_user(wide, "bob", reference="BO", role="VIEW", password=PASSWORD)
    create_user(narrow, "bob", reference="BO", role="VIEW", password=PASSWORD)


def test_a_token_ends_by_time(office: Lab, clock: Clock) -> None:
    tester = of(office, "tester")
    for days in (0, 366, -1):
        with pytest.raises(BadArgument, match="1 to 365"):
            create_token(tester, "report", days=days)
    script = through(office, create_token(tester, "report", days=1)["token"])
    clock.move(days=1, seconds=-1)
    assert tokens.rows(script)[0]["state"] == "valid"
    clock.move(seconds=1)
    with pytest.raises(NotLoggedIn):
        tokens.rows(script)
    assert tokens.rows(of(office, "tester"))[0]["state"] == "expired"


def test_a_withdrawn_token_is_refused_at_the_next_call(office: Lab) -> None:
    tester = of(office, "tester")
    made = create_token(tester, "report")
    script = through(office, made["token"])
    tokens.rows(script)
    withdraw_token(tester, made["token_id"])
    with pytest.raises(NotLoggedIn):
        tokens.rows(script)
    withdraw_token(tester, made["token_id"])
    assert [entry["subject"] for entry in application_log.rows(tester, number=452)] == ["report"]


def test_a_withdrawn_token_is_refused_without_access_control_too(lab: Lab) -> None:
    made = create_token(lab, "report")
    script = through(lab, made["token"])
    assert len(tokens.rows(script)) == 1
    withdraw_token(lab, made["token_id"])
    with pytest.raises(NotLoggedIn):
        tokens.rows(script)
    with pytest.raises(NotLoggedIn):
        balances.rows(script, on=date(2026, 11, 1))


def test_tokens_of_others_are_seen_and_withdrawn_by_administrators_alone(office: Lab) -> None:
    tester = of(office, "tester")
    grant_permissions(tester, "alice", [TOKENS])
    alice = of(office, "alice")
    own, others = create_token(alice, "of alice"), create_token(tester, "of tester")
    assert [row["name"] for row in tokens.rows(alice)] == ["of alice"]
    assert [row["name"] for row in tokens.rows(tester, everybody=True)] == ["of tester", "of alice"]
    with pytest.raises(UnknownName):
        withdraw_token(alice, others["token_id"])
    withdraw_token(tester, own["token_id"])
    assert tokens.rows(alice)[0]["state"] == "withdrawn"


@pytest.mark.spec("EL-034")
def test_a_third_party_takes_part_with_consent_only(office: Lab) -> None:
    tester = of(office, "tester")
    consent = give_consent(tester, "Auditors Ltd", purpose="yearly audit", scope=[VIEW_BALANCES], days=30)
    party = through(office, consent["token"])
    balances.rows(party, on=date(2026, 11, 1))
    with pytest.raises(NotAllowed):
        users.rows(party)
    (row,) = tokens.rows(tester)
    assert (row["third_party"], row["purpose"], row["scope"]) == ("Auditors Ltd", "yearly audit", str(VIEW_BALANCES))
    withdraw_token(tester, consent["token_id"])
    with pytest.raises(NotLoggedIn):
        balances.rows(party, on=date(2026, 11, 1))
    for party_name, purpose in (("", "audit"), ("Auditors", " ")):
        with pytest.raises(BadArgument):
            give_consent(tester, party_name, purpose=purpose, scope=[])


def test_the_last_use_is_noted_once_a_minute(office: Lab, clock: Clock) -> None:
    tester = of(office, "tester")
    script = through(office, create_token(tester, "report")["token"])
    assert tokens.rows(tester)[0]["used_at"] is None
    first = clock.now
    tokens.rows(script)
    clock.move(seconds=59)
    tokens.rows(script)
    assert tokens.rows(tester)[0]["used_at"] == first
    clock.move(seconds=1)
    tokens.rows(script)
    assert tokens.rows(tester)[0]["used_at"] == clock.now
