"""Sequencing: from entries that wait to leaves in the tree, and a signed checkpoint over them.

Upholds promise 9: leaves, nodes and checkpoint are of one transaction, which also holds the lease; so
there is one order, and never two checkpoints of one size. Before anything is signed, the tree is held
against the last checkpoint outside the database: one that was rolled back or rewritten is never signed.

Costs some tens of microseconds per leaf; `bench/evidence.py` watches it.
"""

import hmac
from collections.abc import Sequence

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.evidence import checkpoint, lease, store
from consentd.evidence.checkpoint import Checkpoint
from consentd.evidence.lease import LostLease
from consentd.evidence.merkle import Range, Tree, complete_subtrees, peaks, range_hash
from consentd.evidence.store import CheckpointRow, Connection, Lease, Pending
from consentd.kernel.errors import Tampered

LEASE = "sequencer"
LEASE_SECONDS = 5
BATCH = 2000


class Sequenced(msgspec.Struct, frozen=True):
    """What one step did. `note` is the newest checkpoint; None while the log is empty."""

    count: int
    size: int
    note: str | None
    lease: Lease
    more: bool
    """Whether entries may still be waiting."""


def sequence_once(
    unit: Unit, keyring: Keyring, origin: str, held: Lease, outside: str | None, limit: int = BATCH
) -> Sequenced:
    """Appends up to `limit` waiting entries and signs the tree. `outside`: the last checkpoint written.

    Raises LostLease if another leads by now; Tampered (log_rolled_back, log_forked, log_damaged) if the
    tree does not continue the one that was signed last, or (forged_entry) if what waits is not ours.
    """
    connection = unit.connection
    renewed = lease.renew(unit, LEASE, held, LEASE_SECONDS)
    size = store.size(connection)
    tree = load_tree(connection, size)
    latest = store.latest_checkpoint(connection)
    _require_continuity(connection, tree, latest)
    if outside is not None:
        require_contains(connection, tree, checkpoint.parse(outside, origin, keyring.public_keys("log")))
    waiting = store.pending(connection, limit)
    if not waiting:
        return Sequenced(0, size, latest.note if latest else None, renewed, False)
    _require_ours(keyring, waiting)
    # A late committer may have a smaller number than what is in the tree already: numbers order the queue,
    # places in the tree are given here.
    store.insert_leaves(connection, size, waiting)
    store.insert_nodes(connection, tree.append(row.leaf for row in waiting))
    if store.delete_pending(connection, waiting) != len(waiting):
        raise LostLease("lost_lease", "Another process took entries from the queue.")
    signed = Checkpoint(origin, tree.size, tree.root())
    note = checkpoint.sign(signed, keyring.signer("log"))
    store.insert_checkpoint(connection, CheckpointRow(signed.size, signed.root, note, unit.now))
    return Sequenced(len(waiting), tree.size, note, renewed, len(waiting) == limit)


def _require_ours(keyring: Keyring, waiting: Sequence[Pending]) -> None:
    """Whoever can write to the database could queue an entry; without the keys they cannot vouch for it."""
    for row in waiting:
        if not hmac.compare_digest(row.vouched, keyring.vouch(row.leaf)):
            raise Tampered(
                "forged_entry",
                f"The entry {row.entry_id} waits for the log, but consentd did not write it. Nothing is "
                f"signed while it is in log_pending; find out who can write to the database. {_VERIFY}",
            )


def load_tree(connection: Connection, size: int) -> Tree:
    """The tree of that size, from its stored nodes. Raises Tampered if one is missing."""
    positions = peaks(size)
    nodes = store.nodes(connection, positions)
    missing = next((position for position in positions if position not in nodes), None)
    if missing is not None:
        raise Tampered("log_damaged", f"The log has no node {missing.level}/{missing.idx}: {_VERIFY}")
    return Tree(size, [nodes[position] for position in positions])


def require_contains(connection: Connection, tree: Tree, seen: Checkpoint) -> None:
    """Raises Tampered unless the tree is, or continues, the one of a checkpoint that was seen."""
    if tree.size < seen.size:
        raise Tampered(
            "log_rolled_back",
            f"The log has {tree.size} entries, but a checkpoint over {seen.size} was signed: the database "
            "was rolled back or truncated. Restore the newer one; after a restore from a backup, replay the "
            f"stop journal first. {_VERIFY}",
        )
    if seen.size == 0:
        return
    if tree.size == seen.size:
        root = tree.root()
    else:
        part = Range(0, seen.size)
        nodes = store.nodes(connection, complete_subtrees(part))
        try:
            root = range_hash(part, nodes)
        except KeyError:
            raise Tampered(
                "log_damaged", f"Nodes under the checkpoint {seen.size} are missing: {_VERIFY}"
            ) from None
    if root != seen.root:
        raise Tampered(
            "log_forked",
            f"The first {seen.size} entries of the log are not those that were signed: the log was "
            f"rewritten, or this is another installation's database. {_VERIFY}",
        )


def _require_continuity(connection: Connection, tree: Tree, latest: CheckpointRow | None) -> None:
    """Leaves and checkpoints are written together: one without the other was tampered with."""
    size = latest.size if latest else 0
    if size != tree.size or (latest and latest.root != tree.root()):
        raise Tampered(
            "log_forked",
            f"The log has {tree.size} leaves, its last checkpoint is over {size}, or over others. {_VERIFY}",
        )


_VERIFY = "`consentd audit verify` says where. Nothing is signed until then."
