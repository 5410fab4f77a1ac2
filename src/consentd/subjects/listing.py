"""Going through everybody's identifiers: by their look-up entries first, which say nothing, and opened only
for those that are to be told.

Upholds promise 8 by what it leaves closed: whoever is not told about is never opened. What is opened here is
personal data; who tells it logs it first (`Doing.read`).
"""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import open_keys
from consentd.kernel.ids import IdentifierId
from consentd.subjects import identifiers_store, links_store

FIRST = UUID(int=0)
"""Before every identifier."""


class Entry(NamedTuple):
    """An identifier as it is looked up. Its id is random."""

    id: IdentifierId
    scheme: str
    digest: bytes


def entries_after(connection: Any, after: UUID, limit: int) -> list[Entry]:  # Any: a database connection
    """The next identifiers of all schemes, in the order of their ids; empty at the end.

    Not of one scheme: where that is rare, one call would go through the whole table to fill its page.
    """
    return [Entry._make(row) for row in identifiers_store.identifiers_page(connection, after, limit)]


def open_identifiers(
    connection: Any, keyring: Keyring, identifiers: Collection[IdentifierId]
) -> dict[IdentifierId, str]:
    """Any: a database connection. What these identifiers say; those whose last holder was just erased are
    left out. Raises UnknownKey.
    """
    links = links_store.links_to(connection, identifiers)
    keys = open_keys(connection, keyring, {link.subject_id for link in links})
    found: dict[IdentifierId, str] = {}
    for link in links:
        content = keys[link.subject_id].content
        if content is not None and link.identifier_id not in found:
            place = Place("identifier_links", "sealed", link.id)
            found[link.identifier_id] = unseal(content, link.sealed, place).decode()
    return found
