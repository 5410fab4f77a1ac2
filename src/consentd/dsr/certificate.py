"""The certificate of an erasure: silo by silo what was deleted, changed and kept, what failed, and when the
last copy in a backup becomes unreadable (GDPR 17, 19, 5(2)). Pure.

It names nobody, so that it may be handed to anyone and kept when the person's own keys are gone. What a
silo did not do is said as plainly as what it did: a silo that cannot, failed or is silent is never left out
(promise 12).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from consentd.consent import erasure
from consentd.dsr import plan
from consentd.kernel.connection import Verb
from consentd.kernel.instants import to_text
from consentd.kernel.policy import Controller, Policy
from consentd.systems.connectors.contract import Kept, Part, Verdict

CERTIFICATE_TYPE = "erasure-certificate+jws"


class Outcome(StrEnum):
    """What came of the erasure in one silo."""

    ERASED = "erased"
    """Done, and found gone when the silo was asked again."""
    NOTHING_HELD = "nothing_held"
    NOT_KNOWN_BY = "not_known_by"
    """It cannot be asked: it knows people by nothing that is known of this one (GDPR 11)."""
    IN_PART = "in_part"
    STILL_THERE = "still_there"
    """It said that it erased; asked again, it still has something."""
    UNCONFIRMED = "unconfirmed"
    """It said that it erased, and could not be asked again."""
    FAILED = "failed"
    SILENT = "silent"
    UNSUPPORTED = "unsupported"
    UNCONNECTED = "unconnected"
    """It takes no part in requests."""


COMPLETE = frozenset({Outcome.ERASED, Outcome.NOTHING_HELD, Outcome.NOT_KNOWN_BY})


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class SiloPart(_Part, frozen=True, kw_only=True):
    system: str
    name: str
    outcome: Outcome
    code: str | None
    """Why it is not complete, for programs."""
    parts: tuple[Part, ...]
    """By category of its data: what was found, deleted, changed, and kept for which article until when."""
    left: int
    """Rows that were still found when it was asked again."""
    done_on: str | None
    """The local day of its answer."""
    last_copy_unreadable_on: str | None
    """None where nothing was deleted, or whoever runs it did not state how long backups are kept."""


class OwnKept(_Part, frozen=True, kw_only=True):
    kind: Literal["log", "proof", "do_not_contact", "ledger"]
    because: str
    until: str | None


class OwnPart(_Part, frozen=True, kw_only=True):
    """What consentd itself forgot."""

    entry_id: UUID
    """The log's entry of the erasure."""
    erased_at: str
    records: int
    identifiers_removed: int
    suppressions_added: int
    """Keyed hashes put on the do-not-contact list."""
    kept: tuple[OwnKept, ...]
    last_copy_unreadable_on: str


class Recipient(_Part, frozen=True, kw_only=True):
    """Who had received the data, and whether it was told (GDPR 19), with what shows it."""

    name: str
    system: str
    told: Literal["answered", "failed", "asked", "no"]
    """answered: it said what it did; failed: it was told, and answered that it failed or cannot; asked: it
    was told, and said nothing yet; no: it could not be told, or nothing shows that it was."""
    told_on: str | None
    """The local day of `told_at`."""
    told_at: str | None
    """When it first had the order."""
    told_by: Literal["sql", "webhook", "inbox", "manual"] | None
    """How: in its database, by a call to its program, when it came for its tasks, by a mail to its owner."""
    task: UUID | None
    """The number of the order, by which the recipient knows it too."""


class CertificateController(_Part, frozen=True, kw_only=True):
    name: str
    country: str


class ErasureCertificate(_Part, frozen=True, kw_only=True):
    """What is signed, member for member."""

    certificate_id: UUID
    request_id: UUID
    number: int
    """1 for the first of a request; a later one replaces those before it."""
    issued_at: str
    received_on: str
    controller: CertificateController
    log: str
    """The origin of the log's checkpoints."""
    policy: str
    complete: bool
    """Every silo did its part, or what is missing was lawfully refused."""
    refused_under: str | None
    """The article under which what is missing was refused."""
    silos: tuple[SiloPart, ...]
    own: OwnPart | None
    """None where consentd itself held nothing of the person."""
    recipients: tuple[Recipient, ...]
    last_copy_unreadable_on: str | None
    """The latest of all stated days; None while something is missing."""
    copies_not_stated: tuple[str, ...]
    """Systems that deleted something and do not say how long their backups are kept."""


class Telling(NamedTuple):
    """That an order came to its silo."""

    task: UUID
    at: int
    """When it first did."""
    day: dt.date
    """The same, where the company is."""
    heard: bool
    """Whether the last answer is the silo's own, and no mere reason why it could not be reached."""


class Seen(NamedTuple):
    """What is on record of one task."""

    state: str
    verdict: str | None
    code: str | None
    day: dt.date | None
    """The local day of its last answer, or on which it was asked."""
    parts: tuple[Part, ...] = ()
    earlier: tuple[Part, ...] = ()
    """Of answers that a later try replaced: what was deleted then is deleted."""
    telling: Telling | None = None
    """None where nothing shows that it came to the silo."""


Silo = Mapping[Verb, Seen]


