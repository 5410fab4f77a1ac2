"""Verifying the log: every row, hash, node and checkpoint again, from the first to the last.

Upholds promise 9: any edit, insertion, removal, reordering or truncation of events or log is found, and the
first bad place named. Truncating the newest entries together with all that speaks of them is found by the
checkpoint outside the database, and only by it. Memory stays flat: everything is read in slices.

Some tens of microseconds per entry; `bench/evidence.py` watches it.
"""

from collections.abc import Callable, Iterable, Sequence

from consentd.crypto.signing import PublicKey
from consentd.evidence import checkpoint
from consentd.evidence.store import Connection
from consentd.evidence.verifier import store
from consentd.evidence.verifier.finding import Enough, Finding, Findings
from consentd.evidence.verifier.rows import RowCheck
from consentd.evidence.verifier.tree import TreeCheck
from consentd.kernel.errors import Tampered

_SLICE = 1000

FoldCheck = Callable[[Connection], Iterable[Finding]]
Vouch = Callable[[bytes], bytes]
"""A leaf, to what stands beside it in the queue (`Keyring.vouch`)."""


def verify(
    connection: Connection,
    *,
    origin: str,
    keys: Sequence[PublicKey],
    vouch: Vouch,
    outside: str | None = None,
    fold_check: FoldCheck | None = None,
    most: int = 20,
) -> list[Finding]:
    """Up to `most` bad places, the first one first; none if the log is what was written.

    `connection` holds one snapshot. `keys`: the log's public keys; `vouch`: what the
    queue must carry for a leaf; `outside`: the note of the checkpoint
    kept outside the database. `fold_check` compares the states with the fold of the events (promise 6).
    """
    findings = Findings(most)
    try:
        _verify(connection, findings, origin, keys, vouch, outside)
        for finding in fold_check(connection) if fold_check else ():
            findings.add(finding)
    except Enough:
        pass
    except Tampered as reason:
        findings.list.append(Finding("the log", "as a whole", reason.message))
    return findings.list


def _verify(
    connection: Connection,
    findings: Findings,
    origin: str,
    keys: Sequence[PublicKey],
    vouch: Vouch,
    outside: str | None,
) -> None:
    seen = None
    if outside is not None:
        try:
            seen = checkpoint.parse(outside, origin, keys)
        except Tampered as reason:
            findings.add(Finding("the checkpoint", "outside the database", reason.message))
    tree = TreeCheck(findings, origin, keys, seen)
    rows = RowCheck(findings)
    _leaves(connection, findings, tree, rows)
    _pending(connection, findings, rows, vouch)
    rows.finish(connection)


def _leaves(connection: Connection, findings: Findings, tree: TreeCheck, rows: RowCheck) -> None:
    if store.leaves_before(connection):
        findings.add(Finding("log_leaves", "before 0", "a leaf has a negative index"))
    while slice_ := store.leaves(connection, tree.tree.size, _SLICE):
        dense = [leaf for index, leaf in enumerate(slice_, tree.tree.size) if leaf.number == index]
        gap = len(dense) < len(slice_)
        rows.entries(connection, dense, "log_leaves")
        tree.extend(connection, [leaf.leaf for leaf in dense])
        if gap:
            index = tree.tree.size
            findings.add(Finding("log_leaves", str(index), "is missing: later ones are there", index))
            # What follows cannot be placed any more: its hashes would all differ.
            raise Enough
    tree.finish(connection)


def _pending(connection: Connection, findings: Findings, rows: RowCheck, vouch: Vouch) -> None:
    start = -(1 << 62)
    while slice_ := store.pending(connection, start, _SLICE):
        rows.entries(connection, slice_, "log_pending")
        for entry_id in store.unvouched(connection, slice_, vouch):
            findings.add(Finding("log_pending", str(entry_id), "waits, but consentd did not write it"))
        start = slice_[-1].number + 1
    for entry_id in store.doubled_entries(connection, _SLICE):
        findings.add(Finding("log_pending", str(entry_id), "waits although it is in the log, or twice"))
    for entry_id in store.stray_entries(connection, _SLICE):
        findings.add(Finding("log_entries", str(entry_id), "is neither in the log nor waiting for it"))
