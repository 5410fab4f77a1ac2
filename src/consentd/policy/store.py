"""SQL of policy versions and activations. Both tables are append-only."""

from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa

from consentd.db.prepared import Read
from consentd.db.tables.policy import policy_activations, policy_files, policy_versions


class _Hash(NamedTuple):
    hash: str


_ACTIVE = Read(
    sa.select(policy_activations.c.hash).order_by(policy_activations.c.seq.desc()).limit(1), _Hash._make
)
_DOCUMENT = sa.select(policy_versions.c.document).where(policy_versions.c.hash == sa.bindparam("wanted"))

VERSIONS = policy_versions
ACTIVATIONS = policy_activations
FILES = policy_files


def active_hash(connection: sa.Connection) -> str | None:
    found = _ACTIVE.first(connection, {})
    return None if found is None else found.hash


def hash_at(connection: sa.Connection, at: int) -> str | None:
    table = policy_activations
    statement = sa.select(table.c.hash).where(table.c.at <= at).order_by(table.c.seq.desc()).limit(1)
    return connection.execute(statement).scalar()


def document(connection: sa.Connection, hash_: str) -> bytes | None:
    return connection.execute(_DOCUMENT, {"wanted": hash_}).scalar()


def next_seq(connection: sa.Connection) -> int:
    """Taken by two at once, the second is refused by the primary key and tries again."""
    last = connection.execute(sa.select(sa.func.max(policy_activations.c.seq))).scalar()
    return (last or 0) + 1


def first_hash(connection: sa.Connection) -> str | None:
    """The hash of the first policy that was ever activated here."""
    table = policy_activations
    return connection.execute(sa.select(table.c.hash).order_by(table.c.seq).limit(1)).scalar()


def known_files(connection: sa.Connection, digests: Collection[str]) -> set[str]:
    """Which of these are stored."""
    statement = sa.select(policy_files.c.digest).where(policy_files.c.digest.in_(list(digests)))
    return set(connection.execute(statement).scalars())


def file(connection: sa.Connection, digest: str) -> tuple[str, bytes] | None:
    """Its kind, and what it holds."""
    c = policy_files.c
    row = connection.execute(sa.select(c.media, c.content).where(c.digest == digest)).first()
    return None if row is None else (row.media, bytes(row.content))
