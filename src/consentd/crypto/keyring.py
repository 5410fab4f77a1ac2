"""The keyring: every installation-wide key, unwrapped with the root key when the process starts.

Upholds docs/data.md (blind indexes and suppressions stand under different keys, derived per use and scheme)
and §7: a wrong root key means that there is no keyring, never that something goes on in clear. Another
process may have rotated a key: who meets an id that is not here reloads, and asks again.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from consentd.base.ids import new_id
from consentd.crypto import store
from consentd.crypto.macs import Mac
from consentd.crypto.root import RootKey, root_key
from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.secrets import Key, Secret
from consentd.crypto.signing import PublicKey, Signer
from consentd.crypto.store import Connection, KeyRow
from consentd.db.unit import Database, Unit
from consentd.kernel.errors import OperatorError, Tampered, Unavailable, WrongKey
from consentd.kernel.ids import KeyId
from consentd.kernel.instants import Instant

T = TypeVar("T")

SYMMETRIC = ("period", "audit", "lookup", "suppression", "digest", "journal")
SIGNING = ("token", "receipt", "log")
_CHECK = b"consentd/root-check/v1"


class UnknownKey(Unavailable):
    """The id is of no key in memory: another process rotated. Reload the keyring and try again."""


async def with_fresh_keys(keyring: "Keyring", database: Database, work: Callable[[], Awaitable[T]]) -> T:
    """Runs `work`; where it meets a key that another process made meanwhile, reloads and runs it again."""
    try:
        return await work()
    except UnknownKey:
        await database.read(keyring.reload)
        return await work()


class Keyring:
    """What `reload` replaces is replaced at once: a reader in another thread sees the old keys or the new."""

    def __init__(self, root: RootKey, rows: Iterable[KeyRow]) -> None:
        self._root = root
        self._keys = _Keys(root, rows)

    def reload(self, connection: Connection) -> None:
        """Takes in what other processes have rotated. Raises as `load_keyring` does."""
        self._keys = _Keys(self._root, store.all_keys(connection))

    def blind_index(self, scheme: str, value: str) -> list[tuple[int, bytes]]:
        """The keyed hash of an identifier under every look-up key: (version, 32 bytes), newest first.

        Look-ups ask for all of them; what is written carries the first.
        """
        return self._keys.index("lookup", scheme, value)

    def blind_indexes(self, scheme: str, values: Sequence[bytes]) -> list[list[bytes]]:
        """The same for many identifiers (UTF-8): under each look-up key, newest first, all of them in order.

        In a third of the time of one by one, which `bench/lists.py` watches.
        """
        keys = self._keys
        return [keys.mac("lookup", version, scheme).of_all(values) for version in keys.versions["lookup"]]

    def suppression_digest(self, scheme: str, value: str) -> list[tuple[int, bytes]]:
        """The same under the suppression keys, so that neither list can be held against the other."""
        return self._keys.index("suppression", scheme, value)

    def digest(self, use: str, data: bytes) -> bytes:
        """A keyed hash (32 bytes) of what must be recognised and not kept; different for each `use`.

        Its key has one version for ever: what a system reported is recognised for ever.
        """
        return self._keys.mac("digest", 1, use).of(data)

    def digests(self, use: str, data: Iterable[bytes]) -> list[bytes]:
        """The same of each, in order."""
        return self._keys.mac("digest", 1, use).of_all(data)

    def journal_mac(self, data: bytes) -> bytes:
        """For the stop journal: 32 bytes. The caller separates what it is used for."""
        return self._keys.mac("journal", 1, "mac").of(data)

    def vouch(self, leaf: bytes) -> bytes:
        """What shows that an entry which waits for the log is ours: 32 bytes. For its leaf alone."""
        return self.digest("queue", leaf)

    def period(self) -> Key:
        """The key that wraps what is made now."""
        return self._keys.current("period")

    def period_by_id(self, key_id: KeyId) -> Key:
        """Raises UnknownKey where there is none in memory."""
        return self._keys.by_id("period", key_id)

    def audit(self) -> Key:
        """What entries that are about nobody are sealed under."""
        return self._keys.current("audit")

    def audit_by_id(self, key_id: KeyId) -> Key | None:
        """None once it was destroyed at the end of its retention. Raises UnknownKey where there is none."""
        if key_id in self._keys.destroyed:
            return None
        return self._keys.by_id("audit", key_id)

    def signer(self, use: str) -> Signer:
        """For "token", "receipt" or "log"."""
        return self._keys.signers[use]

    def public_keys(self, *uses: str) -> list[PublicKey]:
        """All versions that are not destroyed, newest first; of tokens and receipts if not told."""
        return [key for use in uses or ("token", "receipt") for key in self._keys.public[use]]

    def version(self, use: str) -> int:
        """The newest version of a symmetric key."""
        return self._keys.versions[use][0]

    def add(self, unit: Unit, use: str) -> KeyId:
        """Inserts a new version and retires the older ones; in use once committed and reloaded.

        Raises WrongKey where another process brought in another root key meanwhile.
        """
        rows = self._held(unit)
        version = max(row.version for row in rows if row.use == use) + 1
        row = new_row(self._root, use, version, unit.now)
        store.retire_keys(unit.connection, use, version, unit.now)
        store.insert_key(unit.connection, row)
        return KeyId(row.id)

    def rewrap(self, unit: Unit, root: RootKey) -> int:
        """Wraps every key by another root key; how many. This keyring cannot reload afterwards.

        Raises OperatorError where it is the one that they are wrapped by, WrongKey as `add` does.
        """
        rows = self._held(unit)
        if root.name == self._root.name:
            raise OperatorError(
                "root_key_same",
                f"Root key {root.name} is the one in use: nothing was changed. Name a file that is not there "
                "yet, and a new one is made.",
            )
        for row in rows:
            wrapped = None
            if row.wrapped is not None:
                place = _place(row)
                wrapped = seal(root.key, unseal(self._root.key, row.wrapped, place), place)
            store.rewrap_key(unit.connection, row.id, wrapped, root.name)
        return len(rows)

    def _held(self, unit: Unit) -> list[KeyRow]:
        """All keys, held: whoever adds or wraps some waits. Half under another root key would be lost."""
        for row in store.all_keys(unit.connection):
            if row.use == "root":
                store.lock_key(unit.connection, row.id)
        rows = store.all_keys(unit.connection)
        _refuse_wrong_key(self._root, rows)
        return rows


class _Keys:
    """One loaded state of the keyring; only its cache of derived keys grows."""

    def __init__(self, root: RootKey, rows: Iterable[KeyRow]) -> None:
        rows = list(rows)
        _refuse_wrong_key(root, rows)
        self.destroyed = {KeyId(row.id) for row in rows if row.wrapped is None}
        self.symmetric: dict[str, dict[int, Key]] = {use: {} for use in SYMMETRIC}
        self.public: dict[str, list[PublicKey]] = {use: [] for use in SIGNING}
        self.signers: dict[str, Signer] = {}
        # Newest first, so that the first of a use is the current one.
        for row in sorted(rows, key=lambda row: -row.version):
            if row.wrapped is None:
                continue
            secret = Secret(unseal(root.key, row.wrapped, _place(row)))
            if row.use in SYMMETRIC:
                self.symmetric[row.use][row.version] = Key(KeyId(row.id), secret)
            elif row.use in SIGNING:
                signer = Signer(str(row.id), row.use, secret)
                if signer.public != row.public:
                    raise Tampered(
                        "public_key_replaced", f"The public key of {row.use} key {row.id} is not its own."
                    )
                self.public[row.use].append(signer.public_key)
                self.signers.setdefault(row.use, signer)
        self.versions = {use: list(keys) for use, keys in self.symmetric.items()}
        self._ids = {(use, key.id): key for use, keys in self.symmetric.items() for key in keys.values()}
        self._macs: dict[tuple[str, int, str], Mac] = {}
        missing = [use for use, versions in self.versions.items() if not versions]
        missing += [use for use in SIGNING if use not in self.signers]
        if missing:
            raise Tampered("keys_missing", f"The table keys has none for: {', '.join(missing)}.")

    def current(self, use: str) -> Key:
        return self.symmetric[use][self.versions[use][0]]

    def by_id(self, use: str, key_id: KeyId) -> Key:
        key = self._ids.get((use, key_id))
        if key is None:
            raise UnknownKey(
                "unknown_key", f"No {use} key {key_id} is loaded: another process may have rotated it."
            )
        return key

    def index(self, use: str, scheme: str, value: str) -> list[tuple[int, bytes]]:
        content = value.encode()
        return [(version, self.mac(use, version, scheme).of(content)) for version in self.versions[use]]

    def mac(self, use: str, version: int, purpose: str) -> Mac:
        name = use, version, purpose
        found = self._macs.get(name)
        if found is None:
            info = f"consentd/{use}/v1\0{version}\0{purpose}".encode()
            # Expand only (RFC 5869 §3.3): the key is already 32 uniformly random bytes.
            derived = HKDFExpand(SHA256(), 32, info).derive(self.symmetric[use][version].secret.reveal())
            found = self._macs[name] = Mac(derived)
        return found


def create_keyring(unit: Unit, root: RootKey) -> Keyring:
    """Draws every key of a new installation. Raises OperatorError if this database has keys already."""
    if store.all_keys(unit.connection):
        raise OperatorError("keys_exist", "This database has its keys already: nothing was changed.")
    for use in ("root", *SYMMETRIC, *SIGNING):
        store.insert_key(unit.connection, new_row(root, use, 1, unit.now))
    return load_keyring(unit.connection, root)


def passing_keyring() -> Keyring:
    """Keys of this moment, stored nowhere: for what must be composed but is not going to be run."""
    root = root_key(os.urandom(32))
    return Keyring(root, [new_row(root, use, 1, Instant(0)) for use in ("root", *SYMMETRIC, *SIGNING)])


def load_keyring(connection: Connection, root: RootKey) -> Keyring:
    """Unwraps every key. Raises WrongKey, saying which key is asked for; Tampered if a row was altered."""
    return Keyring(root, store.all_keys(connection))


def new_row(root: RootKey, use: str, version: int, now: Instant) -> KeyRow:
    """A freshly drawn key, wrapped."""
    key_id = new_id()
    public = None
    if use == "root":
        content = _CHECK
    elif use in SIGNING:
        private = Ed25519PrivateKey.generate()
        content, public = private.private_bytes_raw(), private.public_key().public_bytes_raw()
    else:
        content = os.urandom(32)
    row = KeyRow(key_id, use, version, None, root.name, public, now, None, None)
    return row._replace(wrapped=seal(root.key, content, _place(row)))


def _place(row: KeyRow) -> Place:
    return Place("keys", "wrapped", row.id)


def _refuse_wrong_key(root: RootKey, rows: list[KeyRow]) -> None:
    check = next((row for row in rows if row.use == "root"), None)
    if check is None or check.wrapped is None:
        raise OperatorError(
            "no_keys",
            "This database has no keys yet. Run `consentd init`; if it should have them, check that "
            "CONSENTD_DATABASE_URL names the right one.",
        )
    stranger = next((row for row in rows if row.wrapper != root.name), None)
    if stranger is not None:
        raise WrongKey(
            f"This database was made with root key {stranger.wrapper}, but the key given is {root.name}: "
            f"give {stranger.wrapper} in CONSENTD_ROOT_KEY or in the root key file, or name the right "
            "database in CONSENTD_DATABASE_URL. Nothing was opened and nothing was changed."
        )
    if unseal(root.key, check.wrapped, _place(check)) != _CHECK:
        raise WrongKey(
            f"Root key {root.name} does not open this database's check value: nothing was changed."
        )
