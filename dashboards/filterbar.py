"""Period, accounts and currency: one bar above the pages, kept when the page changes."""

from __future__ import annotations

from datetime import timedelta

from . import formatting, ui
from .state import PRESETS, State
from .styles import css
from .texts import counted, text

_CUSTOM = ""


class FilterBar:
    """The bar; on a small screen it folds into one button that says what is chosen."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._presets = ui.choice(list(PRESETS), state.preset)
        self._dates = ui.date_range(text("filter.period"), (state.since, state.last_day))
        self._accounts = ui.multi_choice(text("filter.all_accounts"), {}, width=230)
        self._currency = ui.select(text("filter.currency"), [state.currency], state.currency, width=96)
        self._fold = ui.button("", self._toggle, icon="tune", end_icon="expand_more")
        self._widgets = ui.row(
            self._presets, self._dates, self._accounts, self._currency, gap=10,
            stylesheets=[css("filter")],
        )  # fmt: skip
        self.view = ui.row(self._fold, self._widgets, gap=10)
        self.offer()
        self._show()
        self._presets.param.watch(lambda event: self._preset(event.new), "value")
        self._dates.param.watch(lambda event: self._period(event.new), "value")
        self._accounts.param.watch(lambda event: state.param.update(accounts=list(event.new)), "value")
        self._currency.param.watch(lambda event: self._chosen_currency(event.new), "value")
        state.param.watch(self._show, [*State.FILTER, "narrow"])
        state.param.watch(self._screen, "narrow")
        self._screen()

    def offer(self) -> None:
        """Offer the accounts and currencies that the lab has now."""
        content = self._state.content
        self._accounts.options = {label: name for name, label in content.labels.items()}
        self._currency.options = content.currencies or [""]
        self._currency.visible = len(content.currencies) > 1

    def _chosen_currency(self, currency: str | None) -> None:
        if currency:
            self._state.currency = currency

    def _preset(self, preset: str | None) -> None:
        if preset is None:
            return
        since, until = self._state.period_of(preset)
        self._state.param.update(since=since, until=until)

    def _period(self, days: tuple[object, object] | None) -> None:
        if days is None:
            return
        since, until = ui.as_date(days[0]), ui.as_date(days[1]) + timedelta(days=1)
        if since < until:
            self._state.param.update(since=since, until=until)

    def _show(self, *_events: object) -> None:
        state = self._state
        self._presets.value = state.preset
        self._dates.value = (state.since, state.last_day)
        self._accounts.param.update(
            value=list(state.accounts),
            label=text("filter.accounts" if state.accounts else "filter.all_accounts"),
            value_label=state.content.labels[state.accounts[0]]
            if len(state.accounts) == 1
            else counted("filter.accounts", len(state.accounts)),
        )
        self._currency.value = state.currency
        period = state.preset or f"{formatting.day(state.since)} {formatting.DASH} {formatting.day(state.last_day)}"
        chosen = counted("filter.accounts", len(state.accounts)) if state.accounts else text("filter.all_accounts")
        self._fold.label = " \u00b7 ".join(part for part in (period, chosen, state.currency) if part)

    def _screen(self, *_events: object) -> None:
        self._fold.visible = self._state.narrow
        self._widgets.visible = not self._state.narrow

    def _toggle(self) -> None:
        self._widgets.visible = not self._widgets.visible
