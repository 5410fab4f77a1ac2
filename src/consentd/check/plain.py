"""The statement of a plain check, and reading its rows.

Most checks name one person by one address, which is the one to be used. For these a chain of look-ups does in
a fifth of the time what the general statement does for any way of naming. The answer still rests on *one*
statement, and nothing in it can be stale (promise 5): where a row says that the case is not plain (the person
was merged with others), all of it is asked again by the general statement, which then stands alone.

One text serves one question or a slice of many about the same purpose and channel; `n` numbers them. What is
not there comes back as null, so that each question has a row even if nobody is known by the address.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from consentd.check.questions import WIDTH
from consentd.check.raw import NOBODY_KNOWN, OpenFacts, RawId, attempt, objection, state, uuid_of
from consentd.db.unit import Dialect
from consentd.kernel.case import NO_FACTS, Attempt, Case, Person, Point, Suppression
from consentd.kernel.fold import Objection, State

Row = Sequence[Any]
"""Columns of all types, in the order of `COLUMNS`."""

COLUMNS = {
    "n": "v.n",
    "policy": "(SELECT a.hash FROM policy_activations a ORDER BY a.seq DESC LIMIT 1)",
    "live": "(SELECT count(*) FROM system_secrets x JOIN systems y ON y.id = x.system_id"
    " WHERE x.id = :secret AND y.id = :system AND x.revoked_at IS NULL AND y.revoked_at IS NULL)",
    "point": "i.id",
    "subject": "s.id",
    "group": "s.group_id",
    "territory": "s.territory",
    "restricted": "s.restricted_at",
    "capacity": "l.capacity",
    "unreachable": "l.unreachable_since",
    "merged": "s.merged",
    # The outer question is asked once: without a do-not-contact list nobody's other addresses are looked at.
    "listed": "(EXISTS (SELECT 1 FROM suppressions) AND EXISTS (SELECT 1 FROM identifier_links h"
    " JOIN suppressions w ON w.identifier_id = h.identifier_id"
    " WHERE h.subject_id = s.id AND h.identifier_id <> i.id))",
    "state_point": "c.contact_point_id",
    "state": "c.state",
    "proof": "c.proof",
    "notice": "c.notice_id",
    "version": "c.notice_version",
    "slots": "c.slots",
    "effective": "c.effective",
    "explicit": "c.explicit",
    "parental": "c.parental",
    "own_act": "c.own_act",
    "objected_point": "o.contact_point_id",
    "objected_purpose": "o.purpose",
    "objected_channel": "o.channel",
    "ground": "o.ground",
    "objected_since": "o.since",
    "suppressed_since": "u.since",
    "suppressed_purpose": "u.purpose",
    "suppressed_channel": "u.channel",
    "facts": "f.sealed",
    "key": "k.id",
    "wrapper": "k.wrapper_id",
    "wrapped": "k.wrapped",
    # All rows that one report wrote are one attempt.
    "attempt": "t.batch_id",
    "attempted": "t.happened",
    "outcome": "t.outcome",
}
(
    N, POLICY, LIVE, POINT, SUBJECT, GROUP, TERRITORY, RESTRICTED, CAPACITY, UNREACHABLE, MERGED, LISTED,
    STATE_POINT, STATE, PROOF, NOTICE, VERSION, SLOTS, EFFECTIVE, EXPLICIT, PARENTAL, OWN_ACT, OBJECTED_POINT,
    OBJECTED_PURPOSE, OBJECTED_CHANNEL, GROUND, OBJECTED_SINCE, SUPPRESSED_SINCE, SUPPRESSED_PURPOSE,
    SUPPRESSED_CHANNEL, FACTS, KEY, WRAPPER, WRAPPED, ATTEMPT, ATTEMPTED, OUTCOME,
) = range(len(COLUMNS))  # fmt: skip

_CHAIN = (
    " LEFT JOIN identifiers i ON i.blind_index = v.digest AND i.scheme = v.scheme"
    " LEFT JOIN identifier_links l ON l.identifier_id = i.id"
    " LEFT JOIN subjects s ON s.id = l.subject_id"
    " LEFT JOIN consent_states c ON c.group_id = s.group_id AND c.purpose = :purpose AND c.channel = :channel"
    " LEFT JOIN objection_states o ON o.group_id = s.group_id"
    " LEFT JOIN suppressions u ON u.identifier_id = i.id"
    " LEFT JOIN fact_states f ON f.subject_id = s.id"
    " LEFT JOIN subject_keys k ON k.subject_id = f.subject_id AND k.kind = 'content'"
)
# Attempts on the person and on the contact point: as two more joins they would multiply the rows.
_ATTEMPTS = (
    " LEFT JOIN attempts t ON (t.contact_point_id = i.id OR t.subject_id = s.id)"
    " AND t.marketing AND t.channel = :channel AND t.happened > :since"
)
# Reservations are few and short: where there is one, the general statement counts it.
_RESERVED = (
    "EXISTS (SELECT 1 FROM permits r WHERE (r.contact_point_id = i.id OR r.subject_id = s.id)"
    " AND r.marketing AND r.channel = :channel AND r.expires > :at"
    " AND NOT EXISTS (SELECT 1 FROM attempts d WHERE d.batch_id = r.batch_id))"
)


@lru_cache(maxsize=64)
def text_of(dialect: Dialect, lookups: int, attempts: bool) -> str:
    """The statement for so many look-ups. SQLite takes rows of values, PostgreSQL arrays."""
    nothing = {"attempt": "NULL", "attempted": "NULL", "outcome": "NULL"}
    reserved = {"listed": "(" + COLUMNS["listed"] + " OR " + _RESERVED + ")"}
    columns = {**COLUMNS, **(reserved if attempts else nothing)}
    text = "SELECT " + ", ".join(columns.values()) + " FROM " + _lookups(dialect, lookups) + _CHAIN
    if attempts:
        text += _ATTEMPTS
    # Every parameter is used by every text, so that binding is the same.
    text += " WHERE :since >= 0"
    mark = "?" if dialect == "sqlite" else "$"
    casts = (
        ("", "", "", "", "") if dialect == "sqlite" else ("::text", "::text", "::uuid", "::uuid", "::bigint")
    )
    names = (":purpose", ":channel", ":system", ":secret", ":since")
    for number, (name, cast) in enumerate(zip(names, casts, strict=True), 1):
        text = text.replace(name, mark + str(number) + cast)
    # Bound last, and only where attempts are counted: other checks are bound as if there were no permits.
    last = "?" + str(6 + 3 * lookups) if dialect == "sqlite" else "$9::bigint"
    return text.replace(":at", last)


def _lookups(dialect: Dialect, lookups: int) -> str:
    if dialect == "postgresql" and lookups == 1:
        # A list of unknown length would be planned as if it were long.
        return "(SELECT $6::bigint AS n, $7::bytea AS digest, $8::text AS scheme) v"
    if dialect == "postgresql":
        return "unnest($6::bigint[], $7::bytea[], $8::text[]) AS v(n, digest, scheme)"
    rows = ", ".join(
        "(?" + str(6 + 3 * row) + ", ?" + str(7 + 3 * row) + ", ?" + str(8 + 3 * row) + ")"
        for row in range(lookups)
    )
    return "(SELECT column1 AS n, column2 AS digest, column3 AS scheme FROM (VALUES " + rows + ")) v"


def by_question(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[N], []).append(row)
    return found


def numbers(questions: int) -> range:
    """How `questions.lookups_of` numbers so many plain questions."""
    return range(0, questions * WIDTH, WIDTH)


def is_plain(rows: Sequence[Row]) -> bool:
    """Whether these rows are the whole case: nobody in it was merged, is on the do-not-contact list under
    another identifier, or is about to be contacted under a permit.
    """
    return not any(row[MERGED] or row[LISTED] for row in rows)


def case_of(rows: Sequence[Row], purpose: str, channel: str, open_facts: OpenFacts) -> Case:
    """The case of one question: everyone who holds the address, which is the one to be used."""
    if len(rows) > 1:
        # Under an older look-up key the address is not found: that row says nothing.
        rows = [row for row in rows if row[GROUP] is not None] or rows
    first = rows[0]
    if first[GROUP] is None:
        return NOBODY_KNOWN
    point = uuid_of(first[POINT])
    by_group: dict[RawId, list[Row]] = {}
    for row in rows:
        by_group.setdefault(row[GROUP], []).append(row)
    people = tuple(_person(found, point, purpose, channel, open_facts) for found in by_group.values())
    consumer = any(row[CAPACITY] == "consumer" for row in rows)
    reachable = all(row[UNREACHABLE] is None for row in rows)
    return Case(
        people,
        (Point(point, tuple(by_group), not consumer, not reachable),),
        True,
        () if first[SUPPRESSED_SINCE] is None else _suppressions(rows, point),
        _attempts(rows),
    )


def _person(rows: list[Row], point: UUID, purpose: str, channel: str, open_facts: OpenFacts) -> Person:
    first = rows[0]
    facts = NO_FACTS
    if first[FACTS] is not None:
        facts = open_facts(first[SUBJECT], first[KEY], first[WRAPPER], first[FACTS], first[WRAPPED])
    states: tuple[State, ...] = ()
    if first[STATE] is not None:
        of_key = {row[STATE_POINT]: row for row in rows}
        states = tuple(_state(row, point, purpose, channel) for row in of_key.values())
    return Person(
        first[GROUP],
        True,
        first[TERRITORY],
        first[RESTRICTED] is not None,
        states,
        () if first[GROUND] is None else _objections(rows),
        facts,
    )


def _state(row: Row, point: UUID, purpose: str, channel: str) -> State:
    raw = row[STATE_POINT]
    return state(purpose, channel, point if raw == row[POINT] else uuid_of(raw), *row[STATE : OWN_ACT + 1])


def _objections(rows: list[Row]) -> tuple[Objection, ...]:
    found = {
        objection(
            row[OBJECTED_PURPOSE],
            row[OBJECTED_CHANNEL],
            row[OBJECTED_POINT],
            row[GROUND],
            row[OBJECTED_SINCE],
        )
        for row in rows
    }
    return tuple(found)


def _suppressions(rows: Sequence[Row], point: UUID) -> tuple[Suppression, ...]:
    # They are about the address, as in the general case: an act that names it lifts them, no other.
    found = {
        Suppression(row[SUPPRESSED_SINCE], row[SUPPRESSED_PURPOSE], row[SUPPRESSED_CHANNEL], point)
        for row in rows
    }
    return tuple(found)


def _attempts(rows: Sequence[Row]) -> tuple[Attempt, ...]:
    found = {row[ATTEMPT]: attempt(row[ATTEMPTED], row[OUTCOME]) for row in rows if row[ATTEMPT] is not None}
    return tuple(sorted(found.values(), key=lambda one: one.at))
