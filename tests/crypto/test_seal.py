"""What is sealed opens in its own place, under its own key, unaltered; or not at all."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.secrets import Key, Secret
from consentd.kernel.errors import Tampered
from consentd.kernel.ids import KeyId

KEY = Key(KeyId(UUID(int=1)), Secret(bytes(range(32))))
PLACE = Place("facts", "sealed", UUID(int=7))


@given(content=st.binary(max_size=300))
def test_what_was_sealed_opens(content: bytes) -> None:
    assert unseal(KEY, seal(KEY, content, PLACE), PLACE) == content


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("facts", "sealed", UUID(int=8)),
        Place("facts", "sealed_name", PLACE.row),
        Place("consent_events", "sealed", PLACE.row),
        Place("factss", "ealed", PLACE.row),
    ],
)
def test_promise_11_moved_ciphertext_does_not_open(elsewhere: Place) -> None:
    with pytest.raises(Tampered):
        unseal(KEY, seal(KEY, b"content", PLACE), elsewhere)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Key(KEY.id, Secret(bytes(32))), id="another secret"),
        pytest.param(Key(KeyId(UUID(int=2)), KEY.secret), id="the same secret under another id"),
    ],
)
def test_promise_11_ciphertext_does_not_open_under_another_key(other: Key) -> None:
    with pytest.raises(Tampered):
        unseal(other, seal(KEY, b"content", PLACE), PLACE)


def test_promise_11_a_commitment_of_another_key_does_not_open() -> None:
    sealed = seal(KEY, b"content", PLACE)
    for at in range(17, 49):
        with pytest.raises(Tampered):
            unseal(KEY, _flip(sealed, at), PLACE)


@given(at=st.integers(0, 65 + 6), bit=st.integers(0, 7))
def test_promise_11_no_bit_of_a_ciphertext_can_change(at: int, bit: int) -> None:
    sealed = seal(KEY, b"content", PLACE)
    assert len(sealed) == 65 + 7
    with pytest.raises(Tampered):
        unseal(KEY, _flip(sealed, at, bit), PLACE)


@given(length=st.integers(0, 71))
def test_a_ciphertext_cut_short_does_not_open(length: int) -> None:
    with pytest.raises(Tampered):
        unseal(KEY, seal(KEY, b"content", PLACE)[:length], PLACE)


def test_the_same_content_is_sealed_differently_each_time() -> None:
    assert len({seal(KEY, b"content", PLACE) for _ in range(100)}) == 100


def test_promise_18_a_secret_shows_in_no_text() -> None:
    secret = Secret(b"abc")
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        repr(Key(KEY.id, secret)),
        f"{[secret]}",
    ]
    assert all("abc" not in text and "616263" not in text for text in shown)


def test_promise_18_what_does_not_open_is_not_repeated() -> None:
    with pytest.raises(Tampered) as caught:
        unseal(KEY, b"\x01" + b"anna@example.com" * 9, PLACE)
    assert "anna" not in str(caught.value)


def _flip(content: bytes, at: int, bit: int = 0) -> bytes:
    return content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
