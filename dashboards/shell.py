"""What stands around every page: top bar, menu, filter bar; and the way from one page to another without a new load."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import panel as pn
import param

import bankklient_lab as bl
from bankklient_lab.analysis.changes import last_change
from bankklient_lab.errors import LabError, NotLoggedIn
from bankklient_lab.keys.expiring import key_warnings
from bankklient_lab.runs.notebooks import preload as preload_notebooks

from . import formatting, ui
from .browser import Browser
from .content import Content, read_content, reload
from .downloads import DOWNLOADS
from .filterbar import FilterBar
from .formatting import escape
from .gate import NARROW_COOKIE, SCHEME_COOKIE, Gate, Stand
from .menu import ADMINISTRATION, ENTRIES, LOOK, PAY, WORK, offered
from .proof import Proof
from .refresh import at_once, window
from .regular_offer import RegularOffer
from .state import PAGES, TEXT_CHARS, State
from .styles import css
from .texts import LANGUAGE_COOKIE, LANGUAGES, ask_window, text

_log = logging.getLogger(__name__)

SHORTCUTS = {f"go-{entry.key}": page for page, entry in ENTRIES.items() if entry.key}
PREPARED = ("overview", "explorer", "statements")  # their tables and charts take longest to lay out
PREPARE_MS = 500
QUIET_SECONDS = 10.0  # without a change of what is shown, before a page is laid out in advance: a click would wait
NEWS_MS = 3_000
FILTERED = ("overview", "explorer")


def new_state(lab: bl.Lab, search: str = "") -> State:
    """Return the state of a new window from its address."""
    content = read_content(lab)
    state = State(first_day=content.first_day, end=content.end, content=content)
    take_address(state, search)
    return state


def take_address(state: State, search: str) -> None:
    """Show what an address says, as far as the lab has it."""
    content: Content = state.content
    values = state.read(search, accounts=content.labels, currencies=dict.fromkeys(content.currencies))
    values["currency"] = values["currency"] or next(iter(content.currencies), "")
    state.param.update(**values)


class _Menu:
    """One group of the menu."""

    def __init__(self, group: str, state: State) -> None:
        self._group, self._state = group, state
        self._pages: list[str] = []
        self._place = ui.column(gap=0)
        self._list: Any = None
        self.view = ui.column(
            ui.html(f"<div class='group'>{escape(text(f'app.menu_{group}'))}</div>", style=css("menu")),
            self._place, gap=0,
        )  # fmt: skip

    def offer(self, pages: Sequence[str]) -> None:
        """Offer those of the pages that belong to the group."""
        self._pages = [page for page in pages if ENTRIES[page].group == self._group]
        items = [(ENTRIES[page].icon, text(f"page.{page}")) for page in self._pages]
        self._list = ui.menu(items, self._go_to)
        self._place.objects = [self._list]
        self.view.visible = bool(self._pages)
        self.show(self._state.page)

    def _go_to(self, number: int) -> None:
        self._state.page = self._pages[number]

    def show(self, page: str) -> None:
        """Show which page is looked at."""
        self._list.active = self._pages.index(page) if page in self._pages else None


class Shell:
    """One window."""

    def __init__(self, lab: bl.Lab, state: State, browser: Browser, *, leave: Callable[[], None] | None = None) -> None:
        """`leave` logs out; None in a lab without logins."""
        self.lab, self.state, self.browser = lab, state, browser
        self._offered = offered(lab)
        if state.page == PAGES[0] and state.page not in self._offered:  # where one comes in
            state.page = self._offered[0]
        self._proof = Proof(lab, state)
        self.offer = RegularOffer(lab, state)
        ui.prove_with(self._proof.ask)
        # A place for each page from the start: one added to the others would have the browser lay out all of them anew.
        self._places: dict[str, Any] = {
            page: ui.column(gap=0, visible=False, css_classes=["place", f"place-{page}"]) for page in PAGES
        }
        self._title = ui.html("", sizing_mode="fixed", width=205)
        self._filter = FilterBar(state)
        self._news = ui.button(text("app.news"), self._take_news, icon="refresh", visible=False)
        self._seen = last_change(lab)
        self._head = ui.row(self._title, self._news, self._filter.view, gap=12, css_classes=["head"])
        told = " ".join(formatting.sentence(one) for one in key_warnings(lab))
        self.warnings = ui.notice(told, severity="warning", visible=bool(told))
        self._menus = {group: _Menu(group, state) for group in (LOOK, PAY, WORK, ADMINISTRATION)}
        self._search = ui.search(text("app.search" if state.narrow else "app.search_hint"), self._found)
        self._offer_search()
        self.page = ui.page(
            title=text("app.name"),
            header=[self._lab_name(), self._search, self._user(leave), browser],
            sidebar=[menu.view for menu in self._menus.values()],
            main=[
                ui.column(
                    self.warnings,
                    self._head,
                    *self._places.values(),
                    self._proof.view,
                    self.offer.view,
                    gap=12,
                    stylesheets=[css("page")],
                )
            ],
            dark=state.dark,
            sidebar_open=not state.narrow,
        )
        state.noted = self._note
        self._touched = time.monotonic()
        state.param.watch(self._touch, list(State.KEPT))
        state.param.watch(self._show_page, "page")
        state.param.watch(self._content_changed, "data_version")
        self._offer_pages()
        self._show_page()

    def _lab_name(self) -> ui.Viewable:
        name = f"<span class='lab' title='{escape(self.lab.path)}'>{escape(self.lab.path.stem)}</span>"
        return ui.html(name, style=css("lab"), sizing_mode="stretch_width")

    def _user(self, leave: Callable[[], None] | None) -> ui.Viewable:
        """Return who is at work, with the way to the own account and out."""
        caller = self.lab.caller
        items: dict[str, tuple[str, Callable[[], object]]] = {
            text("page.account"): (ENTRIES["account"].icon, lambda: self.state.param.update(page="account"))
        }
        if leave is not None:
            items[text("app.logout")] = ("logout", leave)
        label = "" if self.state.narrow else caller.name
        return ui.menu_button(
            label, "account_circle", items, variant="text", css_classes=["user"], stylesheets=[css("user")],
            description=text("app.user", name=caller.name, reference=caller.reference),
        )  # fmt: skip

    def _offer_pages(self) -> None:
        for menu in self._menus.values():
            menu.offer(self._offered)

    def look_for_rights(self) -> None:
        """Offer what the user may do now."""
        now = offered(self.lab)
        if now != self._offered:
            self._offered = now
            self._offer_pages()
            self._offer_search()

    def _show_page(self, *_events: object) -> None:
        name = self.state.page
        with at_once():
            self._title.object = f"<h1>{text(f'page.{name}')}</h1>"
            self._filter.view.visible = name in FILTERED
            for menu in self._menus.values():
                menu.show(name)
            self._add(name)
            for other, place in self._places.items():
                place.visible = other == name
            if self.state.narrow:
                self.page.sidebar_open = False

    def _add(self, name: str) -> None:
        if not self._places[name].objects:
            with at_once():
                self._places[name].objects = [self._built(name)]

    def prepare(self) -> bool:
        """Lay out one of the pages that people go to most, if nobody waits; return whether there are more."""
        missing = [name for name in PREPARED if name in self._offered and not self._places[name].objects]
        quiet = self.state.busy == 0 and time.monotonic() - self._touched > QUIET_SECONDS
        if missing and quiet:
            self._add(missing[0])
        return len(missing) > quiet

    def _touch(self, *_events: object) -> None:
        self._touched = time.monotonic()

    def _built(self, name: str) -> ui.Viewable:
        try:
            built: ui.Viewable = import_module(f"{__package__}.{name}").page(self.lab, self.state)
        except LabError as error:
            return ui.notice(error.message, severity="error")
        except Exception:
            _log.exception("the page %s failed", name)
            return ui.notice(text("work.failed"), severity="error")
        return built

    def look_for_news(self) -> None:
        """Offer to show what another window or process has changed."""
        self._news.visible = last_change(self.lab) > self._seen

    def _note(self) -> None:
        """Take what has changed as seen: this window has changed it and shows it."""
        self._seen = last_change(self.lab)

    def _take_news(self) -> None:
        reload(self.lab, self.state)

    def _content_changed(self, *_events: object) -> None:
        self._seen, self._news.visible = last_change(self.lab), False
        self._offer_search()
        self._filter.offer()

    def _offer_search(self) -> None:
        pages: dict[str, dict[str, Any]] = {text(f"page.{page}"): {"page": page} for page in self._offered}
        labels = self.state.content.labels
        accounts = {label: {"page": "explorer", "accounts": [name]} for name, label in labels.items()}
        self._targets = pages | accounts
        self._search.options = list(self._targets)

    def _found(self, value: str) -> None:
        if value in self._targets:
            self.state.param.update(**self._targets[value])
        elif value.strip():
            self.state.param.update(page="explorer", text=value.strip()[:TEXT_CHARS])

    def pressed(self, key: str) -> None:
        """Follow a shortcut."""
        if key in SHORTCUTS:
            self.state.page = SHORTCUTS[key]


def preload() -> None:
    """Import the pages and what they make files with before somebody waits for them."""
    for name in PAGES:
        import_module(f"{__package__}.{name}")
    reports = ("bankklient_lab.reports.html", "bankklient_lab.reports.pdf", "bankklient_lab.reports.excel")
    for name in reports:
        import_module(name)
    preload_notebooks()


def document(lab: bl.Lab, gate: Gate) -> ui.Viewable:
    """Make the window of a browser that was let in; what goes wrong is a sentence in it, never a traceback."""
    try:
        login = _Login(gate)
        return _window(lab.acting(login.caller), login)
    except Exception as error:
        _log.exception("a window failed")
        message = error.message if isinstance(error, LabError) else text("work.failed")
        return ui.column(ui.html(f"<h1>{text('app.name')}</h1>"), ui.notice(message, severity="error"))


class _Login:
    """The login that a window is made for."""

    def __init__(self, gate: Gate) -> None:
        name = window().session_context.id
        pn.state.on_session_destroyed(lambda _context: gate.windows.gone(name))
        self._gate, self._key = gate, gate.windows.key(name) or ""
        caller = gate.identity(self._key)
        if caller is None:
            raise NotLoggedIn(text("login.over"))
        self.caller = caller

    @property
    def stand(self) -> Stand:
        """How it stands now."""
        return self._gate.stand(self._key)


def _window(lab: bl.Lab, login: _Login) -> ui.Viewable:
    location = pn.state.location
    state = new_state(lab, location.search if location else "")
    cookies: dict[str, Any] = pn.state.cookies
    state.dark = cookies.get(SCHEME_COOKIE) == "dark"
    state.narrow = cookies.get(NARROW_COOKIE) == "1"
    was_set = cookies.get(f"{SCHEME_COOKIE}_set") == "1"
    browser = Browser(  # type: ignore[no-untyped-call]
        scheme=cookies[SCHEME_COOKIE] if was_set else "", narrow=state.narrow, prefers_dark=state.dark and not was_set,
        who=lab.user, words={name: text(f"app.{name}") for name in ("choose", "reading", "lost")},
        keys="".join(entry.key for entry in ENTRIES.values()),
    )  # fmt: skip
    state.soon = partial(_soon, state)
    state.param.watch(lambda event: setattr(browser, "busy", event.new > 0), "busy")
    state.param.watch(lambda event: setattr(browser, "drafts", event.new), "drafts")
    browser.param.watch(lambda event: setattr(state, "restored", event.new), "restored")

    def at_work(_event: object) -> None:
        if login.stand == "in":  # a locked session waits for its password
            lab.rights.touch(lab.caller)

    browser.param.watch(at_work, "active")

    def leave() -> None:
        browser.leave += 1

    shell = Shell(lab, state, browser, leave=leave if lab.caller.session_id is not None else None)
    state.send_file = lambda name, content: setattr(browser, "download", DOWNLOADS.offer(name, content))
    _keep_scheme(shell, browser)
    if location is not None:
        _keep_address(state, browser, location)
    pn.state.onload(partial(_loaded, shell, login))
    browser.param.watch(lambda event: state.param.update(narrow=event.new), "narrow")
    browser.param.watch(lambda event: shell.pressed(event.new.partition(" ")[0]), "key")
    state.param.watch(lambda event: setattr(shell.page, "sidebar_open", not event.new), "narrow")
    return shell.page


def _language() -> str:
    """Return the language that was chosen at login, in the window that is worked for."""
    if window() is None:
        return ""
    chosen: str = pn.state.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else ""


ask_window(_language)


def _soon(state: State, work: Callable[[], None]) -> None:
    """Do work of a page in the next turn of the loop, when the browser has been told that something is read."""
    document = window()
    if document is None or document.session_context.session is None:  # no window, or one in the making
        work()
        return
    state.busy += 1

    def turn() -> None:
        with at_once(), ui.told():
            try:
                work()
            finally:
                state.busy -= 1

    document.add_next_tick_callback(turn)


def _loaded(shell: Shell, login: _Login) -> None:
    shell.browser.ready = True
    if login.stand == "in":
        shell.offer.ask()

    def look() -> None:
        stand = login.stand
        shell.browser.locked = stand == "locked"
        if stand == "in":
            shell.look_for_news()
            shell.look_for_rights()

    pn.state.add_periodic_callback(look, period=NEWS_MS)

    def prepare() -> None:
        if not shell.prepare():
            preparing.stop()

    preparing: Any = pn.state.add_periodic_callback(prepare, period=PREPARE_MS)


def _keep_scheme(shell: Shell, browser: Browser) -> None:
    page, state = shell.page, shell.state

    def system(event: param.parameterized.Event) -> None:
        if not browser.scheme:
            page.dark_theme = event.new

    def toggled(event: param.parameterized.Event) -> None:
        state.dark = event.new
        if event.new != browser.prefers_dark or browser.scheme:
            browser.scheme = "dark" if event.new else "light"

    browser.param.watch(system, "prefers_dark")
    page.param.watch(toggled, "dark_theme")


def _keep_address(state: State, browser: Browser, location: Any) -> None:
    reading = False

    def write(*_events: object) -> None:
        if not reading and location.search != state.address():
            location.search = state.address()

    def back(event: param.parameterized.Event) -> None:
        nonlocal reading
        reading = True
        try:
            take_address(state, event.new)
        finally:
            reading = False

    state.param.watch(write, list(State.KEPT))
    browser.param.watch(back, "search")
