"""The statement of a list: a slice of look-up entries, all asked about for the same thing. Pure text.

It is the chain of `check.plain` cut down to what places a person in a class of cases (`deciding`): most
people of a list have one address and one choice, and reading 37 columns of each would cost more than finding
them. Whoever is out of the ordinary is only marked as odd here, and asked about again by the statements of
any check. The row numbered CONTROL brings the policy in force and whether the caller still may call, so that
nothing in a slice can be stale (promise 5). People who are not known have no row at all.

SQLite takes all look-up entries as one blob that a recursion cuts up: half a microsecond each, in any number,
and its planner is not tempted to scan whole tables for them.
"""

from functools import lru_cache
from typing import Any

from consentd.db.unit import Dialect

CONTROL = -1
FEW = 4096
"""Up to so many entries of the do-not-contact list that somebody holds are gathered for each slice; where
there are more, each person is looked up in it. The control row counts to one more."""

_CLASS = {
    "territory": "s.territory",
    "capacity": "l.capacity",
    "state": "c.state",
    # 1: this address; 2: the whole channel; 0: another address, which is none of it.
    "about": "CASE c.contact_point_id WHEN i.id THEN 1 WHEN {nobody} THEN 2 ELSE 0 END",
    "proof": "c.proof",
    "notice": "c.notice_id",
    "version": "c.notice_version",
    "explicit": "c.explicit",
    "parental": "c.parental",
    # A grant that is still to come does not count yet.
    "current": "c.effective <= :at",
    "objected_purpose": "o.purpose",
    "objected_channel": "o.channel",
    "objected_about": "CASE o.contact_point_id WHEN i.id THEN 1 WHEN {nobody} THEN 2 ELSE 0 END",
    "ground": "o.ground",
    # Whether an act of their own lifts an objection depends on which came first.
    "odd": "s.merged OR s.restricted_at IS NOT NULL OR l.unreachable_since IS NOT NULL"
    " OR c.slots IS NOT NULL OR {listed} OR (o.ground IS NOT NULL AND c.own_act IS NOT NULL)",
}
_OF_KEY = (
    "CASE WHEN f.sealed IS NULL THEN NULL ELSE"
    " (SELECT k.{} FROM subject_keys k WHERE k.subject_id = f.subject_id AND k.kind = 'content') END"
)
_COLUMNS = {
    "n": "v.n",
    "subject": "s.id",
    "facts": "f.sealed",
    # As a table joined they would tempt SQLite to scan all keys for each slice.
    "key": _OF_KEY.format("id"),
    "wrapper": _OF_KEY.format("wrapper_id"),
    "wrapped": _OF_KEY.format("wrapped"),
    # Which address it is matters only where a sale says at which one it was.
    "point": "CASE WHEN f.sealed IS NULL THEN NULL ELSE i.id END",
    "effective": "c.effective",
    **_CLASS,
}
(
    N, SUBJECT, FACTS, KEY, WRAPPER, WRAPPED, POINT, EFFECTIVE, TERRITORY, CAPACITY, STATE, ABOUT, PROOF,
    NOTICE, VERSION, EXPLICIT, PARENTAL, CURRENT, OBJECTED_PURPOSE, OBJECTED_CHANNEL, OBJECTED_ABOUT,
    GROUND, ODD,
) = range(len(_COLUMNS))  # fmt: skip
# What places a person in a class are the columns from TERRITORY up to and without ODD.
POLICY, LIVE = TERRITORY, EFFECTIVE
"""In the control row."""

