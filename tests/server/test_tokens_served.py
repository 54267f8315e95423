"""A token that is withdrawn while a server runs is refused at its next call."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.access.tokens import create_token, withdraw_token
from bankklient_lab.errors import NotLoggedIn
from tests.server.conftest import Owner
from tests.statements import ACCOUNT


def test_a_running_server_refuses_a_withdrawn_token(filled: Path, owner: Owner) -> None:
    owner()
    with bl.open(filled) as lab:
        made = create_token(lab, "notebook", days=1)
    with bl.open(filled, token=made["token"]) as notebook, bl.open(filled) as lab:
        assert notebook.remote is not None
        assert bl.balances.arrow(notebook, on=date(2026, 11, 2), accounts=[ACCOUNT]).num_rows == 1
        withdraw_token(lab, made["token_id"])
        with pytest.raises(NotLoggedIn):
            bl.balances.arrow(notebook, on=date(2026, 11, 2), accounts=[ACCOUNT])
