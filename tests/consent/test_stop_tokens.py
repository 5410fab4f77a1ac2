"""Promise 14: a stop link holds for 3 years and across key rotation, in one spelling, and says nothing."""

import base64
import datetime as dt
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentd.consent.stopping.tokens import StopLink, StopLinks
from consentd.crypto import rotation
from consentd.crypto.keyring import Keyring, create_keyring, load_keyring, passing_keyring
from consentd.crypto.root import root_key
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.db.unit import Unit
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.kernel.ids import IdentifierId, SubjectId
from consentd.kernel.instants import Instant, to_instant

ANA = SubjectId(UUID(int=7))
MAILBOX = IdentifierId(UUID(int=9))
ISSUED = dt.date(2026, 11, 22)
LINK = StopLink(ANA, MAILBOX, "newsletter", "email", ISSUED)
KEYRING = passing_keyring()
LINKS = StopLinks(KEYRING, "https://consent.example/base/")
TOKEN = LINKS.token(LINK)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> Instant:
    return to_instant(dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC))


NOW = at(2026, 11, 22, 12)


def test_a_link_is_an_address_of_the_service_and_says_what_it_is_about() -> None:
    assert LINKS.address(LINK) == f"https://consent.example/base/stop/{TOKEN}"
    assert LINKS.read(TOKEN, NOW) == LINK
    for one in (
        LINK,
        StopLink(ANA, None, "a", "b", ISSUED),
        StopLink(None, MAILBOX, "x" * 64, "y" * 64, ISSUED),
    ):
        assert LINKS.read(LINKS.token(one), NOW) == one


def test_promise_14_it_holds_for_three_years_and_not_a_day_more() -> None:
    assert LINKS.read(TOKEN, at(2029, 11, 22, 23, 59, 59)) == LINK
    assert LINKS.read(TOKEN, at(2029, 11, 23)) is None
    leap = StopLink(ANA, None, "newsletter", "email", dt.date(2028, 2, 29))
    assert LINKS.read(LINKS.token(leap), at(2031, 3, 1, 12)) == leap
    assert LINKS.read(LINKS.token(leap), at(2031, 3, 2)) is None


def test_whoever_asks_twice_on_a_day_gets_the_same() -> None:
    assert LINKS.token(LINK) == TOKEN
    assert StopLinks(KEYRING, "https://other.example").read(TOKEN, NOW) == LINK


async def test_promise_14_it_holds_across_the_rotation_of_every_key(
    database: SqliteDatabase | PostgresDatabase,
) -> None:
    first, second = root_key(bytes(range(32))), root_key(bytes(range(1, 33)))

    def audited(unit: Unit, keyring: Keyring) -> None:
        begin(unit, keyring, action="keys.rotated", actor=OPERATOR, key=keyring.audit()).close()

    def make(unit: Unit) -> Keyring:
        keyring = create_keyring(unit, first)
        audited(unit, keyring)
        return keyring

    keyring = await database.change(make)
    token = StopLinks(keyring, "https://c.example").token(LINK)
    for use in ("period", "audit", "lookup", "suppression", "token", "receipt") * 2:

        def rotate(unit: Unit, use: str = use) -> None:
            rotation.new_version(unit, keyring, use)
            audited(unit, keyring)

        await database.change(rotate)
        await database.read(keyring.reload)

    def rewrap(unit: Unit) -> None:
        keyring.rewrap(unit, second)
        audited(unit, keyring)

    await database.change(rewrap)
    reopened = await database.read(lambda connection: load_keyring(connection, second))
    assert StopLinks(reopened, "https://c.example").read(token, NOW) == LINK
    # The key that it rests on has one version for ever: it cannot be given another.
    with pytest.raises(ValueError, match="not rotated"):
        await database.change(lambda unit: rotation.new_version(unit, reopened, "digest"))


def test_other_keys_open_nothing() -> None:
    assert StopLinks(passing_keyring(), "https://consent.example").read(TOKEN, NOW) is None


def test_no_byte_of_it_can_be_changed() -> None:
    content = base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4))
    for place in range(len(content)):
        bent = bytearray(content)
        bent[place] ^= 1
        assert LINKS.read(base64.urlsafe_b64encode(bytes(bent)).rstrip(b"=").decode(), NOW) is None


@pytest.mark.parametrize(
    "bend",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token + "=",
        lambda token: " " + token[1:],
        lambda token: token + "\n",
        lambda token: "é" + token[1:],
        lambda token: "../../etc/passwd",
        lambda token: "A" * 98,
        lambda token: "A" * 97,
        lambda token: token.swapcase(),
        lambda token: token * 3,
    ],
)
def test_what_is_no_token_opens_nothing(bend: Callable[[str], str]) -> None:
    assert LINKS.read(bend(TOKEN), NOW) is None


@given(st.text(max_size=320) | st.from_regex(r"[A-Za-z0-9_-]{96,300}", fullmatch=True))
@settings(max_examples=300, database=None)
def test_no_text_but_ours_opens_anything(text: str) -> None:
    assert LINKS.read(text, NOW) is None


def test_a_token_has_one_spelling() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for channel in ("email", "emails", "emailss"):
        token = LINKS.token(StopLink(ANA, MAILBOX, "newsletter", channel, ISSUED))
        opening = [last for last in alphabet if LINKS.read(token[:-1] + last, NOW)]
        assert opening == [token[-1]]


def test_it_takes_up_no_more_than_a_line_of_a_header() -> None:
    assert len(TOKEN) < 140
