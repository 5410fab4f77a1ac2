"""Erasing people whom the policy has kept long enough (GDPR 5(1)(e), docs/erasure.md).

Each is a request of its own that nobody asked: its silos are asked by the same tasks, it is confirmed, and
ends in a certificate. So it is durable, bounded and seen like any other, and there is no second engine.
Whether somebody is still due is looked at in the unit that begins, again after each silo's answer, and in the
unit that erases (`running.advance`): a sign that comes in between ends it.
"""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database, Unit
from consentd.dsr import heard as people
from consentd.dsr import store
from consentd.dsr.registering import begin_retention
from consentd.dsr.rights import Right
from consentd.evidence.model import SERVICE, Actor
from consentd.kernel.ids import GroupId, SubjectId
from consentd.kernel.instants import DAY, Instant
from consentd.policy.service import PolicyBook
from consentd.subjects import service as subjects

PAGE = 200


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What one run did."""

    looked_at: int
    """People on record that it went through."""
    requests: tuple[UUID, ...]
    """The erasures that were begun, one for each person."""
    unreachable: int
    """People who are due and of whom no identifier is known: no silo could be asked about them."""


async def run(
    database: Database,
    keyring: Keyring,
    policies: PolicyBook,
    actor: Actor,
    now: Instant,
    most: int,
    a_day: int | None = None,
) -> Begun:
    """Begins the erasure of at most `most` people, each in a unit of its own: a kill leaves the others for
    the next run. `a_day`: where there are that many of a day already, nobody is.
    """
    policy = (await database.read(policies.active)).policy
    begun: list[UUID] = []
    looked, unreachable, after = 0, 0, UUID(int=0)
    while policy.controller.keeping and len(begun) < most:
        read = partial(people.page, keyring=keyring, after=after, limit=PAGE)
        found = await with_fresh_keys(keyring, database, partial(database.read, read))
        if not found:
            break
        for person in found:
            if len(begun) == most:
                break
            after, looked = person.group, looked + 1
            if people.due_under(policy, person, now) is None:
                continue
            work = partial(_begin, keyring, policies, actor, person.group, a_day)
            request = await with_fresh_keys(keyring, database, partial(database.change, work))
            if request is not None:
                begun.append(request)
            elif not person.schemes:
                unreachable += 1
    return Begun(looked_at=looked, requests=tuple(begun), unreachable=unreachable)


async def run_planned(
    database: Database, keyring: Keyring, policies: PolicyBook, now: Instant
) -> Begun | None:
    """What the policy has done by itself: so many a day, and none where it does not say how many."""

    def left(connection: Any) -> tuple[int, int]:  # Any: a database connection
        return policies.active(connection).policy.controller.keeping_a_day, _of_a_day(connection, now)

    a_day, done = await database.read(left)
    if done >= a_day:
        return None
    return await run(database, keyring, policies, SERVICE, now, a_day - done, a_day)


def _begin(
    keyring: Keyring, policies: PolicyBook, actor: Actor, group: GroupId, a_day: int | None, unit: Unit
) -> UUID | None:
    """None where this person is not due after all: looked at with their rows locked."""
    compiled = policies.active(unit.connection)
    if a_day is not None and _of_a_day(unit.connection, unit.now) >= a_day:
        # Another process began some beside this one.
        return None
    if not subjects.lock_present(unit, [SubjectId(group)]):
        return None
    person = people.one(unit.connection, keyring, group)
    if person is None or people.due_under(compiled.policy, person, unit.now) is None:
        return None
    contacts = subjects.contacts_of(unit.connection, keyring, person.members)
    known = tuple(dict.fromkeys((one.named.scheme, one.named.value) for one in contacts))
    if not known:
        return None
    return begin_retention(unit, keyring, compiled, actor, SubjectId(group), known).id


def _of_a_day(connection: Any, now: Instant) -> int:  # Any: a database connection
    return store.begun_since(connection, Right.RETENTION.value, now - DAY)
