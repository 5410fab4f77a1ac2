"""Rows of events, as what they say: the inputs of the fold, and who they count for after an unmerge. Pure."""

import json
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from consentd.kernel.fold import Objection, Slots, State, StateKey
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant
from consentd.kernel.states import GRANTS, NEUTRAL, ConsentState, Ground, Proof

Row = Any
"""A mapping of column names: as the database returns it, or as it is about to be written."""


def state_of(row: Row) -> State:
    """What one event says, before it is joined with others."""
    return State(
        key=StateKey(row["purpose"], row["channel"], row["contact_point_id"] or NOBODY),
        state=ConsentState(row["state"]),
        effective=Instant(row["effective"]),
        event=row["id"],
        proof=Proof(row["proof"]),
        explicit=row["explicit"],
        parental=row["parental"],
        notice_id=row["notice_id"],
        notice_version=row["notice_version"],
        slots=slots_of(row["slots"]),
        own_act=Instant(row["effective"]) if row["own_act"] else None,
    )


def objection_of(row: Row) -> Objection:
    return Objection(
        purpose=row["purpose"],
        channel=row["channel"],
        contact_point=row["contact_point_id"] or NOBODY,
        ground=Ground(row["ground"]),
        since=Instant(row["effective"]),
        event=row["id"],
    )


def slots_of(text: str | None) -> Slots:
    return tuple((days, start, end) for days, start, end in json.loads(text)) if text else ()


def counting(rows: Iterable[Row], group: Collection[UUID]) -> list[Row]:
    """The events that count for a group of subjects (docs/data.md, merging).

    An event recorded while people were merged names all members of then. If they all are still one person,
    it counts. If not: what restricts counts for every part; a grant follows the holders of what was named,
    and where these are in different parts now, it counts for neither.
    """
    members = frozenset(group)
    return [row for row in rows if _counts(row, members)]


def _counts(row: Row, group: frozenset[UUID]) -> bool:
    if row["members"] is None:
        return row["subject_id"] in group
    then = _ids(row["members"])
    if then <= group:
        return True
    if not then & group:
        return False
    permits = "state" in row and ConsentState(row["state"]) in GRANTS | NEUTRAL
    return not permits or _ids(row["holders"]) <= group


def _ids(text: str) -> frozenset[UUID]:
    return frozenset(UUID(id_) for id_ in json.loads(text))
