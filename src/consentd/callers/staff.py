"""Who decides on people's requests: the DPO and colleagues. Names are sealed; entries name random ids.

Signing in comes with the console; until then whoever may act for staff (the scope `requests:decide`, the
command line) says by whose decision it does.
"""

from typing import Literal
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.callers import staff_store as store
from consentd.callers.store import Connection
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal, unseal
from consentd.db.unit import Unit
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import KeyId
from consentd.kernel.instants import Instant

Role = Literal["dpo", "agent"]


class Colleague(msgspec.Struct, frozen=True):
    id: UUID
    role: str
    name: str
    email: str
    language: str
    left_at: Instant | None = None

    def __repr__(self) -> str:
        return f"Colleague({self.id})"


class _Sealed(msgspec.Struct, frozen=True):
    name: str
    email: str
    language: str


def add(
    unit: Unit, keyring: Keyring, name: str, email: str, language: str, role: Role, actor: Actor
) -> Colleague:
    made = Colleague(new_id(), role, name, email, language)
    key = keyring.audit()
    content = seal(key, canonical(_Sealed(name, email, language)), Place("staff", "sealed", made.id))
    row = {"id": made.id, "role": role, "key_id": key.id, "sealed": content, "created_at": unit.now}
    store.add(unit, row)
    entry = begin(unit, keyring, action="staff.added", actor=actor, key=key)
    entry.close({"staff": str(made.id), "role": role})
    return made


def leave(unit: Unit, keyring: Keyring, id_: UUID, actor: Actor) -> None:
    """From now on they decide nothing; what they decided stands. Raises NotFound."""
    if not store.leave(unit, id_):
        raise unknown()
    entry = begin(unit, keyring, action="staff.left", actor=actor, key=keyring.audit())
    entry.close({"staff": str(id_)})


def everyone(connection: Connection, keyring: Keyring) -> list[Colleague]:
    """Those too who left."""
    return [_opened(keyring, row) for row in store.everyone(connection)]


def colleague(connection: Connection, keyring: Keyring, id_: UUID) -> Colleague:
    """Raises NotFound also for those who left: they decide nothing any more."""
    row = store.one(connection, id_)
    if row is None or row["left_at"] is not None:
        raise unknown()
    return _opened(keyring, row)


def role_of(connection: Connection, id_: UUID) -> Role | None:
    """The role in which they do, or did, what they did: a role never changes, and is known of those too who
    left. None for an id that is none of staff's.
    """
    row = store.one(connection, id_)
    return None if row is None else row["role"]


def how_many(connection: Connection) -> int:
    """Who can decide now."""
    return store.present(connection)


def unknown() -> NotFound:
    return NotFound(
        "unknown_staff", "No member of staff has this id, or they left: see `consentd staff list`."
    )


def _opened(keyring: Keyring, row: store.Row) -> Colleague:
    key = keyring.audit_by_id(KeyId(row["key_id"]))
    if key is None:
        return Colleague(row["id"], row["role"], "", "", "en", row["left_at"])
    opened = unseal(key, row["sealed"], Place("staff", "sealed", row["id"]))
    told = msgspec.json.decode(opened, type=_Sealed)
    return Colleague(row["id"], row["role"], told.name, told.email, told.language, row["left_at"])
