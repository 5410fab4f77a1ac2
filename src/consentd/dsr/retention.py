"""What was kept long enough, told beforehand: how many people by each rule, in which silos, who is held back;
and the proofs of erased people, by the law that keeps each.

A preview changes nothing but the log, which says that somebody looked. It names people by random ids alone.
"""

from collections import Counter
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.consent.kept_proofs import ProofsKept, kept
from consentd.consent.signs import Heard
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database, Unit
from consentd.dsr import heard as people
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy
from consentd.kernel.retention import Standing, standing
from consentd.policy.service import PolicyBook

PAGE = 200
EXAMPLES = 10


class RulePreview(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    months: int
    because: str
    due: int
    """People whose time is over, and whom nothing holds."""
    held: dict[str, int]
    """How many more are held back, and by what: contract, restricted, request."""
    systems: dict[str, int]
    """In how many of those due each silo may know, by the kinds of identifiers that are known of them."""
    examples: tuple[UUID, ...]
    """Some of those due: `consentd subject show` and the API tell more of them, and log it."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    people: int
    """Everybody on record."""
    rules: tuple[RulePreview, ...]
    proofs: tuple[ProofsKept, ...]
    """What the law has kept of people who were erased: `run` destroys those that are due, as the service does
    by itself every hour."""


class _Tally:
    def __init__(self) -> None:
        self.standing: Counter[Standing] = Counter()
        self.systems: Counter[str] = Counter()
        self.examples: list[UUID] = []


async def preview(
    database: Database, keyring: Keyring, policies: PolicyBook, actor: Actor, now: Instant
) -> Preview:
    """Goes through everybody, a page at a time: memory is flat. Logged before it is answered (promise 8)."""
    compiled = await database.read(policies.active)
    policy = compiled.policy
    tallies = {rule.id: _Tally() for rule in policy.controller.keeping}
    total, after = 0, UUID(int=0)
    while tallies:
        read = partial(people.page, keyring=keyring, after=after, limit=PAGE)
        page = await with_fresh_keys(keyring, database, partial(database.read, read))
        if not page:
            break
        for heard in page:
            _count(policy, tallies, heard, now)
        total, after = total + len(page), page[-1].group
    proofs = await database.read(lambda connection: kept(connection, now))
    told = Preview(
        people=total,
        rules=tuple(_rule(policy, name, one) for name, one in tallies.items()),
        proofs=proofs,
    )

    def log(unit: Unit) -> None:
        entry = begin(
            unit,
            keyring,
            action="retention.previewed",
            actor=actor,
            key=keyring.audit(),
            policy=compiled.hash,
        )
        due = {rule.rule: rule.due for rule in told.rules}
        entry.close({"people": total, "due": due, "proofs_due": sum(one.due for one in proofs)})

    await database.change(log)
    return told


def _count(policy: Policy, tallies: dict[str, _Tally], heard: Heard, now: Instant) -> None:
    for rule in policy.controller.keeping:
        tally = tallies[rule.id]
        stands = standing(rule, heard.signs, now, ZoneInfo(policy.controller.zone))
        tally.standing[stands] += 1
        if stands is not Standing.DUE:
            continue
        tally.systems.update(
            system.id for system in policy.systems.values() if heard.schemes & {*system.identifiers}
        )
        if len(tally.examples) < EXAMPLES:
            tally.examples.append(heard.group)


def _rule(policy: Policy, name: str, tally: _Tally) -> RulePreview:
    (rule,) = [one for one in policy.controller.keeping if one.id == name]
    held = (Standing.CONTRACT, Standing.RESTRICTED, Standing.REQUEST)
    return RulePreview(
        rule=rule.id,
        months=rule.months,
        because=rule.because,
        due=tally.standing[Standing.DUE],
        held={one.value: tally.standing[one] for one in held},
        systems={system: tally.systems[system] for system in policy.systems},
        examples=tuple(tally.examples),
    )
