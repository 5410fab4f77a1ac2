"""What a person may still confirm, or no more, for the pages that show them their choices."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec

from consentd.consent.confirming import confirm_store
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import Instant


class Waits(msgspec.Struct, frozen=True):
    """One yes that waits for its button. `mailbox`: the random id of the address that the mail went to."""

    purpose: str
    channel: str
    mailbox: UUID
    asked: Instant
    expires: Instant
    sent: Instant | None
    """When the mail went; None: it is on its way."""


def lapsed(connection: Any, members: Collection[SubjectId], now: Instant) -> frozenset[UUID]:
    """Any: a database connection. The events of one person that can be confirmed no more."""
    rows = confirm_store.unconfirmed(connection, members)
    return frozenset(row["event_id"] for row in rows if row["expires_at"] <= now)


def waiting(connection: Any, members: Collection[SubjectId], now: Instant) -> list[Waits]:
    """Any: a database connection. Of all records of one person, the latest first; for each purpose, channel
    and address the latest alone.
    """
    found: dict[tuple[str, str, UUID], Waits] = {}
    for row in confirm_store.unconfirmed(connection, members):
        if row["expires_at"] <= now:
            continue
        key = row["purpose"], row["channel"], row["identifier_id"]
        sent = None if row["sent_at"] is None else Instant(row["sent_at"])
        found.setdefault(key, Waits(*key, Instant(row["created_at"]), Instant(row["expires_at"]), sent))
    return list(found.values())
