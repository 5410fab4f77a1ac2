"""Reading a database's plan: which tables would be read from end to end?

A full scan of every customer for each request is how a silo's owner learns to switch consentd off. On a small
table a scan is what the planner rightly prefers, so it is asked what it would do on a large one.
"""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

Explain = Callable[[sa.Connection, Any], list[tuple[Any, ...]]]

_POSTGRESQL = re.compile(r"Seq Scan on (?:\"([^\"]+)\"|(\w+))")
_SQLITE = re.compile(r"^SCAN (?:TABLE )?(\S+)(?! USING INDEX)(?!.*USING (?:COVERING )?INDEX)")


def reads_all(connection: sa.Connection, explain: Explain, statement: Any) -> set[str]:
    """The tables, by their names in the database."""
    name = connection.dialect.name
    if name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        lines = [str(row[0]) for row in explain(connection, statement)]
        return {found[1] or found[2] for line in lines if (found := _POSTGRESQL.search(line))}
    if name == "mysql":
        # Columns: id, select_type, table, type, possible_keys, key, …
        return {
            str(row[2])
            for row in explain(connection, statement)
            if row[3] in ("ALL", "index") and row[4] is None and row[2] and not str(row[2]).startswith("<")
        }
    steps = [str(row[-1]) for row in explain(connection, statement)]
    return {match[1] for step in steps if (match := _SQLITE.match(step))}
