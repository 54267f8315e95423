"""Random histories of a client and its bank over a bad line, with kills: nothing is lost, nothing is done twice.

`--histories` sets their number. A history begins with copies of a lab whose orders are entered already and of a bank's
file. Faults of the line and what ends amid a commit happen in this process, where the instant can be chosen; for kills
at any instant each side is a process of its own.

Each of these faults, put into the code, was found within 60 histories (most within 10): the journal not written; a
batch that comes twice taken twice by the bank; the receipt of another batch believed; a batch taken for transferred
without an answer; its content made anew at the second try; a batch of the bank confirmed before it is kept; a status
that the bank tells taken over whatever the order is. Put new ones in when the protocol changes.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bankklient_lab.balancing.revocations import mark_for_revocation
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.bank import taking
from bankklient_lab.bank.faults import Fault
from bankklient_lab.demo.inprocess import InProcess
from bankklient_lab.errors import Unreachable
from bankklient_lab.exchange import answers, journal, receiving, sending
from bankklient_lab.exchange.journal import journal_path
from bankklient_lab.lab import open_here
from bankklient_lab.orders.confirmation import include_orders
from tests.balancing.labs import KEY, a_signer, balanced
from tests.clocks import NOON, Clock
from tests.exchange.killed import SIDES, Side, keep_key, opened_bank, opened_lab, transmit_and_kill
from tests.exchange.labs import BANK_KEY, Pair, a_bank, introduced
from tests.keys.conftest import quick_key_passwords
from tests.orders.labs import COLLECTION, FOREIGN, broken_checks, created

__all__ = ["quick_key_passwords"]

STEPS = 8
PARTS = 4  # of the histories, which run beside each other
KILLED_MOST_SECONDS = 0.8  # about what opening and a transmission take
SKEW_MINUTES = (-4, 0, 4)  # of the bank's clock
UNTIL_SETTLED = (1, 0, 3, 0)  # days between transmissions: funds, maturities and a weekend are waited for
SAVINGS = "150000030/0600"
# The orders of every history: kind and values; the large ones lack funds, some wait for their day.
ORDERS: list[tuple[str, dict[str, Any]]] = [
    *[("domestic_payment", {"amount": amount}) for amount in ("1.00", "20.00", "300.00", "4000.00")],
    ("domestic_payment", {"amount": "70000.00", "own_account": SAVINGS}),
    ("domestic_payment", {"amount": "5.00", "own_account": SAVINGS, "maturity_date": "2026-11-24"}),
    ("domestic_payment", {"amount": "60.00", "maturity_date": "2026-11-24"}),
    (COLLECTION, {"amount": "700.00"}),
    (FOREIGN, {"amount": "10.00"}),
    (FOREIGN, {"amount": "90000.00"}),
]
# Where a process may end: between the commits of the client's transmission, and within a transaction of the bank.
CRASHES: dict[str, tuple[object, str]] = {
    "before the journal": (journal.Journal, "note"),
    "after the bank's answer": (sending, "read_receipt"),
    "while the answer is kept": (sending, "step_all"),
    "before a batch is taken over": (receiving, "read_batch"),
    "before a batch is confirmed": (InProcess, "taken"),
    "while a batch is applied": (answers, "take_step"),
    "after a batch was applied": (receiving, "shortened"),
    "while the bank takes a batch": (taking, "process_ready"),
}
CHOSEN = st.lists(st.integers(0, len(ORDERS) - 1), min_size=2, max_size=5)
# What happens to the first requests of a transmission; a fault is as likely as none.
FAULTS = st.lists(st.none() | st.sampled_from(list(Fault)), max_size=4)
NOT_SENT, DISCARDED = {1}, {21, 22}  # statuses of batches to the bank
BATCHES_OVER, ORDERS_OVER = {7, 8, 22}, {"OK", "ER", "DE"}


class Crash(BaseException):
    """The client's process ends here."""


@contextmanager
def ending(place: str) -> Iterator[None]:
    """Let a process end at a place: the client's altogether, of the bank's the client learns nothing."""
    end = Unreachable("the bank's process ended") if "bank takes" in place else Crash()
    with patch.object(*CRASHES[place], side_effect=end), suppress(Crash):
        yield


