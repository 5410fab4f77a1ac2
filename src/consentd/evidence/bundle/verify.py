"""Verifying an audit bundle: offline, with nothing but the file (docs/bundle.md).

Upholds promise 9: each row hashes to what its entry lists, the entries to the signed root, every earlier
checkpoint in the bundle, and one that somebody kept, to the tree of its size; and the file is spelled in the
one way that there is, so that any byte that was changed is found and named. What only the file itself says,
its key, is for the reader to compare: `keys`, or a checkpoint that was kept.

Memory: one part at a time, and one key for each row that may change. `bench/bundle.py` watches the time.
"""

import contextlib
import hashlib
import zlib
from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from consentd.crypto.signing import PublicKey
from consentd.evidence import checkpoint
from consentd.evidence.bundle import layout
from consentd.evidence.bundle.archive import Member, content_of, members_of
from consentd.evidence.bundle.entries import EntryCheck
from consentd.evidence.bundle.layout import FileTold, Manifest, Names
from consentd.evidence.checkpoint import Checkpoint
from consentd.evidence.merkle import Tree
from consentd.evidence.verifier.finding import Enough, Finding, Findings
from consentd.evidence.verifier.store import KEPT_TABLES, RECORDED
from consentd.kernel.errors import Tampered

_FILE = "the file"
KEPT_CHECKPOINT = "the checkpoint kept earlier"
THE_KEY = "the key given"
"""Names of places that are not in the bundle: what is wrong there may be what it was compared with."""


class Verified(msgspec.Struct):
    """What was found; where `findings` is empty, everything else was proven."""

    findings: list[Finding]
    origin: str = ""
    size: int = 0
    """Entries in the tree."""
    root: bytes = b""
    waiting: int = 0
    """Entries that were recorded and not signed yet: nobody can hold the operator to those."""
    rows: int = 0
    checkpoints: int = 0
    keys: tuple[str, ...] = ()
    """The verifier keys that the bundle was verified with."""


def verify(
    file: BinaryIO, *, keys: Sequence[str] | None = None, kept: str | None = None, most: int = 20
) -> Verified:
    """Up to `most` bad places, the first one first.

    `keys`: verifier keys that were got elsewhere; the newest checkpoint must bear a signature of one of them.
    `kept`: the note of a checkpoint of this log that was kept earlier; without `keys`, the newest must be
    signed by its key. Raises OSError.
    """
    findings = Findings(most)
    result = Verified(findings.list)
    with contextlib.suppress(Enough):
        _Verification(file, findings, result).run(keys, kept)
    return result