def silo_part(policy: Policy, name: str, silo: Silo) -> SiloPart:
    """What came of an erasure in one silo."""
    system = policy.systems.get(name)
    outcome, code = _outcome(silo)
    erased, confirmed = silo.get(Verb.ERASE), silo.get(Verb.CONFIRM)
    parts = _parts(erased, confirmed)
    gone = any(part.deleted or part.changed for part in parts)
    day = erased.day if erased else None
    days = system.connection.backup_days if system and system.connection else None
    return SiloPart(
        system=name,
        name=system.name if system else name,
        outcome=outcome,
        code=code,
        parts=parts,
        left=sum(part.found for part in confirmed.parts)
        if outcome is Outcome.STILL_THERE and confirmed
        else 0,
        done_on=_text(day) if outcome in COMPLETE or gone else None,
        last_copy_unreadable_on=_text(day + dt.timedelta(days=days))
        if gone and day and days is not None
        else None,
    )


def _outcome(silo: Silo) -> tuple[Outcome, str | None]:
    located, erased, confirmed = (silo.get(verb) for verb in (Verb.LOCATE, Verb.ERASE, Verb.CONFIRM))
    if erased is None:
        if located is None:
            return Outcome.SILENT, None
        if located.state != "ended":
            return Outcome.SILENT, located.code
        known_by = located.code != plan.NOT_KNOWN_BY
        return (Outcome.NOTHING_HELD, None) if known_by else (Outcome.NOT_KNOWN_BY, located.code)
    if erased.state != "ended":
        return Outcome.SILENT, erased.code
    match erased.verdict:
        case Verdict.FAILED:
            return Outcome.FAILED, erased.code
        case Verdict.UNSUPPORTED:
            unconnected = erased.code == plan.UNCONNECTED
            return (Outcome.UNCONNECTED if unconnected else Outcome.UNSUPPORTED), erased.code
        case Verdict.PARTIAL:
            return Outcome.IN_PART, erased.code
    if erased.code == plan.NOT_KNOWN_BY:
        return Outcome.NOT_KNOWN_BY, erased.code
    if confirmed is None:
        return Outcome.UNCONFIRMED, None
    if confirmed.state != "ended" or confirmed.verdict in (Verdict.FAILED, Verdict.UNSUPPORTED):
        return Outcome.UNCONFIRMED, confirmed.code
    if confirmed.verdict == Verdict.PARTIAL:
        return Outcome.STILL_THERE, confirmed.code
    touched = any(part.deleted or part.changed or part.kept for part in (*erased.parts, *erased.earlier))
    return (Outcome.ERASED if touched else Outcome.NOTHING_HELD), None


def _parts(erased: Seen | None, confirmed: Seen | None) -> tuple[Part, ...]:
    """By category. What earlier tries deleted is added; what is kept is what was said last."""
    if erased is None:
        return ()
    last = erased.parts if erased.state == "ended" else ()
    kept: dict[str, tuple[Kept, ...]] = {part.what: part.kept for part in last}
    if confirmed is not None and confirmed.state == "ended":
        kept |= {part.what: part.kept for part in confirmed.parts if part.kept}
    found: dict[str, Part] = {}
    for part in (*erased.earlier, *last):
        before = found.get(part.what, Part(what=part.what))
        found[part.what] = Part(
            what=part.what,
            found=max(before.found, part.found),
            deleted=before.deleted + part.deleted,
            changed=before.changed + part.changed,
            kept=kept.get(part.what, ()),
        )
    for what, its in kept.items():
        found.setdefault(what, Part(what=what, kept=its))
    return tuple(found.values())


def own_part(controller: Controller, done: erasure.Certificate, day: dt.date) -> OwnPart:
    """What consentd forgot on this local day."""
    return OwnPart(
        entry_id=done.entry_id,
        erased_at=done.erased_at,
        records=len(done.subjects),
        identifiers_removed=done.identifiers_removed,
        suppressions_added=done.suppressions_added,
        kept=tuple(OwnKept(kind=one.kind, because=one.because, until=one.until) for one in done.kept),
        last_copy_unreadable_on=(day + dt.timedelta(days=controller.backup_days)).isoformat(),
    )


def copies(
    silos: Iterable[SiloPart], own: OwnPart | None, *, complete: bool
) -> tuple[str | None, tuple[str, ...]]:
    """When the last copy of all is unreadable, and which systems do not state it of theirs."""
    silos = tuple(silos)
    not_stated = tuple(
        one.system
        for one in silos
        if one.last_copy_unreadable_on is None and any(part.deleted or part.changed for part in one.parts)
    )
    days = [one.last_copy_unreadable_on for one in (*silos, own) if one and one.last_copy_unreadable_on]
    return (max(days, default=None) if complete and not not_stated else None), not_stated


def recipient(policy: Policy, name: str, verb: Verb, silo: Silo) -> Recipient | None:
    """Whether a silo that had the data was told. None for one that held nothing of the person.

    Whoever runs it for the company is the recipient; where nobody else does, the silo goes by its own name.
    """
    told, system = silo.get(verb), policy.systems.get(name)
    if told is None or told.code == plan.NOT_KNOWN_BY:
        return None
    by = (system.processor or system.name) if system else name
    telling = told.telling
    if telling is None:
        return Recipient(name=by, system=name, told="no", told_on=None, told_at=None, told_by=None, task=None)
    answered: Literal["answered", "failed"] = (
        "answered" if told.verdict in (Verdict.DONE, Verdict.PARTIAL) else "failed"
    )
    connection = system.connection if system else None
    return Recipient(
        name=by,
        system=name,
        told=answered if told.state == "ended" and telling.heard else "asked",
        told_on=_text(telling.day),
        told_at=to_text(telling.at),
        told_by=connection.by if connection else None,
        task=telling.task,
    )


def _text(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
