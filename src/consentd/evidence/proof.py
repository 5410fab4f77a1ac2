"""Proofs as values, as JSON and as C2SP tlog-proof.

They verify offline, with this module or any implementation of RFC 9162. Upholds promise 9. Hashes are
base64, as in the checkpoint that a proof is checked against.
"""

import base64
from collections.abc import Sequence

import msgspec

from consentd.evidence import merkle


class InclusionProof(msgspec.Struct, frozen=True):
    """That the entry whose leaf hash is `leaf` stands at `index` in the tree of `size` entries."""

    index: int
    size: int
    leaf: bytes
    path: tuple[bytes, ...]

    def holds(self, root: bytes) -> bool:
        return merkle.verify_inclusion(self.leaf, self.index, self.size, self.path, root)

    def to_json(self) -> dict[str, object]:
        return {"index": self.index, "size": self.size, "leaf": _base64(self.leaf), "path": _all(self.path)}


class SignedProof(msgspec.Struct, frozen=True):
    """An inclusion proof with the checkpoint of its tree: whoever has the log's key needs nothing else."""

    inclusion: InclusionProof
    note: str

    def text(self, entry: bytes | None = None) -> str:
        """In the form of C2SP tlog-proof (c2sp.org/tlog-proof). `entry`, if it is handed out, as its extra
        data: the canonical form, whose hash is the leaf.
        """
        lines = ["c2sp.org/tlog-proof@v1"]
        if entry is not None:
            lines.append(f"extra {_base64(entry)}")
        return "\n".join([*lines, f"index {self.inclusion.index}", *_all(self.inclusion.path), "", self.note])


class ConsistencyProof(msgspec.Struct, frozen=True):
    """That the tree of `second` entries begins with the tree of `first`: nothing was taken out or changed."""

    first: int
    second: int
    path: tuple[bytes, ...]

    def holds(self, first_root: bytes, second_root: bytes) -> bool:
        return merkle.verify_consistency(self.first, first_root, self.second, second_root, self.path)

    def to_json(self) -> dict[str, object]:
        return {"from": self.first, "to": self.second, "path": _all(self.path)}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _all(hashes: Sequence[bytes]) -> list[str]:
    return [_base64(one) for one in hashes]
