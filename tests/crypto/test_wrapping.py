"""A key of one thing's own opens under its period key, in its own row; deleted, nothing opens it."""

import pytest

from consentd.crypto.wrapping import draw_key, unwrap, wrap
from consentd.kernel.errors import Tampered


def test_a_wrapped_key_opens_again() -> None:
    period, key = draw_key(), draw_key()
    wrapped = wrap(period, key, "packages")
    assert key.secret.reveal() not in wrapped
    assert unwrap(period, key.id, wrapped, "packages") == key


def test_promise_11_a_wrapped_key_opens_in_its_own_row_alone() -> None:
    period, key = draw_key(), draw_key()
    wrapped = wrap(period, key, "packages")
    for by, id_, table in (
        (draw_key(), key.id, "packages"),
        (period, draw_key().id, "packages"),
        (period, key.id, "subject_keys"),
    ):
        with pytest.raises(Tampered):
            unwrap(by, id_, wrapped, table)
