"""The criteria of entries: one set of names for all functions that choose entries, here and over the wire."""

from __future__ import annotations

from datetime import date

import pytest

import bankklient_lab as bl
from bankklient_lab.actions import action_named
from bankklient_lab.analysis.entries import Criteria
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab
from bankklient_lab.server.arguments import checked

CHOOSING = ("entries", "entry_totals", "entry_flow")
DAYS = {"since": date(2026, 1, 1), "until": date(2027, 1, 1)}


@pytest.mark.parametrize("name", CHOOSING)
def test_a_criterion_that_there_is_not_is_refused_by_its_name(lab: Lab, name: str) -> None:
    for colour in ("red", ""):
        with pytest.raises(BadArgument, match="can't be chosen by colour; criteria are accounts, "):
            getattr(bl, name)(lab, **DAYS, colour=colour)


@pytest.mark.parametrize("name", CHOOSING)
def test_every_criterion_is_taken_over_the_wire_as_its_type(name: str) -> None:
    function = action_named(name).function
    texts = dict.fromkeys(Criteria.__annotations__, "2026-01-01") | {
        "accounts": ["A"], "amount_from": "1.50", "amount_to": "-2", "containing": {"label": "x"}
    }  # fmt: skip
    taken = checked(function, texts)
    assert taken["since"] == date(2026, 1, 1)
    assert str(taken["amount_from"]) == "1.50"
    with pytest.raises(BadArgument, match="amount_from can't be 'much'"):
        checked(function, texts | {"amount_from": "much"})
