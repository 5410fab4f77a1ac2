"""People's keys: bound to their rows, destroyed one by one, rotated in batches."""

import pytest
import sqlalchemy as sa

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring, UnknownKey, load_keyring
from consentd.crypto.root import RootKey
from consentd.crypto.rotation import destroy_retired, new_version, rehash_batch, rewrap_batch
from consentd.crypto.seal import Place, seal
from consentd.crypto.subject_keys import (
    OpenedKeys,
    destroy_content,
    destroy_proof,
    open_keys,
    open_wrapped,
    purge_due,
    restrict_proof,
)
from consentd.db.tables.keys import keys, subject_keys
from consentd.db.tables.people import identifier_links, identifiers
from consentd.db.unit import Unit
from consentd.kernel.errors import Tampered
from consentd.kernel.instants import DAY, Instant
from support.people import add_subject, with_keys

NOW = Instant(1_795_000_000_000_000)


def test_both_keys_open_again(unit: Unit, keyring: Keyring) -> None:
    anna, boris = add_subject(unit), add_subject(unit)
    made = with_keys(unit, keyring, anna)[anna]
    opened = open_keys(unit.connection, keyring, [anna, boris])
    assert opened == {anna: OpenedKeys(made.content, made.proof), boris: OpenedKeys()}


def test_promise_11_a_wrapped_key_moved_to_another_person_does_not_open(unit: Unit, keyring: Keyring) -> None:
    anna, boris = add_subject(unit), add_subject(unit)
    with_keys(unit, keyring, anna, boris)
    row = unit.connection.execute(sa.select(subject_keys).where(subject_keys.c.subject_id == anna)).first()
    assert row is not None
    unit.connection.execute(
        subject_keys.update().where(subject_keys.c.subject_id == boris).values(wrapped=row.wrapped)
    )
    with pytest.raises(Tampered):
        open_keys(unit.connection, keyring, [boris])


def test_a_raw_row_opens_without_another_statement(unit: Unit, keyring: Keyring) -> None:
    anna = add_subject(unit)
    made = with_keys(unit, keyring, anna)[anna]
    row = unit.connection.execute(sa.select(subject_keys).where(subject_keys.c.kind == "content")).one()
    assert open_wrapped(keyring, row.id, row.wrapper_id, row.wrapped) == made.content


def test_promise_10_erasure_leaves_no_content_key(unit: Unit, keyring: Keyring) -> None:
    anna = add_subject(unit)
    made = with_keys(unit, keyring, anna)[anna]
    assert destroy_content(unit, [anna]) == 1
    assert open_keys(unit.connection, keyring, [anna])[anna] == OpenedKeys(None, made.proof)
    assert destroy_proof(unit, [anna]) == 1
    assert open_keys(unit.connection, keyring, [anna])[anna] == OpenedKeys()


def test_promise_10_a_restricted_proof_key_opens_only_on_request_and_dies_on_its_date(
    unit: Unit, keyring: Keyring
) -> None:
    anna = add_subject(unit)
    made = with_keys(unit, keyring, anna)[anna]
    due = Instant(NOW + 5 * DAY)
    assert restrict_proof(unit, anna, NOW, due)
    assert open_keys(unit.connection, keyring, [anna])[anna] == OpenedKeys(made.content, None, True)
    assert open_keys(unit.connection, keyring, [anna], restricted=True)[anna].proof == made.proof
    assert purge_due(unit, Instant(due - 1)) == {}
    assert purge_due(unit, due) == {anna: None}
    assert open_keys(unit.connection, keyring, [anna], restricted=True)[anna].proof is None


def test_a_rotation_goes_on_where_it_was_killed(unit: Unit, keyring: Keyring, root: RootKey) -> None:
    people = [add_subject(unit) for _ in range(5)]
    made = with_keys(unit, keyring, *people)
    new_version(unit, keyring, "period")
    keyring.reload(unit.connection)
    assert rewrap_batch(unit, keyring, limit=4) == 4
    # Another process takes over.
    keyring = load_keyring(unit.connection, root)
    assert open_keys(unit.connection, keyring, people)[people[0]].content == made[people[0]].content
    assert rewrap_batch(unit, keyring, limit=100) == 6
    assert rewrap_batch(unit, keyring) == 0
    opened = open_keys(unit.connection, keyring, people)
    assert all(opened[one] == OpenedKeys(made[one].content, made[one].proof) for one in people)


