"""What a question in SQL may hold, judged on the tree that DuckDB itself parses it into.

Everything is refused that is not known here: kinds of nodes, names of tables, names of functions. What stands in
data/codebooks/published.csv can be read, with its permission; the functions are those of sql_functions.csv, which read
nothing but their arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import duckdb

from bankklient_lab.codebooks import rows
from bankklient_lab.errors import BadArgument, NotAllowed, UnknownName
from bankklient_lab.rights.permissions import Held, Needed, needed, permission

TEXT_CHARS_MAX = 20_000
WIDTH_MAX = 1_000  # that a text is filled up to
_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
_WIDENING = frozenset({"lpad", "rpad"})
# Defined anew by analysis.aside, which must not be reached past it.
_SHADOWED = frozenset({"levenshtein", "jaccard", "jaro_similarity", "jaro_winkler_similarity"})
_EXPRESSIONS = frozenset(
    {
        "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "DEFAULT",
        "FUNCTION", "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW",
    }
)  # fmt: skip
_NODES = frozenset(
    {
        "SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION",
        "EXPRESSION_LIST", "PIVOT", "EMPTY", "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER",
        "DISTINCT_MODIFIER", "ORDER_DEFAULT", "ASCENDING", "DESCENDING",
    }
)  # fmt: skip
_SAID = {
    "LAMBDA": "a lambda or a list comprehension; unnest the list instead",
    "PARAMETER": "a parameter; write its value",
    "RECURSIVE_CTE_NODE": "WITH RECURSIVE",
    "SHOW_REF": "SHOW, DESCRIBE or SUMMARIZE; `bankklient sql --list` says what can be read",
}


class Published(NamedTuple):
    """A relation that can be read."""

    relation: str
    needs: Needed
    meaning: str


class Question(NamedTuple):
    """A text that was judged, the relations that it reads, and all columns that it can mean (None: any of them)."""

    text: str
    reads: frozenset[str]
    columns: frozenset[str] | None


@cache
def published() -> dict[str, Published]:
    """Return what can be read, by name."""
    return {
        row["relation"]: Published(row["relation"], needed(row["needs"]), row["meaning"]) for row in rows("published")
    }


@cache
def functions() -> dict[str, str]:
    """Return the functions that can be used and their kind, scalar or aggregate."""
    return {row["function"].lower(): row["kind"] for row in rows("sql_functions")}


def judged(text: str, held: Held, cursor: duckdb.DuckDBPyConnection) -> Question:
    """Return the question; BadArgument, UnknownName (a table, a function), NotAllowed for want of a permission."""
    tree = _parsed(text, cursor)
    reads: set[str] = set()
    own = {name.lower() for name in _own_names(tree)}
    if taken := own & _taken(cursor):
        raise BadArgument(f"WITH can't name its part {min(taken)!r}, which is the name of a table; choose another")
    for node in _nodes(tree):
        reads |= _read_by(node, own)
    for name in sorted(reads):
        _demand(published()[name], held)
    return Question(text, frozenset(reads), _columns(tree))


def _parsed(text: str, cursor: duckdb.DuckDBPyConnection) -> Any:
    if len(text) > TEXT_CHARS_MAX:
        raise BadArgument(f"the question has {len(text)} characters, more than {TEXT_CHARS_MAX}")
    try:
        statements = cursor.extract_statements(text)
        if len(statements) != 1:
            raise BadArgument(f"ask one SELECT at a time, not {len(statements)} statements")
        if statements[0].type != duckdb.StatementType.SELECT:
            raise BadArgument("only a SELECT can be asked")
        (written,) = cursor.execute("SELECT json_serialize_sql(?::VARCHAR)", [text]).fetchone() or ("",)
        tree = json.loads(written)
    except duckdb.Error as error:
        raise BadArgument(said(error)) from None
    except RecursionError:
        raise BadArgument("the question is nested too deep") from None
    if tree["error"]:
        raise BadArgument("only a SELECT can be asked")
    return tree["statements"]


def said(error: duckdb.Error) -> str:
    """Return one sentence for what DuckDB says of a question."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("LINE ", "^", "Candidate functions", "Did you mean"))]
    return f"the question can't be answered: {' '.join(kept)[:300]}"


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every node, without recursion, which a hostile text could exhaust; constants are leaves."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            yield one
            if one.get("class") == "CONSTANT":
                continue
            called = one["function"] if one.get("type") == "TABLE_FUNCTION" else {}  # judged with its table
            waiting += [value for value in one.values() if isinstance(value, (list, dict)) and value is not called]
            waiting += [value for value in called.values() if isinstance(value, (list, dict))]


