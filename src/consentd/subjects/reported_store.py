"""SQL of what systems reported under event ids of their own: one effect each, for ever (promise 2)."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import Read, Write
from consentd.db.tables import consent
from consentd.db.unit import Unit
from consentd.kernel.canonical import canonical


class _Row(NamedTuple):
    content: bytes
    batch_id: UUID
    row_ids: str


class Reported(NamedTuple):
    content: bytes
    batch: UUID
    rows: tuple[UUID, ...]


_REPORTED = Read(
    sa.select(
        consent.source_events.c.content, consent.source_events.c.batch_id, consent.source_events.c.row_ids
    ).where(
        consent.source_events.c.system_id == sa.bindparam("system"),
        consent.source_events.c.digest == sa.bindparam("source"),
    ),
    _Row._make,
)
_ADD_REPORTED = Write(
    consent.source_events.insert(), [column.name for column in consent.source_events.columns]
)


def reported(connection: sa.Connection, system: UUID, digest: bytes) -> Reported | None:
    row = _REPORTED.first(connection, {"system": system, "source": digest})
    if row is None:
        return None
    return Reported(row.content, row.batch_id, tuple(UUID(text) for text in json.loads(row.row_ids)))


_KNOWN = sa.select(consent.source_events.c.digest).where(
    consent.source_events.c.system_id == sa.bindparam("system"),
    consent.source_events.c.digest.in_(sa.bindparam("sources", expanding=True)),
)


def known(connection: sa.Connection, system: UUID, digests: Sequence[bytes]) -> list[bytes]:
    """Those of the digests that are on record."""
    found = connection.execute(_KNOWN, {"system": system, "sources": digests}).scalars()
    return list(found)


Row = dict[str, Any]
"""Of `source_events`."""


def reported_row(system: UUID, digest: bytes, content: bytes, batch: UUID, rows: Sequence[UUID]) -> Row:
    return {
        "system_id": system,
        "digest": digest,
        "content": content,
        "batch_id": batch,
        "row_ids": canonical(list(rows)).decode(),
    }


def add_reported(unit: Unit, rows: Sequence[Row]) -> None:
    if rows:
        _ADD_REPORTED.run(unit.connection, rows)
