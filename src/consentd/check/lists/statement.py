"""The statement of a list: a slice of look-up entries, all asked about for the same thing. Pure text.

It is the chain of `check.plain` cut down to what places a person in a class of cases (`deciding`): most
people of a list have one address and one choice, and reading 37 columns of each would cost more than finding
them. Whoever is out of the ordinary is only marked as odd here, and asked about again by the statements of
any check. The row numbered CONTROL brings the policy in force and whether the caller still may call, so that
nothing in a slice can be stale (promise 5). People who are not known have no row at all.

Each row is three columns: a number, a person, and JSON. A class is one text, by which it is recognised as it
stands: a column that is handed over costs as much as finding what is in it, and a class has eleven. Facts
come in rows of their own, numbered FACTS, which are not even looked for where no class looks at any.

SQLite takes all look-up entries as one blob, cut up at the places of a JSON array of as many noughts: a fifth
of a microsecond each, in any number, where counting by recursion takes five times as long.
"""

from functools import lru_cache
from typing import Any

import msgspec

from consentd.db.unit import Dialect
from consentd.kernel.states import GRANTS

CONTROL, FACTS = -1, -2
"""Numbers of rows that are about no look-up entry, or not yet: see `Control`, `OfFacts`."""
N, SUBJECT, ABOUT = range(3)
"""Columns. ABOUT is JSON: an array that holds a `Class`, unless the number says otherwise."""
FEW = 4096
"""Up to so many entries of the do-not-contact list that somebody holds are gathered for each slice; where
there are more, each person is looked up in it. The control row counts to one more."""


class Class(msgspec.Struct, frozen=True, array_like=True):
    """What places a person in a class of cases, columns as the database has them."""

    territory: str | None
    capacity: str
    state: str | None
    proof: str | None
    notice: str | None
    version: str | None
    effective: int | None
    """Only where the answer may depend on it: for a grant that may lapse, or a choice that is to come."""
    objected_purpose: str | None
    objected_channel: str | None
    ground: str | None
    marks: int


class Control(msgspec.Struct, frozen=True, array_like=True):
    policy: str
    live: int
    held: int
    """How many entries of the do-not-contact list somebody holds, FEW + 1 at most."""


