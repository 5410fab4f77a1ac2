"""What others ask of the log: proofs, the newest checkpoint, and how far behind it is."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from uuid import UUID

import msgspec

from consentd.evidence import store
from consentd.evidence.merkle import (
    Position,
    Range,
    complete_subtrees,
    consistency_ranges,
    inclusion_ranges,
    range_hash,
)
from consentd.evidence.proof import ConsistencyProof, InclusionProof, SignedProof
from consentd.evidence.store import CheckpointRow, Connection, EntryAbout
from consentd.kernel.canonical import row_bytes
from consentd.kernel.errors import NotFound, Tampered, Unprocessable
from consentd.kernel.ids import EntryId
from consentd.kernel.instants import Instant

_SLICE = 500


class Status(msgspec.Struct, frozen=True):
    size: int
    """Entries in the tree; the next one's index."""
    pending: int
    """Entries that are recorded and not in the tree yet."""
    oldest_pending: Instant | None
    """When the first of those was recorded: how far behind the log is."""
    checkpoint_at: Instant | None


class EntryProven(msgspec.Struct, frozen=True):
    """An entry in its canonical form (docs/log.md), whose hash is the leaf of its proof."""

    entry_id: EntryId
    content: bytes
    proof: InclusionProof


class Proven(msgspec.Struct, frozen=True):
    """Entries, and the signed checkpoint that their proofs lead to."""

    note: str
    entries: tuple[EntryProven, ...]


def prove(connection: Connection, entries: Iterable[EntryId]) -> Proven | None:
    """That these entries are in the log; None while one of them is not under a checkpoint yet.

    The entry comes whole, so that a leaf speaks for what it is about and not for itself alone. What is
    personal in it is ciphertext.
    """
    latest = store.latest_checkpoint(connection)
    found = []
    for entry_id in entries:
        index = store.leaf_index(connection, entry_id)
        if latest is None or index is None or index >= latest.size:
            return None
        proof = inclusion_proof(connection, index, latest.size)
        found.append(
            EntryProven(entry_id, row_bytes("log_entries", store.entry(connection, entry_id)), proof)
        )
    return Proven(latest.note, tuple(found)) if latest is not None else None


def latest_checkpoint(connection: Connection) -> CheckpointRow | None:
    """The newest one; None while the log is empty."""
    return store.latest_checkpoint(connection)


def status(connection: Connection) -> Status:
    pending, first = store.queue(connection)
    latest = store.latest_checkpoint(connection)
    oldest = None if first is None else store.entry_time(connection, first)
    return Status(store.size(connection), pending, oldest, latest.at if latest else None)


def newest_entry_at(connection: Connection) -> Instant | None:
    """When the newest entry was recorded; None while there is none."""
    return store.newest_entry_at(connection)


def known_entries(connection: Connection, entries: Collection[EntryId]) -> set[EntryId]:
    """Those of these that are recorded."""
    return store.known_entries(connection, entries)


def index_of(connection: Connection, entry_id: EntryId) -> int | None:
    """Where an entry stands in the log; None while it waits, or if there is none."""
    return store.leaf_index(connection, entry_id)


def entries_about(connection: Connection, subjects: Collection[UUID]) -> Iterator[EntryAbout]:
    """Everything that was done about these people, looking at them too, the first first. Flat in memory."""
    after = None
    while rows := store.entries_about(connection, subjects, after, _SLICE):
        yield from rows
        after = rows[-1].at, rows[-1].id


def inclusion_proof(connection: Connection, entry: EntryId | int, size: int | None = None) -> InclusionProof:
    """That an entry, named by its id or its index, is in the tree of `size`; by default the newest signed.

    Raises NotFound while it waits to be sequenced; Unprocessable if it is not in a tree of that size.
    """
    signed = _signed_size(connection)
    size = signed if size is None else size
    index = entry if isinstance(entry, int) else store.leaf_index(connection, entry)
    if index is None or not 0 <= index < signed:
        raise NotFound(
            "entry_not_sequenced",
            "The log has no such entry, or not yet: a new one is in it within a second.",
        )
    if not index < size <= signed:
        raise Unprocessable(
            "size_out_of_range", f"The entry {index} is proven for sizes from {index + 1} to {signed}."
        )
    ranges = inclusion_ranges(index, size)
    at = Position(0, index)
    nodes = _nodes(connection, ranges, at)
    return InclusionProof(index, size, nodes[at], tuple(range_hash(part, nodes) for part in ranges))


def signed_proof(connection: Connection, entry: EntryId | int) -> SignedProof:
    """The same under the newest checkpoint, and with it."""
    proof = inclusion_proof(connection, entry)
    latest = store.latest_checkpoint(connection)
    assert latest is not None
    return SignedProof(proof, latest.note)


def consistency_proof(connection: Connection, first: int, second: int) -> ConsistencyProof:
    """That the tree of `second` entries begins with that of `first`. Raises Unprocessable out of range."""
    signed = _signed_size(connection)
    if not 0 < first <= second <= signed:
        raise Unprocessable(
            "size_out_of_range",
            f"A proof goes from a size of at least 1 to one that is no smaller and at most {signed}.",
        )
    ranges = consistency_ranges(first, second)
    nodes = _nodes(connection, ranges)
    return ConsistencyProof(first, second, tuple(range_hash(part, nodes) for part in ranges))


def _signed_size(connection: Connection) -> int:
    latest = store.latest_checkpoint(connection)
    return latest.size if latest else 0


def _nodes(connection: Connection, ranges: Sequence[Range], *also: Position) -> dict[Position, bytes]:
    wanted = {*also, *(position for part in ranges for position in complete_subtrees(part))}
    nodes = store.nodes(connection, wanted)
    if len(nodes) != len(wanted):
        missing = min(wanted - nodes.keys())
        raise Tampered("log_damaged", f"The log has no node {missing.level}/{missing.idx}.")
    return nodes
