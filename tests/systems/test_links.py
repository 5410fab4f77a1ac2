"""A link opens one task, for the owner whom it was sent to, until its day."""

import base64
from collections.abc import Callable
from uuid import UUID

import pytest
from silo import ANOTHER_TASK, TASK

from consentd.crypto.keyring import passing_keyring
from consentd.kernel.instants import DAY, Instant
from consentd.systems.links import Link, Links

NOW = Instant(1_795_000_000_000_000)
UNTIL = Instant(NOW + 37 * DAY)
LEA = "lea@silo.example"
KEYRING = passing_keyring()
LINKS = Links(KEYRING, "https://consent.example/base/")


def owner(address: str | None = LEA) -> Callable[[UUID], str | None]:
    return lambda task: address if task == TASK else None


def nobody(_task: UUID) -> str | None:
    raise AssertionError("asked for a token that is not ours")


def test_a_link_opens_its_task_until_its_day_and_again() -> None:
    link = LINKS.link_for(TASK, LEA, UNTIL)
    assert link.startswith("https://consent.example/base/tasks/")
    token = link.rpartition("/")[2]
    for _ in range(2):
        assert LINKS.verify_link(token, NOW, owner()) == Link(TASK, UNTIL)
    assert LINKS.verify_link(token, Instant(UNTIL - 1), owner(" Lea@Silo.Example")) == Link(TASK, UNTIL)
    assert LINKS.verify_link(token, UNTIL, owner()) is None


def test_another_process_with_the_same_keys_opens_it_and_one_with_others_does_not() -> None:
    token = LINKS.token_for(TASK, LEA, UNTIL)
    assert Links(KEYRING, "https://other.example").verify_link(token, NOW, owner()) is not None
    assert Links(passing_keyring(), "https://consent.example").verify_link(token, NOW, nobody) is None


def test_a_colleague_who_is_no_longer_the_owner_opens_nothing() -> None:
    token = LINKS.token_for(TASK, LEA, UNTIL)
    assert LINKS.verify_link(token, NOW, owner("paul@silo.example")) is None
    assert LINKS.verify_link(token, NOW, owner(None)) is None


def test_a_link_says_nothing_about_anybody() -> None:
    content = base64.urlsafe_b64decode(LINKS.token_for(TASK, LEA, UNTIL) + "==")
    assert b"lea" not in content
    # The same owner cannot be told from one task's link to another's.
    other = base64.urlsafe_b64decode(LINKS.token_for(ANOTHER_TASK, LEA, UNTIL) + "==")
    assert content[25:41] != other[25:41]


def test_no_byte_of_it_can_be_changed() -> None:
    content = base64.urlsafe_b64decode(LINKS.token_for(TASK, LEA, UNTIL) + "==")
    for place in range(len(content)):
        bent = bytearray(content)
        bent[place] ^= 1
        token = base64.urlsafe_b64encode(bytes(bent)).rstrip(b"=").decode()
        assert LINKS.verify_link(token, NOW, nobody) is None


@pytest.mark.parametrize(
    "bend",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token + "==",
        lambda token: " " + token[1:],
        lambda token: token + "\n",
        lambda token: "é" + token[1:],
        lambda token: "../../etc/passwd",
        lambda token: "A" * 98,
        lambda token: "_" * 98,
    ],
)
def test_what_is_no_token_opens_nothing(bend: Callable[[str], str]) -> None:
    assert LINKS.verify_link(bend(LINKS.token_for(TASK, LEA, UNTIL)), NOW, nobody) is None


def test_a_token_has_one_spelling() -> None:
    token = LINKS.token_for(TASK, LEA, UNTIL)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    opening = [last for last in alphabet if LINKS.verify_link(token[:-1] + last, NOW, owner())]
    assert opening == [token[-1]]