class OfFacts(msgspec.Struct, frozen=True, array_like=True):
    """What somebody's facts say, where they are of a kind that is looked at. Bytes and ids in hexadecimal."""

    n: int
    kinds: int
    point: str
    """Which address it is matters only where a sale says at which one it was."""
    key: str
    wrapper: str
    facts: str
    wrapped: str


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
"""What is true or false of a row, in one number."""
_GRANTS = ", ".join(f"'{state.value}'" for state in sorted(GRANTS))
_CLASS = {
    "territory": "s.territory",
    "capacity": "p.capacity",
    "state": "c.state",
    "proof": "c.proof",
    "notice": "c.notice_id",
    "version": "c.notice_version",
    "effective": "CASE WHEN c.effective > :at OR (:lapses AND c.state IN (" + _GRANTS + "))"
    " THEN c.effective END",
    "objected_purpose": "o.purpose",
    "objected_channel": "o.channel",
    "ground": "o.ground",
    "marks": "{marks}",
}
_KINDS = "coalesce(f.kinds, 15)"
# As a table joined they would tempt SQLite to scan all keys for each slice.
_OF_KEY = "(SELECT k.{} FROM subject_keys k WHERE k.subject_id = f.subject_id AND k.kind = 'content')"
_OF_FACTS = {
    "n": "p.n",
    "kinds": _KINDS,
    "point": "{id[0]}p.point{id[1]}",
    "key": "{id[0]}" + _OF_KEY.format("id") + "{id[1]}",
    "wrapper": "{id[0]}" + _OF_KEY.format("wrapper_id") + "{id[1]}",
    "facts": "{bytes[0]}f.sealed{bytes[1]}",
    "wrapped": "{bytes[0]}" + _OF_KEY.format("wrapped") + "{bytes[1]}",
}
_LISTED_FEW = (
    "s.id IN (SELECT h.subject_id FROM suppressions w"
    "{join}identifier_links h ON h.identifier_id = w.identifier_id WHERE w.identifier_id IS NOT NULL)"
)
_LISTED_MANY = (
    "EXISTS (SELECT 1 FROM identifier_links h JOIN suppressions w ON w.identifier_id = h.identifier_id"
    " WHERE h.subject_id = s.id)"
)
_CONTROL = {
    "policy": "(SELECT a.hash FROM policy_activations a ORDER BY a.seq DESC LIMIT 1)",
    "live": "(SELECT count(*) FROM system_secrets x JOIN systems y ON y.id = x.system_id"
    " WHERE x.id = :secret AND y.id = :system AND x.revoked_at IS NULL AND y.revoked_at IS NULL)",
    "held": "(SELECT count(*) FROM (SELECT 1 FROM suppressions"
    " WHERE identifier_id IS NOT NULL LIMIT 4097) few)",
}
_SPELLED: dict[Dialect, dict[str, Any]] = {  # Any: a text, or what stands before and after one
    "sqlite": {
        # SQLite joins in the order that a CROSS JOIN is written in.
        "join": " CROSS JOIN ",
        "array": "json_array",
        "nobody": "zeroblob(16)",
        "nothing": "NULL",
        "text": "",
        "id": ("hex(", ")"),
        "bytes": ("hex(", ")"),
    },
    "postgresql": {
        "join": " JOIN ",
        "array": "json_build_array",
        "nobody": "'00000000-0000-0000-0000-000000000000'::uuid",
        "nothing": "NULL::uuid",
        "text": "::text",
        "id": ("encode(uuid_send(", "), 'hex')"),
        "bytes": ("encode(", ", 'hex')"),
    },
}
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
)
# Where nothing is looked at, nothing is read: neither database goes through p for a test that is false.
_WITH_FACTS = (
    " FROM p{join}fact_states f ON f.subject_id = p.subject_id WHERE :looked <> 0 AND "
    + _KINDS
    + " & :looked <> 0"
)
_TYPES = {
    "digests": "bytea[]",
    "count": "bigint",
    "scheme": "text",
    "purpose": "text",
    "channel": "text",
    "at": "bigint",
    "lapses": "boolean",
    "looked": "integer",
    "system": "uuid",
    "secret": "uuid",
}
NAMES = tuple(_TYPES)
"""What is bound; in this order on PostgreSQL."""


@lru_cache(maxsize=4)
def text_of(dialect: Dialect, few: bool) -> str:
    """The statement; `few`: see FEW. Parameters go by their names on SQLite, numbered on PostgreSQL."""
    spelled = _SPELLED[dialect]
    listed = (_LISTED_FEW if few else _LISTED_MANY).format(**spelled)
    marks = " + ".join(f"CASE WHEN {test} THEN {mark} ELSE 0 END" for test, mark in _MARKS.items())
    spelled = {**spelled, "marks": marks.format(listed=listed, **spelled)}
    text = _ENTRIES[dialect] + _FOUND.format(**spelled)
    text += " UNION ALL ".join(
        (
            _select(str(CONTROL), spelled["nothing"], Control, _CONTROL, spelled),
            _select("p.n", "p.subject_id", Class, _CLASS, spelled) + _OF_THEM.format(**spelled),
            _select(str(FACTS), "p.subject_id", OfFacts, _OF_FACTS, spelled) + _WITH_FACTS.format(**spelled),
        )
    )
    if dialect == "postgresql":
        for number, (name, kind) in enumerate(_TYPES.items(), 1):
            text = text.replace(f":{name}", f"${number}::{kind}")
    return text


def _select(
    number: str, person: str, about: type[msgspec.Struct], columns: dict[str, str], spelled: dict[str, Any]
) -> str:
    """The array in the order of the struct's fields, as which it is read again."""
    members = ", ".join(columns[name].format(**spelled) for name in about.__struct_fields__)
    return "SELECT " + ", ".join((number, person, spelled["array"] + "(" + members + ")" + spelled["text"]))
