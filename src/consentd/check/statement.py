"""The one statement of a check: everything that bears on a decision, as of one instant of the database.

It brings back the active policy's hash and the caller's own standing *together with* the person's states,
objections, restriction, suppression, facts and attempts, so that nothing in an answer can be stale
(promise 5). The text is made of constants alone; every value is bound. The same text serves one question
or a slice of many about the same purpose and channel: `n` numbers the questions.

Tables are asked with IN and correlated look-ups rather than joined: SQLite's planner may turn a join with a
few rows into a scan of the whole table (a Bloom filter) once the table was analysed.

Rows carry a tag in their first column; what the other columns hold depends on it, see `Tag`.
"""

from enum import IntEnum
from functools import lru_cache
from typing import Literal

import msgspec

from consentd.db.unit import Dialect


class Tag(IntEnum):
    CONTROL = 0  # t1 policy hash, i1 whether the caller is live
    NAMED = 1  # a identifier, b group, i1 n, i2 whether it is a contact point to be used
    HOLDER = 2  # a contact point, b group, t1 capacity, i1 unreachable since
    MEMBER = 3  # a subject, b group, t1 territory, i1 restricted at
    STATE = 4  # a group, b contact point, t1..t5 state, proof, notice, version, slots; i1..i4 effective, …
    OBJECTION = 5  # a group, b contact point, t1 purpose, t2 channel, t3 ground, i1 since
    SUPPRESSION = 6  # a identifier, b group, t1 purpose, t2 channel, t3 scheme, i1 since
    FACTS = 7  # a subject, b group, c key, d wrapper, x sealed facts, y wrapped key
    ATTEMPT = 8  # a number, b group or null, c contact point or null, t1 outcome, i1 when, i2 reserved until


class Shape(msgspec.Struct, frozen=True):
    """What the text depends on; parameters are bound in the order of `bind`."""

    dialect: Dialect
    lookups: int
    """How many identifiers are looked up, over all questions; a slice pads with ones that match nothing."""
    chosen: bool
    """The contact point to be used is among the identifiers; else all of the person's count."""
    schemes: int
    """How many schemes the channel's contact points have."""
    attempts: bool


_FIXED = 5
"""Purpose, channel, system, secret, and since when attempts count."""

_NULLS: dict[Dialect, dict[str, str]] = {
    "sqlite": {"id": "NULL", "text": "NULL", "int": "NULL", "bytes": "NULL"},
    "postgresql": {
        "id": "NULL::uuid",
        "text": "NULL::text",
        "int": "NULL::bigint",
        "bytes": "NULL::bytea",
    },
}
_COLUMNS = ("a", "b", "c", "d", "t1", "t2", "t3", "t4", "t5", "i1", "i2", "i3", "i4", "x", "y")
_KIND = {"a": "id", "b": "id", "c": "id", "d": "id", "x": "bytes", "y": "bytes"}


