"""A link opens once, for a short time, and only as it was handed out."""

from uuid import uuid4

import msgspec
from hypothesis import given
from hypothesis import strategies as some

from consentd.crypto.keyring import Keyring, passing_keyring
from consentd.crypto.secrets import Secret
from consentd.dsr.package.links import LIFETIME, MOST_ATTEMPTS, Shown, Stored, issue, opens, read
from consentd.kernel.instants import Instant

NOW = Instant(1_795_000_000_000_000)
KEYRING: Keyring = passing_keyring()


def shown(text: str) -> Shown:
    found = read(text)
    assert found is not None
    return found


def test_promise_14_a_link_opens_until_its_time_is_over() -> None:
    link = issue(KEYRING, NOW)
    for later, opened in ((0, True), (LIFETIME - 1, True), (LIFETIME, False)):
        assert opens(KEYRING, link.stored, shown(link.text), Instant(NOW + later)) is opened


def test_promise_14_a_link_opens_once_and_dies_of_wrong_tries() -> None:
    link = issue(KEYRING, NOW)
    used = msgspec.structs.replace(link.stored, used_at=NOW)
    tried = msgspec.structs.replace(link.stored, attempts=MOST_ATTEMPTS)
    nearly = msgspec.structs.replace(link.stored, attempts=MOST_ATTEMPTS - 1)
    found = [opens(KEYRING, stored, shown(link.text), NOW) for stored in (used, tried, nearly, None)]
    assert found == [False, False, True, False]


def test_promise_14_no_other_link_opens_it() -> None:
    link, other = issue(KEYRING, NOW), issue(KEYRING, NOW)
    assert len({link.text, other.text}) == 2
    forged = Shown(link.stored.id, shown(other.text).secret)
    assert not opens(KEYRING, link.stored, forged, NOW)
    assert not opens(KEYRING, link.stored, shown(other.text), NOW)
    assert not opens(passing_keyring(), link.stored, shown(link.text), NOW)
    moved = msgspec.structs.replace(link.stored, id=uuid4())
    assert not opens(KEYRING, moved, shown(link.text), NOW)
    # A row that somebody emptied opens for nobody.
    assert not opens(
        KEYRING, Stored(link.stored.id, bytes(32), link.stored.expires_at), shown(link.text), NOW
    )


def test_promise_18_neither_the_table_nor_a_printed_link_tells_the_secret() -> None:
    link = issue(KEYRING, NOW)
    secret = link.secret.reveal()
    assert secret not in msgspec.json.encode(msgspec.structs.replace(link.stored))
    assert link.text not in repr(link)
    assert "…" in repr(shown(link.text))
    assert secret != link.stored.digest


@given(text=some.text(max_size=80) | some.text(some.sampled_from("Ab9_-=+/. \n"), min_size=60, max_size=68))
def test_whatever_is_no_link_is_none(text: str) -> None:
    found = read(text)
    assert found is None or (len(text) == 64 and isinstance(found.secret, Secret))