def test_promise_10_an_old_period_key_is_destroyed_when_nothing_needs_it_and_backups_are_over(
    unit: Unit, keyring: Keyring
) -> None:
    anna = add_subject(unit)
    with_keys(unit, keyring, anna)
    old = keyring.period().id
    new_version(unit, keyring, "period")
    keyring.reload(unit.connection)
    later = Unit(unit.connection, Instant(NOW + 30 * DAY), "sqlite")
    assert destroy_retired(later, "period", 30) == []
    rewrap_batch(unit, keyring)
    assert destroy_retired(later, "period", 31) == []
    assert destroy_retired(later, "period", 30) == [old]
    row = unit.connection.execute(sa.select(keys).where(keys.c.id == old)).one()
    assert (row.wrapped, row.destroyed_at) == (None, later.now)
    keyring.reload(unit.connection)
    with pytest.raises(UnknownKey):
        keyring.period_by_id(old)


def test_a_process_that_slept_through_a_rotation_wraps_nothing_by_a_destroyed_key(
    unit: Unit, keyring: Keyring, root: RootKey
) -> None:
    awake = load_keyring(unit.connection, root)
    new_version(unit, awake, "period")
    destroy_retired(Unit(unit.connection, Instant(NOW + 2 * DAY), "sqlite"), "period", 1)
    with pytest.raises(UnknownKey):
        with_keys(unit, keyring, add_subject(unit))


def test_an_audit_key_past_its_retention_is_told_from_an_unknown_one(unit: Unit, keyring: Keyring) -> None:
    old = keyring.audit().id
    new_version(unit, keyring, "audit")
    destroy_retired(Unit(unit.connection, Instant(NOW + 400 * DAY), "sqlite"), "audit", 365)
    keyring.reload(unit.connection)
    assert keyring.audit_by_id(old) is None


def test_identifiers_are_hashed_again_out_of_a_sealed_copy(unit: Unit, keyring: Keyring) -> None:
    anna = add_subject(unit)
    content = with_keys(unit, keyring, anna)[anna].content
    known, orphan, link = new_id(), new_id(), new_id()
    for row_id, value in ((known, "anna@example.com"), (orphan, "gone@example.com")):
        version, blind_index = keyring.blind_index("email", value)[0]
        unit.connection.execute(
            identifiers.insert(),
            {
                "id": row_id,
                "scheme": "email",
                "blind_index": blind_index,
                "key_version": version,
                "created_at": NOW,
            },
        )
    sealed = seal(content, b"anna@example.com", Place("identifier_links", "sealed", link))
    unit.connection.execute(
        identifier_links.insert(),
        {
            "id": link,
            "identifier_id": known,
            "subject_id": anna,
            "strength": "asserted",
            "sealed": sealed,
            "capacity": "consumer",
            "created_at": NOW,
            "entry_id": new_id(),
        },
    )
    new_version(unit, keyring, "lookup")
    keyring.reload(unit.connection)
    done = rehash_batch(unit, keyring)
    assert (done.done, done.stuck, done.last) == (1, (orphan,), None)
    row = unit.connection.execute(sa.select(identifiers).where(identifiers.c.id == known)).one()
    assert (row.key_version, row.blind_index) == keyring.blind_index("email", "anna@example.com")[0]
    # The old key is needed as long as one identifier is under it.
    later = Unit(unit.connection, Instant(NOW + 90 * DAY), "sqlite")
    assert destroy_retired(later, "lookup", 30) == []
    unit.connection.execute(identifiers.delete().where(identifiers.c.id == orphan))
    assert len(destroy_retired(later, "lookup", 30)) == 1
