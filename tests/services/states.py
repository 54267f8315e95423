"""Each action on a request in a state: what a table of states allows is done and undone, the rest refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.services.listing import service_requests
from bankklient_lab.services.requests import (
    clear_service_requests,
    confirm_service_requests,
    correct_service_request,
    delete_service_requests,
    unconfirm_service_requests,
)
from tests.orders.labs import broken_checks
from tests.services.labs import request

Following = Mapping[tuple[str, str], str]  # the next status by state and action, "" for gone; others are refused


def try_each_action(lab: Lab, number: int, state: str, following: Following, correction: Mapping[str, Any]) -> None:
    """Try all actions on a request that is in a state of a table, and leave it as it was."""
    actions = {
        "correct": lambda: correct_service_request(lab, number, dict(correction)),
        "delete": lambda: delete_service_requests(lab, [number]),
        "confirm": lambda: confirm_service_requests(lab, [number]),
        "unconfirm": lambda: unconfirm_service_requests(lab, [number]),
        "clear": lambda: clear_service_requests(lab, [number]),
    }
    assert {action for _, action in following} <= actions.keys()
    before, kind = request(lab, number), _kind(lab, number)
    for name, act in actions.items():
        if (state, name) not in following:
            with pytest.raises(Refused):
                act()
            assert request(lab, number) == before
            continue
        with suppress(_Undone), lab.database.tx("ops"):
            act()
            rows = [row["status"] for row in service_requests.rows(lab, kind) if row["request_id"] == number]
            assert rows == list(filter(None, [following[state, name]])), name
            raise _Undone
    assert broken_checks(lab) == {}


def _kind(lab: Lab, number: int) -> str:
    ((kind,),) = lab.rows("SELECT kind FROM ops.service_request WHERE request_id = $id", {"id": number})
    return str(kind)


class _Undone(Exception):
    """What was tried is taken back."""
