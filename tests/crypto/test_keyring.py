"""The keyring opens under its own root key only, and keeps what must not be compared apart."""

import pytest
import sqlalchemy as sa

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring, UnknownKey, create_keyring, load_keyring
from consentd.crypto.root import RootKey, root_key
from consentd.crypto.rotation import new_version, rotate_root
from consentd.crypto.seal import Place, seal, unseal
from consentd.db.tables.keys import keys
from consentd.db.unit import Unit
from consentd.kernel.errors import OperatorError, Tampered, WrongKey
from consentd.kernel.ids import KeyId


def test_what_one_process_seals_another_opens(unit: Unit, keyring: Keyring, root: RootKey) -> None:
    place = Place("log_entries", "sealed", new_id())
    sealed = seal(keyring.audit(), b"detail", place)
    other = load_keyring(unit.connection, root)
    opened = other.audit_by_id(keyring.audit().id)
    assert opened is not None
    assert unseal(opened, sealed, place) == b"detail"
    assert other.blind_index("email", "a@example.com") == keyring.blind_index("email", "a@example.com")


def test_the_wrong_root_key_opens_nothing_and_says_which_is_asked_for(
    unit: Unit, keyring: Keyring, root: RootKey
) -> None:
    wrong = root_key(bytes(32))
    with pytest.raises(WrongKey) as caught:
        load_keyring(unit.connection, wrong)
    assert f"made with root key {root.name}" in str(caught.value)
    assert f"given is {wrong.name}" in str(caught.value)


def test_a_database_without_keys_is_not_initialised_by_itself(unit: Unit, root: RootKey) -> None:
    with pytest.raises(OperatorError, match="consentd init"):
        load_keyring(unit.connection, root)


def test_keys_are_created_once(unit: Unit, keyring: Keyring, root: RootKey) -> None:
    with pytest.raises(OperatorError, match="already"):
        create_keyring(unit, root)


def test_promise_11_a_wrapped_key_moved_to_another_row_does_not_open(
    unit: Unit, keyring: Keyring, root: RootKey
) -> None:
    wrapped = dict(unit.connection.execute(sa.select(keys.c.use, keys.c.wrapped)).all())
    unit.connection.execute(
        keys.update().where(keys.c.use == "lookup").values(wrapped=wrapped["suppression"])
    )
    with pytest.raises(Tampered):
        load_keyring(unit.connection, root)


def test_a_public_key_put_in_place_of_ours_is_found(unit: Unit, keyring: Keyring, root: RootKey) -> None:
    unit.connection.execute(keys.update().where(keys.c.use == "log").values(public=bytes(32)))
    with pytest.raises(Tampered):
        load_keyring(unit.connection, root)


def test_keyed_hashes_of_different_uses_have_nothing_in_common(keyring: Keyring) -> None:
    hashes = [
        keyring.blind_index("email", "x")[0][1],
        keyring.blind_index("phone", "x")[0][1],
        keyring.suppression_digest("email", "x")[0][1],
        keyring.digest("email", b"x"),
        keyring.digest("phone", b"x"),
        keyring.journal_mac(b"x"),
    ]
    assert len(set(hashes)) == len(hashes)
    assert all(len(one) == 32 for one in hashes)


def test_after_a_rotation_the_newest_hash_comes_first_and_the_old_one_is_still_looked_up(
    unit: Unit, keyring: Keyring
) -> None:
    (old,) = keyring.suppression_digest("email", "x")
    new_version(unit, keyring, "suppression")
    keyring.reload(unit.connection)
    assert [version for version, _ in keyring.suppression_digest("email", "x")] == [2, 1]
    assert keyring.suppression_digest("email", "x")[1] == old


def test_a_key_that_another_process_made_is_known_after_reloading(
    unit: Unit, keyring: Keyring, root: RootKey
) -> None:
    made = new_version(unit, load_keyring(unit.connection, root), "period")
    with pytest.raises(UnknownKey):
        keyring.period_by_id(made)
    keyring.reload(unit.connection)
    assert keyring.period().id == made


def test_a_key_that_never_was_is_unknown(keyring: Keyring) -> None:
    with pytest.raises(UnknownKey):
        keyring.audit_by_id(KeyId(new_id()))


def test_rotating_the_root_key_rewraps_everything(unit: Unit, keyring: Keyring, root: RootKey) -> None:
    fresh = root_key(b"n" * 32)
    before = keyring.blind_index("email", "x")
    rotate_root(unit, keyring, fresh)
    assert load_keyring(unit.connection, fresh).blind_index("email", "x") == before
    with pytest.raises(WrongKey):
        load_keyring(unit.connection, root)


def test_whoever_still_has_the_old_root_key_adds_nothing_under_it(
    unit: Unit, keyring: Keyring, root: RootKey
) -> None:
    """Keys under two root keys would open with neither."""
    fresh = root_key(b"n" * 32)
    rotate_root(unit, load_keyring(unit.connection, root), fresh)
    with pytest.raises(WrongKey):
        new_version(unit, keyring, "period")
    with pytest.raises(WrongKey):
        rotate_root(unit, keyring, root_key(b"o" * 32))
    load_keyring(unit.connection, fresh)


def test_the_root_key_in_use_replaces_nothing(unit: Unit, keyring: Keyring, root: RootKey) -> None:
    with pytest.raises(OperatorError, match="is the one in use"):
        rotate_root(unit, keyring, root)


def test_public_keys_are_those_of_tokens_and_receipts(keyring: Keyring) -> None:
    assert [key.use for key in keyring.public_keys()] == ["token", "receipt"]
    signer = keyring.signer("token")
    assert keyring.public_keys()[0].verifies(signer.sign(b"data"), b"data")
    assert not keyring.public_keys()[1].verifies(signer.sign(b"data"), b"data")
