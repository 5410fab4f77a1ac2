"""The page that the mail leads to: what it shows, and what its button does.

Upholds promises 3 and 14: the confirmation and the yes commit together, once, however often the button is
pressed. The yes is a second event beside the first, by an act of the person's own; it cites the first. A
press counts also where a no came between: it is later, and the person's own.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.consent import store
from consentd.consent.confirming import confirm_store
from consentd.consent.confirming.tokens import confirmation_of
from consentd.consent.opening import opened
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents
from consentd.crypto.keyring import with_fresh_keys
from consentd.db.unit import Unit
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.ids import BatchId, IdentifierId, SubjectId
from consentd.kernel.instants import Instant, to_text
from consentd.kernel.policy import Policy
from consentd.subjects import service as subjects
from consentd.subjects.acts import Act
from consentd.subjects.doing import Doing
from consentd.subjects.model import Resolution
from consentd.subjects.requests import Identifier, SubjectNamed
from consentd.subjects.spelling import Named

METHOD = "double_opt_in"
_UTC = ZoneInfo("UTC")
_THEMSELVES = Actor(ActorKind.SUBJECT)


class Stage(StrEnum):
    OPEN = "open"
    DONE = "done"
    """Just now."""
    ALREADY = "already"


class Confirmable(msgspec.Struct, frozen=True):
    """What the page says: nothing about the person."""

    stage: Stage
    policy: Policy
    purpose: str
    channel: str
    expires: Instant


class Confirming:
    """All methods raise kernel errors only. None: unknown, expired, or of somebody who was erased."""

    def __init__(self, doing: Doing, now: Callable[[], Instant]) -> None:
        self._doing = doing
        self._keyring = doing.keyring
        self._now = now

    async def policy(self) -> Policy:
        return await self._doing.database.read(
            lambda connection: self._doing.policies.active(connection).policy
        )

    async def look(self, token: str) -> Confirmable | None:
        """Changes nothing, however often a scanner does it."""
        id_ = confirmation_of(self._keyring, token)
        if id_ is None:
            return None

        def read(connection: Any) -> Confirmable | None:  # Any: a connection
            return self._read(connection, id_, self._now(), lock=False)

        return await self._doing.database.read(read)

    async def press(self, token: str) -> Confirmable | None:
        """Makes it Given."""
        id_ = confirmation_of(self._keyring, token)
        if id_ is None:
            return None
        database = self._doing.database
        done = await with_fresh_keys(
            self._keyring, database, lambda: database.change(lambda unit: self._press(unit, id_))
        )
        self._doing.wake()
        return done

    def _read(self, connection: Any, id_: UUID, now: Instant, *, lock: bool) -> Confirmable | None:
        row = confirm_store.confirmation(connection, id_, lock=lock)
        if row is None or subjects.group_of(connection, row["subject_id"]) is None:
            return None
        policy = self._doing.policies.active(connection).policy
        if row["purpose"] not in policy.purposes or row["channel"] not in policy.channels:
            return None
        stage = Stage.OPEN if row["confirmed_at"] is None else Stage.ALREADY
        if stage is Stage.OPEN and now >= row["expires_at"]:
            return None
        return Confirmable(stage, policy, row["purpose"], row["channel"], row["expires_at"])

    def _press(self, unit: Unit, id_: UUID) -> Confirmable | None:
        row = confirm_store.confirmation(unit.connection, id_)
        people = subjects.lock_present(unit, [SubjectId(row["subject_id"])]) if row is not None else []
        found = self._read(unit.connection, id_, unit.now, lock=True)
        if row is None or found is None or found.stage is not Stage.OPEN or not people:
            return found
        (person,) = people
        compiled = self._doing.policies.active(unit.connection)
        act = Act(
            unit,
            self._keyring,
            compiled.policy,
            BatchId(new_id()),
            action="consent.confirmed",
            caller=None,
            actor=_THEMSELVES,
        )
        contacts = subjects.contacts_of(unit.connection, self._keyring, person.members)
        everyone = act.everyone([contact.named for contact in contacts])
        resolution = Resolution(everyone.named, (person,), everyone.holders)
        (first,) = opened(
            unit.connection, self._keyring, store.events_by_id(unit.connection, [row["event_id"]])
        )
        at = first.row["contact_point_id"]
        point = resolution.named.get(IdentifierId(at)) if at is not None else None
        mailbox = IdentifierId(row["identifier_id"])
        if mailbox not in resolution.named or (at is not None and point is None):
            # A contact detail that is theirs no more.
            return None
        event = _confirmed(first.row, first.detail, point, unit.now)
        request = RecordConsents(SubjectNamed(()), (event,))
        recorded = record(act, compiled, request, _UTC, resolution, verifies=False)
        # The answer came from the mailbox, which need not be the contact detail that the yes is about.
        act.verify(resolution, person, mailbox, unit.now)
        (written,) = recorded.events
        values = {"confirmed_by": written.row["id"], "confirmed_at": unit.now}
        act.entry(written.row["subject_id"]).update(confirm_store.CONFIRMATIONS, {"id": [id_]}, values)
        act.close()
        return msgspec.structs.replace(found, stage=Stage.DONE)


def _confirmed(row: Any, detail: dict[str, Any], point: Named | None, now: Instant) -> ConsentEvent:
    """The second event: what the first asked for, now by the person's own act. Any: a row."""
    said = {
        "purpose": row["purpose"],
        "channel": row["channel"],
        "state": row["claim"],
        "occurred_at": to_text(now),
        "contact_point": msgspec.to_builtins(Identifier(point.scheme, point.value)) if point else None,
        "notice": detail.get("notice"),
        "method": METHOD,
        "collector": detail.get("collector"),
        "collection_point": detail.get("collection_point"),
        "evidence": {"confirms": str(row["id"])},
        "explicit": row["explicit"],
        "parental": detail.get("parental"),
        "hours": [
            {"days": days, "start": start, "end": end}
            for days, start, end in msgspec.json.decode(row["slots"] or "[]")
        ],
    }
    return msgspec.convert({name: value for name, value in said.items() if value is not None}, ConsentEvent)
