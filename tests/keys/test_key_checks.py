"""What is always true of keys is found when it is not."""

from __future__ import annotations

import pytest

import bankklient_lab as bl
from bankklient_lab.keys.delivering import note_delivered, note_proven
from bankklient_lab.keys.register import key_numbered
from bankklient_lab.lab import Lab
from bankklient_lab.store.key_checks import KEY_CHECKS
from tests.access.people import of
from tests.orders.labs import broken_checks

PLANTED = [
    ("connection_points", {"key_owners"}, "UPDATE ops.key SET point = 7 WHERE key_id = 3"),
    ("connection_points", set(), "DELETE FROM ops.connection_point WHERE role = 'bank'"),
    ("valid_keys", set(), "UPDATE ops.key SET valid = true WHERE key_id = 1"),
    ("valid_keys", set(), "UPDATE ops.key SET valid = false WHERE key_id = 2"),
    ("key_orders", set(), "UPDATE ops.key SET key_order = '20260001' WHERE key_id = 3"),
    ("key_orders", set(), "UPDATE ops.key SET certificate = (SELECT certificate FROM ops.key WHERE key_id = 1)"),
    ("key_owners", set(), "UPDATE ops.key SET user_id = NULL WHERE key_id = 3"),
    ("key_owners", set(), "UPDATE ops.key SET user_id = 1 WHERE key_id = 3"),
    ("key_owners", set(), "UPDATE ops.key SET saved_password = 'x' WHERE key_id = 3"),
    ("key_owners", set(), "UPDATE ops.key SET point = 1 WHERE key_id = 3"),
]


@pytest.mark.parametrize(("name", "also", "sql"), PLANTED)
def test_a_planted_violation_is_found(company: Lab, name: str, also: set[str], sql: str) -> None:
    note_delivered(company, key_numbered(company, 1))
    note_proven(company, key_numbered(company, 1), domestic_batch=False)
    ann = of(company, "#Ann")
    bl.create_key(ann, "operational", "newpass8")
    bl.create_key(ann, "personal", "annspass")
    assert broken_checks(company) == {}
    with company.database.tx("ops") as cursor:
        cursor.execute(sql)
    found = set(broken_checks(company))
    assert name in found
    assert found <= {name, *also}


def test_every_invariant_of_keys_has_a_violation() -> None:
    assert {name for name, _, _ in PLANTED} == {check.name for check in KEY_CHECKS}