@lru_cache(maxsize=256)
def text_of(shape: Shape) -> str:
    """The statement. PostgreSQL takes its lists as arrays, SQLite as rows of values."""
    p = _Params(shape)
    ctes = [
        p.lookup_cte(),
        "named(n, id, point, subject_id, group_id) AS MATERIALIZED (SELECT v.n, i.id, v.point, l.subject_id,"
        " s.group_id FROM lookup v " + p.ordered + " identifiers i ON i.blind_index = v.digest"
        " AND i.scheme = v.scheme JOIN identifier_links l ON l.identifier_id = i.id"
        " JOIN subjects s ON s.id = l.subject_id)",
        _POINT_CHOSEN if shape.chosen else _POINT_ANY.replace(":schemes", p.scheme_list()),
        "holder(id, group_id, capacity, unreachable) AS MATERIALIZED (SELECT DISTINCT p.id, s.group_id,"
        " l.capacity, l.unreachable_since FROM point p JOIN identifier_links l ON l.identifier_id = p.id"
        " JOIN subjects s ON s.id = l.subject_id)",
        "grp(id) AS MATERIALIZED (SELECT group_id FROM named UNION SELECT group_id FROM holder)",
    ]
    selects = [
        p.row(
            Tag.CONTROL,
            "",
            t1="(SELECT hash FROM policy_activations ORDER BY seq DESC LIMIT 1)",
            i1="(SELECT count(*) FROM system_secrets c JOIN systems y ON y.id = c.system_id"
            " WHERE c.id = :secret AND y.id = :system AND c.revoked_at IS NULL AND y.revoked_at IS NULL)",
            # Every parameter is used by every text, so that binding is the same.
            i2=":since",
        ),
        p.row(Tag.NAMED, "FROM named", a="id", b="group_id", i1="n", i2="point"),
        p.row(Tag.HOLDER, "FROM holder", a="id", b="group_id", t1="capacity", i1="unreachable"),
        p.row(
            Tag.MEMBER,
            "FROM subjects m WHERE m.group_id IN (SELECT id FROM grp) AND m.erased_at IS NULL",
            a="m.id",
            b="m.group_id",
            t1="m.territory",
            i1="m.restricted_at",
        ),
        p.row(
            Tag.STATE,
            "FROM consent_states c WHERE c.group_id IN (SELECT id FROM grp) AND c.purpose = :purpose"
            " AND c.channel = :channel",
            a="c.group_id",
            b="c.contact_point_id",
            t1="c.state",
            t2="c.proof",
            t3="c.notice_id",
            t4="c.notice_version",
            t5="c.slots",
            i1="c.effective",
            i2=p.number("c.explicit"),
            i3=p.number("c.parental"),
            i4="c.own_act",
        ),
        p.row(
            Tag.OBJECTION,
            "FROM objection_states o WHERE o.group_id IN (SELECT id FROM grp)",
            a="o.group_id",
            b="o.contact_point_id",
            t1="o.purpose",
            t2="o.channel",
            t3="o.ground",
            i1="o.since",
        ),
        p.row(
            Tag.SUPPRESSION,
            "FROM subjects m "
            + p.ordered
            + " identifier_links l ON l.subject_id = m.id "
            + p.ordered
            + " suppressions u ON u.identifier_id = l.identifier_id WHERE m.group_id IN (SELECT id FROM grp)",
            a="u.identifier_id",
            b="m.group_id",
            t1="u.purpose",
            t2="u.channel",
            t3="u.scheme",
            i1="u.since",
        ),
        p.row(
            Tag.FACTS,
            "FROM fact_states f WHERE f.subject_id IN (SELECT m.id FROM subjects m WHERE m.group_id IN"
            " (SELECT id FROM grp))",
            a="f.subject_id",
            b="(SELECT m.group_id FROM subjects m WHERE m.id = f.subject_id)",
            c="(SELECT k.id FROM subject_keys k WHERE k.subject_id = f.subject_id AND k.kind = 'content')",
            d="(SELECT k.wrapper_id FROM subject_keys k WHERE k.subject_id = f.subject_id"
            " AND k.kind = 'content')",
            x="f.sealed",
            y="(SELECT k.wrapped FROM subject_keys k WHERE k.subject_id = f.subject_id"
            " AND k.kind = 'content')",
        ),
        *(_attempts(p) if shape.attempts else ()),
    ]
    text = "WITH " + ", ".join(ctes) + " " + " UNION ALL ".join(select for select in selects if select)
    return p.numbered(text)


_POINT_CHOSEN = "point(id) AS MATERIALIZED (SELECT DISTINCT id FROM named WHERE point = 1)"
_POINT_ANY = (
    "point(id) AS MATERIALIZED (SELECT DISTINCT l.identifier_id FROM (SELECT DISTINCT group_id FROM named) g"
    " JOIN subjects m ON m.group_id = g.group_id JOIN identifier_links l ON l.subject_id = m.id"
    " JOIN identifiers i ON i.id = l.identifier_id WHERE i.scheme IN (:schemes))"
)


