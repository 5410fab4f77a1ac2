"""The erasure ledger: by keyed hashes of what erased people were known by, who comes back is noticed.

Nothing in it leads to a person or a request: a hash under a key of its own use, a random id, and the day. An
alarm names the silo that brought somebody back, the ledger's id, and no identifier (promise 18); it commits
with what was written (promise 3). What is done about it, `imports` and decision 0042 say.

Costs nothing to who never erased anybody but one look whether the ledger is empty, and one indexed look-up of
a batch's identifiers otherwise: `bench/imports.py` watches it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import uuid4

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.evidence.model import SERVICE
from consentd.evidence.recorder import begin
from consentd.kernel.ids import SystemId
from consentd.kernel.instants import DAY
from consentd.subjects import erased_store
from consentd.subjects.model import Hit
from consentd.subjects.spelling import Named

Hits = Mapping[Named, Hit]


def enter(unit: Unit, keyring: Keyring, names: Iterable[Named]) -> None:
    """Enters what nobody is known by any more."""
    erased_store.add(
        unit,
        [
            {
                # Of no time: not the ordered ids of everything else.
                "id": uuid4(),
                "scheme": name.scheme,
                "digest": digest,
                "erased_on": unit.now // DAY * DAY,
            }
            for digest, name in _digests(keyring, names).items()
        ],
    )


def look(connection: Any, keyring: Keyring, names: Collection[Named]) -> dict[Named, Hit]:
    """Those of these that an erased person was known by, each with its last erasure. Any: a connection."""
    if not names or erased_store.empty(connection):
        return {}
    digests = _digests(keyring, names)
    found: dict[Named, Hit] = {}
    for hit in erased_store.hits(connection, list(digests)):
        name = digests[hit.digest]
        if name not in found or found[name].erased_on < hit.erased_on:
            found[name] = hit
    return found


def alarm(unit: Unit, keyring: Keyring, system: SystemId | None, hits: Collection[Hit], policy: str) -> None:
    """Raises an alarm for each, once a day: a silo that says so daily is heard daily, and not by the row."""
    if not hits:
        return
    today = unit.now // DAY * DAY
    known = erased_store.alarmed_since(unit.connection, [hit.id for hit in hits], system, today)
    new = sorted({hit.id for hit in hits} - known)
    if not new:
        return
    entry = begin(unit, keyring, action="erasure.returned", actor=SERVICE, key=keyring.audit(), policy=policy)
    entry.insert_many(
        erased_store.ALARMS,
        [{"id": new_id(), "ledger_id": id_, "system_id": system, "at": unit.now} for id_ in new],
    )
    entry.close({"ledger": [str(id_) for id_ in new], "system": None if system is None else str(system)})


def _digests(keyring: Keyring, names: Iterable[Named]) -> dict[bytes, Named]:
    by_scheme: defaultdict[str, list[Named]] = defaultdict(list)
    for name in dict.fromkeys(names):
        by_scheme[name.scheme].append(name)
    return {
        digest: name
        for scheme, its in by_scheme.items()
        for digest, name in zip(
            keyring.digests(f"erased:{scheme}", (name.value.encode() for name in its)), its, strict=True
        )
    }


def raised(connection: Any) -> list[Any]:  # Any: a connection, row mappings
    """All alarms, the latest first: id, ledger_id, system_id, at, entry_id, scheme, erased_on."""
    return list(erased_store.alarms(connection))
