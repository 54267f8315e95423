"""The bank's own database: one file, one connection, one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from threading import RLock
from typing import Any

import duckdb
import pyarrow as pa

from bankklient_lab.errors import LabBusy
from bankklient_lab.money import DECIMALS

Row = tuple[Any, ...]


class Store:
    """The bank's tables (bank.sql); every method is for use within `tx`."""

    def __init__(self, path: Path | None) -> None:
        try:
            self._con = duckdb.connect(str(path) if path else ":memory:")
        except duckdb.IOException as error:
            raise _unopened(path, error) from None
        self._lock = RLock()
        self._open = False
        for setting in (
            "TimeZone = 'UTC'",
            "autoinstall_known_extensions = false",
            "python_enable_replacements = false",
            "enable_external_access = false",
            "threads = 1",  # its transactions are small: a second thread would be waited for more than it does
        ):
            self._con.execute(f"SET {setting}")
        text = (files("bankklient_lab.bank") / "bank.sql").read_text("utf-8")
        for name, places in (("no_decimals", 0), ("three_decimals", 3)):
            text = text.replace(f"{{{name}}}", ", ".join(f"'{c}'" for c, n in sorted(DECIMALS.items()) if n == places))
        with self.tx():
            self._con.execute(text)

    @contextmanager
    def tx(self) -> Iterator[None]:
        """Run a transaction: committed when the block ends, undone when it raises; an inner one is part of it."""
        with self._lock:
            if self._open:
                yield
                return
            self._con.execute("BEGIN")
            self._open = True
            try:
                yield
            except BaseException:
                with suppress(duckdb.Error):
                    self._con.execute("ROLLBACK")
                raise
            finally:
                self._open = False
            self._con.execute("COMMIT")

    def do(self, sql: str, given: Mapping[str, object] | None = None) -> None:
        """Run one statement with named parameters."""
        self._con.execute(sql, dict(given or {}))

    def rows(self, sql: str, given: Mapping[str, object] | None = None) -> list[Row]:
        """Return all rows of a query."""
        return self._con.execute(sql, dict(given or {})).fetchall()

    def row(self, sql: str, given: Mapping[str, object] | None = None) -> Row | None:
        """Return the first row of a query, None when it has none."""
        return self._con.execute(sql, dict(given or {})).fetchone()

    def table(self, sql: str, given: Mapping[str, object] | None = None) -> pa.Table:
        """Return a query as an Arrow table."""
        return self._con.execute(sql, dict(given or {})).to_arrow_table()

    @contextmanager
    def lent(self, **tables: pa.Table) -> Iterator[None]:
        """Let statements read Arrow tables by their names."""
        for name, table in tables.items():
            self._con.register(name, table)
        try:
            yield
        finally:
            for name in tables:
                self._con.unregister(name)

    def close(self) -> None:
        """Close the file."""
        self._con.close()


def _unopened(path: Path | None, error: duckdb.Error) -> LabBusy:
    """Return why the file can't be opened; DuckDB tells only in words that another process has it."""
    if "Could not set lock" in str(error):
        return LabBusy(
            f"the bank's file {path} is used by another process, such as `bankklient bank serve`; stop that one first"
        )
    return LabBusy(f"the bank's file {path} can't be opened ({str(error).splitlines()[0]})")
