"""What happens to a copy in its request's own unit (promise 3): it is wanted, changed, released, given up.

Each time a request comes to its review is a *round*: what consentd holds is gathered anew, and what staff
held back of it in another round counts no more. What was held back of a silo's records counts until that
silo's copy is another one.
"""

from typing import Any
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.crypto import request_keys
from consentd.crypto.seal import Place, unseal
from consentd.dsr import store as requests
from consentd.dsr.cases import RequestCase
from consentd.dsr.copying import store
from consentd.dsr.package.own_model import OWN
from consentd.dsr.package.redacting import Redaction
from consentd.dsr.shapes import MakeCopy, Redact, TakeBack
from consentd.dsr.states import State
from consentd.evidence.journal import copies_line
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.connection import Verb
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import DAY

KEPT_DAYS = 30
"""For how long a released copy can be fetched: a month, as the answer itself may take. Who is away then asks
again; what lies about longer is a risk for the person and of no use to them."""
_REDACTED, _TAKEN_BACK = "redacted", "redaction_taken_back"
_WAITING: dict[str, Any] = {
    "state": "waiting",
    "code": None,
    "attempts": 0,
    "lease_holder": None,
    "lease_until": None,
}


class Held(msgspec.Struct, frozen=True):
    """A redaction, as the step that made it seals it."""

    redaction: Redaction
    source: UUID
    """Of which records it speaks: the silo's answer, or the round in which consentd's own were gathered."""


class Standing(msgspec.Struct, frozen=True):
    """A redaction that was not taken back."""

    id: UUID
    by: UUID | None
    redaction: Redaction
    lapsed: bool
    """Whether the records of which it spoke were replaced since: it counts no more."""


def want(case: RequestCase) -> None:
    """The request is at its review: its copy is made, beside the service."""
    begun = {"round_id": new_id(), "own_id": None, "making_id": None, "next_at": case.unit.now}
    store.put_work(case.unit, case.id, _WAITING | begun)


def again(case: RequestCase) -> None:
    """Whoever makes it now loses it: what is made next is of what holds then."""
    store.change_work(case.unit, case.id, _WAITING | {"next_at": case.unit.now})


def redact(case: RequestCase, step: Redact, actor: Actor) -> None:
    source = sources(case).get(step.system)
    if source is None:
        raise Conflict("not_now", "This silo gave no records of which anything could be held back.")
    redaction = Redaction(step.system, step.what, step.record, step.reason, step.field)
    _require_review(case)
    case.note(_REDACTED, case.state, actor, Held(redaction, source))
    again(case)


def take_back(case: RequestCase, step: TakeBack, actor: Actor) -> None:
    _require_review(case)
    if all(one.id != step.redaction for one in standing(case)):
        raise NotFound("unknown_redaction", "There is no such redaction, or it was taken back.")
    case.note(_TAKEN_BACK, case.state, actor, {"redaction": str(step.redaction)})
    again(case)


def make_again(case: RequestCase, step: MakeCopy, actor: Actor) -> None:
    _require_review(case)
    case.note("copy_wanted", case.state, actor)
    again(case)


def _require_review(case: RequestCase) -> None:
    if case.state is not State.REVIEWING or store.work(case.unit.connection, case.id) is None:
        raise Conflict("not_now", "No copy of this request waits to be looked at.")


def sources(case: RequestCase) -> dict[str, UUID]:
    """Which records lie there now: of each silo its last answer, of consentd's own the round."""
    connection = case.unit.connection
    found = {
        row["system"]: row["id"]
        for row in requests.answers(connection, case.id)
        if row["verb"] == Verb.EXPORT.value
    }
    work = store.work(connection, case.id)
    return found if work is None else {**found, OWN: work["round_id"]}


def standing(case: RequestCase) -> list[Standing]:
    """What is held back, in the order in which it was; empty once the request is forgotten."""
    key, now = case.key(), sources(case)
    found: dict[UUID, Standing] = {}
    for row in requests.steps(case.unit.connection, case.id):
        if key is None or row["sealed"] is None or row["event"] not in (_REDACTED, _TAKEN_BACK):
            continue
        content = unseal(key, row["sealed"], Place("request_steps", "sealed", row["id"]))
        if row["event"] == _TAKEN_BACK:
            found.pop(msgspec.json.decode(content, type=_TakenBack).redaction, None)
            continue
        held = msgspec.json.decode(content, type=Held)
        lapsed = now.get(held.redaction.system) != held.source
        found[row["id"]] = Standing(row["id"], row["actor_id"], held.redaction, lapsed)
    return list(found.values())


