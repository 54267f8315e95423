"""Random histories of a client and its bank over a bad line, with crashes: nothing is lost, nothing is done twice.

Set BANKKLIENT_HISTORIES for another number of histories.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from bankklient_lab.balancing.revocations import mark_for_revocation, revocable_orders
from bankklient_lab.balancing.unsent import discard_batch, unsent_batches
from bankklient_lab.bank.faults import Fault
from bankklient_lab.exchange import answers, journal, receiving, sending
from bankklient_lab.exchange.journal import journal_path
from bankklient_lab.lab import open_here
from tests.clocks import NOON, Clock
from tests.exchange.labs import Pair, a_bank, introduced
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, broken_checks, created

HISTORIES = int(os.environ.get("BANKKLIENT_HISTORIES", "5"))
STEPS = 12
# Places between the commits of a transmission, where the client's process may end.
CRASHES = {
    "before the journal": (journal.Journal, "note"),
    "after the bank's answer": (sending, "read_receipt"),
    "while the answer is kept": (sending, "step_all"),
    "before a batch is taken over": (receiving, "read_batch"),
    "while a batch is applied": (answers, "take_step"),
    "after a batch was applied": (receiving, "shortened"),
}
# What happens to the first requests of a transmission; a fault is as likely as none.
FAULTS = st.lists(st.none() | st.sampled_from(list(Fault)), max_size=6)
ENDED = {7, 8, 22}
_TEMPLATE: list[Path] = []


class Crash(BaseException):
    """The process ends here."""


def _crash(*_: object, **__: object) -> None:
    raise Crash


class Histories(RuleBasedStateMachine):
    """What client, bank, line and clock may do."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="histories-"))
        self.clock = Clock(NOON)
        self.clock.move(hours=21)
        self.path = Path(shutil.copy(_TEMPLATE[0], self.folder / "model.lab"))
        self.pair = Pair(open_here(self.path, clock=self.clock, user="tester"), a_bank(self.clock), self.clock)
        self.hashes: dict[tuple[int, int, int], str] = {}

    @rule(
        kind=st.sampled_from((DOMESTIC, DOMESTIC, COLLECTION, FOREIGN)),
        amount=st.sampled_from(("1.00", "250.50", "70000.00")),
        savings=st.booleans(),
        later=st.booleans(),
        at_once=st.booleans(),
    )
    def pay(self, kind: str, amount: str, savings: bool, later: bool, at_once: bool) -> None:
        values: dict[str, Any] = {"amount": amount}
        if kind == DOMESTIC and savings:
            values["own_account"] = "150000030/0600"
        if later:
            values["maturity_date"] = (self.clock().date() + timedelta(days=3)).isoformat()
        created(self.pair.lab, kind, **values)
        if at_once:
            self.pair.balance()

    @rule(faults=FAULTS)
    def transmit(self, faults: list[Fault | None]) -> None:
        self.pair.transmit(*faults)

    @rule(where=st.sampled_from(sorted(CRASHES)), faults=FAULTS)
    def crash(self, where: str, faults: list[Fault | None]) -> None:
        module, name = CRASHES[where]
        with patch.object(module, name, _crash), suppress(Crash):
            self.pair.transmit(*faults)
        self.pair.lab.close()
        self.pair.lab = open_here(self.path, clock=self.clock, user="tester")
        self.check()

    @rule()
    def discard(self) -> None:
        waiting = unsent_batches.rows(self.pair.lab)
        if waiting:
            discard_batch(self.pair.lab, waiting[0]["batch_id"])

    @rule()
    def revoke(self) -> None:
        orders = [row["order_id"] for row in revocable_orders.rows(self.pair.lab) if row["revocation"] == 0]
        if orders:
            mark_for_revocation(self.pair.lab, orders[:2])
            self.pair.balance()

    @rule(hours=st.sampled_from((1, 9, 24)))
    def wait(self, hours: int) -> None:
        self.pair.later(hours=hours)

    def check(self) -> None:
        """See what must hold at any moment (I1 to I4, I8)."""
        pair = self.pair
        assert broken_checks(pair.lab) == {}
        assert pair.bank.check() == dict.fromkeys(pair.bank.check(), 0)
        for batch_type, year, number, sha256 in pair.lab.rows(
            "SELECT batch_type, year, number, payload_sha256 FROM ops.batch WHERE direction = 'send'"
        ):
            assert self.hashes.setdefault((batch_type, year, number), sha256) == sha256
        noted = journal_path(self.path).read_text("ascii").splitlines() if journal_path(self.path).exists() else []
        ((sent,),) = pair.lab.rows(
            "SELECT count(*) FROM ops.batch WHERE direction = 'send' AND status NOT IN (1, 21, 22)"
        )
        assert len(noted) <= sent  # the journal is never ahead of the lab

    def teardown(self) -> None:
        if not hasattr(self, "pair"):
            return
        try:
            self.settle()
        finally:
            self.pair.lab.close()
            self.pair.bank.close()
            shutil.rmtree(self.folder)

    def settle(self) -> None:
        """Let the faults end: every batch ends, and both sides agree on every order (I5, I7)."""
        pair = self.pair
        for days in (8, 1, 0):  # what waits for funds or its maturity is over by then
            pair.later(days=days)
            told = pair.transmit()
            assert told["complete"], told["message"]
        self.check()
        ends = dict(pair.lab.rows("SELECT direction, list(DISTINCT status) FROM ops.batch GROUP BY ALL"))
        assert set(ends.get("send", [])) <= ENDED
        assert set(ends.get("receive", [])) <= {11, 14}
        assert pair.bank.waiting(20001) == []
        ours = dict(
            pair.lab.rows(
                "SELECT order_id, status FROM (SELECT order_id, status FROM ops.domestic_order UNION ALL"
                " SELECT order_id, status FROM ops.foreign_order) SEMI JOIN ops.sent_order USING (order_id)"
                " WHERE status NOT IN ('NS', 'DE')"
            )
        )
        theirs = dict(pair.bank._store.rows("SELECT order_id, state FROM payment"))
        assert ours == theirs


@pytest.mark.spec("TRN-018")
def test_no_order_is_lost_and_none_is_executed_twice(
    orders_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    template = Path(shutil.copy(orders_file, tmp_path_factory.mktemp("model") / "template.lab"))
    with open_here(template, clock=lambda: NOON, user="tester") as lab:
        introduced(lab)
    _TEMPLATE[:] = [template]
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=HISTORIES, stateful_step_count=STEPS, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
