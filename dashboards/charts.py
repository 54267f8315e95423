"""Charts of aggregated values: units in the axis title, a zero line, exact values on hover, one colour per key.

Every value shown on hover is a text made from the exact decimal; the floats are only where the pen goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import panel as pn
from bokeh.events import SelectionGeometry
from bokeh.models import (
    BoxSelectTool,
    ColumnDataSource,
    CrosshairTool,
    DatetimeTickFormatter,
    FixedTicker,
    HoverTool,
    LinearAxis,
    Range1d,
    TapTool,
)
from bokeh.plotting import figure

from . import formatting
from .texts import text

# Okabe and Ito's colours that stand out from white and from the dark surface alike.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1")
GREY = "#8a96a3"
IN, OUT, NET = "#009e73", "#d55e00", "#8a96a3"
DASHES = ("solid", "dashed", "dotted")
SLOTS = 6  # keys that are drawn by themselves; the rest is one more
_DAY_MS = 86_400_000  # axes of days count in milliseconds
_LABEL_PX = 17
_LABEL_SPACE_PX = 140
_LEADER_SHARE = 0.03  # of the days shown, beside the last one

Range = Callable[[date, date], None]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Style:
    """How a key is drawn, everywhere."""

    color: str
    dash: str = "solid"


class Styles:
    """Gives every key of a kind ("account", "category") its style when first shown, and keeps it for all pages."""

    def __init__(self) -> None:
        self._places: dict[str, list[str]] = {}

    def of(self, kind: str, key: str) -> Style:
        """Return how a key is drawn."""
        places = self._places.setdefault(kind, [])
        if key not in places:
            places.append(key)
        at = places.index(key)
        return Style(PALETTE[at % len(PALETTE)], DASHES[at // len(PALETTE) % len(DASHES)])


def plain(label: str) -> str:
    """Return a text that the chart draws as it is: two dollar signs would begin a formula."""
    return label.replace("$$", "$\u200b$").replace("\\(", "\\\u200b(").replace("\\[", "\\\u200b[")


def shortened(label: str, chars: int = 20) -> str:
    """Return a label that fits beside a chart."""
    return label if len(label) <= chars else label[: chars - 1] + "\u2026"


def _floats(values: Sequence[Decimal | None]) -> Floats:
    """Return where the pen goes: arrays travel as bytes, without a text of each number."""
    return np.array([float("nan") if value is None else float(value) for value in values])


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # an axis of days has no zone


def _day(milliseconds: float) -> date:
    return (datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds)).date()


def axis_title(currency: str, unit: str) -> str:
    """Return the title of an axis of amounts: "M CZK"."""
    return f"{unit} {currency}".strip()


class Chart:
    """What all charts share: the frame, the zero line and the texts on hover."""

    def __init__(self, height: int, *, label_space: int = 0) -> None:
        self.figure: Any = figure(
            height=height, sizing_mode="stretch_width", x_axis_type="datetime", toolbar_location=None, tools="",
            x_range=Range1d(start=0, end=1), y_range=Range1d(start=0, end=1), outline_line_color=None,
            min_border_left=56, min_border_right=label_space or 8, min_border_top=6, min_border_bottom=26,
            output_backend="canvas",
        )  # fmt: skip
        self.figure.hspan(y=[0], line_color=GREY, line_width=1, level="underlay")
        self.figure.xgrid.visible = False
        amounts: Any = self.figure.yaxis[0]
        amounts.formatter.use_scientific = False
        amounts.ticker.desired_num_ticks = 5
        self.figure.xaxis.formatter = DatetimeTickFormatter(
            hours="%-d %b", days="%-d %b", months="%b %Y", years="%Y", boundary_scaling=False
        )
        self.hits = ColumnDataSource({"x": [], "width": [], "top": [], "bottom": []})
        self.height = height
        bokeh_pane: Any = pn.pane.Bokeh
        self.pane = bokeh_pane(self.figure, sizing_mode="stretch_width", height=height, margin=0)

    def _frame(
        self, since: datetime, until: datetime, low: Decimal, high: Decimal, title: str, *, from_zero: bool = True
    ) -> None:
        if from_zero:
            low, high = min(low, Decimal(0)), max(high, Decimal(0))
        margin = float(high - low) * 0.06 or float(high) * 0.06 or 1.0
        self.figure.x_range.update(start=since, end=until)
        self.figure.y_range.update(
            start=float(low) - (margin if low < 0 or not from_zero else 0),
            end=float(high) + (margin if high > 0 else 0),
        )
        self.figure.yaxis[0].axis_label = title

    def fit(self, small: bool) -> None:
        """Keep the days on the axis apart on a small screen."""
        self.figure.xaxis.ticker.desired_num_ticks = 3 if small else 7

    def choose_range(self, chosen: Range) -> None:
        """Call `chosen(since, until)` when days are dragged over."""
        self.figure.add_tools(BoxSelectTool(dimensions="width"))
        self.figure.toolbar.active_drag = self.figure.tools[-1]

        def dragged(event: Any) -> None:
            geometry = event.geometry
            if event.final and geometry.get("type") == "rect" and geometry["x1"] - geometry["x0"] > _DAY_MS / 2:
                self.hits.selected.indices = []
                chosen(_day(geometry["x0"]), _day(geometry["x1"]) + timedelta(days=1))

        self.figure.on_event(SelectionGeometry, dragged)


TOOLTIP = (
    "<div class='tip' style='font:13px/1.5 Roboto,system-ui,sans-serif;font-variant-numeric:tabular-nums'>{rows}</div>"
)
_SWATCH = (
    "<span style='display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px;"
    "background:{color}'></span>"
)


@dataclass(frozen=True)
class Series:
    """Values of one key; None where there is none. `label` is drawn, `exact` values are told on hover."""

    label: str
    style: Style
    values: Sequence[Decimal | None]


def _tooltip(series: Sequence[Series]) -> str:
    """Return the markup on hover: names and colours stand in it, so that only values travel with each point."""
    rows = "".join(
        "<div style='display:flex;justify-content:space-between;gap:18px;white-space:nowrap'>"
        f"<span>{_SWATCH.format(color=one.style.color)}{_literal(one.label)}</span><b>@v{at}</b></div>"
        for at, one in enumerate(series)
    )
    return TOOLTIP.format(rows="<div style='opacity:.75'>@day</div>" + rows)


def _literal(label: str) -> str:
    """Return a text that neither HTML nor the template of a tooltip takes for more than a text."""
    return formatting.escape(label).replace("@", "&#64;").replace("$", "&#36;")


def _hover_columns(series: Sequence[Series], days: Sequence[str], currency: str) -> dict[str, list[str]]:
    values = {
        f"v{at}": [formatting.money(value, currency) or formatting.DASH for value in one.values]
        for at, one in enumerate(series)
    }
    return {"day": list(days), **values}


class Lines(Chart):
    """Balances over days, one line a key, named at its end."""

    def __init__(self, height: int = 320, *, from_zero: bool = True) -> None:
        """`from_zero`: the axis has the zero, as amounts want it; rates have it far below."""
        super().__init__(height, label_space=_LABEL_SPACE_PX)
        self._from_zero = from_zero
        # One source for all lines and the hover, so that a change is one message and one drawing.
        self.hits.data = {"x": [], "top": [], **{f"y{at}": [] for at in range(SLOTS + 1)}}
        self._slots = [
            self.figure.step("x", f"y{at}", source=self.hits, line_width=2, mode="after", visible=False)
            for at in range(SLOTS + 1)
        ]
        # From the end of each line to its name, in its colour.
        self._ends = ColumnDataSource({"x": [], "y": [], "name_x": [], "name_y": [], "color": []})
        self.figure.scatter("x", "y", source=self._ends, size=6, color="color")
        self._leaders = self.figure.segment(
            "x", "y", "name_x", "name_y", source=self._ends, line_color="color", line_width=1.5
        )
        # The names stand at the places of a second axis: it is drawn beside the frame and follows the theme.
        self._names: Any = FixedTicker(ticks=[])
        self._right: Any = LinearAxis(
            ticker=self._names,  # type: ignore[arg-type]
            axis_label=None,
            minor_tick_line_color=None,
        )
        self.figure.add_layout(self._right, "right")
        hidden = self.figure.line("x", "top", source=self.hits, alpha=0)
        self._hover = HoverTool(
            renderers=[hidden],
            mode="vline",
            line_policy="nearest",
            point_policy="follow_mouse",
            tooltips=_tooltip([]),
        )
        self.figure.add_tools(
            self._hover, CrosshairTool(dimensions="height", line_color=GREY, line_alpha=0.6, line_width=1)
        )

    def show(self, days: Sequence[date], series: Sequence[Series], currency: str, *, small: bool = False) -> None:
        """Draw; at most SLOTS + 1 series with a value for each of `days`."""
        known = [abs(value) for one in series for value in one.values if value is not None]
        divisor, unit = formatting.scale(max(known, default=Decimal(0)))
        scaled = [[None if value is None else value / divisor for value in one.values] for one in series]
        flat = [value for values in scaled for value in values if value is not None] or [Decimal(0)]
        first, last = _moment(days[0]), _moment(days[-1])
        end = last + (last - first) * (0 if small else _LEADER_SHARE)
        title = axis_title(currency, unit)
        self._frame(first, end, min(flat), max(flat), title, from_zero=self._from_zero)
        self.fit(small)
        self._leaders.visible = not small
        self.figure.min_border_right = 12 if small else _LABEL_SPACE_PX
        self._right.visible = not small
        for at, renderer in enumerate(self._slots):
            renderer.visible = at < len(series)
            if at < len(series):
                renderer.glyph.update(line_color=series[at].style.color, line_dash=series[at].style.dash)
        self._name_ends(last, end, series, scaled)
        self._hover.tooltips = _tooltip(series)
        none = [None] * len(days)
        lines = [_floats(scaled[at] if at < len(series) else none) for at in range(SLOTS + 1)]
        self.hits.data = {
            "x": np.array(days, "datetime64[ms]"),
            "top": np.fmax.reduce(lines) if series else np.zeros(len(days)),
            **{f"y{at}": line for at, line in enumerate(lines)},
            **_hover_columns(series, [formatting.day(day) for day in days], currency),
        }
        self.figure.name = text("chart.balances")

    def _name_ends(
        self, end: datetime, until: date, series: Sequence[Series], scaled: Sequence[Sequence[Decimal | None]]
    ) -> None:
        last = [
            (float(values[-1]), one)
            for values, one in zip(scaled, series, strict=True)
            if values and values[-1] is not None
        ]
        last.sort(key=lambda pair: pair[0])
        span = self.figure.y_range.end - self.figure.y_range.start
        step = span * _LABEL_PX / (self.height - 40)
        low, high = self.figure.y_range.start, self.figure.y_range.end
        places = spread([y for y, _ in last], step, low, high)
        self._right.major_label_overrides = {
            place: plain(shortened(one.label)) for place, (_, one) in zip(places, last, strict=True)
        }
        self._names.ticks = places
        self._ends.data = {
            "x": [end] * len(last), "y": [y for y, _ in last], "color": [one.style.color for _, one in last],
            "name_x": [until] * len(last), "name_y": places,
        }  # fmt: skip


def spread(places: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Return ascending places moved apart: neighbours are `step` or more from each other, near where they were."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + step) if moved else max(place, low + step / 2))
    top = high - step / 2
    for at in range(len(moved) - 1, -1, -1):
        moved[at] = min(moved[at], top)
        top = moved[at] - step
    return moved


class Bars(Chart):
    """Amounts of periods, stacked from the zero line up and down; a click opens a period."""

    def __init__(self, height: int = 280, *, on_open: Range | None = None) -> None:
        super().__init__(height)
        self._slots = []
        for _ in range(SLOTS + 1):
            source = ColumnDataSource({"x": [], "top": [], "bottom": [], "width": []})
            bar = self.figure.vbar(x="x", top="top", bottom="bottom", width="width", source=source, line_color=None)
            self._slots.append((source, bar))
        self._net = ColumnDataSource({"x": [], "y": []})
        self.figure.line("x", "y", source=self._net, line_color=NET, line_width=1.5)
        self.figure.scatter("x", "y", source=self._net, color=NET, size=5)
        whole = self.figure.vbar(
            x="x", top="top", bottom="bottom", width="width", source=self.hits, fill_color=GREY, fill_alpha=0,
            line_color=None,
            hover_fill_color=GREY, hover_fill_alpha=0.14, nonselection_fill_alpha=0, selection_fill_alpha=0,
        )  # fmt: skip
        self._hover = HoverTool(renderers=[whole], point_policy="follow_mouse", tooltips=_tooltip([]))
        self.figure.add_tools(self._hover, TapTool(renderers=[whole]))
        self._periods: list[tuple[date, date]] = []
        if on_open is not None:
            self._listen(on_open)

    def _listen(self, on_open: Range) -> None:
        def tapped(_name: str, _old: list[int], new: list[int]) -> None:
            if len(new) == 1 and new[0] < len(self._periods):
                self.hits.selected.indices = []
                on_open(*self._periods[new[0]])

        self.hits.selected.on_change("indices", tapped)

    def show(
        self,
        periods: Sequence[tuple[date, date]],
        series: Sequence[Series],
        net: Sequence[Series],
        currency: str,
        names: Sequence[str],
    ) -> None:
        """Draw signed values of half-open periods (`names` for people), and their `net`, if given, as a line."""
        self._periods = list(periods)
        ups, downs = [Decimal(0)] * len(periods), [Decimal(0)] * len(periods)
        edges = []
        for one in series:
            bottom = [(ups if (value or 0) >= 0 else downs)[at] for at, value in enumerate(one.values)]
            for at, value in enumerate(one.values):
                (ups if (value or 0) >= 0 else downs)[at] += value or 0
            edges.append(bottom)
        divisor, unit = formatting.scale(max([*ups, *(-down for down in downs)], default=Decimal(0)))
        high, low = max(ups, default=Decimal(0)) / divisor, min(downs, default=Decimal(0)) / divisor
        self._frame(_moment(periods[0][0]), _moment(periods[-1][1]), low, high, axis_title(currency, unit))
        centre = [_moment(since) + (_moment(until) - _moment(since)) / 2 for since, until in periods]
        whole = [(until - since).days * _DAY_MS for since, until in periods]
        thin = [width * 0.72 for width in whole]
        for at, (source, bar) in enumerate(self._slots):
            bar.visible = at < len(series)
            if at < len(series):
                bar.glyph.fill_color = series[at].style.color
                tops = [
                    float((edge + (v or 0)) / divisor) for edge, v in zip(edges[at], series[at].values, strict=True)
                ]
                source.data = {
                    "x": centre,
                    "width": thin,
                    "bottom": [float(b / divisor) for b in edges[at]],
                    "top": tops,
                }
        line = [float((value or 0) / divisor) for one in net for value in one.values]
        self._net.data = {"x": centre if line else [], "y": line}
        start, end = self.figure.y_range.start, self.figure.y_range.end
        self._hover.tooltips = _tooltip([*series, *net])
        hover = _hover_columns([*series, *net], names, currency)
        self.hits.data = {
            "x": centre, "width": whole, "top": [end] * len(periods), "bottom": [start] * len(periods), **hover,
        }  # fmt: skip


def fold(values: Mapping[str, Sequence[Decimal | None]], style: Callable[[str], Style], other: str) -> list[Series]:
    """Return the SLOTS largest keys and, as one more, the sum of the others (named `other` with {n}), largest first."""

    def size(key: str) -> Decimal:
        return max((abs(value) for value in values[key] if value is not None), default=Decimal(0))

    largest = sorted(values, key=size, reverse=True)
    shown = largest if len(largest) <= SLOTS + 1 else largest[:SLOTS]
    series = [Series(key, style(key), values[key]) for key in shown]
    rest = largest[len(shown) :]
    if rest:
        sums = [
            sum((v for v in column if v is not None), Decimal(0)) if any(v is not None for v in column) else None
            for column in zip(*(values[key] for key in rest), strict=True)
        ]
        series.append(Series(other.format(n=len(rest)), Style(GREY), sums))
    return series


def legend(series: Sequence[Series]) -> str:
    """Return markup that names the colours of a bar chart."""
    return "<div class='legend'>" + "".join(
        f"<span>{_SWATCH.format(color=one.style.color)}{formatting.escape(one.label)}</span>" for one in series
    ) + "</div>"  # fmt: skip
