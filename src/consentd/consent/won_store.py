"""SQL of claims that may have been won by a contact (`consent.won`)."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.consent import consent_events
from consentd.db.tables.people import subjects
from consentd.kernel.ids import GroupId


class Claimed(NamedTuple):
    id: UUID
    group: GroupId


def claims_page(
    connection: sa.Connection, about: Collection[tuple[str, str]], after: UUID, limit: int
) -> list[Claimed]:
    """Claims of a yes for these purposes and channels, in the order of their ids, of people not erased."""
    events = consent_events.c
    pairs = [sa.and_(events.purpose == purpose, events.channel == channel) for purpose, channel in about]
    statement = (
        sa.select(events.id, subjects.c.group_id)
        .join(subjects, subjects.c.id == events.subject_id)
        .where(
            events.id > after,
            events.state == "unknown",
            events.claim == "given",
            subjects.c.erased_at.is_(None),
            sa.or_(*pairs),
        )
        .order_by(events.id)
        .limit(limit)
    )
    return [Claimed._make(row) for row in connection.execute(statement)]
