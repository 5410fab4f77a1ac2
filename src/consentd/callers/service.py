"""Connecting systems and taking their access away; each change with its audit entry (promises 3 and 8).

Upholds promise 18: a secret exists in clear only in the answer to whoever made it. A system has at most two
live secrets and two live keys, so that one can be rotated without downtime.
"""

from collections.abc import Iterable, Mapping

import msgspec

from consentd.base.ids import new_id
from consentd.callers import rules, store
from consentd.callers.assertions import MOST_KEYS
from consentd.callers.credentials import MOST_SECRETS, assert_live, authenticate, caller_of, new_secret
from consentd.callers.store import Connection, KeyRow, SecretRow, SystemRow
from consentd.crypto import jwk
from consentd.crypto.jwk import ForeignKey
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.evidence import recorder
from consentd.evidence.model import Actor
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import SecretId, SystemId

__all__ = [
    "ConnectedSystem",
    "KeyRow",
    "NewSystem",
    "SystemRow",
    "add_key",
    "add_system",
    "assert_live",
    "authenticate",
    "by_name",
    "caller_of",
    "connected",
    "list_systems",
    "live_systems",
    "revoke",
    "rotate",
]


class NewSystem(msgspec.Struct, frozen=True):
    """The one time that a secret is seen."""

    id: SystemId
    secret_id: SecretId
    secret: str

    def __repr__(self) -> str:
        return f"NewSystem(id={self.id}, secret=…)"


class ConnectedSystem(msgspec.Struct, frozen=True):
    system: SystemRow
    secrets: tuple[SecretRow, ...]
    """Oldest first, revoked ones too; digests only."""
    keys: tuple[KeyRow, ...]
    """The same; public halves only."""


def add_system(
    unit: Unit,
    keyring: Keyring,
    name: str,
    scopes: Iterable[str],
    purposes: Iterable[str],
    channels: Iterable[str],
    zone: str,
    actor: Actor,
) -> NewSystem:
    """Connects a system. Empty `purposes` or `channels`: not limited.

    Raises Unprocessable for a name, scope or zone that cannot be; Conflict for a name in use.
    """
    row = SystemRow(
        id=SystemId(new_id()),
        name=rules.checked_name(name),
        scopes=rules.checked_scopes(scopes),
        purposes=rules.checked_words("purpose", purposes),
        channels=rules.checked_words("channel", channels),
        zone=rules.checked_zone(zone),
        created_at=unit.now,
        revoked_at=None,
    )
    if store.name_taken(unit.connection, row.name):
        raise Conflict(
            "name_taken", f"There is already a system named {row.name}. Names are never used twice."
        )
    store.insert_system(unit.connection, row)
    made = _new_secret(unit, row.id)
    _record(
        unit,
        keyring,
        "system.added",
        actor,
        {
            "system": str(row.id),
            "name": row.name,
            "scopes": list(row.scopes),
            "purposes": list(row.purposes),
            "channels": list(row.channels),
            "zone": row.zone,
            "secret": str(made.secret_id),
        },
    )
    return made


def rotate(
    unit: Unit, keyring: Keyring, system_id: SystemId, actor: Actor, *, retire_old: bool = False
) -> NewSystem:
    """Makes a second secret. Raises Conflict where two live already, unless the older is to be retired."""
    system = _live_system(unit, system_id)
    live = [row for row in store.secrets_of(unit.connection, system_id) if row.revoked_at is None]
    retired: list[SecretRow] = []
    if len(live) >= MOST_SECRETS:
        if not retire_old:
            raise Conflict(
                "two_secrets_live",
                f"{system.name} has two live secrets already. Revoke the one no longer used, "
                "or say --retire-old.",
            )
        retired = live[: len(live) - MOST_SECRETS + 1]
        store.revoke_secrets(unit.connection, [row.id for row in retired], unit.now)
    made = _new_secret(unit, system_id)
    _record(
        unit,
        keyring,
        "system.secret_added",
        actor,
        {
            "system": str(system_id),
            "secret": str(made.secret_id),
            "retired": [str(row.id) for row in retired],
        },
    )
    return made


