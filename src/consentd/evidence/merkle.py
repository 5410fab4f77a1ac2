"""The Merkle tree of RFC 9162 §2.1, with SHA-256. Pure: nodes come in and go out as values.

Upholds promise 9. A leaf is hashed with a 0x00 before it and an inner node with a 0x01 (§2.1.1), so that
neither passes for the other. What is stored is the roots of *complete* subtrees, which never change when
the tree grows: level 0 are the leaves, and the node (level, i) covers the 2**level leaves from i * 2**level
on. Everything else is computed from those; no proof needs more than a few dozen of them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

HASH = 32
_AT_ONCE = 8192
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Position(NamedTuple):
    """A complete subtree: 2**level leaves, the `idx`-th of that size."""

    level: int
    idx: int


class Range(NamedTuple):
    """The leaves from `start` up to and without `end`; a subtree of the tree, complete or at its edge."""

    start: int
    end: int


Nodes = Mapping[Position, bytes]


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def complete_subtrees(part: Range) -> list[Position]:
    """The complete subtrees that make up a range, left to right: its size in binary, largest first."""
    start, end = part
    positions: list[Position] = []
    while start < end:
        level = (end - start).bit_length() - 1
        positions.append(Position(level, start >> level))
        start += 1 << level
    return positions


def peaks(size: int) -> list[Position]:
    """The complete subtrees of a whole tree: what must be known of it to let it grow."""
    return complete_subtrees(Range(0, size))


def range_hash(part: Range, nodes: Nodes) -> bytes:
    """The hash of the subtree over a range: MTH(D[start:end]) of §2.1.1."""
    return fold_peaks([nodes[position] for position in complete_subtrees(part)])


def fold_peaks(hashes: Sequence[bytes]) -> bytes:
    """The root above complete subtrees, largest first. Of none: the hash of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


class Tree:
    """A growing tree, known by its peaks alone: appending costs one hash per leaf on average."""

    def __init__(self, size: int = 0, peak_hashes: Sequence[bytes] = ()) -> None:
        if len(peak_hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(peak_hashes)}")
        self.size = size
        self._peaks = list(peak_hashes)

    def append(self, leaves: Iterable[bytes]) -> Iterator[tuple[Position, bytes]]:
        """Appends leaf hashes; yields the inner nodes that became complete, to be stored for ever."""
        for leaf in leaves:
            node, level, idx = leaf, 0, self.size
            while idx & 1:
                node = node_hash(self._peaks.pop(), node)
                level, idx = level + 1, idx >> 1
                yield Position(level, idx), node
            self._peaks.append(node)
            self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """The same where nobody stores the nodes: in a third of the time, which `bench/bundle.py` and
        `bench/lists.py` watch.
        """
        rest = iter(leaves)
        while some := list(islice(rest, _AT_ONCE)):
            self._grow(some)

    def _grow(self, nodes: list[bytes]) -> None:
        """Level by level: a peak of that height comes before the new nodes, and who has no pair is one."""
        sha256, peaks = hashlib.sha256, self._peaks
        below, left, self.size = self.size, [], self.size + len(nodes)
        while nodes or below:
            if below & 1:
                nodes.insert(0, peaks.pop())
            if len(nodes) & 1:
                left.append(nodes.pop())
            pairs = iter(nodes)
            nodes = [sha256(b"\x01" + one + other).digest() for one, other in zip(pairs, pairs, strict=True)]
            below >>= 1
        peaks += reversed(left)

    def root(self) -> bytes:
        return fold_peaks(self._peaks)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Whose hashes prove that leaf `index` is in the tree of `size`: PATH(m, D_n) of §2.1.3.1."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append(Range(middle, end))
            end = middle
        else:
            ranges.append(Range(start, middle))
            start = middle
    ranges.reverse()
    return ranges


def consistency_ranges(first: int, second: int) -> list[Range]:
    """Whose hashes prove that the tree of `second` begins with that of `first`: PROOF(m, D_n), §2.1.4.1."""
    if not 0 < first <= second:
        raise ValueError(f"a tree of {second} is not compared with one of {first}")
    ranges: list[Range] = []
    start, end = 0, second
    # `first` splits the subtree under view until it is one of the old tree's own.
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append(Range(middle, end))
            end = middle
        else:
            ranges.append(Range(start, middle))
            start = middle
    if start > 0:
        # Where the old tree is the whole left edge, its root is known and not repeated.
        ranges.append(Range(start, end))
    ranges.reverse()
    return ranges


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (k of §2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf hash to the root: the algorithm of §2.1.3.2."""
    if not 0 <= index < size or not _well_formed(leaf, root, *path):
        return False
    fn, sn, node = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and node == root


def verify_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the path shows that the second tree begins with the first: the algorithm of §2.1.4.2."""
    if not 0 < first <= second or not _well_formed(first_root, second_root, *path):
        return False
    if first == second:
        return not path and first_root == second_root
    hashes = list(path)
    if first & (first - 1) == 0:
        hashes.insert(0, first_root)
    if not hashes:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = hashes[0]
    for node in hashes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(node, old), node_hash(node, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old == first_root and new == second_root


def _well_formed(*hashes: bytes) -> bool:
    return all(len(one) == HASH for one in hashes)
