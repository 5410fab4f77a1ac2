"""SQL of copies: making them, the finished ones, and the links by which they are fetched. Decides nothing."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db import leases
from consentd.db.tables import requests as t
from consentd.db.unit import Unit

WORK = t.package_work
PACKAGES = t.packages


def work(connection: sa.Connection, request: UUID) -> sa.RowMapping | None:
    return connection.execute(sa.select(WORK).where(WORK.c.id == request)).mappings().first()


def put_work(unit: Unit, request: UUID, values: dict[str, Any]) -> None:
    """Makes the row, or changes it."""
    changed = unit.connection.execute(WORK.update().where(WORK.c.id == request).values(values))
    if changed.rowcount == 0:
        unit.connection.execute(WORK.insert(), {"id": request, **values})


def change_work(unit: Unit, request: UUID, values: dict[str, Any]) -> None:
    unit.connection.execute(WORK.update().where(WORK.c.id == request).values(values))


def claim(unit: Unit, holder: UUID) -> sa.RowMapping | None:
    """The copy that waits longest to be made."""
    return next(iter(leases.claim(unit, WORK, holder, states=("waiting", "running"), order="next_at")), None)


def package(connection: sa.Connection, id_: UUID) -> sa.RowMapping | None:
    return connection.execute(sa.select(PACKAGES).where(PACKAGES.c.id == id_)).mappings().first()


def packages(connection: sa.Connection, request: UUID) -> list[sa.RowMapping]:
    """Those that are not destroyed, the oldest first."""
    c = PACKAGES.c
    statement = sa.select(PACKAGES).where(c.request_id == request, c.destroyed_at.is_(None))
    return list(connection.execute(statement.order_by(c.made_at, c.id)).mappings())


def over(connection: sa.Connection, now: int, limit: int) -> list[sa.RowMapping]:
    """Released packages whose time is over and that are not destroyed."""
    c = PACKAGES.c
    statement = sa.select(PACKAGES).where(c.destroyed_at.is_(None), c.expires_at <= now)
    return list(connection.execute(statement.order_by(c.expires_at, c.id).limit(limit)).mappings())


def closed_with_key(
    connection: sa.Connection, open_: list[str], before: int, limit: int
) -> list[sa.RowMapping]:
    """Requests that were closed by then, and of which what was gathered still opens."""
    c, keys = t.requests.c, t.request_keys.c
    gathered = sa.exists().where(keys.request_id == c.id, keys.kind == "package")
    statement = sa.select(t.requests).where(c.state.not_in(open_), c.closed_at <= before, gathered)
    return list(connection.execute(statement.order_by(c.closed_at, c.id).limit(limit)).mappings())


def with_keys(connection: sa.Connection, request: UUID) -> set[tuple[str, UUID]]:
    """Of a request's copy: each kind of key that there still is, and whose."""
    c = t.request_keys.c
    statement = sa.select(c.kind, c.of_id).where(c.request_id == request, c.kind.in_(("package", "archive")))
    return {(kind, of) for kind, of in connection.execute(statement)}


def all_with_keys(connection: sa.Connection) -> dict[UUID, set[UUID]]:
    """Of each request whose copy, or what was gathered for it, still opens: whose keys there are."""
    c, found = t.request_keys.c, defaultdict(set)
    copies = sa.select(c.request_id, c.of_id).where(c.kind.in_(("package", "archive")))
    for request, of in connection.execute(copies):
        found[request].add(of)
    return found


def add_link(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(t.package_links.insert(), row)


def links_since(connection: sa.Connection, packages: list[UUID], since: int) -> int:
    c = t.package_links.c
    statement = sa.select(sa.func.count()).where(c.package_id.in_(packages), c.created_at > since)
    return int(connection.execute(statement).scalar_one())


def link(connection: sa.Connection, id_: UUID, *, lock: bool = False) -> sa.RowMapping | None:
    statement = sa.select(t.package_links).where(t.package_links.c.id == id_)
    if lock:
        statement = statement.with_for_update()
    return connection.execute(statement).mappings().first()


def change_link(unit: Unit, id_: UUID, values: dict[str, Any]) -> None:
    unit.connection.execute(t.package_links.update().where(t.package_links.c.id == id_).values(values))


def end_links(unit: Unit, package: UUID) -> None:
    """Links that were not used lead nowhere any more."""
    c = t.package_links.c
    unused = t.package_links.update().where(c.package_id == package, c.used_at.is_(None))
    unit.connection.execute(unused.values(expires_at=unit.now))


def purge_links(unit: Unit, before: int) -> None:
    unit.connection.execute(t.package_links.delete().where(t.package_links.c.expires_at <= before))