@dataclass
class Template:
    """The files that histories begin with."""

    folder: Path
    orders: list[int]
    killed: Counter[Side] = field(default_factory=Counter)


class Histories(RuleBasedStateMachine):
    """What client, bank, line and clock may do."""

    template: Template
    folder: Path

    @initialize(skew=st.sampled_from(SKEW_MINUTES), chosen=CHOSEN)
    def begin(self, skew: int, chosen: list[int]) -> None:
        """Copy lab and bank, whose clock is some minutes ahead or behind, and balance some orders."""
        shutil.copytree(self.template.folder, self.folder)
        self.clocks: dict[Side, Clock] = {side: Clock(NOON) for side in SIDES}
        self.later(hours=21)
        self.clocks["bank"].move(minutes=skew)
        self.open()
        self.left = list(self.template.orders)
        self.hashes: dict[tuple[int, int, int], str] = {}
        self.batches_over: dict[int, int] = {}
        self.orders_over: dict[int, str] = {}
        self.balance(chosen)

    def open(self) -> None:
        """Open lab and bank in this process."""
        lab, bank = opened_lab(self.folder, self.clocks["client"]), opened_bank(self.folder, self.clocks["bank"])
        self.pair = Pair(lab, bank, self.clocks["client"])

    def close(self) -> None:
        """Close lab and bank."""
        self.pair.lab.close()
        self.pair.bank.close()

    def later(self, **by: float) -> None:
        """Move both clocks."""
        for clock in self.clocks.values():
            clock.move(**by)

    @rule(chosen=CHOSEN)
    def balance_some(self, chosen: list[int]) -> None:
        """Put some more of the orders into batches."""
        self.balance(chosen)

    def balance(self, chosen: list[int]) -> None:
        """Put some of the orders that are left into batches."""
        ids = {self.left.pop(number % len(self.left)) for number in chosen if self.left}
        if ids:
            include_orders(self.pair.lab, sorted(ids))
            balanced(self.pair.lab, a_signer(), "included")

    @rule(faults=FAULTS)
    def transmit(self, faults: list[Fault | None]) -> None:
        """Transmit over a line with faults."""
        self.pair.transmit(*faults)

    @rule()
    def mix_up(self) -> None:
        """Transmit over a line that gives the first receipt for all batches, and brings none but the first."""
        self.pair.transmit(mixed_up=True)

    @rule(place=st.sampled_from(sorted(CRASHES)), faults=FAULTS)
    def crash(self, place: str, faults: list[Fault | None]) -> None:
        """Let a process end amid a transmission."""
        with ending(place):
            self.pair.transmit(*faults)

    @rule(side=st.sampled_from(SIDES), seconds=st.floats(0, KILLED_MOST_SECONDS))
    def kill(self, side: Side, seconds: float) -> None:
        """Kill the process of a side while they transmit; what they left is opened again."""
        self.close()
        now = {one: clock() for one, clock in self.clocks.items()}
        self.template.killed[side] += transmit_and_kill(self.folder, now, side, seconds)
        self.open()

    @rule()
    def discard(self) -> None:
        """Discard the oldest batch that was not sent."""
        waiting = [batch_id for batch_id, status in self.statuses("send") if status in NOT_SENT]
        if waiting:
            discard_batch(self.pair.lab, waiting[0])

    @rule()
    def revoke(self) -> None:
        """Ask to revoke an order that the bank has and has not done yet."""
        found = self.pair.lab.rows(
            "SELECT order_id FROM ops.domestic_order JOIN ops.sent_order USING (order_id)"
            " WHERE status IN ('SE', 'PR', 'IS') AND in_process AND revocation = 0 ORDER BY order_id LIMIT 1"
        )
        if found:
            mark_for_revocation(self.pair.lab, [order_id for (order_id,) in found])
            balanced(self.pair.lab, a_signer(), "included")

    @rule(hours=st.sampled_from((1, 9, 24)))
    def wait(self, hours: int) -> None:
        """Let time go by."""
        self.later(hours=hours)

    def statuses(self, direction: str) -> list[tuple[int, int]]:
        """Return number and status of the batches of a direction."""
        return self.pair.lab.rows(
            "SELECT batch_id, status FROM ops.batch WHERE direction = $direction ORDER BY batch_id",
            {"direction": direction},
        )

    def order_statuses(self) -> dict[int, str]:
        """Return the statuses of the orders that were put into batches."""
        return dict(self.pair.lab.rows(
            "SELECT order_id, status FROM (SELECT order_id, status FROM ops.domestic_order UNION ALL"
            " SELECT order_id, status FROM ops.foreign_order) SEMI JOIN ops.sent_order USING (order_id)"
        ))  # fmt: skip

    def noted(self) -> int:
        """Return how many batches the journal says were sent."""
        path = journal_path(self.pair.lab.path)
        return len(path.read_text("ascii").splitlines()) if path.exists() else 0

    def sent(self) -> int:
        """Return how many batches went out, or were about to."""
        return sum(status not in NOT_SENT | DISCARDED for _, status in self.statuses("send"))

    @invariant()
    def nothing_is_taken_back(self) -> None:
        """See that numbers keep their contents, what is over stays so, and the journal is not ahead (I4, I8)."""
        if not hasattr(self, "pair"):
            return
        for batch_type, year, number, sha256 in self.pair.lab.rows(
            "SELECT batch_type, year, number, payload_sha256 FROM ops.batch WHERE direction = 'send'"
        ):
            assert self.hashes.setdefault((batch_type, year, number), sha256) == sha256
        batches, orders = dict(self.statuses("send")), self.order_statuses()
        assert self.batches_over.items() <= batches.items()
        assert self.orders_over.items() <= orders.items()
        self.batches_over = {number: status for number, status in batches.items() if status in BATCHES_OVER}
        self.orders_over = {number: status for number, status in orders.items() if status in ORDERS_OVER}
        assert self.noted() <= self.sent()

    def teardown(self) -> None:
        """Let the faults end, and see that both sides agree."""
        with ExitStack() as after:
            if self.folder.exists():
                after.callback(shutil.rmtree, self.folder)
            if hasattr(self, "pair"):
                after.callback(self.close)
                self.settle()

    def settle(self) -> None:
        """See that every batch ends, and both sides agree on every order (I1, I2, I5, I7)."""
        pair = self.pair
        for days in UNTIL_SETTLED:
            self.later(days=days)
            told = pair.transmit()
            assert told["complete"], told["message"]
            if {status for _, status in self.statuses("send")} <= BATCHES_OVER:
                break
        self.nothing_is_taken_back()
        assert self.noted() == self.sent()
        assert {status for _, status in self.statuses("send")} <= BATCHES_OVER
        assert {status for _, status in self.statuses("receive")} <= {11, 14}
        assert pair.bank.waiting(20001) == []
        ours = {order_id: status for order_id, status in self.order_statuses().items() if status not in ("NS", "DE")}
        assert ours == dict(pair.bank._store.rows("SELECT order_id, state FROM payment"))
        assert broken_checks(pair.lab) == {}
        assert pair.bank.check() == dict.fromkeys(pair.bank.check(), 0)


