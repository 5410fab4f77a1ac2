"""What silos' own tables have kept long enough, told beforehand; and which declared retention consentd cannot
carry out, with who owns it. Changes nothing but the log, and names nobody.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database, Unit
from consentd.dsr.expiring.beginning import silos_with_rules
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.errors import ConsentdError
from consentd.kernel.policy import Policy, System
from consentd.kernel.silo_sql import SqlSilo
from consentd.policy.service import PolicyBook
from consentd.systems.connectors.contract import Answer, Connector, Overdue, Verdict


class SiloPreview(msgspec.Struct, frozen=True, kw_only=True):
    """One silo whose tables have rules."""

    system: str
    verdict: Verdict
    """*done*: it was looked at."""
    code: str | None
    detail: str | None
    rows_a_day: int
    """How many rows the service erases by itself."""
    tables: tuple[Overdue, ...]
    without_rule: tuple[str, ...]
    """Tables of it that keep rows by law, and from which nothing ever erases them afterwards."""


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A system that says how long it keeps, and in which consentd does not erase for that."""

    system: str
    months: int | None
    by: str | None
    """How it takes part in requests: sql (no table has a rule), webhook, inbox, manual; None: it does not."""
    owner: str | None
    """Who has to see to it; None: the policy names nobody."""


class TablesPreview(msgspec.Struct, frozen=True, kw_only=True):
    silos: tuple[SiloPreview, ...]
    elsewhere: tuple[Elsewhere, ...]


async def preview(
    database: Database,
    keyring: Keyring,
    policies: PolicyBook,
    connector: Callable[[System, Policy], Connector],
    actor: Actor,
) -> TablesPreview:
    """Asks all silos side by side. Logged before it is answered (promise 8)."""
    compiled = await database.read(policies.active)
    policy = compiled.policy
    looks = [_look(policy, name, sql, connector) for name, sql in silos_with_rules(policy)]
    silos = tuple(await asyncio.gather(*looks))

    def log(unit: Unit) -> None:
        entry = begin(
            unit,
            keyring,
            action="retention.tables_previewed",
            actor=actor,
            key=keyring.audit(),
            policy=compiled.hash,
        )
        entry.close({one.system: {table.what: table.due for table in one.tables} for one in silos})

    if silos:
        await with_fresh_keys(keyring, database, lambda: database.change(log))
    return TablesPreview(silos=silos, elsewhere=elsewhere(policy))


def elsewhere(policy: Policy) -> tuple[Elsewhere, ...]:
    """What systems declare and nothing carries out."""
    ours = dict(silos_with_rules(policy))
    told = []
    for name, system in policy.systems.items():
        if name in ours or (system.retention_months is None and not system.retention):
            continue
        joined = system.connection
        told.append(
            Elsewhere(
                system=name,
                months=system.retention_months,
                by=None if joined is None else joined.by,
                owner=None if joined is None else joined.owner.name,
            )
        )
    return tuple(told)


async def _look(
    policy: Policy, name: str, sql: SqlSilo, connector: Callable[[System, Policy], Connector]
) -> SiloPreview:
    found: Sequence[Overdue] | Answer
    try:
        reached = connector(policy.systems[name], policy)
        try:
            found = await reached.overdue()
        finally:
            await reached.close()
    except ConsentdError as error:
        found = Answer(verdict=Verdict.FAILED, code=error.code, detail=error.message)
    refused = found if isinstance(found, Answer) else None
    return SiloPreview(
        system=name,
        verdict=Verdict.DONE if refused is None else refused.verdict,
        code=None if refused is None else refused.code,
        detail=None if refused is None else refused.detail,
        rows_a_day=sql.rows_a_day,
        tables=() if isinstance(found, Answer) else tuple(found),
        without_rule=tuple(
            table for table, one in sql.tables.items() if one.keep is not None and one.retention is None
        ),
    )
