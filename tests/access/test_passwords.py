"""Passwords: three strengths, the last ten, expiry, and who may set whose."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankklient_lab.access.configuration import configure, setting
from bankklient_lab.access.logins import login
from bankklient_lab.access.permission_views import permissions
from bankklient_lab.access.users import change_password, change_user, create_user, set_password, users
from bankklient_lab.errors import BadArgument, LoginRefused, NotLoggedIn, PasswordExpired
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.rights.passwords import CHARS_MAX, Strength, check_strength, hashed, matches
from tests.access.people import PASSWORD, of, with_users
from tests.clocks import NOON, Clock

USER = "Novak"
GOOD: dict[Strength, list[str]] = {
    "weak": ["x", " ", "1", "Novak", "x" * CHARS_MAX],
    "strong": [
        "abcdefG1", "ABCDEF1!", "abcdef1!", "abcdeFG!", "1abcdeF2", "Heslo123", "žluťoučký-Kůň", "Nova-k-77",
    ],
    "very strong": ["aB12cd!x", "!aB12cdx", "xB1c2d_y", "Kůň 12 -é"],
}  # fmt: skip
BAD: dict[Strength, list[tuple[str, str]]] = {
    "weak": [("", "1 to 200"), ("x" * (CHARS_MAX + 1), "1 to 200")],
    "strong": [
        ("", "1 to 200"), ("abcdeG1", "at least 8"), ("abcdefgh", "three of"), ("abcdefg1", "three of"),
        ("ABCDEFG1", "three of"), ("12345678", "three of"), ("abcdefg!", "three of"), ("Xnovak12", "user's name"),
        ("NOVAK-xy1", "user's name"), ("12Novak!", "user's name"),
    ],
    "very strong": [
        ("aB12cd!", "at least 8"), ("1aB2cd!x", "first or last"), ("aB12cd!3", "first or last"),
        ("ab12cd!x", "capital letter"), ("AB12CD!X", "small letter"), ("aBcd1!xx", "two digits"),
        ("aB12cdxx", "symbol"), ("!Novak12x", "user's name"),
    ],
}  # fmt: skip
STRENGTH_LINES: dict[Strength, str] = {"weak": "ADM-164", "strong": "ADM-165", "very strong": "ADM-166"}


def cases(table: dict[Strength, list[str]] | dict[Strength, list[tuple[str, str]]]) -> list[object]:
    """Return a parameter for each password of a table, naming the line of its strength."""
    return [
        pytest.param(strength, case, marks=pytest.mark.spec(STRENGTH_LINES[strength]))
        for strength in get_args(Strength)
        for case in table[strength]
    ]


@pytest.mark.parametrize(("strength", "password"), cases(GOOD))
def test_a_password_of_the_strength_is_taken(strength: Strength, password: str) -> None:
    check_strength(password, strength, USER)


@pytest.mark.spec("ADM-167")
@pytest.mark.parametrize(("strength", "case"), cases(BAD))
def test_a_password_below_the_strength_is_refused_with_its_rule(strength: Strength, case: tuple[str, str]) -> None:
    password, rule = case
    with pytest.raises(BadArgument, match=rule):
        check_strength(password, strength, USER)


@pytest.mark.spec("ADM-167")
@pytest.mark.parametrize("strength", ["strong", "very strong"])
def test_similar_means_that_one_contains_the_other_in_any_case(strength: Strength) -> None:
    long_name = "xx-aB12cd!x-yy"
    for user in (long_name, long_name.upper(), "B12C"):
        with pytest.raises(BadArgument, match="user's name"):
            check_strength("aB12cd!x", strength, user)
    check_strength("aB12cd!x", strength, "B12Cx")


@given(st.text(max_size=CHARS_MAX))
def test_what_is_very_strong_is_strong_and_what_is_strong_is_weak(password: str) -> None:
    taken = []
    for strength in get_args(Strength):
        try:
            check_strength(password, strength, USER)
            taken.append(strength)
        except BadArgument:
            pass
    assert taken == list(get_args(Strength))[: len(taken)]


@settings(max_examples=5, deadline=None)
@given(st.text(min_size=1, max_size=CHARS_MAX).filter(lambda text: text.isprintable()))
def test_a_hash_tells_its_password_from_others(password: str) -> None:
    kept = hashed(password)
    assert kept.startswith("$argon2id$")
    assert password not in kept or len(password) < 3
    assert matches(password, kept)
    assert not matches(password + "x", kept)
    assert hashed(password) != kept  # salted


def test_nothing_matches_a_user_without_a_password() -> None:
    assert not matches("", None)
    assert not matches("the password of nobody", None)
    assert not matches("x", "not a hash")


@pytest.fixture
def clock() -> Clock:
    """Return a clock at noon of 22 November 2026."""
    return Clock()


@pytest.fixture
def staffed(tmp_path: Path, clock: Clock) -> Iterator[Lab]:
    """Give a lab with berta (VIEW) in the hands of its first user, with a clock to move."""
    with open_here(tmp_path / "test.lab", create=True, clock=clock, user="tester") as lab:
        yield with_users(lab, berta="VIEW")


def changed_at(lab: Lab, user: str) -> datetime:
    """Return when a user's password was changed last, as the list tells."""
    found: datetime = next(one["password_changed_at"] for one in users.rows(lab) if one["user"] == user)
    return found


