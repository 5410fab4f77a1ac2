"""Rows of connected systems, of their secrets and keys, and of assertions that were used."""

from typing import NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa

from consentd.db.prepared import Read
from consentd.db.tables.callers import spent_assertions, system_secrets, systems
from consentd.db.unit import Unit
from consentd.db.upsert import insert
from consentd.kernel.canonical import canonical
from consentd.kernel.ids import SecretId, SystemId

Connection = sa.Connection
"""For rooms that pass one on and know no SQL."""


class SystemRow(msgspec.Struct, frozen=True):
    id: SystemId
    name: str
    scopes: tuple[str, ...]
    purposes: tuple[str, ...]
    channels: tuple[str, ...]
    zone: str
    created_at: int
    revoked_at: int | None


class SecretRow(msgspec.Struct, frozen=True):
    id: SecretId
    system_id: SystemId
    digest: bytes
    created_at: int
    revoked_at: int | None


class KeyRow(msgspec.Struct, frozen=True):
    id: SecretId
    system_id: SystemId
    public_key: str
    """A JWK (`crypto.jwk.kept`)."""
    created_at: int
    revoked_at: int | None


def insert_system(connection: sa.Connection, row: SystemRow) -> None:
    connection.execute(
        sa.insert(systems).values(
            id=row.id,
            name=row.name,
            scopes=_text(row.scopes),
            purposes=_text(row.purposes),
            channels=_text(row.channels),
            zone=row.zone,
            created_at=row.created_at,
        )
    )


def insert_secret(connection: sa.Connection, row: SecretRow) -> None:
    connection.execute(
        sa.insert(system_secrets).values(
            id=row.id, system_id=row.system_id, digest=row.digest, created_at=row.created_at
        )
    )


def insert_key(connection: sa.Connection, row: KeyRow) -> None:
    connection.execute(
        sa.insert(system_secrets).values(
            id=row.id, system_id=row.system_id, public_key=row.public_key, created_at=row.created_at
        )
    )


def system(connection: sa.Connection, system_id: SystemId) -> SystemRow | None:
    row = connection.execute(sa.select(systems).where(systems.c.id == system_id)).one_or_none()
    return None if row is None else _system(row)


def locked_system(connection: sa.Connection, system_id: SystemId) -> SystemRow | None:
    """The same, locked, so that two rotations cannot both count two secrets."""
    row = connection.execute(
        sa.select(systems).where(systems.c.id == system_id).with_for_update()
    ).one_or_none()
    return None if row is None else _system(row)


def name_taken(connection: sa.Connection, name: str) -> bool:
    return connection.execute(sa.select(systems.c.id).where(systems.c.name == name)).first() is not None


def all_systems(connection: sa.Connection) -> list[SystemRow]:
    return [_system(row) for row in connection.execute(sa.select(systems).order_by(systems.c.name))]


def secrets_of(connection: sa.Connection, system_id: SystemId) -> list[SecretRow]:
    """Oldest first, revoked ones too."""
    found = connection.execute(
        sa.select(system_secrets)
        .where(system_secrets.c.system_id == system_id, system_secrets.c.digest.is_not(None))
        .order_by(system_secrets.c.created_at, system_secrets.c.id)
    )
    return [_secret(row) for row in found]


def keys_of(connection: sa.Connection, system_id: SystemId) -> list[KeyRow]:
    """Oldest first, revoked ones too."""
    found = connection.execute(
        sa.select(system_secrets)
        .where(system_secrets.c.system_id == system_id, system_secrets.c.public_key.is_not(None))
        .order_by(system_secrets.c.created_at, system_secrets.c.id)
    )
    return [
        KeyRow(SecretId(row.id), SystemId(row.system_id), row.public_key, row.created_at, row.revoked_at)
        for row in found
    ]


def spend(unit: Unit, digest: bytes, expires_at: int) -> bool:
    """Whether this is the first time. Of two at once, in whatever processes, one is the first."""
    done = unit.connection.execute(
        insert(unit.dialect, spent_assertions)
        .values(digest=digest, expires_at=expires_at)
        .on_conflict_do_nothing()
    )
    return done.rowcount == 1


def purge_spent(connection: sa.Connection, before: int) -> int:
    return connection.execute(
        sa.delete(spent_assertions).where(spent_assertions.c.expires_at < before)
    ).rowcount


class _Id(NamedTuple):
    id: UUID


_LIVE = Read(
    sa.select(systems.c.id)
    .join(system_secrets, system_secrets.c.system_id == systems.c.id)
    .where(
        systems.c.id == sa.bindparam("system"),
        systems.c.revoked_at.is_(None),
        system_secrets.c.id == sa.bindparam("secret"),
        system_secrets.c.revoked_at.is_(None),
    ),
    _Id._make,
)


def is_live(connection: sa.Connection, system_id: SystemId, secret_id: SecretId) -> bool:
    """Whether neither the system nor that secret of it is revoked. One statement."""
    return _LIVE.first(connection, {"system": system_id, "secret": secret_id}) is not None


def revoke_system(connection: sa.Connection, system_id: SystemId, now: int) -> None:
    connection.execute(sa.update(systems).where(systems.c.id == system_id).values(revoked_at=now))


def revoke_secrets(connection: sa.Connection, secret_ids: list[SecretId], now: int) -> None:
    connection.execute(
        sa.update(system_secrets).where(system_secrets.c.id.in_(secret_ids)).values(revoked_at=now)
    )


# Any would say less: a result row is a tuple with the table's columns as attributes.
def _system(row: sa.Row[tuple[UUID, str, str, str, str, str, int, int | None]]) -> SystemRow:
    return SystemRow(
        id=SystemId(row.id),
        name=row.name,
        scopes=_words(row.scopes),
        purposes=_words(row.purposes),
        channels=_words(row.channels),
        zone=row.zone,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )


def _secret(row: sa.Row[tuple[UUID, UUID, bytes, int, int | None]]) -> SecretRow:
    return SecretRow(
        SecretId(row.id), SystemId(row.system_id), bytes(row.digest), row.created_at, row.revoked_at
    )


def _text(words: tuple[str, ...]) -> str:
    return canonical(list(words)).decode()


def _words(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])
