"""SQL of what systems reported under event ids of their own: one effect each, for ever (promise 2)."""

import json
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import consent
from consentd.db.unit import Unit


class Reported(NamedTuple):
    content: bytes
    batch: UUID
    rows: tuple[UUID, ...]


_REPORTED = sa.select(
    consent.source_events.c.content, consent.source_events.c.batch_id, consent.source_events.c.row_ids
).where(
    consent.source_events.c.system_id == sa.bindparam("system"),
    consent.source_events.c.digest == sa.bindparam("source"),
)
_ADD_REPORTED = consent.source_events.insert()


def reported(connection: sa.Connection, system: UUID, digest: bytes) -> Reported | None:
    row = connection.execute(_REPORTED, {"system": system, "source": digest}).first()
    return Reported(row[0], row[1], tuple(UUID(text) for text in json.loads(row[2]))) if row else None


def add_reported(
    unit: Unit, system: UUID, digest: bytes, content: bytes, batch: UUID, rows: Sequence[UUID]
) -> None:
    unit.connection.execute(
        _ADD_REPORTED,
        {
            "system_id": system,
            "digest": digest,
            "content": content,
            "batch_id": batch,
            "row_ids": json.dumps([str(row) for row in rows]),
        },
    )
