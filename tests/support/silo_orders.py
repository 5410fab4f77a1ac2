"""Orders for a connector, and where its copies go: what the tests of connectors begin with."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Verb
from consentd.kernel.instants import Instant, parse_moment
from consentd.kernel.policy import Policy
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Answer, Order, Part
from consentd.systems.connectors.sql.connector import SqlConnector
from consentd.systems.connectors.sql.erasing import PAGE

ANA = (Named("email", "ana.diaz@exemple.fr"), Named("phone", "+33624686501"), Named("customer", "ml1001"))
TODAY = "2026-11-22T12:00:00Z"


def order(verb: Verb, *named: Named, **more: Any) -> Order:
    return Order(task=uuid4(), verb=verb, identifiers=named or ANA, **more)


def connector(policy: Policy, url: sa.URL, *, today: str = TODAY, page: int = PAGE) -> SqlConnector:
    now: Instant = parse_moment(today, ZoneInfo("UTC")).first
    return SqlConnector(policy.systems["shop"], policy.identifiers, url, lambda: now, page=page)


class Copy:
    """Takes the records of a copy, and keeps them."""

    def __init__(self) -> None:
        self.records: list[tuple[str, dict[str, Scalar]]] = []

    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
        self.records.append((what, dict(record)))

    def of(self, what: str) -> list[dict[str, Scalar]]:
        return [record for name, record in self.records if name == what]


def counts(answer: Answer) -> dict[str, tuple[int, int, int, int]]:
    """What was found, deleted, changed and kept."""
    return {
        part.what: (part.found, part.deleted, part.changed, sum(kept.count for kept in part.kept))
        for part in answer.parts
    }


def part_of(answer: Answer, what: str) -> Part:
    return next(part for part in answer.parts if part.what == what)


def rows(url: sa.URL, table: str, where: str = "1=1") -> list[dict[str, Any]]:
    """What the silo itself has now, past any connector."""
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT * FROM {table} WHERE {where} ORDER BY 1, 2"))
        return [dict(row._mapping) for row in found]


def everything(url: sa.URL) -> dict[str, list[dict[str, Any]]]:
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
    return {name: rows(url, name) for name in names}


def run(url: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
