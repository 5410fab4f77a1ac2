"""What is recorded reads back as it was hashed, commits together, and fills in nothing by itself."""

from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa

from consentd.base.ids import new_id
from consentd.crypto.seal import Place, unseal
from consentd.db.tables.consent import attempts, consent_states
from consentd.db.tables.log import log_entries, log_pending
from consentd.db.tables.people import facts, subjects
from consentd.db.tables.policy import policy_activations, policy_versions
from consentd.db.unit import Unaudited, Unit
from consentd.evidence.model import OPERATOR, Actor, ActorKind
from consentd.evidence.recorder import Entry, begin
from consentd.kernel.ids import SubjectId
from support.ledger import Ledger, attempt, fact


async def test_promise_9_every_row_reads_back_as_it_was_hashed(ledger: Ledger) -> None:
    def work(unit: Unit) -> None:
        entry = begin(
            unit,
            ledger.keyring,
            action="policy.activated",
            actor=Actor(ActorKind.STAFF, new_id()),
            key=ledger.keyring.audit(),
            policy="hash",
        )
        entry.insert(policy_versions, {"hash": "hash", "document": b"{}\xc3\xa9", "created_at": unit.now})
        entry.insert(policy_activations, {"seq": 1, "hash": "hash", "at": unit.now})
        entry.insert(
            facts,
            fact(unit) | {"members": '["a"]', "contact_point_id": new_id(), "kind": "x\u2028\U0001f600"},
        )
        entry.insert(attempts, attempt(unit) | {"marketing": False, "happened": -(1 << 62)})
        entry.close({"note": "été", "n": None})

    await ledger.database.change(work)
    assert await ledger.verify() == []
    await ledger.sequence()
    assert await ledger.verify() == []


async def test_the_detail_opens_under_the_entrys_key_only_in_its_place(ledger: Ledger) -> None:
    (entry_id,) = await ledger.record()
    row = await ledger.database.read(
        lambda connection: connection.execute(
            sa.select(log_entries).where(log_entries.c.id == entry_id)
        ).one()
    )
    key = ledger.keyring.audit_by_id(row.key_id)
    assert key is not None
    assert unseal(key, row.sealed, Place("log_entries", "sealed", entry_id)) == b'{"why":"a test"}'


async def test_promise_3_a_change_that_fails_leaves_neither_row_nor_entry(ledger: Ledger) -> None:
    def work(unit: Unit) -> None:
        ledger.entry(unit)
        raise RuntimeError("afterwards")

    with pytest.raises(RuntimeError):
        await ledger.database.change(work)
    assert await _counts(ledger) == (1, 1, 0)


async def test_promise_3_rows_of_an_entry_that_was_not_closed_are_not_committed(ledger: Ledger) -> None:
    def work(unit: Unit) -> None:
        entry = begin(unit, ledger.keyring, action="x", actor=OPERATOR, key=ledger.keyring.audit())
        entry.insert(attempts, attempt(unit))

    with pytest.raises(Unaudited):
        await ledger.database.change(work)
    assert await _counts(ledger) == (1, 1, 0)


async def test_a_row_that_would_read_back_as_something_else_is_refused(ledger: Ledger) -> None:
    def work(unit: Unit) -> None:
        entry = begin(unit, ledger.keyring, action="x", actor=OPERATOR, key=ledger.keyring.audit())
        with pytest.raises(TypeError, match="marketing"):
            entry.insert(attempts, attempt(unit) | {"marketing": 1})
        with pytest.raises(TypeError, match="happened"):
            entry.insert(attempts, attempt(unit) | {"happened": True})
        with pytest.raises(ValueError, match="no column nonsense"):
            entry.insert(attempts, attempt(unit) | {"nonsense": 1})
        with pytest.raises(ValueError, match="neither append-only nor kept"):
            entry.insert(consent_states, {})
        entry.close()
        with pytest.raises(RuntimeError, match="closed"):
            entry.insert(attempts, attempt(unit))
        with pytest.raises(RuntimeError, match="closed"):
            entry.close()

    await ledger.database.change(work)


async def test_rows_that_may_change_verify_as_they_were_left(ledger: Ledger) -> None:
    """Changed twice under one entry, changed and removed under later ones, in the log and waiting for it."""
    first, second, person = new_id(), new_id(), SubjectId(new_id())

    async def act(*acts: Callable[[Unit, Entry], object]) -> None:
        def work(unit: Unit) -> None:
            entry = begin(
                unit,
                ledger.keyring,
                action="x",
                actor=OPERATOR,
                key=ledger.keyring.audit(),
                subject_id=person,
            )
            for one in acts:
                one(unit, entry)
            entry.close()

        await ledger.database.change(work)
        assert await ledger.verify() == []

    def add(id_: UUID) -> Callable[[Unit, Entry], object]:
        return lambda unit, entry: entry.insert(
            subjects, {"id": id_, "group_id": id_, "merged": False, "created_at": unit.now}
        )

    def move(id_: UUID, territory: str) -> Callable[[Unit, Entry], object]:
        return lambda _, entry: entry.update(subjects, {"id": [id_]}, {"territory": territory})

    await act(add(first), move(first, "FR"), move(first, "BE"))
    await act(move(first, "FR"), add(second))
    await ledger.sequence()
    assert await ledger.verify() == []
    await act(lambda _, entry: entry.delete(subjects, {"id": [first]}), move(second, "é"))
    await ledger.sequence()
    assert await ledger.verify() == []
    await act(add(first))


async def test_what_never_changes_is_not_changed_through_an_entry(ledger: Ledger) -> None:
    def work(unit: Unit) -> None:
        entry = begin(unit, ledger.keyring, action="x", actor=OPERATOR, key=ledger.keyring.audit())
        with pytest.raises(ValueError, match="attempts never change"):
            entry.update(attempts, {"purpose": ["x"]}, {"outcome": "x"})
        with pytest.raises(ValueError, match="attempts never change"):
            entry.delete(attempts, {"purpose": ["x"]})
        entry.close()

    await ledger.database.change(work)


async def _counts(ledger: Ledger) -> tuple[int, ...]:
    def count(connection: sa.Connection) -> tuple[int, ...]:
        tables = (log_entries, log_pending, attempts)
        return tuple(
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables
        )

    return await ledger.database.read(count)