class _Verification:
    def __init__(self, file: BinaryIO, findings: Findings, result: Verified) -> None:
        self._file = file
        self._findings = findings
        self._result = result
        self._tree = Tree()
        self._signed: dict[int, list[tuple[str, Checkpoint]]] = {}

    def run(self, keys: Sequence[str] | None, kept: str | None) -> None:
        """Every step stands on those before it; what cannot be stood upon ends it."""
        try:
            members = members_of(self._file)
        except Tampered as reason:
            self._found(_FILE, "as a whole", reason.message)
            return
        try:
            names = layout.names_of([member.name for member in members])
            manifest = layout.decode(content_of(self._file, members[-1]))
        except Tampered as reason:
            self._found(layout.MANIFEST, "as a whole", reason.message)
            return
        self._listed(manifest, members)
        told = {one.name: one for one in manifest.files}
        by_name = {member.name: member for member in members}
        self._checked(by_name[layout.MANIFEST], None)
        if not self._notes(manifest, names, by_name, told, keys, kept):
            return
        self._extend(())
        entries = EntryCheck(self._findings)
        for first, name in names.parts:
            if first != self._tree.size:
                self._found(name, "as a whole", f"begins at entry {first}, but {self._tree.size} is next")
                return
            content = self._checked(by_name[name], told.get(name))
            leaves = entries.read(name, content, first)
            if not layout.ends_rightly(content, len(leaves), last=name == names.parts[-1][1]):
                self._found(name, "as a whole", "does not end where a part ends")
            self._extend(leaves)
        waiting = self._checked(by_name[layout.WAITING], told.get(layout.WAITING))
        entries.read(layout.WAITING, waiting, None)
        entries.finish()
        self._finish(manifest, entries)

    def _listed(self, manifest: Manifest, members: Sequence[Member]) -> None:
        found = [(member.name, member.size) for member in members[:-1]]
        if [(one.name, one.size) for one in manifest.files] != found:
            self._found(layout.MANIFEST, "files", "are not the files that are there, or not their sizes")
        if manifest.kept != sorted(KEPT_TABLES):
            self._found(layout.MANIFEST, "kept", "are not the tables whose rows may change")

    def _checked(self, member: Member, told: FileTold | None) -> bytes:
        """The bytes of a file, whatever they are."""
        content = content_of(self._file, member)
        if zlib.crc32(content) != member.crc:
            self._found(member.name, "as a whole", "is not what its checksum in the zip file says")
        if told is not None and hashlib.sha256(content).hexdigest() != told.sha256:
            self._found(member.name, "as a whole", "is not the file whose hash the manifest lists")
        return content

    def _notes(
        self,
        manifest: Manifest,
        names: Names,
        by_name: dict[str, Member],
        told: dict[str, FileTold],
        keys: Sequence[str] | None,
        kept: str | None,
    ) -> bool:
        """Reads keys and checkpoints; whether there is a newest one to hold the entries against."""

        def text(name: str) -> str:
            try:
                return self._checked(by_name[name], told.get(name)).decode()
            except UnicodeDecodeError:
                raise Tampered("not_text", "is not text in UTF-8") from None

        try:
            own = _keys(text(layout.KEY), manifest.origin)
        except Tampered as reason:
            self._found(layout.KEY, "as a whole", reason.message)
            return False
        self._result.origin = manifest.origin
        self._result.keys = tuple(checkpoint.vkey(manifest.origin, key.content) for key in own)
        sources = [(layout.CHECKPOINT, None), *((name, size) for size, name in names.checkpoints)]
        for name, size in sources:
            try:
                note = text(name)
                seen = checkpoint.parse(note, manifest.origin, own)
                if name == layout.CHECKPOINT and keys is not None:
                    self._bears(note, manifest.origin, keys)
            except Tampered as reason:
                self._found(name, "as a whole", reason.message)
                continue
            if size is not None and size != seen.size:
                self._found(name, "as a whole", f"is over {seen.size} entries, not {size}")
            self._signed.setdefault(seen.size, []).append((name, seen))
            if name == layout.CHECKPOINT:
                self._result.size, self._result.root = seen.size, seen.root
        if not self._result.root:
            return False
        if kept is not None and (signers := self._keep(kept, manifest.origin, own)) and keys is None:
            self._continues(text(layout.CHECKPOINT), manifest.origin, signers)
        if self._result.size != manifest.size:
            self._found(layout.MANIFEST, "size", "is not the one of the newest checkpoint")
        return True

    def _bears(self, note: str, origin: str, keys: Sequence[str]) -> None:
        try:
            checkpoint.parse(note, origin, _keys("\n".join([*keys, ""]), origin))
        except Tampered as reason:
            self._found(THE_KEY, "as a whole", reason.message)

    def _continues(self, note: str, origin: str, signers: Sequence[PublicKey]) -> None:
        """Keys come with the bundle: whoever made it may have added to the log under one of their own."""
        try:
            checkpoint.parse(note, origin, signers)
        except Tampered:
            self._found(
                layout.CHECKPOINT,
                "as a whole",
                "is not signed by the key that signed the one kept: somebody else may have continued this "
                "log; if you know its new key, give that too",
            )

    def _keep(self, note: str, origin: str, own: Sequence[PublicKey]) -> list[PublicKey]:
        """Which of the bundle's keys signed it."""
        try:
            seen = checkpoint.parse(note, origin, own)
        except Tampered as reason:
            self._found(KEPT_CHECKPOINT, "as a whole", reason.message)
            return []
        if seen.size > self._result.size:
            self._found(
                KEPT_CHECKPOINT,
                "as a whole",
                f"is over {seen.size} entries, and this bundle holds {self._result.size}: the log lost some, "
                "or this bundle is older; ask for a newer one",
            )
        else:
            self._signed.setdefault(seen.size, []).append((KEPT_CHECKPOINT, seen))
        return [key for key in own if _signed_by(note, origin, key)]

    def _extend(self, leaves: Sequence[bytes]) -> None:
        start, end = self._tree.size, self._tree.size + len(leaves)
        for stop in [*sorted(size for size in self._signed if start < size < end), end]:
            self._tree.extend(leaves[self._tree.size - start : stop - start])
            for name, seen in self._signed.pop(stop, ()):
                self._result.checkpoints += 1
                if seen.root != self._tree.root():
                    self._found(name, "as a whole", "was signed over other entries than these", stop - 1)

    def _finish(self, manifest: Manifest, entries: EntryCheck) -> None:
        size = self._tree.size
        for left in self._signed.values():
            for name, seen in left:
                self._found(name, "as a whole", f"is over {seen.size} entries; the bundle has {size}")
        if size > self._result.size:
            what = f"follows the last one, as the checkpoint is over {self._result.size} entries"
            self._found("log_entries", str(self._result.size), what, self._result.size)
        self._result.waiting = entries.entries - size
        self._result.rows = entries.counts.total()
        if manifest.waiting != self._result.waiting:
            self._found(layout.MANIFEST, "waiting", f"is not the {self._result.waiting} that are there")
        if manifest.rows != {name: entries.counts[name] for name in {**RECORDED, **KEPT_TABLES}}:
            self._found(layout.MANIFEST, "rows", "are not as many as there are")

    def _found(self, file: str, row: str, what: str, index: int | None = None) -> None:
        self._findings.add(Finding(file, row, what, index))


def _signed_by(note: str, origin: str, key: PublicKey) -> bool:
    try:
        checkpoint.parse(note, origin, [key])
    except Tampered:
        return False
    return True


def _keys(text: str, origin: str) -> list[PublicKey]:
    """The keys of verifier key lines, which must be this log's. Raises Tampered."""
    lines = text.split("\n")
    if len(lines) < 2 or lines.pop():
        raise Tampered("vkey_invalid", "There is no verifier key, or its line does not end.")
    found = []
    for line in lines:
        name, key = checkpoint.parse_vkey(line)
        if name != origin:
            raise Tampered("vkey_invalid", f"The verifier key is of another log, {name!r}, not {origin!r}.")
        found.append(key)
    return found
