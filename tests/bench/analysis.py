"""A5: what people ask of a lab, beside the plain SQL that one would write over the same entries in the same file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.bench.measure import Measurement, Target, in_turns, task, timed
from tests.bench.tasks import a_task

ON = date(2025, 11, 17)
MONTH = (date(2025, 10, 1), date(2025, 11, 1))
YEAR = (date(2025, 1, 1), date(2026, 1, 1))
BOTH_YEARS = (date(2024, 1, 1), date(2026, 1, 1))
ACCOUNT_ID = 7

# Entries begin with the first statement's opening balance: that is all the SQL needs beside them.
_OPENING = """first_opening AS (
            SELECT account_id, min_by(opening, from_day) AS opening FROM history.statement GROUP BY account_id
        )"""
BARE = {
    "balances": f"""
        WITH {_OPENING}
        SELECT a.number, a.currency, (o.opening + sum(e.amount))::DECIMAL(18,3) AS balance
        FROM history.entry e JOIN ops.account a USING (account_id) JOIN first_opening o USING (account_id)
        WHERE e.day <= $on GROUP BY a.number, a.currency, o.opening ORDER BY a.currency, a.number
    """,
    "statement": f"""
        WITH {_OPENING}, before AS (
            SELECT (SELECT opening FROM first_opening WHERE account_id = $account)
                + coalesce((SELECT sum(amount) FROM history.entry WHERE account_id = $account AND day < $since),
                0) AS opening
        )
        SELECT row_number() OVER w AS position, e.day, e.booking_day, e.value_day, e.amount,
            (b.opening + sum(e.amount) OVER w)::DECIMAL(18,3) AS balance, e.currency, e.counterparty_name,
            e.counterparty_account,
            e.counterparty_bank, e.variable_symbol, e.constant_symbol, e.specific_symbol, e.remittance,
            e.additional_info,
            e.transaction_code, e.bank_reference, e.client_reference, e.end_to_end_id, s.number AS statement_number
        FROM history.entry e JOIN history.statement s USING (import_id, statement_no), before b
        WHERE e.account_id = $account AND e.day >= $since AND e.day < $until
        WINDOW w AS (ORDER BY e.day, e.import_id, e.statement_no, e.entry_no ROWS UNBOUNDED PRECEDING)
        ORDER BY position
    """,
    "daily series": f"""
        WITH {_OPENING}, moved AS (
            SELECT account_id, day, sum(amount) AS net FROM history.entry WHERE day < $until GROUP BY ALL
        ), running AS (
            SELECT m.account_id, m.day, o.opening + sum(m.net) OVER w AS balance, lead(m.day, 1,
                $until) OVER w AS next_day
            FROM moved m JOIN first_opening o USING (account_id) WINDOW w AS (PARTITION BY m.account_id ORDER BY m.day)
        ), daily AS (
            SELECT account_id, balance,
                unnest(range(greatest(day, $since), least(next_day, $until), INTERVAL 1 DAY))::DATE AS day
            FROM running WHERE next_day > $since
        )
        SELECT d.day, a.number AS key, a.currency, d.balance::DECIMAL(18,3) AS balance
        FROM daily d JOIN ops.account a USING (account_id) ORDER BY d.day, key
    """,
    "cash flow": """
        SELECT date_trunc('month', e.day)::DATE AS period, e.category AS key, e.currency,
            coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::DECIMAL(18,3) AS credit,
            coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::DECIMAL(18,3) AS debit,
            sum(e.amount)::DECIMAL(18,3) AS net, count(*) AS entries
        FROM history.entry e WHERE e.day >= $since AND e.day < $until GROUP BY ALL ORDER BY 1, 2, 3
    """,
}
_WORK = {
    "balances": "balances of all accounts on a day",
    "statement": "statement of one account and month, with running balance",
    "daily series": "daily balances of all accounts over a year",
    "cash flow": "cash flow by month and category over two years",
}


@a_task
def analysis(lab: str, rounds: int) -> dict[str, Any]:
    """Open the lab and run each question and its bare SQL in turns, in one database, once their results are equal."""
    import pandas  # noqa: F401 - DuckDB imports it with the first list of values; imports come before the clock

    import bankklient_lab as bl

    began = time.perf_counter()
    opened = bl.open(lab)
    result: dict[str, Any] = {"opening": time.perf_counter() - began}
    with opened:
        account = opened.rows("SELECT number FROM ops.account WHERE account_id = $id", {"id": ACCOUNT_ID})[0][0]

        def days(span: tuple[date, date]) -> dict[str, object]:
            return dict(zip(("since", "until"), span, strict=True))

        questions: dict[str, tuple[Callable[[], pa.Table], dict[str, object]]] = {
            "balances": (lambda: bl.balances.arrow(opened, on=ON), {"on": ON}),
            "statement": (
                lambda: bl.statement.arrow(opened, account, since=MONTH[0], until=MONTH[1]),
                {"account": ACCOUNT_ID, **days(MONTH)},
            ),
            "daily series": (lambda: bl.balance_series.arrow(opened, since=YEAR[0], until=YEAR[1]), days(YEAR)),
            "cash flow": (
                lambda: bl.cash_flow.arrow(opened, since=BOTH_YEARS[0], until=BOTH_YEARS[1]),
                days(BOTH_YEARS),
            ),
        }
        for name, (ours, values) in questions.items():

            def bare(sql: str = BARE[name], values: dict[str, object] = values) -> pa.Table:
                with opened.database.reading() as cursor:
                    return cursor.execute(sql, values).to_arrow_table()

            _require_same(ours(), bare(), name)
            result[name] = in_turns(rounds, partial(timed, ours), partial(timed, bare))
    return result


def _require_same(ours: pa.Table, bare: pa.Table, name: str) -> None:
    """Refuse to compare two questions with different answers."""
    names = {"number": "account"}
    renamed = bare.rename_columns([names.get(column, column) for column in bare.column_names])
    chosen = ours.select(renamed.column_names)
    assert chosen.num_rows, f"{name} has no rows"
    assert sorted(map(str, chosen.to_pylist())) == sorted(map(str, renamed.to_pylist())), (
        f"{name} differs from the bare SQL"
    )


def against_sql(labs: dict[int, Path], *, rounds: int) -> Iterator[Measurement]:
    """Measure A5 in labs by their numbers of entries, smallest first."""
    results = {entries: task("analysis", lab=path, rounds=rounds) for entries, path in labs.items()}
    for name, work in _WORK.items():
        for entries, result in results.items():
            ours, peer = map(tuple, result[name])
            yield Measurement(
                "A5", f"{work}, {entries:,} entries", ours, Target("time", 1.3), "bare DuckDB SQL, same file", peer
            )
    for entries, result in results.items():
        yield Measurement("A5", f"opening a lab of {entries:,} entries", (result["opening"],), Target("limit", 1))
