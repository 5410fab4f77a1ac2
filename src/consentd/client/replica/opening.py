"""Opening a replica's file with its key: what cannot be opened is told with what to do about it."""

from pathlib import Path

from consentd.client.replica.file import VERSION, File, FileError, is_cut_off
from consentd.client.replica.sealing import CannotSeal, Damaged, Place, Sealer, key_beside, make_key_beside

KEY = Place("meta", "key")
_CHECK = Place("meta", "check")


class ReplicaError(Exception):
    """The replica cannot be opened; the message says why and what to do."""


def place_of(number: str) -> Place:
    """Where the choice of this number waits."""
    return Place("queue", number)


def opened(path: Path, key: bytes | None, name: str) -> tuple[File, Sealer]:
    """The file, and what opens what is sealed in it. `key`: None for that in the file beside it. `name`: its
    own random number, if it is new.

    Raises ReplicaError, OSError, FileError; ValueError for a `key` that is none.
    """
    # Before anything is made: without what seals there is nothing to keep.
    _sealer(bytes(32), name)
    new = not path.exists() or path.stat().st_size == 0
    if key is None:
        key = _found(path, new=new)
    file = _file(path)
    try:
        with file.change():
            if file.get("name") is None:
                file.put("name", name)
        sealer = _sealer(key, file.get("name"))
        _require_own(file, sealer, path)
        file.sealer = sealer
    except BaseException:
        file.close()
        raise
    return file, sealer


def _sealer(key: bytes, name: str) -> Sealer:
    try:
        return Sealer(key, name)
    except CannotSeal as reason:
        raise ReplicaError(str(reason)) from None


def _found(path: Path, *, new: bool) -> bytes:
    try:
        key = key_beside(path)
    except ValueError as reason:
        raise ReplicaError(str(reason)) from None
    if key is not None:
        return key
    if not new:
        raise ReplicaError(
            f"The key of the replica {path.name} is gone. Put {path.name}.key back beside it; or delete "
            "the replica, which then begins anew, without the choices that still waited in it."
        )
    return make_key_beside(path)


def _file(path: Path) -> File:
    if is_cut_off(path):
        raise _damaged(path)
    try:
        file = File(path)
    except FileError as reason:
        if not _is_damaged(reason):
            raise
        raise _damaged(path) from None
    if file.version != VERSION:
        file.close()
        raise ReplicaError(
            f"{path.name} is no replica of this version. Delete it with its key: it begins anew."
        )
    return file


def _require_own(file: File, sealer: Sealer, path: Path) -> None:
    check = file.get("check")
    if check is None:
        with file.change():
            file.put("check", sealer.seal(b"consentd", _CHECK))
        return
    try:
        sealer.open(check, _CHECK)
    except Damaged:
        raise ReplicaError(f"The key is not the one that {path.name} was made with.") from None


def _is_damaged(reason: FileError) -> bool:
    # Busy, read-only or full disks are other errors, and no reason to give up what waits in the file.
    return getattr(reason, "sqlite_errorname", "") in ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def _damaged(path: Path) -> ReplicaError:
    return ReplicaError(
        f"{path.name} is damaged, or was cut off. Put a copy of it back; or delete it with its key: it "
        "begins anew, without the choices that still waited in it."
    )
