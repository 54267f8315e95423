"""To do: the orders that wait for the user, to be verified, confirmed or mended, one after another or many at once."""

from __future__ import annotations

from collections.abc import Callable

import bankklient_lab as bl
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.listing import order_counts
from bankklient_lab.orders.views import typed_items

from . import ui
from .order_columns import telling
from .order_drawer import OrderDrawer
from .order_table import OrderTable, Sets
from .refresh import Refresh
from .state import State, follow
from .texts import text

# What waits: the set of orders, and the steps that are offered for all of it.
TASKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "verify": ("next_verify", ("verify",)),
    "confirm": ("next_confirm", ("confirm",)),
    "duplicates": ("duplicates", ("delete", "discard")),
    "errors": ("errors", ("delete", "discard")),
}
BY_MATURITY = ("maturity", "order_id")
ESSENTIAL = ("counter_account", "amount", "maturity", "own_account", "order_id")


class ToDo:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self.drawer = OrderDrawer(lab, state, self._stepped, verifying=True)
        self.list = OrderTable(
            lab, state, on_open=self.drawer.open, on_conditions=lambda: None, order_by=BY_MATURITY, rows_high=18,
            essential=ESSENTIAL,
        )  # fmt: skip
        self.list.on_change = self.refresh
        self.tasks = Sets(self._choose, first="verify")
        self._counting: Refresh[dict[str, int]] = Refresh(
            state, self._prepare, self._show, lambda sentence: ui.tell(sentence, kind="error")
        )
        self._hint = ui.html("")
        self.full = ui.card(
            ui.row(self.tasks.widget, ui.html(""), self.list.choice, gap=12), self._hint, self.list.view, gap=10
        )
        self.empty = ui.empty(text("todo.empty_title"), text("todo.empty"))
        self.view = ui.column(self.empty, self.full, self.drawer.view, gap=0)
        follow(state, "todo", (), self.refresh)

    def refresh(self) -> None:
        """Count what waits, then read the list of the chosen task."""
        self._counting.start()

    def _prepare(self) -> Callable[[], dict[str, int]]:
        lab = self._lab

        def read() -> dict[str, int]:
            counts = {row["which"]: row["orders"] for row in order_counts.rows(lab)}
            return {name: counts[which] for name, (which, _) in TASKS.items()}

        return read

    def _show(self, counts: dict[str, int]) -> None:
        nothing = not any(counts.values())
        self.empty.visible, self.full.visible = nothing, not nothing
        here = self.tasks.value
        if not counts[here]:
            self.tasks.choose(next((name for name, count in counts.items() if count), here))
        self.tasks.show({name: (text(f"todo.{name}"), count) for name, count in counts.items()})
        self._choose(self.tasks.value)

    def _choose(self, task: str) -> None:
        self.list.which, steps = TASKS[task]
        self._hint.object = f"<p class='muted'>{text(f'todo.hint_{task}')}</p>"
        self.list.hide(self._typed() if task == "verify" else frozenset())
        self.list.actions.offer(steps)
        self.list.refresh()

    def _typed(self) -> frozenset[str]:
        """Return the columns of what is typed again to verify an order."""
        return frozenset().union(*(telling(kind, typed_items(self._lab, kind)) for kind in KINDS.values()))

    def _stepped(self) -> None:
        """Go on with the next order that waits, once the list has been read."""
        self.list.after = self._open_next
        self.refresh()

    def _open_next(self) -> None:
        task = self.tasks.value
        rows = self.list.table.here
        if rows and task in ("verify", "confirm"):
            self.drawer.open(rows[0]["order_id_code"])
        else:
            self.drawer.view.open = False


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return ToDo(lab, state).view