_LISTED_FEW = (
    "s.id IN (SELECT h.subject_id FROM suppressions w"
    "{join}identifier_links h ON h.identifier_id = w.identifier_id WHERE w.identifier_id IS NOT NULL)"
)
_LISTED_MANY = (
    "EXISTS (SELECT 1 FROM identifier_links h JOIN suppressions w ON w.identifier_id = h.identifier_id"
    " WHERE h.subject_id = s.id)"
)
_CONTROL = {
    "n": str(CONTROL),
    "effective": "(SELECT count(*) FROM system_secrets x JOIN systems y ON y.id = x.system_id"
    " WHERE x.id = :secret AND y.id = :system AND x.revoked_at IS NULL AND y.revoked_at IS NULL)",
    "territory": "(SELECT a.hash FROM policy_activations a ORDER BY a.seq DESC LIMIT 1)",
    "capacity": "(SELECT CAST(count(*) AS text) FROM (SELECT 1 FROM suppressions"
    " WHERE identifier_id IS NOT NULL LIMIT 4097) few)",
}
_NOBODY = {"sqlite": "zeroblob(16)", "postgresql": "'00000000-0000-0000-0000-000000000000'::uuid"}
_ENTRIES = {
    "sqlite": "WITH RECURSIVE v(n, digest) AS (SELECT 0, substr(:digests, 1, 32) UNION ALL"
    " SELECT n + 1, substr(:digests, n * 32 + 33, 32) FROM v WHERE n < :count - 1) ",
    "postgresql": "WITH v(n, digest) AS (SELECT given.place - 1, given.digest FROM unnest(:digests)"
    " WITH ORDINALITY AS given(digest, place) WHERE given.place <= :count) ",
}
_FOUND = (
    "identifiers i ON i.blind_index = v.digest AND i.scheme = :scheme",
    "identifier_links l ON l.identifier_id = i.id",
    "subjects s ON s.id = l.subject_id",
)
_OF_THEM = (
    " LEFT JOIN consent_states c ON c.group_id = s.group_id AND c.purpose = :purpose AND c.channel = :channel"
    " LEFT JOIN objection_states o ON o.group_id = s.group_id"
    " LEFT JOIN fact_states f ON f.subject_id = s.id"
)
_TYPES = {
    "digests": "bytea[]",
    "count": "bigint",
    "scheme": "text",
    "purpose": "text",
    "channel": "text",
    "at": "bigint",
    "system": "uuid",
    "secret": "uuid",
}
NAMES = tuple(_TYPES)
"""What is bound; in this order on PostgreSQL."""


@lru_cache(maxsize=4)
def text_of(dialect: Dialect, few: bool) -> str:
    """The statement; `few`: see FEW. Parameters go by their names on SQLite, numbered on PostgreSQL."""
    # SQLite joins in the order that a CROSS JOIN is written in.
    join = " CROSS JOIN " if dialect == "sqlite" else " JOIN "
    listed = _LISTED_FEW.format(join=join) if few else _LISTED_MANY
    filled = {"nobody": _NOBODY[dialect], "listed": listed}
    columns = [text.format(**filled) for text in _COLUMNS.values()]
    text = _ENTRIES[dialect] + "SELECT " + ", ".join(_control(dialect)) + " UNION ALL SELECT "
    text += ", ".join(columns) + " FROM v" + "".join(join + table for table in _FOUND) + _OF_THEM
    if dialect == "postgresql":
        for number, (name, kind) in enumerate(_TYPES.items(), 1):
            text = text.replace(f":{name}", f"${number}::{kind}")
    return text


def _control(dialect: Dialect) -> list[str]:
    return [_CONTROL.get(name, _nothing(dialect, name)) for name in _COLUMNS]


def _nothing(dialect: Dialect, name: str) -> str:
    """Null, of the column's type where that matters."""
    if dialect == "sqlite":
        return "NULL"
    kinds = {
        "uuid": ("subject", "key", "wrapper", "point"),
        "bytea": ("facts", "wrapped"),
        "boolean": ("explicit", "parental", "current", "odd"),
        "integer": ("about", "objected_about"),
    }
    return "NULL::" + next((kind for kind, names in kinds.items() if name in names), "text")


def held_of(row: Any) -> int:  # Any: a row of the driver's
    """Of the control row: how many entries of the do-not-contact list somebody holds, FEW + 1 at most."""
    return int(row[CAPACITY])
