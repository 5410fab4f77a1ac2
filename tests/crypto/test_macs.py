"""Many keyed hashes at once are those that one at a time would be."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.crypto.keyring import passing_keyring
from consentd.crypto.macs import Mac


@given(st.binary(min_size=1, max_size=64), st.lists(st.binary(max_size=200)))
def test_each_is_the_hmac_of_its_message(key: bytes, messages: list[bytes]) -> None:
    expected = [hmac.digest(key, message, "sha256") for message in messages]
    assert Mac(key).of_all(messages) == expected
    assert [Mac(key).of(message) for message in messages] == expected


def test_a_key_that_would_be_hashed_first_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        Mac(bytes(65))


def test_look_up_entries_of_many_are_those_of_each() -> None:
    keyring = passing_keyring()
    values = ["ana@exemple.fr", "zoé@exemple.fr"]
    (found,) = keyring.blind_indexes("email", [value.encode() for value in values])
    assert found == [keyring.blind_index("email", value)[0][1] for value in values]
