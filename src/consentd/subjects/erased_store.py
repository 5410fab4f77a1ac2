"""SQL of the erasure ledger and its alarms. Decides nothing."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import Read, ReadIn
from consentd.db.tables import requests as t
from consentd.db.tables.types import Digest
from consentd.db.unit import Unit
from consentd.subjects.model import Hit

ALARMS = t.erasure_alarms


class _Any(NamedTuple):
    id: UUID


_LEDGER = sa.select(
    t.erasure_ledger.c.id,
    t.erasure_ledger.c.scheme,
    t.erasure_ledger.c.digest,
    t.erasure_ledger.c.erased_on,
)
_HITS = ReadIn(lambda among: _LEDGER.where(t.erasure_ledger.c.digest.in_(among)), Hit._make, Digest)
_ONE = Read(sa.select(t.erasure_ledger.c.id).limit(1), _Any._make)


def empty(connection: sa.Connection) -> bool:
    return _ONE.first(connection, {}) is None


def hits(connection: sa.Connection, digests: Collection[bytes]) -> list[Hit]:
    return _HITS.all(connection, list(digests))


def add(unit: Unit, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        unit.connection.execute(t.erasure_ledger.insert(), list(rows))


def alarmed_since(
    connection: sa.Connection, ledger: Collection[UUID], system: UUID | None, at: int
) -> set[UUID]:
    """Of these rows of the ledger, those of which this system raised an alarm at this instant or later."""
    c = t.erasure_alarms.c
    statement = sa.select(c.ledger_id).where(
        c.ledger_id.in_(list(ledger)), c.system_id.is_not_distinct_from(system), c.at >= at
    )
    return set(connection.execute(statement).scalars())


def alarms(connection: sa.Connection) -> list[sa.RowMapping]:
    """id, ledger_id, system_id, at, entry_id, scheme, erased_on; the latest first."""
    statement = (
        sa.select(t.erasure_alarms, t.erasure_ledger.c.scheme, t.erasure_ledger.c.erased_on)
        .join(t.erasure_ledger, t.erasure_ledger.c.id == t.erasure_alarms.c.ledger_id)
        .order_by(t.erasure_alarms.c.at.desc(), t.erasure_alarms.c.id.desc())
    )
    return list(connection.execute(statement).mappings())