@pytest.fixture(scope="module")
def template(orders_file: Path, tmp_path_factory: pytest.TempPathFactory, quick_key_passwords: None) -> Template:
    """Return a lab with orders, and a bank whose client's payments wait one day for funds."""
    folder = tmp_path_factory.mktemp("template")
    clock = Clock(NOON)
    keep_key(folder, "client", KEY)
    keep_key(folder, "bank", BANK_KEY)
    with open_here(Path(shutil.copy(orders_file, folder / "client.lab")), clock=clock, user="tester") as lab:
        introduced(lab)
        orders = [created(lab, kind, **values) for kind, values in ORDERS]
    a_bank(clock, folder / "bank.db", np_days=1).close()
    return Template(folder, orders)


@pytest.mark.timeout(0)
@pytest.mark.spec("TRN-018", "TRN-019")
@pytest.mark.parametrize("part", range(PARTS))
def test_no_order_is_lost_and_none_is_executed_twice(
    part: int, template: Template, tmp_path: Path, histories: int
) -> None:
    Histories.template, Histories.folder = template, tmp_path / "history"
    template.killed.clear()
    run_state_machine_as_test(
        seed(part)(Histories),
        settings=settings(
            max_examples=max(1, histories // PARTS), stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert set(template.killed) == set(SIDES) or histories < 100  # few histories may have none
