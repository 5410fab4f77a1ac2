"""How choices that stand came about: their events, opened, for whoever tells somebody of their own."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from consentd.consent import store
from consentd.consent.answers import EventWritten
from consentd.consent.opening import opened
from consentd.crypto.keyring import Keyring


def recalled(connection: Any, keyring: Keyring, events: Collection[UUID]) -> dict[UUID, EventWritten]:
    """Any: a database connection. What an erased or restricted key sealed is left out of them.

    Raises UnknownKey where another process rotated: reload and try again.
    """
    if not events:
        return {}
    rows = store.events_by_id(connection, events)
    return {event.row["id"]: event for event in opened(connection, keyring, rows)}


class Recorded(NamedTuple):
    """One line of a recording act: a choice, or an objection."""

    subject: UUID
    purpose: str | None
    channel: str | None
    state: str
    """Of a choice; "objected" of an objection."""


def recorded_in(connection: Any, batch: UUID) -> list[Recorded]:
    """Any: a database connection. What one recording act wrote; nothing of one that there never was."""
    events, objections = store.batch(connection, batch)
    found = [Recorded(row["subject_id"], row["purpose"], row["channel"], row["state"]) for row in events]
    return found + [
        Recorded(row["subject_id"], row["purpose"], row["channel"], "objected") for row in objections
    ]
