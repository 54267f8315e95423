"""A6: the command line as whole processes, beside ledger on the same business."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from bankklient_lab.lab import open_here
from tests.bench.analysis import ON
from tests.bench.measure import Measurement, Target, bankklient, in_turns, process


def against_ledger(lab: Path, *, entries: int, rounds: int) -> Iterator[Measurement]:
    """Measure A6; ledger is Debian's package."""
    program = shutil.which("ledger")
    if program is None:
        raise FileNotFoundError("the comparison needs Debian's package ledger")
    journal = lab.with_suffix(".ledger")
    _write_journal(lab, journal)
    ours = bankklient("balances", "--lab", lab, "--on", ON.isoformat(), "--json")
    theirs: list[str | Path] = [
        program,
        "--file",
        journal,
        "--end",
        "2025-11-18",
        "--flat",
        "--no-total",
        "balance",
        "Assets",
    ]
    _require_same(process(ours)[1], process(theirs)[1])
    samples, peer = in_turns(rounds, lambda: process(ours)[0], lambda: process(theirs)[0])
    work = f"`bankklient balances`, {entries:,} entries, whole process"
    yield Measurement("A6", work, samples, Target("speed", 20), "ledger, whole process", peer)
    journal.unlink()


def start(rounds: int) -> Iterator[Measurement]:
    """Measure how long the command takes to start."""
    samples = tuple(process(bankklient("--version"))[0] for _ in range(rounds))
    yield Measurement("A6", "`bankklient --version`, whole process", samples, Target("limit", 0.5))


def _write_journal(lab: Path, journal: Path) -> None:
    """Write the business as a plain journal: one transaction an entry, one for each opening balance."""
    with open_here(lab) as opened, journal.open("w", encoding="utf-8") as target, opened.database.reading() as cursor:
        cursor.execute(
            """
            SELECT printf('%s Opening\n  Assets:%s  %s %s\n  Equity\n\n',
                min(from_day)::VARCHAR, account, min_by(opening, from_day)::VARCHAR, currency)
            FROM history.statement GROUP BY account, currency
            UNION ALL
            SELECT printf('%s %s\n  Assets:%s  %s %s\n  Equity\n\n',
                e.day::VARCHAR, e.counterparty_name, a.number, e.amount::VARCHAR, e.currency)
            FROM history.entry e JOIN ops.account a USING (account_id)
            """
        )
        while rows := cursor.fetchmany(50_000):
            target.writelines(row[0] for row in rows)


def _require_same(ours: str, theirs: str) -> None:
    """Refuse to compare two programs with different answers."""
    mine = {row["account"]: Decimal(str(row["balance"])) for row in json.loads(ours, parse_float=Decimal)}
    found = re.findall(r"^\s*(-?[\d.]+) [A-Z]{3}\s+Assets:(\w+)$", theirs, re.MULTILINE)
    assert mine == {account: Decimal(amount) for amount, account in found}, "ledger has other balances"
