"""The tree against known answers, and against RFC 9162's own recursive definitions."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.evidence.merkle import (
    EMPTY_ROOT,
    Position,
    Tree,
    consistency_ranges,
    fold_peaks,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    peaks,
    range_hash,
    verify_consistency,
    verify_inclusion,
)

VECTORS = json.loads((Path(__file__).parent / "vectors" / "rfc9162.json").read_text())


class Grown:
    """A tree of numbered leaves with every node it ever completed."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        hashes = [leaf_hash(leaf) for leaf in leaves]
        self.nodes = {Position(0, idx): leaf for idx, leaf in enumerate(hashes)}
        self.tree = Tree()
        self.nodes.update(self.tree.append(hashes))

    def root(self, size: int) -> bytes:
        return fold_peaks([self.nodes[position] for position in peaks(size)])

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return [range_hash(part, self.nodes) for part in inclusion_ranges(index, size)]

    def consistency(self, first: int, second: int) -> list[bytes]:
        return [range_hash(part, self.nodes) for part in consistency_ranges(first, second)]


def numbered(size: int) -> list[bytes]:
    return [str(index).encode() for index in range(size)]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of §2.1.1, to the letter."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of §2.1.3.1, to the letter."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of §2.1.4.1, to the letter."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def unhex(hashes: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(one) for one in hashes]


def test_known_answers() -> None:
    leaves = unhex(VECTORS["leaves"])
    roots = [EMPTY_ROOT, *unhex(VECTORS["roots"])]
    grown = Grown(leaves)
    assert bytes.fromhex(VECTORS["empty_root"]) == EMPTY_ROOT == Tree().root()
    assert [grown.root(size) for size in range(9)] == roots
    for case in VECTORS["inclusion"]:
        path = grown.inclusion(case["index"], case["size"])
        assert path == unhex(case["path"])
        leaf = leaf_hash(leaves[case["index"]])
        assert verify_inclusion(leaf, case["index"], case["size"], path, roots[case["size"]])
    for case in VECTORS["consistency"]:
        path = grown.consistency(case["first"], case["second"])
        assert path == unhex(case["path"])
        assert verify_consistency(
            case["first"], roots[case["first"]], case["second"], roots[case["second"]], path
        )


@given(data=st.data(), size=st.integers(1, 200))
def test_every_proof_is_the_one_of_the_recursive_definition(data: st.DataObject, size: int) -> None:
    leaves = numbered(size)
    grown = Grown(leaves)
    m = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    root = naive_root(leaves)
    assert grown.tree.root() == grown.root(size) == root
    assert grown.inclusion(m, size) == naive_path(m, leaves)
    assert grown.consistency(first, size) == naive_subproof(first, leaves, True)
    assert verify_inclusion(leaf_hash(leaves[m]), m, size, naive_path(m, leaves), root)
    assert verify_consistency(
        first, naive_root(leaves[:first]), size, root, naive_subproof(first, leaves, True)
    )


@given(data=st.data(), size=st.integers(1, 80))
def test_growing_without_nodes_gives_the_same_root(data: st.DataObject, size: int) -> None:
    middle = data.draw(st.integers(0, size))
    leaves = [leaf_hash(leaf) for leaf in numbered(size)]
    tree = Tree()
    tree.extend(leaves[:middle])
    assert (tree.size, tree.root()) == (middle, naive_root(numbered(middle)))
    tree.extend(leaves[middle:])
    assert (tree.size, tree.root()) == (size, naive_root(numbered(size)))


@given(data=st.data(), size=st.integers(1, 80))
def test_growing_in_steps_gives_the_same_nodes(data: st.DataObject, size: int) -> None:
    leaves = [leaf_hash(leaf) for leaf in numbered(size)]
    cut = data.draw(st.integers(0, size))
    begun = Tree()
    nodes = dict(begun.append(leaves[:cut]))
    known = {Position(0, idx): leaf for idx, leaf in enumerate(leaves)} | nodes
    resumed = Tree(cut, [known[position] for position in peaks(cut)])
    nodes |= dict(resumed.append(leaves[cut:]))
    assert nodes == dict(Tree().append(leaves))
    assert resumed.root() == naive_root(numbered(size))


@given(data=st.data(), size=st.integers(1, 60))
def test_promise_9_a_forged_inclusion_proof_does_not_verify(data: st.DataObject, size: int) -> None:
    leaves = numbered(size)
    m = data.draw(st.integers(0, size - 1))
    path, root, leaf = naive_path(m, leaves), naive_root(leaves), leaf_hash(leaves[m])
    assert not verify_inclusion(leaf_hash(b"other"), m, size, path, root)
    assert not verify_inclusion(leaf, m, size, path, leaf_hash(b"other"))
    assert not verify_inclusion(leaf, m, size, [*path, root], root)
    assert not verify_inclusion(leaf, size, size, path, root)
    assert not verify_inclusion(leaf, m, 4 * size, path, root)
    assert not verify_inclusion(leaf, -1, size, path, root)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not verify_inclusion(leaf, m, size, [*path[:at], leaf_hash(b"x"), *path[at + 1 :]], root)
        assert not verify_inclusion(leaf, m, size, path[:-1], root)
        assert not verify_inclusion(leaf, m, size, [*path[:at], path[at][:31], *path[at + 1 :]], root)
        other = data.draw(st.integers(0, size - 1).filter(lambda index: index != m))
        assert not verify_inclusion(leaf, other, size, path, root)


@given(data=st.data(), size=st.integers(2, 60))
def test_promise_9_a_forged_consistency_proof_does_not_verify(data: st.DataObject, size: int) -> None:
    leaves = numbered(size)
    first = data.draw(st.integers(1, size - 1))
    path = naive_subproof(first, leaves, True)
    old, new = naive_root(leaves[:first]), naive_root(leaves)
    rewritten = naive_root([b"rewritten", *leaves[1:first]])
    assert not verify_consistency(first, rewritten, size, new, path)
    assert not verify_consistency(first, old, size, leaf_hash(b"x"), path)
    assert not verify_consistency(first, old, size, new, path[:-1])
    assert not verify_consistency(first, old, size, new, [*path, new])
    assert not verify_consistency(size, new, first, old, path)
    assert not verify_consistency(first, old, 4 * size, new, path)
    assert not verify_consistency(0, EMPTY_ROOT, size, new, path)
    at = data.draw(st.integers(0, len(path) - 1))
    assert not verify_consistency(first, old, size, new, [*path[:at], leaf_hash(b"x"), *path[at + 1 :]])


def test_a_tree_is_consistent_with_itself_by_an_empty_proof_only() -> None:
    root = naive_root(numbered(5))
    assert verify_consistency(5, root, 5, root, [])
    assert not verify_consistency(5, root, 5, root, [root])
    assert not verify_consistency(5, root, 5, leaf_hash(b"x"), [])


def test_a_leaf_does_not_pass_for_a_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_what_is_not_in_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_ranges(index, size)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3), (0, 0)])
def test_what_is_no_earlier_tree_has_no_proof(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="not compared"):
        consistency_ranges(first, second)
