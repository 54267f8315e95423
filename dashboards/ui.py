"""The widget library of the pages: the only module that imports it, with our theme and small helpers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import panel
import panel_material_ui
import param
from panel.util.parameters import edit_readonly

from bankklient_lab.errors import LabError, ProofNeeded

from .formatting import escape
from .styles import css
from .texts import text

pn: Any = panel
pmui: Any = panel_material_ui
pn.extension("tabulator", "filedropper", notifications=True)

Viewable = Any  # a piece of a page; the library is typed in part only
Widget = Any
NAVY = "#12355b"

_SHAPE = {"borderRadius": 8}
_TYPOGRAPHY = {
    "fontFamily": "Roboto, system-ui, sans-serif",
    "fontSize": 13,
    "h3": {"fontSize": "1.15rem", "fontWeight": 700, "letterSpacing": 0},
    "button": {"textTransform": "none", "fontWeight": 500},
}
# One height for everything that stands in a row of controls.
_COMPONENTS = {
    "MuiOutlinedInput": {"styleOverrides": {"root": {"&.MuiInputBase-sizeSmall": {"height": 36}}}},
    "MuiInputLabel": {  # of an empty field: in its middle
        "styleOverrides": {"outlined": {"&:not(.MuiInputLabel-shrink)": {"transform": "translate(14px, 8px) scale(1)"}}}
    },
    "MuiToggleButton": {
        "styleOverrides": {
            "root": {
                "height": 36,
                "fontSize": 12,
                "padding": "0 10px",
                "whiteSpace": "nowrap",
                "@media (max-width: 760px)": {"padding": "0 7px"},
            }
        }
    },
    "MuiButton": {"styleOverrides": {"root": {"height": 36, "fontSize": 13, "whiteSpace": "nowrap"}}},
}
THEME: dict[str, Any] = {
    "light": {
        "palette": {
            "primary": {"main": NAVY},
            "secondary": {"main": "#0072b2"},
            "error": {"main": "#b3261e"},
            "warning": {"main": "#8a5300"},
            "success": {"main": "#1b6e3c"},
            "background": {"default": "#f4f6f9", "paper": "#ffffff"},
            "text": {"primary": "#1a2330", "secondary": "#52606f"},
            "divider": "#dde3ea",
        },
        "typography": _TYPOGRAPHY,
        "shape": _SHAPE,
        "components": _COMPONENTS,
    },
    "dark": {
        "palette": {
            "primary": {"main": "#8fc1f2"},
            "secondary": {"main": "#56b4e9"},
            "error": {"main": "#ff9a90"},
            "warning": {"main": "#f2b95f"},
            "success": {"main": "#7fd3a0"},
            "background": {"default": "#0e141b", "paper": "#161e28"},
            "text": {"primary": "#e8edf3", "secondary": "#a5b3c2"},
            "default": {"dark": "#a5b3c2"},  # of icons in fields; the library's own is dark on dark
            "divider": "#2c3846",
        },
        "typography": _TYPOGRAPHY,
        "shape": _SHAPE,
        "components": _COMPONENTS,
    },
}


def html(content: str, *, style: str = "", **params: Any) -> Widget:
    """Show markup of our own; whatever comes from a file has gone through `escape`."""
    params.setdefault("sizing_mode", "stretch_width")
    params.setdefault("margin", 0)
    return pn.pane.HTML(content, stylesheets=[css("text") + style], **params)


def heading(title: str, *, level: int = 2, note: str = "") -> Widget:
    """Show a heading, with a muted note beside it."""
    beside = f" <span class='muted' style='font-weight:400;font-size:13px'>{escape(note)}</span>" if note else ""
    return html(f"<h{level}>{escape(title)}{beside}</h{level}>")


# Panel gives a layout the least width of its fixed children; ours wrap or shrink instead (min-width: 0).
def row(*objects: Any, gap: int = 8, wrap: bool = True, **params: Any) -> Widget:
    """Lay out side by side, on one middle line, wrapping on small screens."""
    params.setdefault("margin", 0)
    params.setdefault("sizing_mode", "stretch_width")
    flow = "wrap" if wrap else "nowrap"
    for one in objects:
        one.align = "center"
    flow = f"flex-flow: row {flow}; gap: {gap}px; align-items: center; overflow: visible;"
    return pn.Row(
        *objects, stylesheets=[f":host {{ min-width: 0 !important; {flow} }}", *params.pop("stylesheets", [])], **params
    )


def column(*objects: Any, gap: int = 12, **params: Any) -> Widget:
    """Lay out below each other."""
    params.setdefault("margin", 0)
    params.setdefault("sizing_mode", "stretch_width")
    return pn.Column(
        *objects,
        stylesheets=[
            # Panel lets no column be higher than the window: a card would hide what is below.
            f":host {{ min-width: 0 !important; max-height: none !important; gap: {gap}px; }}",
            ".scroll-button { display: none !important; }",
            *params.pop("stylesheets", []),
        ],
        **params,
    )


# For a column with others beneath it, which it would overlap: the library makes it as high as the window.
WHOLE = ":host { height: auto !important; }"


def grid(*objects: Viewable) -> Widget:
    """Lay out in twelve columns by the classes span-3 to span-12 of the objects; they stack on small screens."""
    return pn.Column(*objects, stylesheets=[css("grid")], margin=0, sizing_mode="stretch_width")


def card(*objects: Any, span: int = 12, gap: int = 8, **params: Any) -> Widget:
    """Frame a piece of a page."""
    return column(*objects, gap=gap, css_classes=["card", f"span-{span}"], stylesheets=[css("card")], **params)


def button(label: str, action: Callable[[], object] | None = None, *, primary: bool = False, **params: Any) -> Widget:
    """Make a button; an error of its action is told as a sentence."""
    params.setdefault("margin", 0)
    made = pmui.Button(
        label=label,
        variant=params.pop("variant", "contained" if primary else "outlined"),
        color="primary",
        size="small",
        **params,
    )
    return _doing(made, action)


def _doing(made: Widget, action: Callable[[], object] | None) -> Widget:
    """Return a button that does `action`; what goes wrong is told as a sentence."""
    if action is not None:
        made.on_click(lambda _event: attempt(action))
    return made


_provers: WeakKeyDictionary[Any, Callable[[Callable[[], object]], None]] = WeakKeyDictionary()


def prove_with(ask: Callable[[Callable[[], object]], None]) -> None:
    """Say who asks for a fresh proof in this window."""
    if pn.state.curdoc is not None:
        _provers[pn.state.curdoc] = ask


def attempt(action: Callable[[], object]) -> None:
    """Do what was asked for: an error is told as a sentence, a proof that is needed is asked for first."""
    with told():
        try:
            action()
        except ProofNeeded:
            ask = _provers.get(pn.state.curdoc) if pn.state.curdoc is not None else None
            if ask is None:
                raise
            ask(action)


def dialog(title: str, *objects: Any) -> Widget:
    """Make a dialog over the page for a question that must be answered first."""
    content = column(*objects, stylesheets=[":host { padding: 0 8px 12px; }"])  # in line with the title
    return pmui.Dialog(content, title=title, show_close_button=True, width_option="xs", margin=0)


@contextmanager
def told() -> Iterator[None]:
    """Tell an error of the lab as a sentence instead of raising it."""
    try:
        yield
    except LabError as error:
        tell(error.message, kind="error")


def tell(message: str, *, kind: str = "success") -> None:
    """Show a short note at the edge of the window."""
    notifications = pn.state.notifications
    if notifications is not None:
        getattr(notifications, kind)(escape(message), duration=0 if kind == "error" else 5000)


def empty(title: str, sentence: str, *actions: Any) -> Widget:
    """Say what will stand here, with the button that fills it."""
    return column(
        html(
            f"<div class='empty'><h2>{escape(title)}</h2><p class='muted'>{escape(sentence)}</p></div>",
            style=css("empty"),
        ),
        row(*actions, stylesheets=[":host { justify-content: center; padding-bottom: 24px; }"]),
        gap=4,
    )


def notice(message: str, *, severity: str = "info", visible: bool = True) -> Widget:
    """Show a sentence that stays; `message` is escaped."""
    return pmui.Alert(
        object=escape(message), severity=severity, variant="outlined", margin=0, sizing_mode="stretch_width",
        visible=visible, closeable=False,
    )  # fmt: skip


_FITS = {"max-width": "100%"}


def select(label: str, options: Mapping[str, Any] | list[str], value: Any, **params: Any) -> Widget:
    """Make a choice of one."""
    return pmui.Select(
        label=label, options=options, value=value, size="small", margin=0, **{"width": 160, "styles": _FITS} | params
    )


def field(label: str, value: str = "", **params: Any) -> Widget:
    """Make a field for text, taken when left or on Enter."""
    return pmui.TextInput(label=label, value=value, size="small", margin=0, **{"width": 160, "styles": _FITS} | params)


def area(label: str, **params: Any) -> Widget:
    """Make a field for a text of several lines, taken when left."""
    return pmui.TextAreaInput(
        label=label, size="small", margin=0, rows=3, sx={"& .MuiInputBase-root": {"height": "auto !important"}},
        **params,
    )  # fmt: skip


def password(label: str, **params: Any) -> Widget:
    """Make a field for a password, taken when left or on Enter."""
    return pmui.PasswordInput(label=label, size="small", margin=0, **{"width": 240, "styles": _FITS} | params)


def checkbox(label: str, *, value: bool = False, **params: Any) -> Widget:
    """Make a box to tick."""
    return pmui.Checkbox(label=label, value=value, size="small", margin=0, **params)


def switch(label: str, *, value: bool = False, **params: Any) -> Widget:
    """Make a switch that takes effect at once."""
    return pmui.Switch(label=label, value=value, size="small", margin=0, **params)


def date(label: str, **params: Any) -> Widget:
    """Make a field for one day, which may stay empty."""
    return pmui.DatePicker(
        label=label, format="YYYY-MM-DD", clearable=True, size="small", margin=0, **{"width": 200} | params
    )


def choice(options: Mapping[str, Any] | list[str], value: Any, **params: Any) -> Widget:
    """Make a row of buttons of which one is chosen."""
    return pmui.RadioButtonGroup(options=options, value=value, size="small", margin=0, color="primary", **params)


def offer(widget: Widget, names: Sequence[str], value: str) -> bool:
    """Let a widget offer names and show one of them, and return whether another one than before is shown."""
    changed = bool(widget.value != value)
    widget.param.update(options={name: name for name in names}, value=value)
    return changed


def icon_button(icon: str, name: str, action: Callable[[], object] | None = None, **params: Any) -> Widget:
    """Make a button that is only an icon; `name` is read out and shown on hover."""
    made = pmui.IconButton(label=name, icon=icon, description=name, size="small", margin=0, **params)
    return _doing(made, action)


def chip(label: str, drop: Callable[[], object]) -> Widget:
    """Make a button that tells one condition of a filter and takes it back."""
    made = button(label, drop, end_icon="close", description=text("explorer.drop", filter=label), sx=_CHIP_SX)
    made.align = "center"
    return made


_CHIP_SX = {"height": 30, "borderRadius": "15px", "fontSize": 12, "fontWeight": 400}


def menu(items: Sequence[tuple[str, str]], chosen: Callable[[int], None]) -> Widget:
    """Make one group of the menu of pages from (icon, label); `active` is None while a page of no such group shows."""
    made = pmui.MenuList(
        items=[{"icon": icon, "label": label} for icon, label in items],
        active=None,
        margin=(4, 0),
        sizing_mode="stretch_width",
    )

    def changed(event: param.parameterized.Event) -> None:
        active = event.new[0] if isinstance(event.new, (tuple, list)) else event.new
        if active is not None:
            chosen(active)

    made.param.watch(changed, "active")
    return made


def menu_button(label: str, icon: str, items: Mapping[str, tuple[str, Callable[[], object]]], **params: Any) -> Widget:
    """Make a button with a menu of label -> (icon, action)."""
    made = pmui.MenuButton(
        label=label, icon=icon, items=[{"label": name, "icon": one[0]} for name, one in items.items()],
        size="small", margin=0, **params,
    )  # fmt: skip

    def clicked(item: Any) -> None:
        with told():
            items[item["label"] if isinstance(item, dict) else item][1]()

    made.on_click(clicked)
    return made


def search(hint: str, found: Callable[[str], None]) -> Widget:
    """Make the search field of the top bar; `found` gets an option or a free text."""
    made = pmui.AutocompleteInput(
        label="", placeholder=hint, restrict=False, min_characters=1, search_strategy="includes", case_sensitive=False,
        size="small", margin=(0, 8), sizing_mode="stretch_width", max_width=340, min_width=90, sx=_SEARCH_SX,
        css_classes=["search"],
    )  # fmt: skip

    def changed(event: param.parameterized.Event) -> None:
        if event.new:
            found(event.new)
            made.value = ""

    made.param.watch(changed, "value")
    return made


_SEARCH_SX = {
    "& .MuiOutlinedInput-root": {"color": "#fff", "backgroundColor": "rgba(255,255,255,.12)"},
    "& .MuiOutlinedInput-notchedOutline": {"borderColor": "rgba(255,255,255,.35)"},
    "& input::placeholder": {"color": "#fff", "opacity": 0.85},
    "& .MuiSvgIcon-root": {"color": "#fff"},
}


def page(
    *, title: str, header: list[Any], sidebar: list[Any], main: list[Any], dark: bool, sidebar_open: bool
) -> Widget:
    """Make the window's frame."""
    made = pmui.Page(
        title=title,
        header=header,
        sidebar=sidebar,
        main=main,
        dark_theme=dark,
        theme_config=THEME,
        sidebar_width=196,
        sidebar_open=sidebar_open,
        sidebar_resizable=False,
        template=Path(__file__).parent / "page.html",
        sx=_PAGE_SX,
    )
    # The library ties every window to one counter of the process: another window's work would be written into the
    # document of this one without its lock, and the event that caused it would be lost.
    with edit_readonly(made):
        made.busy = False
    return made


