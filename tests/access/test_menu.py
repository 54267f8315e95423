"""What each permission opens: the calls behind it, by a user who has it alone and by one who has all others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.access.configuration import configuration, configure
from bankklient_lab.access.roles import roles
from bankklient_lab.access.system_information import system_information
from bankklient_lab.access.users import create_user, users
from bankklient_lab.errors import Blocked, NotAllowed
from bankklient_lab.history.backups import backup_offer, backups, rotate_backup
from bankklient_lab.history.reduction import archives, reduce_history, reducible
from bankklient_lab.lab import Lab
from tests.access.people import PASSWORD, of, with_users
from tests.statements import ACCOUNT, mt940

NOVEMBER: Any = {"since": date(2026, 11, 1), "until": date(2026, 12, 1)}
ON = date(2026, 11, 30)
CALLS: list[tuple[str, str, Callable[[Lab], object]]] = [  # permissions, a name, and what they open
    ("1", "users", users.rows),
    ("1", "roles", roles.rows),
    ("2", "configuration", configuration.rows),
    ("2", "configure", lambda lab: configure(lab, {"backup_older": 1})),
    ("2", "reducible", reducible.rows),
    ("2", "archives", archives.rows),
    ("2", "system_information", system_information),
    ("161", "entries", lambda lab: bl.entries.rows(lab, **NOVEMBER)),
    ("231", "statement", lambda lab: bl.statement.rows(lab, ACCOUNT, **NOVEMBER)),
    ("231", "statements", lambda lab: bl.statements.rows(lab)),
    ("236", "balances", lambda lab: bl.balances.rows(lab, on=ON)),
    ("236", "available_balances", lambda lab: bl.available_balances.rows(lab, on=ON)),
    ("231 241", "export_statement", lambda lab: bl.export_statement(lab, ACCOUNT, **NOVEMBER, suffix=".csv")),
    ("960", "backup_offer", backup_offer),
    ("960", "backups", lambda lab: backups.rows(lab, "/")),
]
LINES = pytest.mark.spec(
    "ADM-107", "ADM-108", "ADM-134", "ADM-135", "ADM-195", "ADM-211", "ADM-225", "BAS-140", "BNK-002", "BNK-004",
    "BNK-041",
)  # fmt: skip


@LINES
@pytest.mark.parametrize(
    ("needed", "call"), [(one, call) for one, _, call in CALLS], ids=[name for _, name, _ in CALLS]
)
def test_a_permission_opens_what_it_says_and_nothing_else_does(
    needed: str, call: Callable[[Lab], object], lab: Lab, tmp_path: Path
) -> None:
    bl.import_file(lab, mt940(tmp_path))
    hands = with_users(lab, nobody="EMPTY")
    numbers = [int(number) for number in needed.split()]
    create_user(hands, "one", reference="ON", role="EMPTY", password=PASSWORD, permissions=numbers)
    call(of(lab, "one"))
    known = {int(number) for one, _, _ in CALLS for number in one.split()}
    for position, missing in enumerate(numbers):
        others = sorted(known - {missing})
        create_user(
            hands, f"other{position}", reference=f"O{position}", role="EMPTY", password=PASSWORD, permissions=others
        )
        with pytest.raises(NotAllowed):
            call(of(lab, f"other{position}"))
    with pytest.raises(NotAllowed):
        call(of(lab, "nobody"))


@pytest.mark.spec("ADM-196", "ADM-266")
def test_a_backup_and_a_reduction_need_the_lab_for_themselves(lab: Lab, tmp_path: Path) -> None:
    tester = with_users(lab, alice="VIEW")
    of(lab, "alice")
    store = tmp_path / "store"
    store.mkdir()
    for work in (lambda: rotate_backup(tester, str(store)), lambda: reduce_history(tester, ON)):
        with pytest.raises(Blocked, match=r"alice \(AL\) is logged in at desk of alice"):
            work()
    assert list(store.iterdir()) == []
