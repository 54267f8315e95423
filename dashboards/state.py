"""What a page shows: the page, the period, the accounts, the currency and the filter, as kept in the address.

The address is written by anyone, so every value is checked against what the lab has; what does not fit is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

import param

from bankklient_lab.analysis.entries import COLUMNS, SEARCHED, SIDES
from bankklient_lab.calendars import months_on
from bankklient_lab.errors import BadArgument
from bankklient_lab.money import parse_amount

from .charts import Styles

PAGES = (
    "overview", "explorer", "statements", "forecast", "online", "foreign", "messages", "documents", "rates", "create",
    "todo", "orders", "balancing", "signatures", "transmissions", "patterns", "regular", "standing_orders",
    "permitted_collections", "time_deposits", "forward_deals", "account_parameters", "receivables", "counterparties",
    "receiving", "codebooks", "imports", "runs", "users", "permissions", "keys", "configuration", "log", "activity",
    "system", "account",
)  # fmt: skip
PRESETS = ("1M", "3M", "YTD", "1Y", "ALL")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 1, 1)
DEFAULT_PRESET = "1Y"
TEXT_CHARS = 200
TEXTS = ("text", "counterparty", "category", "variable_symbol")
AMOUNTS = ("amount_from", "amount_to")
IN = "in."  # before the name of a column whose text is searched, in the address


@dataclass(frozen=True)
class Choice:
    """What was chosen at one moment: a thread reads by it while the window goes on."""

    since: date
    until: date  # exclusive
    accounts: list[str]
    currency: str
    content: Any

    @property
    def last_day(self) -> date:
        """The last day of the period, inclusive."""
        return self.until - timedelta(days=1)


def _at_once(work: Callable[[], None]) -> None:
    work()


class State(param.Parameterized):
    """One browser window's choices; `until` is exclusive, amounts are texts as typed ("" for none)."""

    page: Any = param.Selector(default="overview", objects=list(PAGES))
    since = param.CalendarDate(default=FIRST_DAY)
    until = param.CalendarDate(default=LAST_DAY)
    accounts = param.List(default=[], item_type=str)
    currency = param.String(default="")
    text = param.String(default="")
    counterparty = param.String(default="")
    category = param.String(default="")
    variable_symbol = param.String(default="")
    amount_from = param.String(default="")
    amount_to = param.String(default="")
    side: Any = param.Selector(default="any", objects=list(SIDES))
    containing = param.Dict(default={}, doc="Parts of the texts of single columns.")
    columns = param.List(default=[], item_type=str, doc="Columns of the explorer in their order; empty as by default.")
    import_id = param.Integer(default=None, allow_None=True)
    narrow = param.Boolean(default=False, doc="A small screen.")
    dark = param.Boolean(default=False)
    data_version = param.Integer(default=0, doc="Grows when the lab's content has changed.")
    busy = param.Integer(default=0, doc="How many things are being read.")
    drafts = param.Dict(default={}, doc="What was typed and not saved, by form; never a password.")
    restored = param.Dict(default={}, doc="Drafts from before a reload, for the forms that take them up.")

    copied = param.Dict(default={}, doc="Kind and texts of an order that a new one begins with.")

    PERIOD = ("since", "until")
    FILTER = ("since", "until", "accounts", "currency")
    CRITERIA = (*TEXTS, *AMOUNTS, "side", "containing")
    KEPT = ("page", *FILTER, *CRITERIA, "columns")

    def __init__(self, *, first_day: date, end: date, content: Any = None, **params: Any) -> None:
        self.first_day = first_day  # of the lab's content
        self.end = end  # the day after its last one
        self.content = content
        self.styles = Styles()
        self.send_file: Callable[[str, bytes], None] = lambda _name, _content: None  # set by the window
        self.noted: Callable[[], None] = lambda: None  # called after a change of one's own, which is no news
        self.soon: Callable[[Callable[[], None]], None] = _at_once  # how a page is filled; set by the window
        since, until = self.period_of(DEFAULT_PRESET)
        super().__init__(**{"since": since, "until": until} | params)  # type: ignore[no-untyped-call]

    def period_of(self, preset: str) -> tuple[date, date]:
        """Return the period of a preset, ending with the last day that the lab knows."""
        since = {
            "1M": months_on(self.end, -1),
            "3M": months_on(self.end, -3),
            "1Y": months_on(self.end, -12),
            "YTD": date((self.end - timedelta(days=1)).year, 1, 1),
            "ALL": self.first_day,
        }[preset]
        return since, self.end

    @property
    def preset(self) -> str | None:
        """The preset that the period is, if any."""
        return next((name for name in PRESETS if self.period_of(name) == (self.since, self.until)), None)

    @property
    def last_day(self) -> date:
        """The last day of the period, inclusive."""
        return self.until - timedelta(days=1)

    def choice(self) -> Choice:
        """Return what is chosen now."""
        return Choice(self.since, self.until, list(self.accounts), self.currency, self.content)

    def criteria(self) -> dict[str, Any]:
        """Return the filter as the arguments of `entries` and `entry_totals`."""
        amounts = {name: Decimal(parse_amount(getattr(self, name))) for name in AMOUNTS if getattr(self, name)}
        return {
            "since": self.since, "until": self.until, "accounts": self.accounts, "side": self.side,
            **{name: getattr(self, name) for name in TEXTS}, **amounts, "containing": dict(self.containing) or None,
        }  # fmt: skip

    def address(self) -> str:
        """Return the query that shows the same; what is as by default is left out."""
        period = {} if self.preset == DEFAULT_PRESET else {"since": self.since, "until": self.until}
        others = self.not_default(("accounts", "currency", *State.CRITERIA, "columns"))
        return query({"page": self.page} | period | others)

    def not_default(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values of those of `names` that are not as by default."""
        return {name: value for name in names if (value := getattr(self, name)) != DEFAULTS[name]}

    def read(self, search: str, *, accounts: Mapping[str, object], currencies: Mapping[str, object]) -> dict[str, Any]:
        """Return the checked values of an address, defaults for what is not in it."""
        pairs = parse_qsl(search.removeprefix("?"), max_num_fields=2000) if len(search) < 100_000 else []
        last = dict(pairs)
        since, until = self.period_of(DEFAULT_PRESET)
        given = _day(last.get("since")), _day(last.get("until"))
        if given[0] and given[1] and given[0] < given[1]:
            since, until = given[0], given[1]
        chosen = [value for name, value in pairs if name == "accounts" and value in accounts]
        return {
            "page": last["page"] if last.get("page") in PAGES else PAGES[0],
            "since": since,
            "until": until,
            "accounts": list(dict.fromkeys(chosen)),
            "currency": last["currency"] if last.get("currency") in currencies else "",
            "side": last["side"] if last.get("side") in SIDES else "any",
            **{name: last.get(name, "")[:TEXT_CHARS] for name in TEXTS},
            **{name: _amount(last.get(name, "")) for name in AMOUNTS},
            "containing": {name: last[IN + name][:TEXT_CHARS] for name in SEARCHED if last.get(IN + name)},
            "columns": list(dict.fromkeys(name for name in last.get("columns", "").split() if name in COLUMNS)),
        }


DEFAULTS: dict[str, Any] = {name: State.param[name].default for name in State.KEPT}


def query(values: Mapping[str, Any]) -> str:
    """Return values of State.KEPT as an address has them, for `State.read`; days may be texts already."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if name == "accounts":
            pairs += [(name, account) for account in value]
        elif name == "containing":
            pairs += [(IN + column, part) for column, part in value.items()]
        else:
            pairs.append((name, " ".join(value) if name == "columns" else str(value)))
    return "?" + urlencode(pairs)


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if FIRST_DAY <= found <= LAST_DAY else None


def _amount(text: str) -> str:
    try:
        parse_amount(text)
    except BadArgument:
        return ""
    return text


def follow(state: State, page: str, names: tuple[str, ...], refresh: Callable[[], None]) -> None:
    """Call `refresh` at once and soon after one of `names` changes, but only while `page` is looked at, or when it is.

    Changes that come before it was called lead to one call. A page goes to the browser with its content: a table that
    is told to change before the browser has built it stays empty.
    """
    stale = True
    waiting = False

    def update() -> None:
        nonlocal waiting
        if stale and not waiting and state.page == page:
            waiting = True
            state.soon(fill)

    def fill() -> None:
        nonlocal stale, waiting
        waiting = False
        if stale and state.page == page:
            stale = False
            refresh()

    def changed(*events: Any) -> None:
        nonlocal stale
        stale = stale or any(event.name != "page" for event in events)
        update()

    state.param.watch(changed, [*names, "page", "data_version"])
    fill()