def _columns(tree: Any) -> frozenset[str] | None:
    """Return the lower-case names of the columns that are named, None where others may be meant without their names."""
    named: set[str] = set()
    alone: set[str] = set()  # a name without a table before it may be that of a table: its whole rows
    tables: set[str] = set()
    for node in _nodes(tree):
        if _means_all(node):
            return None
        if node.get("class") == "COLUMN_REF":
            names = [name.lower() for name in node["column_names"]]
            named.update(names)
            alone.update(names[:1] if len(names) == 1 else ())
        if node.get("type") == "BASE_TABLE":
            tables |= {node["alias"].lower(), node["table_name"].lower()}
        named.update(name.lower() for name in node.get("using_columns") or ())
    return None if alone & tables else frozenset(named)


def _means_all(node: dict[str, Any]) -> bool:
    """Tell whether a node means columns by their place, or all that there are."""
    return bool(
        node.get("class") in ("STAR", "POSITIONAL_REFERENCE")
        or node.get("type") == "PIVOT"
        or node.get("ref_type") == "NATURAL"
        or (node.get("type") == "BASE_TABLE" and node["column_name_alias"])
    )


def _own_names(tree: Any) -> Iterator[str]:
    """Yield the names that WITH gives."""
    for node in _nodes(tree):
        for part in (node.get("cte_map") or {}).get("map", ()):
            yield part["key"]
        if node.get("type") == "CTE_NODE":
            yield node["cte_name"]


def _taken(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names of all tables and views: a part that is called so could let the table itself through."""
    found = cursor.execute(
        "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views()"
    ).fetchall()
    return {name.lower() for (name,) in found} | published().keys()


def _read_by(node: dict[str, Any], own: set[str]) -> set[str]:
    """Return what a node reads of the lab; raise for what it may not be."""
    kind, type_ = node.get("class"), node.get("type")
    if kind is not None:
        if kind not in _EXPRESSIONS:
            raise BadArgument(f"a question can't have {_SAID.get(kind, kind.lower())}")
        if kind in ("FUNCTION", "WINDOW"):
            _check_function(node)
        return set()
    if not isinstance(type_, str) or type_.endswith("_TYPE_INFO"):  # the value or the type of something
        return set()
    if type_ not in _NODES:
        raise BadArgument(f"a question can't have {_SAID.get(type_, type_.lower().replace('_', ' '))}")
    if type_ == "BASE_TABLE":
        return _table(node, own)
    if type_ == "TABLE_FUNCTION":
        _check_table_function(node["function"])
    return set()


def _table(node: dict[str, Any], own: set[str]) -> set[str]:
    name = ".".join(part for part in (node["catalog_name"], node["schema_name"], node["table_name"]) if part)
    if node["at_clause"] is not None:
        raise BadArgument("a question can't have AT")
    if name == node["table_name"]:
        if name.lower() in own:
            return set()
        if name.lower() in published():
            return {name.lower()}
    raise UnknownName("table", name[:60], f"to be read are {', '.join(sorted(published()))}")


def _check_table_function(call: dict[str, Any]) -> None:
    name = call["function_name"].lower()
    if name in _TABLE_FUNCTIONS and call["class"] == "FUNCTION" and not call["schema"] and not call["catalog"]:
        return
    raise UnknownName("table function", name[:60], f"there are {', '.join(sorted(_TABLE_FUNCTIONS))}")


def _check_function(node: dict[str, Any]) -> None:
    name = node["function_name"].lower()
    if name in ("range", "generate_series"):
        raise BadArgument(f"{name} makes rows here, not lists: write it in FROM")
    # The parser itself writes the schema main to what has a notation of its own, such as [1, 2].
    qualified = node["catalog"] or node["schema"] not in ("", "main") or (node["schema"] and name in _SHADOWED)
    if qualified:
        raise BadArgument(f"write {name[:60]}(...) without anything before its name")
    if name not in functions() and name != "unnest":
        raise UnknownName("function", name[:60], "`bankklient sql --list` shows those that there are")
    if name in _WIDENING and not _is_small(node["children"][1:2]):
        raise BadArgument(f"{name} fills up to a whole number of at most {WIDTH_MAX}, written as such")


def _is_small(arguments: list[dict[str, Any]]) -> bool:
    value = arguments[0].get("value", {}).get("value") if arguments else None
    return isinstance(value, int) and value <= WIDTH_MAX


def _demand(one: Published, held: Held) -> None:
    if not one.needs.holds(held):
        names = "; ".join(f"{number}: {permission(number).name}" for number in sorted(one.needs.numbers))
        raise NotAllowed(
            f"{one.relation} needs permission {one.needs} ({names}), which you do not have; ask an administrator",
            action="sql",
            needed=one.needs.text,
            relation=one.relation,
        )
