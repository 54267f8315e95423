"""A served lab with accounts and two people: Ann enters and verifies orders, Ben confirms what others verified."""

from __future__ import annotations

from pathlib import Path

import bankklient_lab as bl
from bankklient_lab.access.logins import caller_of, login
from bankklient_lab.access.roles import create_role
from bankklient_lab.access.users import create_user, set_password
from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.lab import open_here
from bankklient_lab.orders.creating import create_order
from tests.browser.conftest import clock
from tests.dashboards.visitor import ALICE
from tests.orders.labs import DOMESTIC, LANDLORD, domestic_values, equip, foreign_values

ANN, BEN = ("ann", "Correct-Horse-8"), ("ben", "Battery-Staple-9")
ENTERS, CONFIRMS = [51, 61, 120, 125, 161, 236], [70, 130, 151, 140, 66, 126, 161, 236]


def company(path: Path) -> bl.Lab:
    """A lab of Alice, who may everything, of Ann and of Ben."""
    lab = equip(open_here(path, create=True, user=ALICE[0], clock=clock))
    create_role(lab, "ENTERS", permissions=ENTERS)
    create_role(lab, "CONFIRMS", permissions=CONFIRMS)
    set_password(lab, ALICE[0], ALICE[1])
    alice = hands(lab, ALICE)
    create_user(alice, ANN[0], reference="AN", role="ENTERS", password=ANN[1])
    create_user(alice, BEN[0], reference="BE", role="CONFIRMS", password=BEN[1])
    return lab


def hands(lab: bl.Lab, who: tuple[str, str]) -> bl.Lab:
    """The lab in the hands of a user who has logged in."""
    caller = caller_of(lab, login(lab, *who)["session"])
    assert caller is not None
    return lab.acting(caller)


def filled(server: DashboardServer) -> DashboardServer:
    """Let Ann and Alice enter some orders of all kinds and states."""
    ann, alice = hands(server.lab, ANN), hands(server.lab, ALICE)
    for number in range(14):
        values = domestic_values(amount=f"{1250 + 37 * number}.50", variable_symbol=f"20260{number:02}")
        create_order(ann, DOMESTIC, values | ({"counter_account": LANDLORD} if number % 3 else {}))
    create_order(ann, DOMESTIC, domestic_values(amount="1250.50", variable_symbol="2026000"), duplicate="error")
    create_order(ann, "foreign_payment", foreign_values())
    create_order(alice, "foreign_payment", foreign_values(amount="12500"))
    for number in range(4):
        create_order(alice, DOMESTIC, domestic_values(amount=f"{88000 + number}", variable_symbol=f"77{number}"))
    return server
