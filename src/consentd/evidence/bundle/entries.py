"""The entries of a bundle and the rows between them, line by line (docs/bundle.md).

Upholds promise 9: an entry's line is what was hashed into the tree; after it come the rows that it lists, in
its order. A row that never changes must be there; one that may change is there under the last entry that
lists it, or has gone under an entry about the same person. A line that no entry lists has no place at all.

Some microseconds a line: one hash, and an entry's few fields; `bench/bundle.py` watches it.
"""

from collections import Counter
from hashlib import sha256

import msgspec

from consentd.evidence.bundle.layout import ENTRY_END, UNREADABLE
from consentd.evidence.verifier.finding import Finding, Findings
from consentd.evidence.verifier.store import KEPT_TABLES, RECORDED

_KEPT = frozenset(KEPT_TABLES)
_RECORDED = frozenset(RECORDED)


class _EntryRow(msgspec.Struct):
    id: str
    rows: str
    subject_id: str | None


class _Entry(msgspec.Struct):
    row: _EntryRow


_entries = msgspec.json.Decoder(_Entry)
_lists = msgspec.json.Decoder(list[tuple[str, str | int, str | None]])


class EntryCheck:
    """Follows the entries in the order of the log, those that wait last.

    What is kept in memory is one key for each row of a table whose rows may change.
    """

    def __init__(self, findings: Findings) -> None:
        self.entries = 0
        self.counts: Counter[str] = Counter()
        self._findings = findings
        # Rows that may change: listed by this entry, about this person, and not as it says.
        self._open: dict[tuple[str, str | int], tuple[str, str | None]] = {}
        self._settled: set[tuple[str, str | int]] = set()

    def read(self, file: str, content: bytes, first: int | None) -> list[bytes]:
        """The leaf hash of each entry. `first`: the index of the first one; None where they wait."""
        lines = content.split(b"\n")
        if lines.pop():
            self._found(file, f"line {len(lines) + 1}", "does not end", None)
        leaves: list[bytes] = []
        at, count, counts = 0, len(lines), self.counts
        while at < count:
            line = lines[at]
            index = None if first is None else first + len(leaves)
            at += 1
            if not line.endswith(ENTRY_END):
                self._found(file, f"line {at}", "is no row that the entry before it lists", None)
                continue
            leaves.append(sha256(b"\x00" + line).digest())
            try:
                entry = _entries.decode(line).row
                listed = _lists.decode(entry.rows)
            except UNREADABLE:
                self._found(file, f"line {at}", "does not say which rows it covers", index)
                continue
            for name, key, digest in listed:
                following = lines[at] if at < count else b""
                if name in _RECORDED and sha256(following).hexdigest() == digest:
                    # Nearly always; the rest says what it is instead.
                    counts[name] += 1
                    at += 1
                else:
                    at += self._row(entry, index, name, key, digest, following)
        self.entries += len(leaves)
        return leaves

    def finish(self) -> None:
        """After the last entry."""
        for (name, key), (entry_id, _) in self._open.items():
            self._found(
                name, key, f"is missing, and no entry after {entry_id} says that it changed or went", None
            )

    def _row(
        self, entry: _EntryRow, index: int | None, name: str, key: str | int, digest: str | None, line: bytes
    ) -> bool:
        """Whether the next line belongs to what is listed."""
        kept = name in _KEPT
        if not kept and (digest is None or name not in _RECORDED):
            self._found("log_entries", entry.id, f"lists {name} {key}, which no entry may", index)
            return False
        here = digest is not None and line != b"" and sha256(line).hexdigest() == digest
        if not here and digest is not None and self._altered(line, entry, name, key, kept):
            self._found(name, key, f"is not what entry {entry.id} recorded", index)
            here = True
        if here:
            self.counts[name] += 1
        if kept:
            self._keep(entry, index, (name, key), digest, here)
        elif not here:
            self._found(name, key, f"is missing, but entry {entry.id} lists it", index)
        return here

    def _altered(self, line: bytes, entry: _EntryRow, name: str, key: str | int, kept: bool) -> bool:
        """Whether a line with another hash was this row: only to say what is wrong."""
        if not line.endswith(f',"table":"{name}"}}'.encode()):
            return False
        named = f'"{key}"'.encode() if isinstance(key, str) else str(key).encode()
        return named in line and (not kept or f'"entry_id":"{entry.id}"'.encode() in line)

    def _keep(
        self,
        entry: _EntryRow,
        index: int | None,
        row: tuple[str, str | int],
        digest: str | None,
        here: bool,
    ) -> None:
        if row in self._settled:
            said = "changed it" if digest else "removed it"
            self._found(*row, f"is as it was before entry {entry.id} {said}", index)
            return
        before = self._open.pop(row, None)
        if here:
            self._settled.add(row)
        elif digest is not None:
            self._open[row] = entry.id, entry.subject_id
        elif before is not None and before[1] != entry.subject_id:
            self._found(*row, f"was removed by entry {entry.id}, which is about somebody else", index)

    def _found(self, table: str, row: str | int, what: str, index: int | None) -> None:
        self._findings.add(Finding(table, str(row), what, index))
