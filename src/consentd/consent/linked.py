"""Receipts and records as linked data: gathers what the documents of `consent.dpv` are made of.

The same readings as those of the plain calls, told in other words: the same limits, the same 404 (promise
13), the same entry in the log (promise 8).
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from consentd.callers.model import Caller
from consentd.consent import receipts, states_store, store
from consentd.consent.answers import EventWritten
from consentd.consent.dpv.context import Node
from consentd.consent.dpv.documents import Told, receipt_document, records_document
from consentd.consent.opening import opened
from consentd.consent.views import Position, consents, history_rows
from consentd.crypto.keyring import Keyring
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import GroupId, SubjectId
from consentd.policy.service import PolicyBook
from consentd.subjects import service as subjects


class Linked:
    """Each method takes a database connection (Any) and returns whom the document is about, and it."""

    def __init__(self, keyring: Keyring, policies: PolicyBook) -> None:
        self._keyring = keyring
        self._policies = policies

    def receipt(
        self, connection: Any, limits: receipts.Limits, batch: UUID, whose: GroupId | None = None
    ) -> tuple[Sequence[SubjectId], Node]:
        found = receipts.find(connection, self._keyring, self._policies, limits, batch, whose)
        ids = {event.row["subject_id"] for event in found.events}
        territories = {id_: subjects.person_by_id(connection, id_).territory for id_ in ids}
        told = [
            self._told(connection, event, event.row["subject_id"], territories[event.row["subject_id"]])
            for event in found.events
        ]
        signed: Node = {"own:signature": found.told.receipt}
        if found.told.proof is not None:
            signed["own:inclusion"] = msgspec.to_builtins(found.told.proof)
        else:
            signed["own:unproven"] = found.told.unproven
        return found.people, receipt_document(batch, found.told.content.issued_at, told, signed)

    def consents(
        self, connection: Any, active: CompiledPolicy, caller: Caller, subject: UUID
    ) -> tuple[Sequence[SubjectId], Node]:
        """The records of what stands, and beside them the objections: they deny whatever was consented to."""
        answer = consents(connection, caller, subject)
        person = subjects.person_by_id(connection, subject)
        states = states_store.states(connection, person.group)
        wanted = [state.event for key, state in states.items() if caller.may_use(key.purpose, key.channel)]
        events = opened(connection, self._keyring, store.events_by_id(connection, wanted))
        more = {
            "own:restricted": answer.restricted,
            "own:objections": msgspec.to_builtins(answer.objections),
        }
        told = self._all(connection, events, person.id, person.territory)
        return [answer.subject_id], records_document(active, person.id, told, more)

    def history(
        self,
        connection: Any,
        active: CompiledPolicy,
        caller: Caller,
        subject: UUID,
        before: Position | None,
        limit: int,
    ) -> tuple[Sequence[SubjectId], tuple[Node, Position | None]]:
        """One page: the records that its events belong to, each with those of its events."""
        id_, rows, following = history_rows(connection, caller, subject, before, limit)
        territory = subjects.person_by_id(connection, subject).territory
        told = self._all(connection, opened(connection, self._keyring, rows), id_, territory)
        return [id_], (records_document(active, id_, told, {}), following)

    def _all(
        self, connection: Any, events: Iterable[EventWritten], subject: UUID, territory: str | None
    ) -> list[Told]:
        return [self._told(connection, event, subject, territory) for event in events]

    def _told(self, connection: Any, event: EventWritten, subject: UUID, territory: str | None) -> Told:
        return Told(event, subject, territory, self._policies.load(connection, event.row["policy"]))
