"""Tokens: issued, verified once, and known by their hash until they are over."""

import pytest

from consentd.base.clock import now
from consentd.callers import service, tokens
from consentd.callers.buckets import Buckets
from consentd.callers.tokens import Tokens
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import Unauthenticated
from consentd.kernel.instants import SECOND, Instant

ISSUER = "http://consentd.test"


class Clock:
    def __init__(self) -> None:
        self.at = now()

    def __call__(self) -> Instant:
        return self.at

    def advance(self, seconds: int) -> None:
        self.at = Instant(self.at + seconds * SECOND)


class Bench:
    """A system with its tokens, and a clock to move."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self.database = database
        self.keyring = keyring
        self.clock = Clock()
        self.tokens = self.other_process()

    def other_process(self) -> Tokens:
        return Tokens(self.database, self.keyring, issuer=ISSUER, seconds=600, clock=self.clock)

    async def issue(self, name: str = "till", scopes: frozenset[str] = frozenset({"check"})) -> bytes:
        made = await self.database.change(
            lambda unit: service.add_system(
                unit, self.keyring, name, ["check", "reasons"], [], [], "UTC", OPERATOR
            )
        )
        caller = await self.database.read(
            lambda connection: service.authenticate(connection, str(made.id), made.secret)
        )
        return self.tokens.issue(caller, scopes).access_token.encode()

    async def revoke(self, name: str) -> None:
        def work(unit: service.Unit) -> None:
            service.revoke(unit, self.keyring, service.by_name(unit.connection, name), OPERATOR)

        await self.database.change(work)


@pytest.fixture
def bench(database: Database, keyring: Keyring) -> Bench:
    return Bench(database, keyring)


async def test_a_token_is_verified_once_and_known_from_then_on(bench: Bench) -> None:
    token = await bench.issue()
    assert bench.tokens.known(token) is None
    caller = await bench.tokens.admit(token)
    assert bench.tokens.known(token) is caller
    assert caller.scopes == {"check"}
    assert caller.name == "till"


async def test_a_token_is_no_longer_known_from_the_second_that_it_is_over(bench: Bench) -> None:
    token = await bench.issue()
    await bench.tokens.admit(token)
    bench.clock.advance(601)
    assert bench.tokens.known(token) is None
    with pytest.raises(Unauthenticated) as caught:
        await bench.tokens.admit(token)
    assert caught.value.code == "token_expired"


async def test_another_process_admits_the_same_token(bench: Bench) -> None:
    token = await bench.issue()
    assert await bench.other_process().admit(token)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:-20] + (b"A" if t[-20:-19] != b"A" else b"B") + t[-19:],
        lambda t: t + b"=",
        lambda t: b"\xff",
        lambda t: b"",
    ],
)
async def test_a_token_that_was_changed_is_none(bench: Bench, change: object) -> None:
    token = await bench.issue()
    assert callable(change)
    with pytest.raises(Unauthenticated) as caught:
        await bench.tokens.admit(change(token))
    assert caught.value.code == "token_invalid"


async def test_promise_5_a_token_of_a_revoked_system_is_not_admitted_anew_and_not_confirmed(
    bench: Bench,
) -> None:
    token = await bench.issue()
    caller = await bench.tokens.admit(token)
    await bench.revoke("till")
    for refused in (bench.other_process().admit(token), bench.tokens.confirm(caller)):
        with pytest.raises(Unauthenticated) as caught:
            await refused
        assert caught.value.code == "token_revoked"


async def test_what_is_known_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_MOST_KNOWN", 2)
    issued = [await bench.issue(name) for name in ("a", "b", "c")]
    for token in issued:
        await bench.tokens.admit(token)
    assert bench.tokens.known(issued[0]) is None
    assert bench.tokens.known(issued[2]) is not None


def test_a_bucket_fills_again_and_memory_is_bounded() -> None:
    at = 0.0
    buckets = Buckets(1, burst=2, most=3, clock=lambda: at)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 1]
    at = 1.0
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    buckets.refund("a")
    assert buckets.take("a") == 0
    for key in range(10):
        buckets.take(key)
    assert len(buckets) == 3
