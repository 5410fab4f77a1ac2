"""Which rules are in force: activating them, and having the active ones at hand.

A version is stored for ever under its hash (docs/policies.md), an activation is an appended and audited
row, going back is another row, and a write reads the active policy inside its own transaction.
"""

from functools import lru_cache
from typing import Any

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.evidence.model import Actor
from consentd.evidence.recorder import begin
from consentd.kernel.compiled import CompiledPolicy, compile_policy
from consentd.kernel.errors import OperatorError, PolicyError, Tampered
from consentd.kernel.policy import Policy, decode, document
from consentd.policy import kept, store
from consentd.policy.files import Files

_NONE: Files = {}


class PolicyBook:
    """Compiled policies by their hash. Nothing in it can be stale: a hash names one policy for ever."""

    def __init__(self) -> None:
        self._compiled: dict[str, CompiledPolicy] = {}

    def get(self, hash_: str) -> CompiledPolicy | None:
        """None where this process has not loaded it yet."""
        return self._compiled.get(hash_)

    def active(self, connection: Any) -> CompiledPolicy:  # Any: a database connection
        """The policy in force in this transaction. Raises OperatorError where none was ever activated."""
        hash_ = store.active_hash(connection)
        if hash_ is None:
            raise OperatorError(
                "no_policy", "No policy is active. Run `consentd policy activate` once, then try again."
            )
        return self.load(connection, hash_)

    def at(self, connection: Any, instant: int) -> CompiledPolicy | None:  # Any: a database connection
        """The policy that was in force at an instant; None before the first one was."""
        hash_ = store.hash_at(connection, instant)
        return None if hash_ is None else self.load(connection, hash_)

    def load(self, connection: Any, hash_: str) -> CompiledPolicy:
        """The policy of a hash, from the database if need be."""
        known = self._compiled.get(hash_)
        if known is None:
            stored = store.document(connection, hash_)
            if stored is None:
                raise OperatorError("unknown_policy", f"No policy {hash_} is stored here.")
            known = _compiled(stored)
            if known.hash != hash_:
                raise Tampered(
                    "policy_altered",
                    f"The policy stored as {hash_} is not the one that has this hash: it was altered. "
                    "`consentd audit verify` says so; restore the row from a backup.",
                )
            self._compiled[hash_] = known
        return known


@lru_cache(maxsize=8)
def _compiled(stored: bytes) -> CompiledPolicy:
    """A version, read and compiled once in a process for all its books: named by all that is stored of it."""
    return compile_policy(decode(stored))


def active_hash(connection: Any) -> str | None:
    return store.active_hash(connection)


def log_origin(connection: Any) -> str | None:
    """The log's name, set for ever by the first policy that was activated; None before."""
    first = store.first_hash(connection)
    stored = store.document(connection, first) if first is not None else None
    return decode(stored).controller.log_origin if stored is not None else None


def file_of(connection: Any, digest: str) -> bytes | None:
    """The exact bytes of a notice's text, or of the logo, by their SHA-256 in hexadecimal: of a policy that
    was ever in force here. None for any other. Raises Tampered.
    """
    found = kept.read(connection, digest)
    return None if found is None else found.content


def picture_of(connection: Any, digest: str, media: str) -> bytes | None:
    """A logo's exact bytes. None for what is no picture, or was named by no policy in force here."""
    found = kept.read(connection, digest)
    return None if found is None or found.media != media else found.content


def activate(unit: Unit, keyring: Keyring, policy: Policy, actor: Actor, files: Files = _NONE) -> bool:
    """Puts a checked policy in force, and keeps the files that it names. False, and nothing happens, if it is
    in force already; but files that an older version did not keep are then kept.

    `files`: at least those that are not stored here yet. Raises PolicyError where one is missing.
    """
    in_force = store.active_hash(unit.connection) == policy.hash
    new = kept.missing(unit.connection, policy, files)
    if in_force and not new:
        return False
    _require_same_log(unit, policy)
    action = "policy.files_kept" if in_force else "policy.activated"
    entry = begin(unit, keyring, action=action, actor=actor, key=keyring.audit(), policy=policy.hash)
    kept.keep(entry, new, unit.now)
    if not in_force:
        if store.document(unit.connection, policy.hash) is None:
            entry.insert(
                store.VERSIONS,
                {"hash": policy.hash, "document": document(policy), "created_at": unit.now},
            )
        entry.insert(
            store.ACTIVATIONS,
            {"seq": store.next_seq(unit.connection), "hash": policy.hash, "at": unit.now},
        )
    entry.close({"controller": policy.controller.name, "files": len(new)})
    return not in_force


def _require_same_log(unit: Unit, policy: Policy) -> None:
    origin = log_origin(unit.connection)
    if origin not in (None, policy.controller.log_origin):
        raise PolicyError(
            [
                (
                    "controller.yaml",
                    0,
                    f"log_origin is {policy.controller.log_origin!r}, but this installation's log is named "
                    f"{origin!r} in every checkpoint that was handed out: it cannot be renamed",
                )
            ]
        )
