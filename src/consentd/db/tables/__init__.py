"""All tables, in one metadata. Never sliced: triggers, keys and the log reach across slices."""

from consentd.db.tables import callers, consent, imports, keys, lists, log, people, policy, portal, requests
from consentd.db.tables.metadata import metadata

__all__ = [
    "APPEND_ONLY",
    "HOUSEKEEPING",
    "KEPT",
    "callers",
    "consent",
    "imports",
    "keys",
    "lists",
    "log",
    "metadata",
    "people",
    "policy",
    "portal",
    "requests",
]

APPEND_ONLY = tuple(table for table in metadata.sorted_tables if table.info.get("append_only"))
KEPT = tuple(table for table in metadata.sorted_tables if table.info.get("kept"))
HOUSEKEEPING = tuple(table for table in metadata.sorted_tables if table.info.get("housekeeping"))
