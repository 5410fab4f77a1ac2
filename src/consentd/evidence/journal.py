"""The stop journal: withdrawals, objections, restrictions, erasures and destroyed copies of somebody's data,
outside the database (docs/log.md).

It is synced before a stop is acknowledged, so that a database restored from a backup can be told what it
forgot. One line of canonical JSON per stop, UTF-8, ended by a line feed:

    {"at":1795251300000000,"channel":"email","contact_point":null,"entry":"…uuid…","ground":null,
     "identifiers":[["email","…hex…"]],"kind":"withdrawn","mac":"…hex…","members":[],
     "purpose":"newsletter","since":1795251300000000,"subject":"…hex…","suppress":false,"v":1}

`subject` and the identifiers are HMACs under the journal key, so the file names nobody (promise 18); `mac`
is an HMAC of the line's canonical JSON without it, so an edited or cut line is found. A line that is
missing altogether is found by its entry, which the log holds. `purpose` and `channel` null: all of them;
`contact_point` null: every one. `since` is when it counts from, `ground` an objection's; of an erasure
`members` are all records of the person, and `suppress` says whether the do-not-contact list was asked for.

Of a copy of somebody's data that was destroyed (`copy_destroyed`) `subject` is the HMAC of its request's id,
`members` are those of the copies' ids; where the request's own is among them, also what was gathered for it.

A line that a crash cut short was never acknowledged: the next append ends it, and `read` tells of it.
"""

import hmac
import os
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock
from uuid import UUID

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import StorageUnavailable
from consentd.kernel.ids import EntryId, SubjectId
from consentd.kernel.instants import Instant


class StopKind(StrEnum):
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    RESTRICTED = "restricted"
    ERASED = "erased"
    COPY_DESTROYED = "copy_destroyed"


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line, read back."""

    v: int
    kind: StopKind
    at: Instant
    subject: str
    identifiers: tuple[tuple[str, str], ...]
    purpose: str | None
    channel: str | None
    entry: EntryId
    contact_point: tuple[str, str] | None
    since: Instant
    ground: str | None
    members: tuple[str, ...]
    suppress: bool
    mac: str


class Contents(msgspec.Struct, frozen=True):
    stops: tuple[Stop, ...]
    damaged: tuple[int, ...]
    """Numbers (from 1) of lines that are not as written: edited, or cut short by a crash."""
    torn: bool
    """Whether the last line was cut short: it was never acknowledged."""


def line(
    keyring: Keyring,
    *,
    kind: str,
    at: Instant,
    subject: SubjectId,
    identifiers: Iterable[tuple[str, str]],
    purpose: str | None,
    channel: str | None,
    entry: EntryId,
    contact_point: tuple[str, str] | None = None,
    since: Instant | None = None,
    ground: str | None = None,
    members: Iterable[SubjectId] = (),
    suppress: bool = False,
) -> bytes:
    """The line of one stop, for `unit.stops`. `identifiers`: (scheme, normalised value) of all known.

    ValueError if `kind` is no StopKind.
    """
    content: dict[str, object] = {
        "kind": StopKind(kind).value,
        "at": at,
        "subject": subject_mac(keyring, subject),
        "identifiers": sorted(
            (scheme, identifier_mac(keyring, scheme, value)) for scheme, value in identifiers
        ),
        "purpose": purpose,
        "channel": channel,
        "entry": str(entry),
        "contact_point": contact_point and [contact_point[0], identifier_mac(keyring, *contact_point)],
        "since": at if since is None else since,
        "ground": ground,
        "members": sorted(subject_mac(keyring, member) for member in members),
        "suppress": suppress,
    }
    return _written(keyring, content)


def copies_line(
    keyring: Keyring, *, at: Instant, request: UUID, copies: Iterable[UUID], entry: EntryId
) -> bytes:
    """The line of copies of a request that were destroyed, for `unit.stops`. `copies`: their ids; the
    request's own stands for what was gathered for them.
    """
    content: dict[str, object] = {
        "kind": StopKind.COPY_DESTROYED.value,
        "at": at,
        "subject": copy_mac(keyring, request),
        "identifiers": [],
        "purpose": None,
        "channel": None,
        "entry": str(entry),
        "contact_point": None,
        "since": at,
        "ground": None,
        "members": sorted(copy_mac(keyring, one) for one in copies),
        "suppress": False,
    }
    return _written(keyring, content)


def _written(keyring: Keyring, content: dict[str, object]) -> bytes:
    content = {"v": 1, **content}
    return canonical({**content, "mac": _mac(keyring, content)}) + b"\n"


# One call may tell several stops of one person.
@lru_cache(maxsize=64)
def subject_mac(keyring: Keyring, subject_id: SubjectId) -> str:
    """How the journal names a person: in hexadecimal."""
    return keyring.journal_mac(b"subject\0" + subject_id.bytes).hex()


@lru_cache(maxsize=64)
def identifier_mac(keyring: Keyring, scheme: str, value: str) -> str:
    """How the journal names an identifier: in hexadecimal."""
    return keyring.journal_mac(b"identifier\0" + scheme.encode() + b"\0" + value.encode()).hex()


def copy_mac(keyring: Keyring, id_: UUID) -> str:
    """How the journal names a copy, or the request that it is of: in hexadecimal."""
    return keyring.journal_mac(b"copy\0" + id_.bytes).hex()


class Journal:
    """Appends to the file. One write and one sync for all lines of a group; blocks; for any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._one_at_a_time = Lock()

    def append(self, lines: Sequence[bytes]) -> None:
        """Returns once the lines are on the disk. Raises OSError or StorageUnavailable if they may not be."""
        content = b"".join(lines)
        with self._one_at_a_time:
            if self._handle is None:
                self._handle = self._open()
            try:
                written = os.write(self._handle, content)
                os.fsync(self._handle)
            except OSError:
                self._close()
                raise
            if written != len(content):
                # What was written ends in the middle of a line, which the next opening puts right.
                self._close()
                raise StorageUnavailable(
                    "stop_journal_full", "The stop journal could not be written to its end."
                )

    def close(self) -> None:
        with self._one_at_a_time:
            self._close()

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        existed = self._path.exists()
        handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            os.write(handle, b"\n")
        if not existed:
            directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(directory)
            os.close(directory)
        return handle


def read(path: Path, keyring: Keyring) -> Contents:
    """Everything that the journal holds, in order. Never raises for a bad line: the others still count."""
    if not path.exists():
        return Contents((), (), False)
    stops: list[Stop] = []
    damaged: list[int] = []
    torn = False
    with path.open("rb") as file:
        for number, content in enumerate(file, 1):
            stop = read_line(keyring, content)
            if stop is not None:
                stops.append(stop)
            elif content.endswith(b"\n"):
                damaged.append(number)
            else:
                torn = True
    return Contents(tuple(stops), tuple(damaged), torn)


def read_line(keyring: Keyring, content: bytes) -> Stop | None:
    """None for a line that is not as it was written."""
    try:
        stop = msgspec.json.decode(content, type=Stop)
        fields: dict[str, object] = msgspec.to_builtins(stop)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    # One spelling: what was verified is what is there, down to the byte.
    if stop.v != 1 or canonical(fields) + b"\n" != content:
        return None
    mac = fields.pop("mac")
    return stop if hmac.compare_digest(_mac(keyring, fields), str(mac)) else None


def _mac(keyring: Keyring, content: dict[str, object]) -> str:
    return keyring.journal_mac(b"line\0" + canonical(content)).hex()
