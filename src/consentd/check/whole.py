"""What was done with one person's contact details: for the copy that they ask for (GDPR 15).

Single checks are counted and not kept, and a list keeps nobody's name: only what was tried, what was
permitted in writing, and the last list that relied on a consent can be told.
"""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from consentd.check import attempts_store


class Contacts(NamedTuple):
    """Rows. Of `used` the columns channel, used, purpose, system_id."""

    tried: list[Any]
    permitted: list[Any]
    used: list[Any]


def contacts(connection: Any, members: Collection[UUID]) -> Contacts:
    """Any: a database connection. Each in the order of its time."""
    return Contacts(
        attempts_store.attempts_of(connection, members),
        attempts_store.permits_of(connection, members),
        attempts_store.list_uses_of(connection, members),
    )
