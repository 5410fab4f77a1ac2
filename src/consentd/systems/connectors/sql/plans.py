"""Reading a database's plan: which tables would be read from end to end?

A full scan of every customer for each request is how a silo's owner learns to switch consentd off. On a small
table a scan is what the planner rightly prefers, so it is asked what it would do on a large one.
"""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

_BEFORE = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN (FORMAT JSON) "}
_ASKED = "silo_explain"


def explainer(
    connection: sa.Connection, _cursor: object, statement: str, values: Any, context: Any, _many: bool
) -> tuple[str, Any]:
    """An engine's listener before each statement: those of `explained` are told of, and not run."""
    if context is not None and context.execution_options.get(_ASKED):
        statement = _BEFORE.get(connection.dialect.name, "EXPLAIN ") + statement
    return statement, values


def explained(connection: sa.Connection, statement: sa.Executable) -> sa.CursorResult[*tuple[Any, ...]]:
    """Compiled and bound as it would be when it is run. Any: each database's own columns."""
    return connection.execute(statement, execution_options={_ASKED: True})


# A scan by way of an index reads all of that: only a SEARCH goes to what is wanted.
_SQLITE = re.compile(r"^SCAN (?:TABLE )?(\S+)")


def reads_all(connection: sa.Connection, statement: sa.Executable) -> set[str]:
    """The tables, by their names in the database."""
    name = connection.dialect.name
    if name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        ((plans,),) = _plan(connection, statement)
        return {
            str(node["Relation Name"])
            for node in _nodes(plans[0]["Plan"])
            if node["Node Type"] == "Seq Scan"
            or (node["Node Type"] in ("Index Scan", "Index Only Scan") and "Index Cond" not in node)
        }
    if name == "mysql":
        # Columns: id, select_type, table, type, possible_keys, key, …
        return {
            str(row[2])
            for row in _plan(connection, statement)
            if row[3] in ("ALL", "index") and row[4] is None and row[2] and not str(row[2]).startswith("<")
        }
    steps = [str(row[-1]) for row in _plan(connection, statement)]
    return {match[1] for step in steps if (match := _SQLITE.match(step))}


def _plan(connection: sa.Connection, statement: sa.Executable) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in explained(connection, statement)]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
