"""The use cases of receipts: somebody's own, whole, with the proof that the log holds what it says.

Upholds promises 8, 9 and 13: a receipt of somebody else is the same 404 as none.
"""

from typing import Any, NamedTuple
from uuid import UUID

from consentd.consent import receipts
from consentd.consent.dpv.context import Node
from consentd.consent.linked import Linked
from consentd.consent.receipts import Everything, Found, Receipt
from consentd.crypto.jws import fingerprint
from consentd.crypto.keyring import Keyring
from consentd.evidence import checkpoint
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import SubjectId
from consentd.portal.person import person_of
from consentd.portal.reach import Reach
from consentd.portal.sessions import LASTS, Session
from consentd.portal.visits import Visits
from consentd.subjects.service import Found as Person

_ALL = Everything()


class Keys(NamedTuple):
    """By what anybody verifies a receipt."""

    receipts: tuple[tuple[str, str], ...]
    """Of each key that signs or signed receipts, the newest first: `kid`, and fingerprint (RFC 7638)."""
    log: str
    """The log's verifier key, as /v1/log/key gives it."""


class ReceiptService:
    """All methods raise kernel errors only: NotFound, NeedsMore, SessionOver."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits
        self._keyring: Keyring = visits.keyring
        self._linked = Linked(visits.keyring, visits.policies)

    async def receipt(self, session: Session, batch: UUID) -> Receipt:
        """One that was made in this session needs no second proof: who made it just saw what it says."""
        session.require(Reach.CHOICES)

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[tuple[SubjectId, ...], Receipt]:
            person, found = self._own(connection, session, batch)
            return person.members, found.told

        return await self._visits.read(session, "receipt.read", read)

    async def linked(self, session: Session, batch: UUID) -> Node:
        """The same as JSON-LD."""
        session.require(Reach.CHOICES)

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[tuple[SubjectId, ...], Node]:
            person, _ = self._own(connection, session, batch)
            return person.members, self._linked.receipt(connection, _ALL, batch, person.group)[1]

        return await self._visits.read(session, "receipt.read", read)

    def _own(self, connection: Any, session: Session, batch: UUID) -> tuple[Person, Found]:
        person, policies = person_of(connection, session), self._visits.policies
        found = receipts.find(connection, self._keyring, policies, _ALL, batch, whose=person.group)
        _require_reach(session, found)
        return person, found

    def keys(self, origin: str) -> Keys:
        """Public, like the addresses that give them. `origin`: the log's name."""
        return Keys(
            tuple((key.kid, fingerprint(key)) for key in self._keyring.public_keys("receipt")),
            checkpoint.vkey(origin, self._keyring.signer("log").public),
        )


def _require_reach(session: Session, found: Found) -> None:
    """What was chosen before this session is history, and that takes the second proof."""
    if min(event.row["arrived"] for event in found.events) < session.expires - LASTS:
        session.require(Reach.PERSON)
