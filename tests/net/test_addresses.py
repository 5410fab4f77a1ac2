"""Which addresses are public, by vectors that any implementation can be held to."""

import tomllib
from pathlib import Path

import pytest

from consentd.net.addresses import why_not_public

VECTORS = tomllib.loads((Path(__file__).parent / "addresses.toml").read_text())


@pytest.mark.parametrize("address", VECTORS["public"])
def test_a_public_address_may_be_called(address: str) -> None:
    assert why_not_public(address) is None


@pytest.mark.parametrize("address", VECTORS["refused"])
def test_promise_15_any_other_address_may_not(address: str) -> None:
    assert why_not_public(address)


def test_no_address_is_in_both_lists() -> None:
    assert not {*VECTORS["public"]} & {*VECTORS["refused"]}
