"""Proofs of erased people, each kept until its own law's date: told beforehand, destroyed, and told after.

Which rule of which law pack keeps a proof is written down when its person is erased, so that it can be told
although nothing else of them is known (docs/erasure.md). Nothing here names anybody (promise 10).
"""

from collections import Counter, defaultdict
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from consentd.crypto import subject_keys
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database, Unit
from consentd.evidence.details import details_of
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin, close_all
from consentd.kernel.calendar import local_date
from consentd.kernel.canonical import canonical
from consentd.kernel.instants import DAY, Instant, to_text
from consentd.kernel.proof import ProofDuty

PURGED = "proof.purged"
SOON_DAYS = 30
_BATCH = 500


class _Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Without any: of a proof that was kept before its rule was written down."""

    rule: str | None = None
    pack: str | None = None
    cites: tuple[str, ...] = ()


class ProofsKept(msgspec.Struct, frozen=True, kw_only=True):
    """Of the proofs that one rule of a law pack keeps."""

    rule: str | None
    """None: which rule it was is not known any more."""
    pack: str | None
    articles: tuple[str, ...]
    kept: int
    """All that are there, those due among them. A person on several records has as many."""
    due: int
    """Their date is over: the next run destroys them."""
    soon: int
    """More of them within the next 30 days."""
    next_at: str | None
    """When the first of those that are not due will be; ISO 8601, UTC."""


class ProofsDestroyed(msgspec.Struct, frozen=True, kw_only=True):
    rule: str | None
    pack: str | None
    articles: tuple[str, ...]
    destroyed: int
    days: dict[str, int]
    """How many on each day, in the controller's zone."""


def kept_by(duty: ProofDuty) -> str:
    """What is written down beside a proof that is kept."""
    return canonical(_Rule(rule=duty.rule, pack=duty.pack, cites=duty.cites)).decode()


def kept(connection: Any, now: Instant) -> tuple[ProofsKept, ...]:  # Any: a database connection
    """By rule, what is kept now."""
    told = []
    for row in subject_keys.kept_proofs(connection, now, Instant(now + SOON_DAYS * DAY)):
        rule = _read(row.kept_by)
        told.append(
            ProofsKept(
                rule=rule.rule,
                pack=rule.pack,
                articles=rule.cites,
                kept=row.kept,
                due=row.due,
                soon=row.soon,
                next_at=None if row.next is None else to_text(row.next),
            )
        )
    return tuple(told)


async def purge_proofs(database: Database, keyring: Keyring, actor: Actor) -> int:
    """Destroys the proof keys whose time is over, some hundred in a unit; how many."""
    total = 0
    while some := await database.change(partial(purge_some, keyring, actor)):
        total += some
    return total


def purge_some(keyring: Keyring, actor: Actor, unit: Unit) -> int:
    """How many; 0 where none is due. An entry each: it is about one person."""
    purged = subject_keys.purge_due(unit, unit.now, _BATCH)
    audit = keyring.audit()
    entries = [begin(unit, keyring, action=PURGED, actor=actor, subject_id=one, key=audit) for one in purged]
    details = [msgspec.to_builtins(_read(text)) for text in purged.values()]
    close_all(unit, list(zip(entries, details, strict=True)))
    return len(purged)


def destroyed(
    connection: Any, keyring: Keyring, since: Instant, zone: ZoneInfo
) -> tuple[ProofsDestroyed, ...]:  # Any: a database connection
    """By rule, what was destroyed since then, as the log tells it."""
    days: defaultdict[_Rule, Counter[str]] = defaultdict(Counter)
    for detail in details_of(connection, keyring, PURGED, since):
        rule = msgspec.convert(detail.content or {}, _Rule)
        days[rule][local_date(detail.at, zone).isoformat()] += 1
    return tuple(
        ProofsDestroyed(
            rule=rule.rule,
            pack=rule.pack,
            articles=rule.cites,
            destroyed=count.total(),
            days=dict(sorted(count.items())),
        )
        for rule, count in sorted(days.items(), key=lambda one: (one[0].rule or "", one[0].pack or ""))
    )


def _read(text: str | None) -> _Rule:
    return msgspec.json.decode(text, type=_Rule) if text is not None else _Rule()
