"""Writing an audit bundle from one snapshot of the database (docs/bundle.md).

Upholds promises 7, 8 and 9: rows as the entries list them, ciphertext as ciphertext, ids that are random. It
judges nothing: a row that is missing is missing in the bundle too, and whoever verifies that finds it.
Memory stays flat: entries are read in slices and written at once. About 0.1 ms per entry with two rows;
`bench/bundle.py` watches it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from consentd.crypto.signing import PublicKey
from consentd.evidence import checkpoint, store
from consentd.evidence.bundle import layout
from consentd.evidence.bundle.archive import Writer
from consentd.evidence.bundle.layout import FileTold, Manifest
from consentd.evidence.bundle.store import last_of_each_day
from consentd.evidence.recorder import listed_bytes
from consentd.evidence.store import Connection
from consentd.evidence.verifier import store as rows_store
from consentd.evidence.verifier.listing import listed_in
from consentd.evidence.verifier.store import KEPT_TABLES, RECORDED, LeafRow, Row
from consentd.kernel.canonical import Scalar, row_bytes
from consentd.kernel.errors import NotFound, Tampered

_SLICE = 256
_KEYS = 1000
_TABLES = {**RECORDED, **KEPT_TABLES}


def export(connection: Connection, file: BinaryIO, *, origin: str, keys: Sequence[PublicKey]) -> Manifest:
    """Writes the bundle of the newest checkpoint. `connection` holds one snapshot; `file` is emptied first.

    The same snapshot gives the same bytes. Raises NotFound while nothing is signed; Tampered where an entry
    that the log has is missing or cannot be read.
    """
    newest = store.latest_checkpoint(connection)
    if newest is None:
        raise NotFound("log_empty", "Nothing was recorded yet, so there is nothing to export.")
    file.seek(0)
    file.truncate()
    writer = Writer(file)
    writer.add(layout.KEY, "".join(checkpoint.vkey(origin, key.content) + "\n" for key in keys).encode())
    writer.add(layout.CHECKPOINT, newest.note.encode())
    for earlier in last_of_each_day(connection):
        if earlier.size < newest.size:
            writer.add(layout.checkpoint_name(earlier.size), earlier.note.encode())
    counts: Counter[str] = Counter()
    _parts(connection, writer, newest.size, counts)
    writer.begin(layout.WAITING)
    waiting = 0
    for lines in _waiting(connection, counts):
        writer.write(lines)
        waiting += 1
    writer.end()
    files = [FileTold(told.name, told.sha256, told.size) for told in writer.told]
    rows = {name: counts[name] for name in sorted(_TABLES)}
    manifest = Manifest(layout.FORMAT, origin, newest.size, waiting, rows, sorted(KEPT_TABLES), files)
    writer.add(layout.MANIFEST, layout.encode(manifest))
    writer.finish()
    return manifest


def _parts(connection: Connection, writer: Writer, size: int, counts: Counter[str]) -> None:
    entries = written = 0
    for index, lines in enumerate(_sequenced(connection, size, counts)):
        if entries == 0:
            writer.begin(layout.part_name(index))
        writer.write(lines)
        entries, written = entries + 1, written + len(lines)
        if entries == layout.PART_ENTRIES or written >= layout.PART_BYTES or index + 1 == size:
            writer.end()
            entries = written = 0


def _sequenced(connection: Connection, size: int, counts: Counter[str]) -> Iterator[bytes]:
    index = 0
    while index < size:
        slice_ = rows_store.leaves(connection, index, min(_SLICE, size - index))
        if [leaf.number for leaf in slice_] != list(range(index, index + len(slice_))) or not slice_:
            raise _damaged(f"leaf {index} or one soon after it is missing")
        yield from _lines(connection, slice_, counts)
        index += len(slice_)


def _waiting(connection: Connection, counts: Counter[str]) -> Iterator[bytes]:
    start = -(1 << 62)
    while slice_ := rows_store.pending(connection, start, _SLICE):
        yield from _lines(connection, slice_, counts)
        start = slice_[-1].number + 1


def _lines(connection: Connection, slice_: Sequence[LeafRow], counts: Counter[str]) -> Iterator[bytes]:
    """For each entry its line, and those of the rows that it lists and that still are as it says."""
    lists: list[list[tuple[str, Scalar]]] = []
    wanted: dict[str, dict[Scalar, None]] = defaultdict(dict)
    for leaf in slice_:
        lists.append(_listed(leaf))
        for table, key in lists[-1]:
            wanted[table][key] = None
    found = {table: _rows(connection, table, list(keys)) for table, keys in wanted.items()}
    for leaf, listed in zip(slice_, lists, strict=True):
        assert leaf.entry is not None
        lines = [row_bytes("log_entries", leaf.entry)]
        for table, key in listed:
            row = found[table].get(key)
            if row is None or (table in KEPT_TABLES and row["entry_id"] != leaf.entry["id"]):
                continue
            counts[table] += 1
            lines.append(listed_bytes(table, row, _TABLES[table].info.get("derived", ())))
        yield b"\n".join([*lines, b""])


def _listed(leaf: LeafRow) -> list[tuple[str, Scalar]]:
    if leaf.entry is None:
        raise _damaged(f"the entry {leaf.entry_id!s} is missing")
    try:
        return [(name, key) for name, key, digest in listed_in(str(leaf.entry["rows"])) if digest is not None]
    except ValueError:
        return []


def _rows(connection: Connection, table: str, keys: list[Scalar]) -> dict[Scalar, Row]:
    found: dict[Scalar, Row] = {}
    for start in range(0, len(keys), _KEYS):
        found |= rows_store.by_key(connection, _TABLES[table], keys[start : start + _KEYS])
    return found


def _damaged(what: str) -> Tampered:
    return Tampered(
        "log_damaged",
        f"The log cannot be exported: {what}. `consentd audit verify` says where it was touched.",
    )
