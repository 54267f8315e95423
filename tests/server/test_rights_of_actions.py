"""Every action that needs a permission is allowed with just that and refused with all others: here and over HTTP."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.actions import ACTIONS, Action
from bankklient_lab.errors import LabError, NotAllowed, NotLoggedIn
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import Held, everything, needed
from bankklient_lab.server.api import register_actions
from tests.faults.test_names_sql import VALID, annotations
from tests.server.served import Served, served
from tests.statements import mt940

register_actions()
GUARDED = sorted(name for name, one in ACTIONS.items() if one.declared.needs)
# Actions whose permission depends on what is asked for: with each permission one of these ways is allowed.
_WHICH = ("balance", "balancing_types", "balancing_summary", "balancing_duplicates")
_FAMILY = ("balancing_statement", "balancing_statement_totals")
WAYS: dict[str, list[dict[str, Any]]] = {
    **{name: [{"which": "complete"}, {"which": "included"}] for name in _WHICH},
    **{name: [{"family": "domestic"}, {"family": "foreign"}] for name in _FAMILY},
}
LARGEST_SET = 3  # permissions that an expression asks for at once
FREE = sorted(name for name, one in ACTIONS.items() if not one.declared.needs and not one.declared.public)


@pytest.fixture(scope="module")
def serving(peopled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a lab for these tests alone, which do everything that there is to do in it."""
    folder = tmp_path_factory.mktemp("rights")
    with pytest.MonkeyPatch.context() as patch, served(Path(shutil.copy(peopled, folder))) as one:
        patch.chdir(folder)
        yield one


def sets_of(needs: str) -> tuple[list[Held], list[Held]]:
    """Return the smallest sets of permissions that are enough, and the largest that are not."""
    expression = needed(needs)
    smallest: list[Held] = []
    for size in range(1, LARGEST_SET + 1):
        for some in map(frozenset, combinations(sorted(expression.numbers), size)):
            if expression.holds(some) and not any(less < some for less in smallest):
                smallest.append(some)
    lacking: list[Held] = [frozenset()]  # sets that have one number of each of the smallest: without them all fail
    for enough in smallest:
        more = {without | {number} for without in lacking for number in enough if not without & enough}
        more |= {without for without in lacking if without & enough}
        lacking = [one for one in more if not any(other < one for other in more)]
    assert smallest
    assert not any(expression.holds(expression.numbers - without) for without in lacking)
    return smallest, [everything() - without for without in lacking]


def arguments(action: Action[..., Any], folder: Path) -> dict[str, Any]:
    """Return arguments that an action takes."""
    found = {}
    for parameter in list(inspect.signature(action.function).parameters.values())[1:]:
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            found[parameter.name] = mt940(folder) if parameter.name == "path" else VALID[parameter.name]
    assert found.keys() <= {name for name, _ in annotations(action)}
    return found


def plain(given: dict[str, Any], file: str) -> dict[str, Any]:
    """Return arguments as JSON has them."""
    days = {name: value.isoformat() for name, value in given.items() if isinstance(value, date)}
    files = {name: {"$file": file} for name, value in given.items() if isinstance(value, Path)}
    return given | days | files


@pytest.mark.spec("BAS-182", "BAS-196", "BAS-197", "BAS-198", "ADM-032", "ADM-086")
@pytest.mark.parametrize("name", GUARDED)
def test_a_permission_decides(name: str, serving: Served, tmp_path: Path) -> None:
    action = ACTIONS[name]
    given = arguments(action, tmp_path)
    enough, short = sets_of(action.declared.needs)
    for held in enough:
        secret = serving.session_with(held)
        ways = [given | way for way in WAYS.get(name, [{}])]
        way = next((one for one in ways if is_allowed(action, serving.acting(secret), one)), None)
        assert way is not None, f"{name} was refused to {sorted(held)}"
        with serving.client(secret) as http:
            file = http.post("/files", content=b"x").json()["id"] if "path" in given else ""
            answer = http.post(f"/actions/{name}", json=plain(way, file))
        assert answer.status_code not in {401, 403, 500}, answer.text
    for held in short:
        secret = serving.session_with(held)
        before = refusals(serving)
        with pytest.raises(NotAllowed) as refused:
            action.run(serving.acting(secret), **given)
        assert refused.value.details["needed"] == action.declared.needs
        with serving.client(secret) as http:
            for body in (plain(given, "0" * 32), {}, {"no": "such argument"}):  # nothing is told about arguments
                answer = http.post(f"/actions/{name}", json=body)
                assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
                assert answer.json()["details"]["needed"] == action.declared.needs
        assert refusals(serving) == before + 4