_PAGE_SX = {
    "& .MuiAppBar-root": {"backgroundColor": NAVY, "backgroundImage": "none", "color": "#fff", "boxShadow": "none"},
    "& .MuiToolbar-root": {"minHeight": "52px !important"},
    "& .MuiAppBar-root > .MuiLinearProgress-root": {"display": "none"},  # counts the work of all windows
    "& main": {"backgroundColor": "background.default"},
    "& .title": {"fontSize": "1.15rem", "fontWeight": 700},
}


def multi_choice(label: str, options: Mapping[str, Any], **params: Any) -> Widget:
    """Make a choice of several, with search."""
    return pmui.MultiChoice(  # it has no small size of its own
        label=label,
        options=dict(options),
        value=[],
        chip=False,
        margin=0,
        searchable=True,
        stylesheets=[css("multi_choice")],
        **params,
    )


def date_range(label: str, value: tuple[dt.date, dt.date], **params: Any) -> Widget:
    """Make a choice of days, both inclusive."""
    return pmui.DateRangePicker(
        label=label, value=value, format="YYYY-MM-DD", size="small", margin=0, **{"width": 230} | params
    )


def as_date(value: object) -> dt.date:
    """Return what a date widget gives as a date."""
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value)[:10])


def progress() -> Widget:
    """Make a bar of 0 to 100, -1 while nobody knows."""
    return pmui.LinearProgress(
        value=-1, active=True, margin=0, sizing_mode="stretch_width", height=6, color="secondary"
    )


def drawer(*objects: Any, width: int = 460, close: Callable[[], object] | None = None) -> Widget:
    """Make a drawer at the right, with a button that closes it, or does what `close` says; Escape closes it, too."""
    made = pmui.Drawer(anchor="right", size=width, margin=0)
    close_it = icon_button("close", text("app.close"), close or (lambda: setattr(made, "open", False)))
    head = row(html(""), close_it, wrap=False, stylesheets=[css("drawer_head")])
    made.objects = [
        column(
            head, *objects, gap=8,
            stylesheets=[f":host {{ padding: 12px 20px 20px; box-sizing: border-box; width: min({width}px, 92vw); "
                "margin-left: auto !important; }"],
        )
    ]  # fmt: skip
    return made


def import_button(state: Any) -> Widget:
    """Make the way from an empty page to the imports."""
    return button(
        text("overview.empty_button"), lambda: state.param.update(page="imports"), primary=True, icon="upload_file"
    )
