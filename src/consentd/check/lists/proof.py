"""The proof that a row was in a list and decided so: verified offline, with the log's key alone. Pure.

Upholds promise 9. It leads from the row as it was decided to its leaf, by the path to the list's digest, by
the hash of the row of the table `lists` to the entry that lists it, and from there to a signed checkpoint.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from consentd.check.lists.told import leaf_of
from consentd.crypto.signing import PublicKey
from consentd.evidence import checkpoint, merkle
from consentd.evidence.merkle import Tree
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import Tampered

FORMAT = "consentd-list-proof/1"
_TLOG = "c2sp.org/tlog-proof@v1"


class ListProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    decided: dict[str, Any]
    """The row as it was decided: `told.Told.decided`."""
    path: list[str]
    """RFC 9162 §2.1.3 in the list's own tree: hashes in base64."""
    list: dict[str, Any]
    """The row of the table `lists`, in the form that is hashed: {"row": …, "table": "lists"}."""
    log: str
    """The list's entry and its proof, as C2SP tlog-proof."""


def path_of(index: int, size: int, leaves: Iterable[bytes]) -> list[bytes]:
    """The path of one leaf, read off all of them in one go. Flat in memory."""
    ranges = merkle.inclusion_ranges(index, size)
    trees = [Tree() for _ in ranges]
    edges = sorted((part.start, part.end, tree) for part, tree in zip(ranges, trees, strict=True))
    numbered = enumerate(leaves)
    for start, end, tree in edges:
        for number, leaf in numbered:
            if start <= number < end:
                tree.extend((leaf,))
            if number == end - 1:
                break
    return [tree.root() for tree in trees]


def verify(proof: ListProof, origin: str, keys: Sequence[PublicKey]) -> None:
    """Raises Tampered, saying what does not hold."""
    row, about = proof.decided, proof.list.get("row")
    if proof.format != FORMAT or proof.list.get("table") != "lists" or not isinstance(about, dict):
        raise _tampered("it is no proof of a row of a list")
    index = row.get("row")
    if not isinstance(index, int) or isinstance(index, bool) or not isinstance(about.get("size"), int):
        raise _tampered("it does not say which row of how many it is")
    path = [_bytes(one) for one in proof.path]
    root = bytes.fromhex(str(about.get("root"))) if _is_hex(about.get("root")) else b""
    if not merkle.verify_inclusion(leaf_of(row), index - 1, about["size"], path, root):
        raise _tampered("the row does not lead to the list's digest")
    entry = _entry(proof.log, origin, keys)
    named = ["lists", about.get("id"), hashlib.sha256(canonical(proof.list)).hexdigest()]
    if named not in entry:
        raise _tampered("the entry of the log is not about this list")


def _entry(text: str, origin: str, keys: Sequence[PublicKey]) -> list[Any]:
    """What the entry of a tlog-proof lists, once it is found to be in the log."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if len(lines) < 3:
        raise _tampered("its part about the log is no tlog-proof with an entry")
    form, extra, index, *path = lines
    if form != _TLOG or not extra.startswith("extra ") or not index.startswith("index "):
        raise _tampered("its part about the log is no tlog-proof with an entry")
    content = _bytes(extra.removeprefix("extra "))
    number = index.removeprefix("index ")
    if not (number.isascii() and number.isdigit()):
        raise _tampered("it does not say where in the log the entry is")
    seen = checkpoint.parse(note, origin, keys)
    hashes = [_bytes(one) for one in path]
    if not merkle.verify_inclusion(merkle.leaf_hash(content), int(number), seen.size, hashes, seen.root):
        raise _tampered("the entry is not in the log of its checkpoint")
    try:
        told = msgspec.json.decode(content)
        rows = msgspec.json.decode(told["row"]["rows"])
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError):
        raise _tampered("the entry cannot be read") from None
    if told.get("table") != "log_entries" or not isinstance(rows, list):
        raise _tampered("the entry is none of the log")
    return rows


def _is_hex(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _bytes(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        content = b""
    if not content or base64.b64encode(content).decode() != text:
        raise _tampered("a hash in it is not written in base64")
    return content


def _tampered(why: str) -> Tampered:
    return Tampered("list_proof_invalid", f"The proof does not hold: {why}.")