def _attempts(p: "_Params") -> list[str]:
    """By person and by contact point, each through its own index; one attempt may come back by both. What an
    open permit reserves is an attempt too, until it is used (then it is one) or ends.
    """
    about = " AND t.marketing AND t.channel = :channel AND "
    members = "(SELECT m.id FROM subjects m WHERE m.group_id IN (SELECT id FROM grp))"

    def rows(table: str, counted: str, **columns: str) -> list[str]:
        source = "FROM " + table + " t WHERE "
        group = "(SELECT m.group_id FROM subjects m WHERE m.id = t.subject_id)"
        by_person = "t.subject_id IN " + members + about + counted
        by_point = "t.contact_point_id IN (SELECT id FROM point)" + about + counted
        return [
            p.row(Tag.ATTEMPT, source + by_person, a="t.batch_id", b=group, **columns),
            p.row(Tag.ATTEMPT, source + by_point, a="t.batch_id", c="t.contact_point_id", **columns),
        ]

    unused = "NOT EXISTS (SELECT 1 FROM attempts d WHERE d.batch_id = t.batch_id)"
    return [
        *rows("attempts", "t.happened > :since", t1="t.outcome", i1="t.happened"),
        *rows("permits", "t.expires > :at AND " + unused, t1="'reserved'", i1="t.issued", i2="t.expires"),
    ]


class _Params:
    """Spells parameters and what else the dialects spell differently."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._sqlite = shape.dialect == "sqlite"
        # SQLite's planner keeps the order of a CROSS JOIN: few look-ups first, never a scan of identifiers.
        self.ordered = "CROSS JOIN" if self._sqlite else "JOIN"

    def row(self, tag: Tag, source: str, **columns: str) -> str:
        nulls = _NULLS[self._shape.dialect]
        cells = [columns.get(name, nulls[_KIND.get(name, _number_or_text(name))]) for name in _COLUMNS]
        return "SELECT " + ", ".join([str(int(tag)), *cells]) + " " + source

    def number(self, boolean: str) -> str:
        return boolean if self._sqlite else "(" + boolean + ")::int"

    def lookup_cte(self) -> str:
        if self._sqlite:
            return (
                "lookup(n, digest, scheme, point) AS (VALUES "
                + self._values(_FIXED, self._shape.lookups, 4)
                + ")"
            )
        return (
            "lookup(n, digest, scheme, point) AS (SELECT * FROM unnest($6::bigint[], $7::bytea[], $8::text[],"
            " $9::bigint[]))"
        )

    def scheme_list(self) -> str:
        if self._sqlite:
            start = _FIXED + 4 * self._shape.lookups
            return ", ".join("?" + str(start + i + 1) for i in range(self._shape.schemes))
        return "SELECT unnest($10::text[])"

    def _values(self, start: int, rows: int, width: int) -> str:
        numbers = iter(range(start + 1, start + 1 + rows * width))
        return ", ".join(
            "(" + ", ".join("?" + str(next(numbers)) for _ in range(width)) + ")" for _ in range(rows)
        )

    def numbered(self, text: str) -> str:
        mark = "?" if self._sqlite else "$"
        casts = ("", "", "", "", "") if self._sqlite else ("::text", "::text", "::uuid", "::uuid", "::bigint")
        names = (":purpose", ":channel", ":system", ":secret", ":since")
        for number, (name, cast) in enumerate(zip(names, casts, strict=True), 1):
            text = text.replace(name, mark + str(number) + cast)
        return text.replace(":at", self._last())

    def _last(self) -> str:
        """The earliest instant asked about: bound last, and only where attempts are counted."""
        if self._sqlite:
            return "?" + str(_FIXED + 4 * self._shape.lookups + self._shape.schemes + 1)
        return ("$10" if self._shape.chosen else "$11") + "::bigint"


def _number_or_text(column: str) -> Literal["int", "text"]:
    return "int" if column.startswith("i") else "text"
