"""Write docs/configuration.md from the codebooks: `make docs`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from bankklient_lab.codebooks import rows
from bankklient_lab.rights.settings import BANK, SECRET, SET, Parameter, parameters

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
HEAD = """# Configuration

<!-- Made by `make docs` from data/codebooks; change it there. -->

`bankklient configuration list` shows the parameters of a lab and `bankklient configuration set NAME VALUE` changes one,
both with permission 2. A value outside its range is refused and the sentence names the parameter. A change is logged.
Parameters of orders, balancing and transmission can be set already; what reads them is not built yet.

A set takes any number of its choices, separated by spaces. Days of the week are mon to sun. A secret is kept, but never
shown and never logged. What only the bank sets is shown and can't be changed.
"""
LEFT_OUT = """## Left out

The specification knows these parameters, too. Here they have no meaning:

| tab | parameter | why |
|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    tabs = [_tab(tab, list(of_tab)) for tab, of_tab in groupby(parameters().values(), lambda one: one.tab)]
    left_out = [
        f"| {row['tab']} | {row['parameter']} | {row['reason']} |" for row in rows("manual_parameters") if row["reason"]
    ]
    return "\n".join([HEAD, *tabs, LEFT_OUT + "\n".join(left_out), ""])


def _tab(tab: str, found: list[Parameter]) -> str:
    lines = [
        f"| `{one.name}` | {one.label} | {_takes(one)} | {one.default or 'none'} | {one.effect} |" for one in found
    ]
    table = ["| name | parameter | takes | default | effect |", "|---|---|---|---|---|", *lines]
    return "\n".join([f"## {tab}", "", *table, ""])


def _takes(one: Parameter) -> str:
    if one.kind.startswith(SET):
        return "any of " + ", ".join(one.choices)
    if one.choices:
        return ", ".join(one.choices)
    if one.kind == "number":
        return f"{one.minimum} to {one.maximum} {one.unit}".rstrip()
    known = {BANK: "set by the bank", SECRET: f"secret of at most {one.maximum} characters", "time": "time of day"}
    return known.get(one.kind, f"text of at most {one.maximum} characters")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
