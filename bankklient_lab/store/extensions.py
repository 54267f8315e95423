"""DuckDB's extensions, which come as packages and are loaded by their path, never from the network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from bankklient_lab.errors import StoreError
from bankklient_lab.store.literals import literal


def load(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension; StoreError when its package is missing."""
    spec = find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        raise StoreError(f"the package duckdb-extension-{name} is missing; install bankklient_lab again")
    version = f"v{duckdb.__version__}"
    path = Path(spec.origin).parent / "extensions" / version / f"{name}.duckdb_extension"
    con.execute(f"LOAD {literal(path)}")
