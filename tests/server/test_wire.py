"""Every value that an action takes or gives, and every error, survives the way exactly."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankklient_lab import errors
from bankklient_lab.actions import ACTIONS
from bankklient_lab.analysis.entries import Criteria
from bankklient_lab.errors import BadArgument, FormatError, HintNeeded, LabError, SealBroken, UnknownName
from bankklient_lab.formats.base import Hints, StatementSet
from bankklient_lab.formats.schema import SCHEMAS, Kind
from bankklient_lab.server import api, problems, wire
from bankklient_lab.server.arguments import checked, parameters

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC))
    | st.binary()
)
KEYS = st.text() | st.sampled_from(["$decimal", "$dict"]) | st.integers() | st.dates()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(KEYS, inner)
        | st.frozensets(st.integers() | st.decimals(allow_nan=False))
    ),
    max_leaves=20,
)


def there_and_back(value: object) -> Any:
    return wire.decode(json.loads(json.dumps(wire.encode(value))))


@given(VALUES)
def test_values_survive(value: object) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


def test_decimals_keep_their_digits() -> None:
    assert str(there_and_back(Decimal("1.500"))) == "1.500"


def test_tables_and_records_survive() -> None:
    table = pa.table(
        {"amount": pa.array([Decimal("1.500"), None], pa.decimal128(18, 3)), "day": [date(2026, 1, 1), None]}
    )
    statements = StatementSet(SCHEMAS[Kind.STATEMENT].empty_table(), SCHEMAS[Kind.ENTRY].empty_table())
    assert there_and_back({"table": table})["table"].equals(table)
    assert there_and_back(statements).entries.schema == SCHEMAS[Kind.ENTRY]
    assert there_and_back(Hints(account="1")) == Hints(account="1")


def test_what_notebooks_hand_over_is_taken() -> None:
    assert there_and_back(np.int64(5)) == 5
    assert there_and_back(pd.Series(["a", "b"])) == ["a", "b"]
    assert there_and_back({"a": 1}.keys()) == ["a"]
    assert there_and_back(pd.Timestamp(2026, 11, 1)) == datetime(2026, 11, 1)


def test_other_types_are_refused_by_name() -> None:
    with pytest.raises(BadArgument, match="type object"):
        wire.encode(object())


api.register_actions()
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, LabError)]
MADE: Mapping[type[LabError], LabError] = {
    HintNeeded: HintNeeded("account", "no account", place="line 3"),
    UnknownName: UnknownName("account", "x", "known are y"),
    SealBroken: SealBroken("signature", "the signature is not that of the key"),
    **{
        kind: kind("too long", place="line 1", field="amount", text="\x1b[2J" * 40)
        for kind in KINDS
        if issubclass(kind, FormatError) and kind is not HintNeeded
    },
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_survive(kind: type[LabError]) -> None:
    error = MADE.get(kind) or kind("what and why", amount=Decimal("1.5"), day=date(2026, 1, 1))
    back = wire.decode_error(json.loads(problems.of_error(error, wire.encode_detail).body))
    assert type(back) is kind
    assert (back.message, str(back), back.code, back.details) == (error.message, str(error), error.code, error.details)
    assert {**vars(error), **vars(back)} == vars(back)


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_the_types_of_every_action_are_known(name: str) -> None:
    """Each by its own name, also those of a TypedDict that several actions share."""
    function = ACTIONS[name].function
    plain = {
        parameter.name
        for parameter in list(inspect.signature(function).parameters.values())[1:]
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    types = parameters(function)
    assert plain <= set(types)
    assert set(types) - plain <= set(Criteria.__annotations__)


def an_action(lab: object, day: date, amount: Decimal | None = None, names: tuple[str, ...] = ()) -> None:
    """Take arguments of several types."""


@pytest.mark.parametrize(
    ("given_", "taken"),
    [
        ({"day": "2026-11-01"}, {"day": date(2026, 11, 1)}),
        ({"day": date(2026, 11, 1), "amount": "1.50"}, {"day": date(2026, 11, 1), "amount": Decimal("1.50")}),
        ({"day": date(2026, 11, 1), "amount": 2}, {"day": date(2026, 11, 1), "amount": 2}),
        ({"day": date(2026, 11, 1), "names": ("a",)}, {"day": date(2026, 11, 1), "names": ("a",)}),
        ({"day": date(2026, 11, 1), "amount": None}, {"day": date(2026, 11, 1), "amount": None}),
    ],
)  # fmt: skip
def test_plain_texts_become_days_and_decimals(given_: dict[str, object], taken: dict[str, object]) -> None:
    assert checked(an_action, given_) == taken


@pytest.mark.parametrize(
    "given_",
    [{}, {"day": True}, {"day": None}, {"day": "2026-11-01", "amount": 1.5}, {"day": "2026-11-01", "names": (1,)}],
)
def test_arguments_that_do_not_fit_are_refused(given_: dict[str, object]) -> None:
    with pytest.raises(BadArgument):
        checked(an_action, given_)
