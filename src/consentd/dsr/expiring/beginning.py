"""Beginning to erase what silos' own tables have kept long enough: a row of work for each (decision 0046).

Nothing is asked of a silo here: what was begun is carried out beside the answering (`carrying`), which a kill
does not end.
"""

from collections.abc import Iterator
from functools import partial

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database, Unit
from consentd.dsr.expiring import store
from consentd.evidence.model import SERVICE, Actor
from consentd.evidence.recorder import begin as begin_entry
from consentd.kernel.instants import DAY
from consentd.kernel.policy import Policy
from consentd.kernel.silo_sql import SqlSilo, retention_of
from consentd.policy.service import PolicyBook


def silos_with_rules(policy: Policy) -> Iterator[tuple[str, SqlSilo]]:
    """The systems whose tables have a `retention`, and their mappings."""
    for name, system in policy.systems.items():
        sql = system.connection.sql if system.connection is not None else None
        if sql is not None and any(retention_of(table) is not None for table in sql.tables.values()):
            yield name, sql


async def begin(
    database: Database, keyring: Keyring, policies: PolicyBook, actor: Actor, most: int
) -> tuple[str, ...]:
    """In every silo, at most so many rows; in which it was begun. One that is under way goes on instead."""
    return await _begun(database, keyring, partial(_begin, keyring, policies, actor, most))


async def begin_planned(database: Database, keyring: Keyring, policies: PolicyBook) -> tuple[str, ...]:
    """What the policy has done by itself: in each silo so many rows a day, what was run by hand counted."""
    return await _begun(database, keyring, partial(_begin, keyring, policies, SERVICE, None))


async def _begun(database: Database, keyring: Keyring, work: partial[tuple[str, ...]]) -> tuple[str, ...]:
    return await with_fresh_keys(keyring, database, lambda: database.change(work))


def _begin(
    keyring: Keyring, policies: PolicyBook, actor: Actor, most: int | None, unit: Unit
) -> tuple[str, ...]:
    compiled = policies.active(unit.connection)
    begun = []
    for name, sql in silos_with_rules(compiled.policy):
        done = store.touched_since(unit.connection, name, unit.now - DAY) if most is None else 0
        left = sql.rows_a_day - done if most is None else most
        row = {
            "id": new_id(),
            "system": name,
            "state": "waiting",
            "most": left,
            "touched": 0,
            "attempts": 0,
            "next_at": unit.now,
            "created_at": unit.now,
        }
        if left > 0 and store.add(unit, row):
            entry = begin_entry(
                unit,
                keyring,
                action="retention.tables_begun",
                actor=actor,
                key=keyring.audit(),
                policy=compiled.hash,
            )
            entry.close({"system": name, "run": str(row["id"]), "most": left})
            begun.append(name)
    return tuple(begun)
