"""A balance ahead of its day with the band that it should stay in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, CrosshairTool, HoverTool

from . import formatting
from .charts import GREY, IN, OUT, PALETTE, TOOLTIP, Chart, Series, Style, axis_title, legend
from .formatting import escape
from .texts import text

EXPECTED = Style(PALETTE[0])
BAND_ALPHA = 0.18
_SUMS = (("known_in", IN), ("usual_in", IN), ("known_out", OUT), ("usual_out", OUT))


class Ahead(Chart):
    """One expected balance over days: a line, the band around it where there is one, and what moves on hover."""

    def __init__(self, height: int) -> None:
        super().__init__(height)
        self._band = ColumnDataSource({"x": [], "low": [], "high": []})
        self._area = self.figure.varea_step(
            x="x", y1="low", y2="high", source=self._band, step_mode="after", fill_color=EXPECTED.color,
            fill_alpha=BAND_ALPHA, visible=False,  # Bokeh 3.9 never ends drawing an area without points
        )  # fmt: skip
        self.hits.data = {"x": [], "y": []}
        self.figure.step("x", "y", source=self.hits, mode="after", line_width=2, line_color=EXPECTED.color)
        hidden = self.figure.line("x", "y", source=self.hits, alpha=0)
        self._hover = HoverTool(renderers=[hidden], mode="vline", point_policy="follow_mouse", tooltips=_tooltip())
        self.figure.add_tools(self._hover, CrosshairTool(dimensions="height", line_color=GREY, line_alpha=0.6))

    def show(self, rows: Sequence[dict[str, Any]], currency: str, *, small: bool) -> None:
        """Draw rows of a forecast, of one key, by day."""
        band = [row for row in rows if row["low"] is not None]
        drawn = [row["balance"] for row in rows]
        reached = [row[name] for row in band for name in ("low", "high")]
        low, high = min([*drawn, *reached]), max([*drawn, *reached])
        divisor, unit = formatting.scale(max(abs(low), abs(high)))
        first, last = (np.datetime64(row["day"], "ms").astype(object) for row in (rows[0], rows[-1]))
        self._frame(first, last, low / divisor, high / divisor, axis_title(currency, unit), from_zero=False)
        self.fit(small)
        self._band.data = {
            "x": _days(row["day"] for row in band),
            **{name: _floats([row[name] for row in band], divisor) for name in ("low", "high")},
        }
        told = ("balance", "low", "high", *(name for name, _ in _SUMS))
        self._area.visible = bool(band)
        self.hits.data = {
            "x": _days(row["day"] for row in rows), "y": _floats(drawn, divisor),
            "day": [formatting.day(row["day"]) for row in rows],
            **{name: [formatting.money(row[name], currency) or formatting.DASH for row in rows] for name in told},
        }  # fmt: skip
        self.figure.name = text("forecast.balance")


def key() -> str:
    """Return markup that names the line and the band."""
    return legend([Series(text("forecast.balance"), EXPECTED, ()), Series(text("forecast.band"), Style(_faint()), ())])


def _faint() -> str:
    """Return the colour of the band, which is the line's and hardly covers."""
    return f"{EXPECTED.color}{round(BAND_ALPHA * 255):02x}"


def _tooltip() -> str:
    lines = [("balance", text("forecast.balance")), ("high", text("forecast.high")), ("low", text("forecast.low"))]
    lines += [(name, text(f"forecast.{name}")) for name, _ in _SUMS]
    rows = "".join(
        "<div style='display:flex;justify-content:space-between;gap:18px;white-space:nowrap'>"
        f"<span>{escape(label)}</span><b>@{name}</b></div>"
        for name, label in lines
    )
    return TOOLTIP.format(rows="<div style='opacity:.75'>@day</div>" + rows)


def _days(days: Iterable[date]) -> Any:
    return np.array(list(days), "datetime64[ms]")


def _floats(values: Sequence[Decimal], divisor: Decimal) -> Any:
    """Return where the pen goes."""
    return np.array([float(value / divisor) for value in values])