def add_key(unit: Unit, keyring: Keyring, system_id: SystemId, key: ForeignKey, actor: Actor) -> SecretId:
    """Registers a public key, by which the system may prove itself from now on (RFC 7523).

    Raises Conflict where two live already, or the system has or had this key or another of its name: what
    was revoked must not come back.
    """
    system = _live_system(unit, system_id)
    rows = store.keys_of(unit.connection, system_id)
    if sum(row.revoked_at is None for row in rows) >= MOST_KEYS:
        raise Conflict(
            "two_keys_live", f"{system.name} has two live keys already. Revoke the one no longer used."
        )
    known = [jwk.kept(row.public_key) for row in rows]
    if any(key.kid == one.kid or key.thumbprint == one.thumbprint for one in known):
        raise Conflict(
            "key_known",
            f"{system.name} has or had this key, or another of the same kid. Make a new one, with a new kid.",
        )
    row = KeyRow(SecretId(new_id()), system_id, key.as_text(), unit.now, None)
    store.insert_key(unit.connection, row)
    detail = {"system": str(system_id), "key": str(row.id), "kid": key.kid, "thumbprint": key.thumbprint}
    _record(unit, keyring, "system.key_added", actor, {**detail, "alg": key.algorithm})
    return row.id


def revoke(
    unit: Unit, keyring: Keyring, system_id: SystemId, actor: Actor, *, secret_id: SecretId | None = None
) -> None:
    """Takes away one secret or key (both go by an id of the same kind), or the whole system's access.

    What is revoked already stays so, quietly.
    """
    system = store.locked_system(unit.connection, system_id)
    keys = {row.id: row.revoked_at for row in store.keys_of(unit.connection, system_id)}
    known = keys | {row.id: row.revoked_at for row in store.secrets_of(unit.connection, system_id)}
    if system is None or (secret_id is not None and secret_id not in known):
        raise _no_such_system()
    if secret_id is None:
        if system.revoked_at is not None:
            return
        store.revoke_system(unit.connection, system_id, unit.now)
        _record(unit, keyring, "system.revoked", actor, {"system": str(system_id)})
    elif known[secret_id] is None:
        store.revoke_secrets(unit.connection, [secret_id], unit.now)
        kind = "key" if secret_id in keys else "secret"
        detail = {"system": str(system_id), kind: str(secret_id)}
        _record(unit, keyring, f"system.{kind}_revoked", actor, detail)


def list_systems(connection: Connection) -> list[ConnectedSystem]:
    """By name, revoked ones too."""
    return [
        ConnectedSystem(
            system,
            tuple(store.secrets_of(connection, system.id)),
            tuple(store.keys_of(connection, system.id)),
        )
        for system in store.all_systems(connection)
    ]


def live_systems(connection: Connection) -> list[SystemRow]:
    """Those whose access was not revoked, by name."""
    return [system for system in store.all_systems(connection) if system.revoked_at is None]


def connected(connection: Connection, named: str) -> ConnectedSystem:
    """The system of that name or id. Raises NotFound."""
    for one in list_systems(connection):
        if named in (one.system.name, str(one.system.id)):
            return one
    raise _no_such_system()


def by_name(connection: Connection, name: str) -> SystemId:
    """Raises NotFound."""
    for system in store.all_systems(connection):
        if system.name == name:
            return system.id
    raise _no_such_system()


def _new_secret(unit: Unit, system_id: SystemId) -> NewSystem:
    secret, digest = new_secret()
    row = SecretRow(SecretId(new_id()), system_id, digest, unit.now, None)
    store.insert_secret(unit.connection, row)
    return NewSystem(system_id, row.id, secret)


def _live_system(unit: Unit, system_id: SystemId) -> SystemRow:
    system = store.locked_system(unit.connection, system_id)
    if system is None or system.revoked_at is not None:
        raise _no_such_system()
    return system


def _no_such_system() -> NotFound:
    return NotFound("no_such_system", "There is no such system, secret or key: see `consentd system list`.")


def _record(unit: Unit, keyring: Keyring, action: str, actor: Actor, detail: Mapping[str, object]) -> None:
    recorder.begin(unit, keyring, action=action, actor=actor, key=keyring.audit()).close(detail)
