"""The tree again: every node, every checkpoint, and the checkpoint outside the database."""

from collections.abc import Sequence

from consentd.crypto.signing import PublicKey
from consentd.evidence import checkpoint
from consentd.evidence.checkpoint import Checkpoint
from consentd.evidence.merkle import HASH, Position, Tree
from consentd.evidence.store import Connection
from consentd.evidence.verifier import store
from consentd.evidence.verifier.finding import Finding, Findings
from consentd.evidence.verifier.store import CheckpointRow
from consentd.kernel.canonical import Scalar
from consentd.kernel.errors import Tampered

_MANY = 1000


class TreeCheck:
    """Grows the tree from the stored leaves and holds everything stored above them against it."""

    def __init__(
        self, findings: Findings, origin: str, keys: Sequence[PublicKey], outside: Checkpoint | None
    ) -> None:
        self.tree = Tree()
        self._findings = findings
        self._origin = origin
        self._keys = keys
        self._outside = outside
        self._signed = 0

    def extend(self, connection: Connection, leaves: Sequence[Scalar]) -> None:
        start, end = self.tree.size, self.tree.size + len(leaves)
        # A leaf of another shape is a finding of the entries'; something must stand in for it here.
        hashes = [leaf if isinstance(leaf, bytes) and len(leaf) == HASH else bytes(HASH) for leaf in leaves]
        signed = {row.size: row for row in store.checkpoints(connection, start, end, end - start)}
        stops = {*signed, end}
        if self._outside is not None and start < self._outside.size <= end:
            stops.add(self._outside.size)
        nodes: list[tuple[Position, bytes]] = []
        roots: dict[int, bytes] = {}
        for stop in sorted(stops):
            nodes += self.tree.append(hashes[self.tree.size - start : stop - start])
            roots[stop] = self.tree.root()
        # Nodes first: they locate what a checkpoint only tells of.
        self._compare(connection, nodes)
        for size, row in signed.items():
            self._checkpoint(row, roots[size])
        if self._outside is not None and self._outside.size in roots:
            self._compare_outside(self._outside, roots[self._outside.size])

    def finish(self, connection: Connection) -> None:
        """After the last leaf: nothing may speak of more, and the last checkpoint of no less."""
        size = self.tree.size
        for row in store.checkpoints(connection, -1, 0, _MANY) + store.checkpoints(
            connection, size, None, _MANY
        ):
            self._found("log_checkpoints", str(row.size), f"is over {row.size} entries; the log has {size}")
        if self._signed != size:
            self._found(
                "log_leaves",
                str(self._signed),
                f"follows the last checkpoint, over {self._signed} entries",
                self._signed,
            )
        for position in store.nodes_beyond(connection, size, _MANY):
            self._found("log_nodes", _name(position), "is of no tree of this size")
        if self._outside is not None and self._outside.size > size:
            self._found(
                "log_leaves",
                str(size),
                f"is missing: the checkpoint outside the database is over {self._outside.size} entries, "
                f"the log has {size}",
                size,
            )

    def _checkpoint(self, row: CheckpointRow, root: bytes) -> None:
        self._signed = row.size
        name = str(row.size)
        try:
            note = checkpoint.parse(str(row.note), self._origin, self._keys)
        except Tampered as reason:
            self._found("log_checkpoints", name, reason.message)
            return
        if note.size != row.size or note.root != row.root:
            self._found("log_checkpoints", name, "its columns say something else than its signed note")
        elif note.root != root:
            self._found("log_checkpoints", name, "was signed over other entries than these", row.size - 1)

    def _compare_outside(self, outside: Checkpoint, root: bytes) -> None:
        if outside.root != root:
            self._found(
                "log_leaves",
                f"0 to {outside.size - 1}",
                "are not the entries that the checkpoint outside the database was signed over",
                outside.size - 1,
            )

    def _compare(self, connection: Connection, nodes: Sequence[tuple[Position, bytes]]) -> None:
        spans: dict[int, tuple[int, int]] = {}
        for (level, idx), _ in nodes:
            first, _last = spans.get(level, (idx, idx))
            spans[level] = first, idx
        if not spans:
            return
        stored = store.node_spans(connection, [(level, *span) for level, span in spans.items()])
        for position, node in nodes:
            found = stored.get(position)
            if found is None:
                self._found("log_nodes", _name(position), "is missing")
            elif found != node:
                first = position.idx << position.level
                last = first + (1 << position.level) - 1
                self._found(
                    "log_nodes", _name(position), f"is not the hash over entries {first} to {last}", first
                )

    def _found(self, table: str, row: str, what: str, index: int | None = None) -> None:
        self._findings.add(Finding(table, row, what, index))


def _name(position: Position) -> str:
    return f"level {position.level}, number {position.idx}"
