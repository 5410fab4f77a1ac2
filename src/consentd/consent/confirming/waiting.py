"""What a person may still confirm, for the pages that show them their choices."""

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


def waiting(connection: Any, members: Collection[SubjectId], now: Instant) -> list[Waits]:
    """Any: a database connection. Of all records of one person, the latest first; for each purpose, channel
    and address the latest alone.
    """
    found: dict[tuple[str, str, UUID], Waits] = {}
    for row in confirm_store.waiting_of(connection, members, now):
        key = row["purpose"], row["channel"], row["identifier_id"]
        found.setdefault(key, Waits(*key, Instant(row["created_at"]), Instant(row["expires_at"])))
    return list(found.values())
