"""What notebooks are written with: days out of parameters, tables and lines to show, names for files.

What is shown has no script and every value is escaped, on the screen and in the exported page.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from bankklient_lab.errors import BadArgument
from bankklient_lab.reports.charts import line_chart
from bankklient_lab.reports.texts import amount_text, text_of

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Template

ROWS_MAX = 500
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def as_day(text: str) -> date:
    """Return the day of a text such as 2026-10-31; BadArgument for another one."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadArgument(f"{text!r} is not a day; write it like 2026-10-31")


def as_month(text: str) -> tuple[date, date]:
    """Return the half-open days of a month such as 2026-10; BadArgument for another text."""
    try:
        first = as_day(f"{text}-01")
    except BadArgument:
        raise BadArgument(f"{text!r} is not a month; write it like 2026-10") from None
    return first, (first + timedelta(days=31)).replace(day=1)


class Shown:
    """Something that a notebook shows as HTML."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html


def show_table(rows: pd.DataFrame | pa.Table, *, limit: int = ROWS_MAX) -> Shown:
    """Show a result of analysis: amounts with groups of thousands and the decimals of the row's currency.

    Only the first `limit` rows are shown, and how many there are is said.
    """
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
    names = table.column_names
    records = table.slice(0, limit).to_pylist()
    return Shown(
        _template("table").render(
            heads=[name.replace("_", " ") for name in names],
            right=[_is_number(table.schema.field(name).type) for name in names],
            rows=[[_cell(row, name) for name in names] for row in records],
            left_out=table.num_rows - len(records),
            count=table.num_rows,
        )
    )


def show_line(days: pd.DataFrame | pa.Table, *, title: str) -> Shown:
    """Show the line of `balance` over `day` (one row a day, in order) with a title."""
    table = days if isinstance(days, pa.Table) else pa.Table.from_pandas(days, preserve_index=False)
    chart = line_chart(table)
    return Shown(_template("line").render(title=title, chart=chart))


def file_name(*parts: str) -> str:
    """Return parts as one name for a file, with every character that a file system or shell takes amiss replaced."""
    return "_".join(re.sub(r"[^\w.+-]+", "-", part).strip("-.") for part in parts if part)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _cell(row: dict[str, object], name: str) -> str:
    match row[name]:
        case Decimal() as amount:
            return amount_text(amount, str(row.get("currency") or ""))
        case datetime() as moment:
            return moment.date().isoformat() if moment.time() == datetime.min.time() else f"{moment:%Y-%m-%d %H:%M}"
        case date() as day:
            return day.isoformat()
        case bool() as truth:
            return "yes" if truth else "no"
    return text_of(row, name)


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_TEMPLATES[name])


_TEMPLATES = {
    "table": """\
<table class="dataframe" style="font-variant-numeric: tabular-nums">
<thead><tr>
{% for head in heads %}
<th scope="col" style="text-align: {{ 'right' if right[loop.index0] else 'left' }}">{{ head }}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}
<tr>
{% for cell in row %}
<td style="text-align: {{ 'right' if right[loop.index0] else 'left' }}">{{ cell }}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
{% if not rows %}<p>No rows.</p>{% endif %}
{% if left_out %}<p>{{ left_out }} of {{ count }} rows are not shown.</p>{% endif %}
""",
    "line": """\
<figure style="margin: 0">
<figcaption>{{ title }}</figcaption>
{% if chart %}
<svg viewBox="0 0 900 260" style="width: 100%; max-width: 1100px" role="img" aria-label="{{ title }}">
{% for height, amount in chart.amounts %}
<line x1="110" x2="890" y1="{{ 230 - 220 * height }}" y2="{{ 230 - 220 * height }}" stroke="#8c959f"
 stroke-width="{{ 1.5 if height == chart.zero else 0.5 }}"/>
<text x="102" y="{{ 234 - 220 * height }}" text-anchor="end" font-size="11" fill="#57606a">{{ amount }}</text>
{% endfor %}
{% for place, month in chart.months %}
<text x="{{ 110 + 780 * place }}" y="250" text-anchor="middle" font-size="11" fill="#57606a">{{ month }}</text>
{% endfor %}
<polyline fill="none" stroke="#0072b2" stroke-width="1.5"
 points="{% for x, y in chart.points %}{{ 110 + 780 * x }},{{ 230 - 220 * y }} {% endfor %}"/>
</svg>
{% else %}
<p>Fewer than two days are known.</p>
{% endif %}
</figure>
""",
}
