"""Values as the drivers return them, turned into the kernel's: shared by both statements' readers."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from consentd.consent.events import slots_of
from consentd.kernel.case import Attempt, Case, Facts
from consentd.kernel.fold import Objection, State, StateKey
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant
from consentd.kernel.states import ConsentState, Ground, Proof

RawId = Any
"""An id as the driver returns it: bytes from SQLite, UUID from PostgreSQL. Compared, never shown."""
OpenFacts = Callable[[RawId, RawId, RawId, bytes, bytes], Facts]
"""(subject, key, wrapper, sealed facts, wrapped key) → facts."""

NOBODY_KNOWN = Case()

_STATES = {state.value: state for state in ConsentState}
_PROOFS = {proof.value: proof for proof in Proof}
_GROUNDS = {ground.value: ground for ground in Ground}
_NOBODY_RAW = NOBODY.bytes


def uuid_of(raw: RawId) -> UUID:
    if isinstance(raw, bytes):
        return NOBODY if raw == _NOBODY_RAW else UUID(bytes=raw)
    found: UUID = raw
    return found


def state(
    purpose: str,
    channel: str,
    point: UUID,
    said: str,
    proof: str,
    notice: str | None,
    version: str | None,
    slots: str | None,
    effective: int,
    explicit: object,
    parental: object,
    own_act: int | None,
) -> State:
    return State(
        StateKey(purpose, channel, point),
        _STATES[said],
        Instant(effective),
        NOBODY,
        _PROOFS[proof],
        bool(explicit),
        bool(parental),
        notice,
        version,
        slots_of(slots) if slots else (),
        None if own_act is None else Instant(own_act),
    )


def objection(purpose: str, channel: str, point: RawId, ground: str, since: int) -> Objection:
    return Objection(
        None if purpose == "*" else purpose,
        None if channel == "*" else channel,
        uuid_of(point),
        _GROUNDS[ground],
        Instant(since),
        NOBODY,
    )


def attempt(at: int, outcome: str, until: int | None = None) -> Attempt:
    return Attempt(Instant(at), outcome == "refused", None if until is None else Instant(until))
