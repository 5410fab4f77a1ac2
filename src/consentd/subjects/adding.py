"""Identifiers that were not on record: their rows, what the do-not-contact list says, and who comes back."""

from collections.abc import Collection, Sequence
from typing import Any

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.kernel.ids import IdentifierId, SystemId
from consentd.subjects import erased, identifiers_store, suppression_store
from consentd.subjects.ahead import Ahead
from consentd.subjects.erased import Hits
from consentd.subjects.spelling import Named


class Adding:
    """`known_erased`: what the erasure ledger says of all that may be named, where it was asked for many."""

    def __init__(
        self,
        unit: Unit,
        keyring: Keyring,
        policy: str,
        system: SystemId | None,
        ahead: Ahead | None,
        known_erased: Hits | None,
    ) -> None:
        self._unit = unit
        self._keyring = keyring
        self._policy = policy
        self._system = system
        self._ahead = ahead
        self._known_erased = known_erased

    def add(self, names: Collection[Named]) -> list[dict[str, Any]]:
        """Their rows, in order; an alarm is raised where somebody erased was known by one of them."""
        rows = [self._row(name) for name in names]
        if rows:
            identifiers_store.add_identifiers(self._unit, rows)
            self._notice_return(list(names))
        return rows

    def adopt(self, identifier: IdentifierId, name: Named) -> None:
        """Ties to it what the do-not-contact list says of it."""
        if self._ahead is not None and not self._ahead.listed:
            return
        listed = [digest for _, digest in self._keyring.suppression_digest(name.scheme, name.value)]
        suppression_store.adopt_suppressions(self._unit, identifier, name.scheme, listed)

    def _notice_return(self, new: Sequence[Named]) -> None:
        hits = self._known_erased
        if hits is None:
            hits = erased.look(self._unit.connection, self._keyring, new)
        if hits:
            found = [hits[name] for name in new if name in hits]
            erased.alarm(self._unit, self._keyring, self._system, found, self._policy)

    def _row(self, name: Named) -> dict[str, Any]:
        version, digest = self._keyring.blind_index(name.scheme, name.value)[0]
        return {
            "id": new_id(),
            "scheme": name.scheme,
            "key_version": version,
            "blind_index": digest,
            "created_at": self._unit.now,
        }