class _TakenBack(msgspec.Struct, frozen=True):
    redaction: UUID


def made(connection: Any, request: UUID) -> Any:  # Any: a connection; a row, or None
    """The finished package of what holds now; None while it is made."""
    work = store.work(connection, request)
    if work is None or work["state"] != "made":
        return None
    found = store.package(connection, work["making_id"])
    return None if found is None or found["destroyed_at"] is not None else found


def require_made(case: RequestCase) -> None:
    """Raises Conflict where the request is at its review, and nothing finished is there to release."""
    if case.state is State.REVIEWING and made(case.unit.connection, case.id) is None:
        raise Conflict(
            "copy_not_made",
            "The copy is still being made, or something was changed since: look at GET "
            "/v1/requests/{id}/copy, and release it once it says `made`.",
        )


def released(case: RequestCase, actor: Actor) -> None:
    """From now on it can be fetched, for some days; what was released before no more."""
    package = made(case.unit.connection, case.id)
    assert package is not None
    unit = case.unit
    old = [row["id"] for row in store.packages(unit.connection, case.id) if row["id"] != package["id"]]
    entry = begin_entry(case, "request.copy_released", actor)
    times = {"released_at": unit.now, "expires_at": unit.now + KEPT_DAYS * DAY}
    entry.update(store.PACKAGES, {"id": [package["id"]]}, times)
    _destroyed(case, entry, old)
    entry.close({"request": str(case.id), "package": str(package["id"])})
    store.change_work(unit, case.id, {"state": "ended"})
    if not case.open:
        # All there will be is in the archive.
        request_keys.destroy(unit, case.id, "package")


def closed(case: RequestCase, actor: Actor) -> None:
    """A request that is over: what was gathered goes, and what was not released; all, if it was refused."""
    if case.open:
        return
    connection = case.unit.connection
    kept = [row["id"] for row in store.packages(connection, case.id) if row["released_at"] is not None]
    if case.state is not State.ANSWERED:
        kept = []
    keys = store.with_keys(connection, case.id)
    gone = [of for kind, of in keys if kind == "archive" and of not in kept]
    gathered = ("package", case.id) in keys
    if not gone and not gathered:
        return
    entry = begin_entry(case, "request.copy_given_up", actor)
    _destroyed(case, entry, gone, gathered=gathered)
    entry.close({"request": str(case.id)})
    store.change_work(case.unit, case.id, {"state": "ended", "lease_holder": None, "lease_until": None})


def destroy(case: RequestCase, packages: list[UUID], actor: Actor, *, gathered: bool = False) -> None:
    """Their keys first: from now on nothing opens them, wherever a copy of the files went. `gathered`: and
    what was gathered for them.
    """
    entry = begin_entry(case, "request.copy_destroyed", actor)
    _destroyed(case, entry, packages, gathered=gathered)
    entry.close({"request": str(case.id), "packages": [str(one) for one in packages]})


def _destroyed(
    case: RequestCase, entry: Any, packages: list[UUID], *, gathered: bool = False
) -> None:  # Any: an open entry
    gone = [*packages, case.id] if gathered else packages
    if gone:
        # Outside the database too, before it counts: a backup that is put back brings no copy back.
        case.unit.stops.append(
            copies_line(case.keyring, at=case.unit.now, request=case.id, copies=gone, entry=entry.id)
        )
    if gathered:
        request_keys.destroy(case.unit, case.id, "package")
    for one in packages:
        request_keys.destroy_archive(case.unit, case.id, one)
        store.end_links(case.unit, one)
        if store.package(case.unit.connection, one) is not None:
            entry.update(store.PACKAGES, {"id": [one]}, {"destroyed_at": case.unit.now})


def begin_entry(case: RequestCase, action: str, actor: Actor) -> Any:  # Any: an open entry
    subject = case.row["subject_id"]
    return begin(
        case.unit,
        case.keyring,
        action=action,
        actor=actor,
        subject_id=None if subject is None else SubjectId(subject),
        key=case.keyring.audit(),
        policy=case.compiled.hash,
    )
