"""The statement of a list: a slice of look-up entries, all asked about for the same thing. Pure text.

It is the chain of `check.plain` cut down to what places a person in a class of cases (`deciding`): most
people of a list have one address and one choice, and reading 37 columns of each would cost more than finding
them. Whoever is out of the ordinary is only marked as odd here, and asked about again by the statements of
any check. The row numbered CONTROL brings the policy in force and whether the caller still may call, so that
nothing in a slice can be stale (promise 5). People who are not known have no row at all.

SQLite takes all look-up entries as one blob, cut up at the places of a JSON array of as many noughts: a fifth
of a microsecond each, in any number, where counting by recursion takes five times as long.
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
    "capacity": "p.capacity",
    "state": "c.state",
    "proof": "c.proof",
    "notice": "c.notice_id",
    "version": "c.notice_version",
    "objected_purpose": "o.purpose",
    "objected_channel": "o.channel",
    "ground": "o.ground",
    "marks": "{marks}",
}
EXPLICIT, PARENTAL, CURRENT, HERE, EVERYWHERE, OBJECTED_HERE, OBJECTED_EVERYWHERE, ODD = (
    1 << place for place in range(8)
)
_MARKS = {
    "c.explicit": EXPLICIT,
    "c.parental": PARENTAL,
    # A grant that is still to come does not count yet.
    "c.effective <= :at": CURRENT,
    # About this address; about the whole channel; neither where it is about another address, which is none.
    "c.contact_point_id = p.point": HERE,
    "c.contact_point_id = {nobody}": EVERYWHERE,
    "o.contact_point_id = p.point": OBJECTED_HERE,
    "o.contact_point_id = {nobody}": OBJECTED_EVERYWHERE,
    # Whether an act of their own lifts an objection depends on which came first.
    "s.merged OR s.restricted_at IS NOT NULL OR p.unreachable_since IS NOT NULL"
    " OR c.slots IS NOT NULL OR {listed} OR (o.ground IS NOT NULL AND c.own_act IS NOT NULL)": ODD,
}
"""What is true or false of a row, in one number: each column that is handed over costs as much as finding
what is in it.
"""
_OF_FACTS = "CASE WHEN f.sealed IS NOT NULL AND coalesce(f.kinds, 15) & :looked <> 0 THEN {} END"
# As a table joined they would tempt SQLite to scan all keys for each slice.
_OF_KEY = _OF_FACTS.format(
    "(SELECT k.{} FROM subject_keys k WHERE k.subject_id = f.subject_id AND k.kind = 'content')"
)
_COLUMNS = {
    "n": "p.n",
    "subject": "s.id",
    # Of which kinds there are facts; what they say, where it is of a kind that is looked at (`looked`).
    "kinds": "CASE WHEN f.sealed IS NOT NULL THEN coalesce(f.kinds, 15) END",
    "facts": _OF_FACTS.format("f.sealed"),
    "key": _OF_KEY.format("id"),
    "wrapper": _OF_KEY.format("wrapper_id"),
    "wrapped": _OF_KEY.format("wrapped"),
    # Which address it is matters only where a sale says at which one it was.
    "point": _OF_FACTS.format("p.point"),
    "effective": "c.effective",
    **_CLASS,
}
(
    N, SUBJECT, KINDS, FACTS, KEY, WRAPPER, WRAPPED, POINT, EFFECTIVE, TERRITORY, CAPACITY, STATE, PROOF,
    NOTICE, VERSION, OBJECTED_PURPOSE, OBJECTED_CHANNEL, GROUND, MARKS,
) = range(len(_COLUMNS))  # fmt: skip
# What places a person in a class are the columns from TERRITORY on.
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
    "sqlite": "WITH v(n, digest) AS (SELECT e.key, substr(:digests, e.key * 32 + 1, 32)"
    " FROM json_each(:count) e)",
    "postgresql": "WITH v(n, digest) AS (SELECT given.place - 1, given.digest FROM unnest(:digests)"
    " WITH ORDINALITY AS given(digest, place) WHERE given.place <= :count)",
}
# In the order of the people, so that neighbours in all the tables to come are read one after the other.
_FOUND = (
    ", p(n, point, subject_id, capacity, unreachable_since) AS MATERIALIZED"
    " (SELECT v.n, i.id, l.subject_id, l.capacity, l.unreachable_since FROM v"
    "{join}identifiers i ON i.blind_index = v.digest AND i.scheme = :scheme"
    "{join}identifier_links l ON l.identifier_id = i.id ORDER BY l.subject_id) "
)
_OF_THEM = (
    " FROM p{join}subjects s ON s.id = p.subject_id"
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
    "looked": "integer",
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
    marks = " + ".join(f"CASE WHEN {test} THEN {mark} ELSE 0 END" for test, mark in _MARKS.items())
    marks = marks.format(nobody=_NOBODY[dialect], listed=listed)
    columns = [text.format(marks=marks) for text in _COLUMNS.values()]
    text = _ENTRIES[dialect] + _FOUND.format(join=join)
    text += "SELECT " + ", ".join(_control(dialect)) + " UNION ALL SELECT "
    text += ", ".join(columns) + _OF_THEM.format(join=join)
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
        "integer": ("kinds", "marks"),
    }
    return "NULL::" + next((kind for kind, names in kinds.items() if name in names), "text")


def held_of(row: Any) -> int:  # Any: a row of the driver's
    """Of the control row: how many entries of the do-not-contact list somebody holds, FEW + 1 at most."""
    return int(row[CAPACITY])