@pytest.mark.spec("ADM-080", "ADM-081", "ADM-082", "ADM-083")
def test_everybody_changes_the_own_password_by_the_old_one(staffed: Lab, clock: Clock) -> None:
    berta = of(staffed, "berta")
    clock.now += timedelta(hours=1)
    with pytest.raises(LoginRefused, match="stays as it is: the name or the password"):
        change_password(berta, "wrong", "Other-Horse-7x")
    with pytest.raises(BadArgument, match="too weak"):
        change_password(berta, PASSWORD, "short")
    assert changed_at(staffed, "berta") == NOON
    of(staffed, "berta")  # the old one is still good
    change_password(berta, PASSWORD, "Other-Horse-7x")
    assert changed_at(staffed, "berta") == clock.now
    of(staffed, "berta", "Other-Horse-7x")
    with pytest.raises(LoginRefused):
        login(staffed, "berta", PASSWORD)


def test_nobody_guesses_the_old_password_in_a_session_that_was_left_open(staffed: Lab) -> None:
    configure(staffed, {"login_attempts": 3})
    berta = of(staffed, "berta")
    for _ in range(3):
        with pytest.raises(LoginRefused):
            change_password(berta, "wrong", "Other-Horse-7x")
    with pytest.raises(LoginRefused):
        change_password(berta, PASSWORD, "Other-Horse-7x")
    assert next(one["state"] for one in users.rows(staffed) if one["user"] == "berta") == "locked"


def test_a_right_old_password_forgets_wrong_tries(staffed: Lab) -> None:
    berta = of(staffed, "berta")
    with pytest.raises(LoginRefused):
        change_password(berta, "wrong", "Other-Horse-7x")
    with pytest.raises(BadArgument):
        change_password(berta, PASSWORD, "short")
    assert next(one["failed_logins"] for one in users.rows(staffed) if one["user"] == "berta") == 0


@pytest.mark.spec("ADM-055", "ADM-056", "ADM-042")
def test_an_administrator_sets_a_password_which_ends_the_sessions_of_its_user(staffed: Lab) -> None:
    berta = of(staffed, "berta")
    with pytest.raises(BadArgument, match="too weak"):
        set_password(staffed, "berta", "short")
    staffed.rights.held(berta.caller)
    set_password(staffed, "berta", "Other-Horse-7x")
    with pytest.raises(NotLoggedIn):
        staffed.rights.held(berta.caller)
    of(staffed, "berta", "Other-Horse-7x")
    set_password(staffed, "tester", "Other-Horse-7x")
    assert staffed.rights.held(staffed.caller)  # who sets the own password stays


@pytest.mark.spec("ADM-164", "ADM-165", "ADM-166", "ADM-168")
def test_none_of_the_last_ten_passwords_comes_back(staffed: Lab, clock: Clock) -> None:
    strengths: tuple[Strength, ...] = get_args(Strength)
    for number in range(1, 11):
        clock.now += timedelta(seconds=1)
        set_password(staffed, "berta", f"Other-{number}-Horse-{number}x")
    for strength in strengths:
        configure(staffed, {"password_strength": strength})
        for old in ("Other-1-Horse-1x", "Other-10-Horse-10x"):
            with pytest.raises(BadArgument, match="one of the last 10"):
                set_password(staffed, "berta", old)
    clock.now += timedelta(seconds=1)
    set_password(staffed, "berta", "Other-11-Horse-11x")
    clock.now += timedelta(seconds=1)
    set_password(staffed, "berta", "Other-1-Horse-1x")  # the eleventh before now
    of(staffed, "berta", "Other-1-Horse-1x")


@pytest.mark.spec("ADM-173")
def test_strength_is_asked_of_new_passwords_only(staffed: Lab) -> None:
    assert setting(staffed, "password_strength") == "strong"
    configure(staffed, {"password_strength": "weak"})
    set_password(staffed, "berta", "x")
    configure(staffed, {"password_strength": "very strong"})
    berta = of(staffed, "berta", "x")
    with pytest.raises(BadArgument, match="too weak"):
        change_password(berta, "x", "y")


@pytest.mark.spec("ADM-005", "ADM-046")
def test_a_password_is_good_through_its_last_day_and_then_only_to_be_changed(staffed: Lab, clock: Clock) -> None:
    change_user(staffed, "berta", password_expires=date(2026, 11, 23))
    clock.now += timedelta(days=1)
    assert not login(staffed, "berta", PASSWORD)["expired"]
    clock.now += timedelta(days=1)
    assert login(staffed, "berta", PASSWORD)["expired"]
    berta = of(staffed, "berta")
    with pytest.raises(PasswordExpired):
        permissions.rows(berta)
    change_password(berta, PASSWORD, "Other-Horse-7x")
    permissions.rows(berta)
    assert not login(staffed, "berta", "Other-Horse-7x")["expired"]


def test_an_administrator_gives_a_password_that_must_be_changed_at_once(staffed: Lab) -> None:
    set_password(staffed, "berta", "Other-Horse-7x", password_expires=date(2026, 11, 21))
    assert login(staffed, "berta", "Other-Horse-7x")["expired"]
    create_user(staffed, "carl", reference="CA", role="VIEW", password=PASSWORD, password_expires=date(2026, 11, 21))
    assert login(staffed, "carl", PASSWORD)["expired"]


def test_hashing_costs_what_is_recommended(tmp_path: Path) -> None:
    """In a process of its own: the tests hash at less."""
    code = "from bankklient_lab.rights.passwords import hashed; print(hashed('secret'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, stdout=-1, check=True, text=True)
    assert done.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
