"""Transactions: parts of one are one, all or nothing, and what follows a commit follows it."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import pytest

from bankklient_lab.errors import StoreError
from bankklient_lab.lab import Lab


def names(lab: Lab) -> list[str]:
    return [name for (name,) in lab.rows("SELECT name FROM ops.user_selection ORDER BY name")]


def put(lab: Lab, name: str) -> None:
    with lab.database.tx("ops") as cursor:
        cursor.execute("INSERT INTO ops.user_selection VALUES (1, ?, '')", [name])


def elsewhere(work: Any) -> Any:
    """Return what a function returns in another thread."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def test_a_transaction_within_one_is_part_of_it(lab: Lab) -> None:
    with lab.database.tx("ops"):
        put(lab, "a")
        put(lab, "b")
        assert names(lab) == ["a", "b"]  # what the thread has changed, it sees
        assert elsewhere(lambda: names(lab)) == []
    assert elsewhere(lambda: names(lab)) == ["a", "b"]


def test_an_error_undoes_every_part(lab: Lab) -> None:
    with suppress(KeyError), lab.database.tx("ops"):
        put(lab, "a")
        raise KeyError
    assert names(lab) == []


def test_a_part_that_failed_keeps_the_whole_from_being_committed(lab: Lab) -> None:
    def careless() -> None:
        with lab.database.tx("ops"):
            put(lab, "a")
            with suppress(KeyError), lab.database.tx("ops"):
                put(lab, "b")
                raise KeyError

    with pytest.raises(StoreError, match="nothing of it was kept"):
        careless()
    assert names(lab) == []


def test_what_follows_a_commit_waits_for_it_and_is_dropped_with_it(lab: Lab) -> None:
    done: list[list[str]] = []
    with lab.database.tx("ops"):
        put(lab, "a")
        lab.database.after_commit(lambda: done.append(elsewhere(lambda: names(lab))))
        assert done == []
    assert done == [["a"]]
    with suppress(KeyError), lab.database.tx("ops"):
        lab.database.after_commit(lambda: done.append([]))
        raise KeyError
    assert done == [["a"]]
    lab.database.after_commit(lambda: done.append(["at once"]))
    assert done == [["a"], ["at once"]]


def test_threads_have_transactions_of_their_own(lab: Lab) -> None:
    """Twenty threads add what they read: nothing is lost, because one works after the other."""

    def add() -> None:
        with lab.database.tx("ops") as cursor:
            ((count,),) = cursor.execute("SELECT count(*) FROM ops.user_selection").fetchall()
            cursor.execute("INSERT INTO ops.user_selection VALUES (1, ?, '')", [f"n{count:02}"])

    threads = [threading.Thread(target=add) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(lab) == [f"n{count:02}" for count in range(20)]


def test_what_follows_a_commit_is_done_whatever_became_of_the_rest(lab: Lab) -> None:
    done: list[str] = []

    def fails() -> None:
        raise OSError("no")

    def change() -> None:
        with lab.database.tx("ops"):
            put(lab, "a")
            lab.database.after_commit(fails)
            lab.database.after_commit(lambda: done.append("later"))

    with pytest.raises(OSError, match=r"^no$"):
        change()
    assert done == ["later"]
    assert names(lab) == ["a"]
