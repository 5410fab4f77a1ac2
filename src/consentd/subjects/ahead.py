"""What many rows will ask about who holds what, asked once for all of them.

Only that *nobody* holds an identifier is answered from here: what somebody holds is read when it is needed,
with its people locked. On SQLite alone, where nobody else writes while a unit does.
"""

from collections.abc import Collection, Iterable, Mapping

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.subjects import identifiers_store, suppression_store
from consentd.subjects.spelling import Named


class Ahead:
    """`held`: look-up digests that somebody holds. `listed`: whether the do-not-contact list has entries."""

    def __init__(self, known: Collection[bytes], held: Collection[bytes], *, listed: bool) -> None:
        self._free = set(known) - set(held)
        self.listed = listed

    def nobodys(self, digests: Mapping[bytes, Named]) -> bool:
        """Whether all of these were looked for and found free, and nobody was linked to one since."""
        return digests.keys() <= self._free

    def taken(self, digests: Iterable[bytes]) -> None:
        """Somebody may hold these from now on."""
        self._free.difference_update(digests)


def look_ahead(unit: Unit, keyring: Keyring, names: Iterable[Named]) -> Ahead | None:
    """None where looking ahead would not be safe."""
    if unit.dialect != "sqlite":
        return None
    wanted = {
        digest: name.scheme
        for name in dict.fromkeys(names)
        for _, digest in keyring.blind_index(name.scheme, name.value)
    }
    found = identifiers_store.holdings(unit.connection, wanted) if wanted else []
    listed = suppression_store.count_suppressions(unit.connection) > 0
    return Ahead(wanted.keys(), {row.digest for row in found}, listed=listed)