def is_allowed(action: Action[..., Any], lab: Lab, given: dict[str, Any]) -> bool:
    """Tell whether an action is allowed, done or refused for another reason."""
    try:
        action.run(lab, **given)
    except NotAllowed:
        return False
    except NotLoggedIn:
        raise
    except LabError:
        pass
    return True


def refusals(serving: Served) -> int:
    ((count,),) = serving.lab.rows("SELECT count(*) FROM ops.log WHERE action = 'not_allowed'")
    return int(count)


@pytest.mark.parametrize("name", FREE)
def test_an_action_without_permission_still_needs_a_login(name: str, serving: Served, tmp_path: Path) -> None:
    with serving.client() as stranger, serving.client("x" * 43) as liar:
        for http in (stranger, liar):
            answer = http.post(f"/actions/{name}", json={})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    with serving.client(serving.session_with(())) as http:
        assert http.post(f"/actions/{name}", json={}).status_code not in {401, 403}


# What the specification says that a permission opens, and how work is classed (4.1.22), against what actions declare.
OPENS: dict[str, tuple[int, tuple[str, ...]]] = {
    "BAS-145": (2, ("configure", "reduce_history", "change_connection_point", "add_accounting_system")),
    "BAS-146": (6, ("create_key", "announce_key", "hand_over_key", "create_pass")),
    "BAS-149": (21, ("import_regular_payments",)),
    "BAS-150": (26, ("transmit",)),
    "BAS-151": (36, ("receive_file",)),
    "BAS-152": (41, ("export_to_accounting_system",)),
    "BAS-161": (96, ("create_regular_payment", "change_regular_payment", "delete_regular_payment")),
    "BAS-163": (106, ("discard_orders",)),
    "BAS-183": (171, ("mark_for_revocation",)),
    "BAS-194": (206, ("delete_rejections",)),
    "BAS-195": (211, ("stop_watching",)),
    "BAS-200": (246, ("write_to_bank", "change_message", "withdraw_message", "client_messages")),
}
CLASSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "BAS-228": ("exclusive", ("change_connection_point", "add_accounting_system", "change_accounting_system",
                              "delete_accounting_system", "reduce_history")),
    "BAS-230": ("batch", ("balance", "receive_file", "verify_orders", "confirm_orders", "include_orders")),
    "BAS-231": ("standard", ("orders", "statement", "protocol", "application_log", "configuration", "order_totals",
                             "balances_after_orders", "key_register", "export_statement", "export_orders", "activity")),
}  # fmt: skip


@pytest.mark.spec(*OPENS, "ADM-109", "ADM-112", "ADM-113", "ADM-114", "ADM-119", "ADM-129")
@pytest.mark.parametrize(("number", "names"), OPENS.values(), ids=list(OPENS))
def test_a_permission_opens_what_the_specification_says(number: int, names: tuple[str, ...]) -> None:
    assert {ACTIONS[name].declared.needs for name in names} == {str(number)}


@pytest.mark.spec(*CLASSED)
@pytest.mark.parametrize(("mode", "names"), CLASSED.values(), ids=list(CLASSED))
def test_work_is_of_the_class_that_the_specification_says(mode: str, names: tuple[str, ...]) -> None:
    assert {ACTIONS[name].declared.mode for name in names} == {mode}
    if mode == "batch":
        assert [ACTIONS[f"{step}_orders"].declared.batch_if for step in ("verify", "confirm", "include")] == [
            "batch_verification", "batch_confirmation", "batch_including",
        ]  # fmt: skip


def test_actions_that_ask_nothing_are_few() -> None:
    assert {name for name, one in ACTIONS.items() if one.declared.public} <= {"login", "unlock_session"}
