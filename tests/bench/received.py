"""C1: a file of orders, checked by all rules, searched for duplicates and stored, beside bare DuckDB and sepaxml."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from tests.bench.measure import Measurement, Target, in_turns, task
from tests.bench.tasks import _peak, a_task

COLUMNS = (
    "own_account", "counter_account", "amount", "currency", "maturity_date", "variable_symbol", "constant_symbol",
    "specific_symbol", "abbreviation", "client_message", "client_transaction_id",
)  # fmt: skip
OWN, OWN_IBAN = "609-150012947/0600", "CZ7706000006090150012947"
_WEIGHTS = (6, 3, 7, 9, 10, 5, 8, 4, 2)
SEPAXML_PAYMENTS = 20_000


def write_orders(path: Path, orders: int) -> Path:
    """Write a table of payments: of a thousand one is wrong, and one repeats the order before it."""
    day = datetime.now(UTC).date() + timedelta(days=3)
    banks = ("0800", "0100", "0300", "2010", "5500")
    with path.open("w", encoding="utf-8") as out:
        out.write(";".join(COLUMNS) + "\n")
        line = ""
        for number, base in enumerate(islice(cycle(list(_bases(5_000))), orders)):
            cents = 100 + (number * 7_919 + number // 5_000) % 9_999_900
            amount = "0" if number % 1_000 == 500 else f"{cents // 100}.{cents % 100:02d}"
            if number % 1_000 != 999:
                line = (
                    f"{OWN};{base}/{banks[number % 5]};{amount};CZK;{day + timedelta(days=number % 20)};{number + 1};"
                    f"0308;{number % 1_000};Supplier {number % 5_000};Invoice {number} of November;A{number}\n"
                )
            out.write(line)
    return path


def _bases(count: int) -> Iterator[str]:
    """Give account numbers of ten digits whose weighted sum is divisible by 11."""
    number = 123_456_789
    while count:
        number += 1
        rest = -sum(int(digit) * weight for digit, weight in zip(f"{number:09d}", _WEIGHTS, strict=True)) % 11
        if rest < 10:
            yield f"{number:09d}{rest}"
            count -= 1


@a_task
def receive_orders(path: str, memory: bool = False) -> dict[str, Any]:
    """Receive a file into a new lab beside it, by a new process that has no reader yet."""
    from bankklient_lab.lab import created
    from bankklient_lab.orders.accounting_systems import add_accounting_system
    from bankklient_lab.orders.receiving import receive_file

    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder, created(Path(folder) / "new.lab") as lab:
        with lab.database.tx("ops") as cursor:
            cursor.execute(
                "INSERT INTO ops.account (account_id, number, currency, bank, name, position)"
                " VALUES (1, ?, 'CZK', '0600', 'Main', 'both')",
                [OWN_IBAN],
            )
        add_accounting_system(lab, 1, "Orders", start_status="confirmed")
        with _peak() if memory else contextlib.nullcontext([0]) as peak:
            began = time.perf_counter()
            report = receive_file(lab, 1, "orders.csv", path=Path(path))
            lab.database.checkpoint()
            seconds = time.perf_counter() - began
        assert report["status"] == "received", report["message"]
        counts = {name: report[name] for name in ("orders", "wrong", "duplicates")}
    return {"seconds": seconds, "megabytes": peak[0] / 1e6, **counts}


@a_task
def duckdb_orders(path: str) -> dict[str, Any]:
    """Let bare DuckDB read the file into a table of a file, every column as text as ours keeps it."""
    import duckdb

    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder, duckdb.connect(f"{folder}/bare.db") as con:
        began = time.perf_counter()
        con.execute("CREATE TABLE orders AS FROM read_csv(?, all_varchar = true)", [path])
        con.execute("CHECKPOINT")
        seconds = time.perf_counter() - began
        ((orders,),) = con.execute("SELECT count(*) FROM orders").fetchall()
    return {"seconds": seconds, "orders": orders}


@a_task
def sepaxml_payments(count: int) -> dict[str, Any]:
    """Write a credit transfer file with sepaxml: the only thing that it does with a payment."""
    from sepaxml import SepaTransfer

    day = datetime.now(UTC).date()
    sepa = SepaTransfer(
        {"name": "Company", "IBAN": OWN_IBAN, "BIC": "AGBACZPP", "batch": True, "currency": "CZK"}, clean=False
    )
    began = time.perf_counter()
    for number in range(count):
        sepa.add_payment(
            {
                "name": f"Supplier {number}", "IBAN": "DE89370400440532013000", "BIC": "COBADEFFXXX",
                "amount": 1000 + number,
                "execution_date": day, "description": f"Invoice {number}",
            }
        )  # fmt: skip
    sepa.export(validate=False)
    return {"seconds": time.perf_counter() - began, "orders": count}


def against_duckdb(folder: Path, *, orders: int, rounds: int) -> Iterator[Measurement]:
    """Measure C1: time beside both peers, and the memory of all processes."""
    path = write_orders(folder / "orders.csv", orders)
    path.read_bytes()  # both find it in the page cache
    found: list[dict[str, Any]] = []

    def ours() -> float:
        found.append(task("receive_orders", path=path))
        return float(found[-1]["seconds"])

    samples, peers = in_turns(rounds, ours, lambda: float(task("duckdb_orders", path=path)["seconds"]))
    wrong, repeated = (orders + 499) // 1_000, orders // 1_000
    for one in found:
        assert (one["orders"], one["wrong"], one["duplicates"]) == (orders, wrong + repeated, repeated), one
    size = path.stat().st_size / 1e6
    work = f"csv, {orders:,} orders, {size:.0f} MB: checked by all rules, duplicates found, stored"
    yield Measurement("C1", work, samples, Target("time", 5), "DuckDB read_csv and create table", peers)
    count = min(orders, SEPAXML_PAYMENTS)
    sepaxml = tuple(task("sepaxml_payments", count=count)["seconds"] * orders / count for _ in samples)
    yield Measurement(
        "C1", work, samples, Target("speed", 10), "sepaxml writing as many payments", sepaxml,
        note=f"sepaxml measured with {count:,} payments",
    )  # fmt: skip
    peak = task("receive_orders", path=path, memory=True)["megabytes"]
    yield Measurement("C1", f"{work}, memory of all processes", (peak,), Target("limit", 2_000), unit="MB")
    path.unlink()
