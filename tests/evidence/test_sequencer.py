"""One order, one leader, and never a signature over a log that is not the one signed before."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from consentd.base.ids import new_id
from consentd.crypto.keyring import passing_keyring
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.consent import attempts
from consentd.db.tables.log import log_leaves, log_pending
from consentd.db.unit import Unit
from consentd.evidence import checkpoint, lease, outside, service
from consentd.evidence.lease import LostLease
from consentd.evidence.model import SERVICE
from consentd.evidence.proof import ConsistencyProof, InclusionProof
from consentd.evidence.recorder import begin
from consentd.evidence.sequencer import LEASE, sequence_once
from consentd.evidence.store import Lease
from consentd.kernel.errors import NotFound, Tampered, Unprocessable
from consentd.kernel.ids import EntryId
from support.ledger import ORIGIN, Ledger, attempt, open_ledger


async def test_every_entry_gets_a_leaf_and_every_size_a_verifying_proof(ledger: Ledger) -> None:
    ids = []
    for batch in (1, 5, 1, 9):
        ids += await ledger.record(batch)
        await ledger.sequence()
    latest = await ledger.database.read(service.latest_checkpoint)
    assert latest is not None
    assert latest.size == 17
    keys = ledger.keyring.public_keys("log")
    assert checkpoint.parse(latest.note, ORIGIN, keys).root == latest.root
    assert outside.read(ledger.file) == latest.note

    def prove(connection: sa.Connection) -> list[InclusionProof]:
        return [service.inclusion_proof(connection, entry_id) for entry_id in ids]

    proofs = await ledger.database.read(prove)
    assert all(proof.holds(latest.root) for proof in proofs)
    assert len({proof.index for proof in proofs}) == 16

    def consist(connection: sa.Connection) -> list[ConsistencyProof]:
        return [service.consistency_proof(connection, first, 17) for first in (2, 7, 8)]

    roots = await ledger.database.read(
        lambda connection: {
            row.size: row.root
            for row in connection.execute(sa.text("SELECT size, root FROM log_checkpoints"))
        }
    )
    for proof in await ledger.database.read(consist):
        assert proof.holds(roots[proof.first], latest.root)


async def test_an_entry_that_waits_has_no_proof_yet(ledger: Ledger) -> None:
    await ledger.sequence()
    (entry_id,) = await ledger.record()
    with pytest.raises(NotFound):
        await ledger.database.read(lambda connection: service.inclusion_proof(connection, entry_id))
    for first, second in ((0, 1), (1, 2), (2, 1)):
        with pytest.raises(Unprocessable):
            await ledger.database.read(
                lambda connection, f=first, s=second: service.consistency_proof(connection, f, s)
            )


async def test_status_tells_how_far_behind_the_log_is(ledger: Ledger) -> None:
    waiting = await ledger.database.read(service.status)
    assert (waiting.size, waiting.pending, waiting.checkpoint_at) == (0, 1, None)
    assert waiting.oldest_pending is not None
    await ledger.sequence()
    done = await ledger.database.read(service.status)
    assert (done.size, done.pending, done.oldest_pending) == (1, 0, None)


async def test_promise_9_a_leader_that_slept_cannot_fork_the_log(ledger: Ledger) -> None:
    asleep, awake = new_id(), new_id()
    held = await ledger.database.sequence(lambda unit: lease.take(unit, LEASE, asleep, 0))
    assert held is not None
    await ledger.record()
    taken = await ledger.database.sequence(lambda unit: lease.take(unit, LEASE, awake, 60))
    assert taken is not None
    assert taken.fence == held.fence + 1
    with pytest.raises(LostLease):
        await ledger.database.sequence(lambda unit: sequence_once(unit, ledger.keyring, ORIGIN, held, None))
    done = await ledger.database.sequence(
        lambda unit: sequence_once(unit, ledger.keyring, ORIGIN, taken, None)
    )
    assert done.size == 2


async def test_while_one_leads_the_others_step_aside_and_take_over_when_it_lets_go(
    ledger: Ledger, tmp_path: Path
) -> None:
    await ledger.sequence()
    assert ledger.sequencer.leading
    other = ledger.new_sequencer(tmp_path / "other")
    await ledger.record()
    await other.step()
    assert not other.leading
    assert (await ledger.database.read(service.status)).pending == 1
    await ledger.sequencer.release()
    await other.step()
    assert other.leading
    assert (await ledger.database.read(service.status)).pending == 0


async def test_no_late_committer_is_skipped(ledger: Ledger) -> None:
    """A row with a small number may become visible after ones with greater numbers were sequenced."""
    await ledger.record(3)
    await ledger.sequence()
    (entry_id,) = await ledger.record()

    def earlier(unit: Unit) -> None:
        unit.connection.execute(log_pending.update().where(log_pending.c.entry_id == entry_id).values(seq=-5))

    await ledger.database.housekeep(earlier)
    await ledger.sequence()
    assert await ledger.database.read(lambda connection: service.index_of(connection, entry_id)) == 4
    assert await ledger.verify() == []


async def test_promise_9_an_entry_that_somebody_else_queued_is_not_signed(ledger: Ledger) -> None:
    """Right in everything that can be had from the database alone; its author has another key."""
    await ledger.record(2)
    await ledger.sequence()
    stranger = passing_keyring()

    def forge(unit: Unit) -> EntryId:
        entry = begin(unit, stranger, action="consent.recorded", actor=SERVICE, key=stranger.audit())
        entry.insert(attempts, attempt(unit))
        entry.close({})
        return entry.id

    forged = await ledger.database.change(forge)
    with pytest.raises(Tampered, match=str(forged)) as caught:
        await ledger.sequencer.step()
    assert caught.value.code == "forged_entry"
    assert (await ledger.database.read(service.status)).size == 3
    (finding,) = await ledger.verify()
    assert (finding.table, finding.row) == ("log_pending", str(forged))


async def test_promise_9_what_vouches_for_one_entry_vouches_for_no_other(ledger: Ledger) -> None:
    first, second = await ledger.record(2)

    def swap(unit: Unit) -> None:
        columns = log_pending.c.entry_id, log_pending.c.vouched
        found = {row.entry_id: row.vouched for row in unit.connection.execute(sa.select(*columns))}
        unit.connection.execute(
            log_pending.update().where(log_pending.c.entry_id == first).values(vouched=found[second])
        )

    await ledger.database.housekeep(swap)
    with pytest.raises(Tampered) as caught:
        await ledger.sequencer.step()
    assert caught.value.code == "forged_entry"


async def test_promise_9_a_rolled_back_log_is_not_signed(
    sqlite_database: SqliteDatabase, tmp_path: Path
) -> None:
    ledger = await open_ledger(sqlite_database, tmp_path)
    await ledger.sequence()
    longer = await open_ledger_elsewhere(ledger, tmp_path, 3)
    outside.write(ledger.file, longer)
    await ledger.record()
    restarted = ledger.new_sequencer()
    restarted._lease = ledger.sequencer._lease
    with pytest.raises(Tampered) as caught:
        await restarted.step()
    assert caught.value.code == "log_rolled_back"
    assert (await ledger.database.read(service.status)).size == 1


async def test_promise_9_a_log_that_was_rewritten_is_not_signed(ledger: Ledger) -> None:
    await ledger.sequence()
    forged = checkpoint.Checkpoint(ORIGIN, 1, bytes(32))
    outside.write(ledger.file, checkpoint.sign(forged, ledger.keyring.signer("log")))
    await ledger.record(2)
    ledger.sequencer._outside = None
    with pytest.raises(Tampered) as caught:
        await ledger.sequence()
    assert caught.value.code == "log_forked"


async def test_promise_9_a_log_grown_past_a_forged_checkpoint_is_not_signed(ledger: Ledger) -> None:
    await ledger.record(4)
    await ledger.sequence()
    forged = checkpoint.Checkpoint(ORIGIN, 3, bytes(32))
    outside.write(ledger.file, checkpoint.sign(forged, ledger.keyring.signer("log")))
    ledger.sequencer._outside = None
    await ledger.record()
    with pytest.raises(Tampered, match="first 3 entries"):
        await ledger.sequence()


async def test_the_file_outside_catches_up_after_a_kill_between_commit_and_file(ledger: Ledger) -> None:
    await ledger.record()
    await ledger.sequence()
    newest = outside.read(ledger.file)
    ledger.file.unlink()
    await ledger.sequencer.release()
    await ledger.new_sequencer().step()
    assert outside.read(ledger.file) == newest


async def test_within_a_second_of_a_change_a_checkpoint_follows_and_errors_pass(ledger: Ledger) -> None:
    task = asyncio.create_task(ledger.sequencer.run())
    try:
        for size in (2, 3):
            await ledger.record()
            ledger.sequencer.poke()
            async with asyncio.timeout(1):
                while (await ledger.database.read(service.status)).size < size:
                    await asyncio.sleep(0.01)
        assert ledger.sequencer.error is None
        assert ledger.sequencer.leading
    finally:
        task.cancel()


async def test_a_checkpoint_that_could_not_be_written_outside_is_written_when_it_can(
    ledger: Ledger, tmp_path: Path
) -> None:
    file = tmp_path / "unmounted" / "checkpoint"
    sequencer = ledger.new_sequencer(file)
    task = asyncio.create_task(sequencer.run())
    try:
        async with asyncio.timeout(5):
            while sequencer.error is None:
                await asyncio.sleep(0.01)
            file.parent.mkdir()
            while sequencer.error is not None:
                await asyncio.sleep(0.01)
        assert outside.read(file) is not None
    finally:
        task.cancel()


async def test_promise_9_the_runner_stops_for_good_and_says_so_when_the_log_was_tampered_with(
    ledger: Ledger,
) -> None:
    ledger.file.write_text("not a checkpoint\n")
    async with asyncio.timeout(5):
        await ledger.sequencer.run()
    assert isinstance(ledger.sequencer.error, Tampered)
    assert not ledger.sequencer.leading


async def test_a_lost_race_for_the_queue_leaves_nothing(ledger: Ledger) -> None:
    never = Lease(new_id(), 99, await ledger.database.sequence(lambda unit: unit.now))
    with pytest.raises(LostLease):
        await ledger.database.sequence(lambda unit: sequence_once(unit, ledger.keyring, ORIGIN, never, None))
    count = await ledger.database.read(
        lambda connection: connection.execute(sa.select(sa.func.count()).select_from(log_leaves)).scalar_one()
    )
    assert count == 0


async def open_ledger_elsewhere(ledger: Ledger, folder: Path, size: int) -> str:
    """A note that the same key signed over a longer log: what the file holds after a roll-back."""
    signed = checkpoint.Checkpoint(ORIGIN, size, bytes(32))
    return checkpoint.sign(signed, ledger.keyring.signer("log"))
