"""Pages ask for nothing that their user may not do: whoever is offered one sees it whole, and presses no refusal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import panel_material_ui as pmui
import pytest

import bankklient_lab as bl
from bankklient_lab.actions import ACTIONS
from bankklient_lab.codebooks import rows
from bankklient_lab.dashboards.menu import offered
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.creating import create_order
from bankklient_lab.rights.permissions import needed
from bankklient_lab.server.api import register_actions
from tests.clocks import NOON
from tests.orders.labs import DOMESTIC, domestic_values, equip, hands
from tests.statements import mt940


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A company with a statement and an order."""
    folder = tmp_path_factory.mktemp("pages")
    with open_here(folder / "firm.lab", create=True, clock=lambda: NOON, user="tester") as lab:
        equip(lab)
        bl.import_file(lab, mt940(folder))
        create_order(hands(lab, "AA"), DOMESTIC, domestic_values())
        yield lab


def seen(lab: Lab, page: str) -> Any:
    """Build a page as its user gets it."""
    return import_module(f"bankklient_lab.dashboards.{page}").page(lab, new_state(lab, f"?page={page}"))


def refusals(lab: Lab) -> list[Any]:
    return lab.rows("SELECT subject, details FROM ops.log WHERE action = 'not_allowed'")


register_actions()
ROLES = {row["code"]: set(map(int, row["permissions"].split())) for row in rows("roles")}
ASKED = {number for one in ACTIONS.values() for number in needed(one.declared.needs).numbers}


@pytest.mark.parametrize("number", sorted(ASKED))
def test_who_has_one_permission_alone_meets_no_refusal(number: int, firm: Lab) -> None:
    visit(hands(firm, "BB", {number}))


@pytest.mark.spec("ADM-002")
@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_meets_no_refusal(role: str, firm: Lab) -> None:
    visit(hands(firm, "BB", ROLES[role]))


def visit(lab: Lab) -> None:
    """Look at all pages that a user is offered and press what there is to press."""
    before = refusals(lab)
    for page in offered(lab):
        for button in [None, *buttons(seen(lab, page))]:
            if button is not None:
                button.param.trigger("clicks")
            for thread in [one for one in threading.enumerate() if one.name in ("dashboard reading", "dashboard work")]:
                thread.join()
            assert refusals(lab) == before, (page, button and button.label)


def buttons(view: Any) -> Iterator[Any]:
    """Yield the buttons that can be pressed now."""
    if not view.visible or not getattr(view, "open", True):
        return
    if isinstance(view, pmui.Button) and not view.disabled:
        yield view
    for part in getattr(view, "objects", []):
        yield from buttons(part)
