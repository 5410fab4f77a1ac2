"""The least that the service's account needs in a silo's database, as statements for its owner to run (pure:
nothing here is run by us).
"""

from collections.abc import Iterable

import sqlalchemy as sa

from consentd.kernel.connection import Verb
from consentd.kernel.silo_sql import SqlSilo, columns_read
from consentd.systems.connectors.sql.live import named_in_database
from consentd.systems.connectors.sql.statements import by_preference, deletes, erased_columns


def grants(silo: SqlSilo, verbs: Iterable[Verb], url: sa.URL, dialect: sa.Dialect) -> list[str]:
    """Reading of the mapped columns alone, changing of those that orders change, deleting where rows are."""
    if dialect.name == "sqlite":
        return ["-- SQLite knows no accounts: who may read and write the file may do everything in it."]
    quote = dialect.identifier_preparer.quote
    account = "consentd" if dialect.name == "postgresql" else "'consentd'@'%'"
    lines = [
        "CREATE ROLE consentd LOGIN PASSWORD '…';"
        if dialect.name == "postgresql"
        else "CREATE USER 'consentd'@'%' IDENTIFIED BY '…';"
    ]
    wanted = frozenset(verbs)
    for name, table in silo.tables.items():
        schema, bare = named_in_database(name, table)
        if dialect.name == "postgresql":
            place = f"{quote(schema or 'public')}.{quote(bare)}"
        else:
            place = f"{quote(schema or url.database or '')}.{quote(bare)}"
        read = ", ".join(map(quote, columns_read(silo, name)))
        lines.append(f"GRANT SELECT ({read}) ON {place} TO {account};")
        if written := _written(silo, name, wanted):
            lines.append(f"GRANT UPDATE ({', '.join(map(quote, written))}) ON {place} TO {account};")
        if deletes(table) and Verb.ERASE in wanted:
            lines.append(f"GRANT DELETE ON {place} TO {account};")
    if dialect.name == "postgresql":
        schemas = dict.fromkeys(named_in_database(*one)[0] or "public" for one in silo.tables.items())
        lines[1:1] = [f"GRANT USAGE ON SCHEMA {quote(schema)} TO {account};" for schema in schemas]
    return lines


def _written(silo: SqlSilo, name: str, verbs: frozenset[Verb]) -> list[str]:
    table = silo.tables[name]
    columns = erased_columns(table) if Verb.ERASE in verbs else []
    columns = columns + (list(table.rectify.values()) if Verb.RECTIFY in verbs else [])
    columns = columns + ([table.restrict.column] if table.restrict and Verb.RESTRICT in verbs else [])
    columns = columns + (by_preference(silo, name) if Verb.WRITE_PREFERENCE in verbs else [])
    return list(dict.fromkeys(columns))
