"""That a copy was destroyed outlives a restore: it is in the stop journal before it is acknowledged, and done
again when a backup of before was put back (promise 10, docs/erasure.md).

What is over by its own date needs no journal; what went early would come back with the backup's keys. The
journal knows copies by keyed hashes of random ids, and neither persons nor requests.
"""

from collections.abc import Collection
from uuid import UUID

from consentd.crypto import request_keys
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.dsr.cases import RequestCase
from consentd.dsr.copying import rounds, store
from consentd.evidence.journal import Stop, copy_mac
from consentd.evidence.model import OPERATOR
from consentd.kernel.compiled import CompiledPolicy


def again(unit: Unit, keyring: Keyring, compiled: CompiledPolicy, stop: Stop) -> bool:
    """Destroys what the line names and the backup brought back; whether there was anything."""
    found = False
    for request, ofs in store.all_with_keys(unit.connection).items():
        if copy_mac(keyring, request) == stop.subject:
            gone = {of for of in ofs if copy_mac(keyring, of) in stop.members}
            if gone:
                _destroy(RequestCase.locked(unit, keyring, compiled, request), gone)
            found = found or bool(gone)
    return found


def _destroy(case: RequestCase, gone: Collection[UUID]) -> None:
    gathered = case.id in gone
    rounds.destroy(case, sorted(of for of in gone if of != case.id), OPERATOR, gathered=gathered)
    work = store.work(case.unit.connection, case.id)
    if work is None or work["state"] == "ended" or not (gathered or work["making_id"] in gone):
        return
    left = request_keys.open_key(case.unit.connection, case.keyring, case.id, "package")
    if left is None:
        store.change_work(case.unit, case.id, {"state": "ended", "lease_holder": None, "lease_until": None})
    else:
        # Whoever is at its review gets a copy of what is still there to look at.
        rounds.again(case)
