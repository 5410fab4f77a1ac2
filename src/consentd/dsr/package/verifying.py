"""Whether a package is what was handed out: offline, from the file and the published keys alone.

Upholds promise 9: the signature covers the hash of every file, nothing else is in the archive, and each
choice in it is one that the log's signed checkpoint covers. In flat memory, but for the proofs of one person.
"""

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, BinaryIO

import msgspec

from consentd.consent.receipt_check import leads
from consentd.consent.receipts import EntryProof
from consentd.crypto.jws import verify_document
from consentd.crypto.signing import PublicKey
from consentd.dsr.package import manifest as m
from consentd.dsr.package.manifest import Manifest
from consentd.dsr.package.reading import Package
from consentd.evidence import checkpoint
from consentd.evidence.checkpoint import Checkpoint
from consentd.kernel.errors import Tampered

_MOST_SIGNED = 4 * 1024 * 1024
"""Bytes of a manifest with its signature: as much as a signed document may have."""
LogKey = tuple[str, PublicKey]


class Part(StrEnum):
    SIGNATURE = "signature"
    """The service signed the manifest as that of a package."""
    FILES = "files"
    """Every file is there, is what the manifest lists, and no other is."""
    CHECKPOINT = "checkpoint"
    """The log signed the checkpoint."""
    INCLUSION = "inclusion"
    """Under that checkpoint the log holds every choice and objection that the package tells."""


class Verdict(msgspec.Struct, frozen=True):
    manifest: Manifest | None
    """None where the signature does not hold, as then nobody said it."""
    parts: dict[Part, bool]
    """What the file has, and whether it holds."""
    wrong: tuple[str, ...] = ()
    """Names of files that are missing, added or changed."""

    @property
    def holds(self) -> bool:
        return all(self.parts.values())


def needs_log_key(file: BinaryIO) -> bool:
    """Whether it says that the log proves it; nothing is verified yet. Raises Tampered."""
    return _read(Package(file))[0].checkpoint is not None


def verify(file: BinaryIO, keys: Mapping[str, PublicKey], log_key: LogKey | None) -> Verdict:
    """`log_key`: the origin and key of the log's checkpoints; without it no proof of the log holds.

    Raises Tampered (package_invalid) for a file that is no package.
    """
    package = Package(file)
    manifest, content = _read(package)
    if not _signed(package, content, keys):
        return Verdict(None, {Part.SIGNATURE: False})
    wrong = tuple(_differing(package, manifest))
    parts = {Part.SIGNATURE: True, Part.FILES: not wrong}
    if manifest.checkpoint is not None:
        signed = _checkpoint(manifest, log_key)
        parts[Part.CHECKPOINT] = signed is not None
        # What was changed is not looked into.
        parts[Part.INCLUSION] = signed is not None and not wrong and _included(package, manifest, signed)
    return Verdict(manifest, parts, wrong)


def _read(package: Package) -> tuple[Manifest, bytes]:
    try:
        content = package.content(m.MANIFEST, _MOST_SIGNED)
        return m.read(content), content
    except (KeyError, msgspec.MsgspecError):
        raise Tampered("package_invalid", "This zip file has no manifest of a package.") from None


def _signed(package: Package, content: bytes, keys: Mapping[str, PublicKey]) -> bool:
    try:
        signature = package.content(m.SIGNATURE, _MOST_SIGNED).decode()
        return verify_document(keys, signature.removesuffix("\n"), m.TYPE) == content
    except (KeyError, UnicodeDecodeError, Tampered):
        return False


def _differing(package: Package, manifest: Manifest) -> Iterator[str]:
    """Files that are not as they are listed, in their order; or all where the order is another."""
    told = {file.name: file for file in manifest.files}
    yield from (name for name in told if name not in package.names)
    yield from (name for name in package.names if name not in told and name not in (m.MANIFEST, m.SIGNATURE))
    for name in package.names:
        file = told.get(name)
        if file is not None and _digest(package, name, file.size) != (file.size, file.sha256):
            yield name


def _digest(package: Package, name: str, most: int) -> tuple[int, str] | None:
    digest, size = hashlib.sha256(), 0
    try:
        for block in package.blocks(name, most):
            digest.update(block)
            size += len(block)
    except Tampered:
        return None
    return size, digest.hexdigest()


def _checkpoint(manifest: Manifest, log_key: LogKey | None) -> Checkpoint | None:
    """The checkpoint, if the log that the package names signed it."""
    if log_key is None or log_key[0] != manifest.log or manifest.checkpoint is None:
        return None
    try:
        return checkpoint.parse(manifest.checkpoint, manifest.log, [log_key[1]])
    except Tampered:
        return None


def _included(package: Package, manifest: Manifest, signed: Checkpoint) -> bool:
    sizes = {file.name: file.size for file in manifest.files}
    rows: dict[str, set[str]] = {}
    if m.PROOFS in sizes:
        for line in package.lines(m.PROOFS, sizes[m.PROOFS]):
            entry = msgspec.json.decode(line, type=EntryProof)
            if not leads(entry, signed):
                return False
            rows[str(entry.entry_id)] = _listed(entry)
    return all(
        told.get(id_) is None or told[id_] in rows.get(str(told["entry_id"]), ())
        for path, id_ in _told(manifest)
        for told in _records(package, path, sizes)
    )


def _told(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Where choices and objections are told, and what names each."""
    for system in manifest.systems:
        for category in system.categories:
            if category.path == f"{m.OWN_DATA}/history":
                yield f"{category.path}.json", "event_id"
            if category.path == f"{m.OWN_DATA}/objections":
                yield f"{category.path}.json", "objection_id"


def _records(package: Package, path: str, sizes: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """Any: single JSON values."""
    for line in package.lines(path, sizes[path]):
        yield msgspec.json.decode(line, type=dict[str, Any])


class _Row(msgspec.Struct, frozen=True):
    rows: str


class _Canonical(msgspec.Struct, frozen=True):
    row: _Row


def _listed(entry: EntryProof) -> set[str]:
    """The ids of the rows that the entry wrote."""
    found = msgspec.json.decode(entry.entry.encode(), type=_Canonical)
    return {str(id_) for _, id_, _ in msgspec.json.decode(found.row.rows, type=list[tuple[str, Any, Any]])}
