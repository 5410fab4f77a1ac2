"""SQL of imports: what the silos say of the same people."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.callers import systems
from consentd.db.tables.consent import consent_events
from consentd.db.tables.people import subjects


class Said(NamedTuple):
    """A choice, by whom it was reported."""

    group: UUID
    purpose: str
    channel: str
    contact_point: UUID | None
    state: str
    claim: str | None
    effective: int
    proof: str
    system: str | None


_SAID = (
    sa.select(
        subjects.c.group_id,
        consent_events.c.purpose,
        consent_events.c.channel,
        consent_events.c.contact_point_id,
        consent_events.c.state,
        consent_events.c.claim,
        consent_events.c.effective,
        consent_events.c.proof,
        systems.c.name,
    )
    .select_from(subjects)
    .join(consent_events, consent_events.c.subject_id == subjects.c.id)
    .outerjoin(systems, systems.c.id == consent_events.c.system_id)
    .where(subjects.c.group_id.in_(sa.bindparam("groups", expanding=True)))
    .order_by(consent_events.c.effective, consent_events.c.id)
)


def said_of(connection: sa.Connection, groups: Collection[UUID]) -> list[Said]:
    """Every choice on record of these people, oldest first."""
    return [Said._make(row) for row in connection.execute(_SAID, {"groups": list(groups)})]
