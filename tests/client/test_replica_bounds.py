"""What a replica may miss, and what it may not: a log that falls behind, clocks, co-holders, many pages."""

import asyncio
import sqlite3
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
import the_log
from both import EVERYTHING, position_of, somebody, yes

from consentd.client import AsyncClient, Client, Event, Question, Replica
from consentd.client.replica import following, keeping
from consentd.kernel.instants import HOUR, Instant
from support.installation import Serving

NEWSLETTER = ("newsletter", "email")


def opened(serving: Serving, *scopes: str, **limits: Any) -> Client:
    found = serving.installation.connect(*(scopes or EVERYTHING), **limits)
    return Client(serving.address, found.id, found.secret, timeout=20, total=30)


def test_promise_5_a_log_that_falls_behind_makes_a_replica_miss_nothing(
    apart: Serving, tmp_path: Path
) -> None:
    """Another process holds the lease of the log, and does nothing with it."""
    ana, bruno = somebody(), somebody()

    with opened(apart) as client, Replica.open(tmp_path / "x", client, follow=None) as replica:
        client.record(ana, yes())
        replica.refresh()
        assert replica.check(ana, *NEWSLETTER)
        the_log.hold(apart.installation, 60)
        try:
            replica.refresh()
            before = position_of(replica)
            client.withdraw(ana, *NEWSLETTER)
            client.record(bruno, yes())
            replica.refresh()
            assert replica.check(ana, *NEWSLETTER).reason == "withdrawn"
            assert replica.check(bruno, *NEWSLETTER)
            assert position_of(replica)[2:4] == before[2:4], "the log stood still"
        finally:
            the_log.hold(apart.installation, 0)
        replica.refresh()
        assert replica.check(ana, *NEWSLETTER).reason == "withdrawn"


def test_who_shares_a_contact_detail_comes_along_with_that_detail_alone(
    apart: Serving, tmp_path: Path
) -> None:
    shared, private = somebody(), somebody()
    card, other = f"loyalty:{uuid.uuid4().hex}", f"loyalty:{uuid.uuid4().hex}"
    with opened(apart) as us, opened(apart) as them:
        them.record([shared, other], yes(contact_point=shared))
        them.record([other, private], yes(contact_point=private))
        us.record([shared, card], yes(contact_point=shared))
        with Replica.open(tmp_path / "x", us, follow=None) as replica:
            replica.refresh()
            assert replica.check(card, *NEWSLETTER, contact_point=shared)
            assert replica.check(private, *NEWSLETTER).reason == "unknown_person"
            assert replica.check(other, *NEWSLETTER).reason == "unknown_person"
            them.withdraw(other, *NEWSLETTER, contact_point=shared)
            replica.refresh()
            told = replica.check(card, *NEWSLETTER, contact_point=shared)
            assert (told.allow, told.reason) == (False, "withdrawn")
            # What only the service can know of a co-holder, it is asked.
            assert replica.check(shared, "promotions", "sms").reason == "ask_service"
            assert replica.check([shared, private], *NEWSLETTER).reason == "ask_service"
    kept = sqlite3.connect(tmp_path / "x")
    assert kept.execute("SELECT count(*) FROM people").fetchone() == (2,)
    assert kept.execute("SELECT count(DISTINCT number) FROM held").fetchone() == (2,)


def test_a_number_that_the_policy_says_a_system_gives_makes_a_person_its_own(
    apart: Serving, tmp_path: Path
) -> None:
    """`policies/systems/webshop.yaml` says that the web shop gives the numbers of the scheme shopify."""
    customer, stranger, number = somebody(), somebody(), f"shopify:{uuid.uuid4().hex}"
    found = apart.installation.connect(*EVERYTHING, name="webshop")
    with (
        opened(apart) as other,
        Client(apart.address, found.id, found.secret) as shop,
        Replica.open(tmp_path / "x", shop, follow=None) as replica,
    ):
        other.record([customer, number], yes(contact_point=customer))
        other.record(stranger, yes())
        replica.refresh()
        assert replica.check(number, *NEWSLETTER)
        assert replica.check(customer, *NEWSLETTER)
        assert replica.check(stranger, *NEWSLETTER).reason == "unknown_person"
        assert replica.check("loyalty:1", *NEWSLETTER).reason == "ask_service", "of no card, all are here"


def test_promise_5_a_clock_that_was_set_back_makes_it_stale(
    apart: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = somebody()
    real = keeping.clock.now
    with opened(apart) as client:
        client.record(ana, yes())
        with Replica.open(tmp_path / "x", client, follow=None) as replica:
            replica.refresh()
            assert replica.check(ana, *NEWSLETTER)
            monkeypatch.setattr(keeping.clock, "now", lambda: Instant(real() - HOUR))
            assert replica.check(ana, *NEWSLETTER).reason == "stale_replica"
            monkeypatch.setattr(keeping.clock, "now", lambda: Instant(real() + HOUR))
            assert replica.check(ana, *NEWSLETTER).reason == "stale_replica"
            monkeypatch.setattr(keeping.clock, "now", real)
            assert replica.check(ana, *NEWSLETTER)
            # Within one process, also one that stands still.
            late = keeping.clock.elapsed
            monkeypatch.setattr(keeping.clock, "elapsed", lambda: late() + 3600)
            assert replica.check(ana, *NEWSLETTER).reason == "stale_replica"


def test_answers_change_by_themselves_when_their_time_comes(
    apart: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A consent to be called lasts a year: the kept decision ends with it, for a list as for one."""
    real = keeping.clock.now
    phone = f"phone:06 24 {uuid.uuid4().int % 90 + 10} 11 77"
    given = Event(
        purpose="promotions",
        channel="phone",
        state="given",
        occurred_at="2025-12-01T10:15:00+01:00",
        notice={"id": "phone_offers", "version": "1", "language": "fr"},
        method="checkbox",
        collector="till-2",
        contact_point=phone,
    )
    with opened(apart) as client, Replica.open(tmp_path / "x", client, follow=None, max_age=1e9) as replica:
        client.record(phone, given, territory="FR")
        replica.refresh()
        slots = replica.resolve([phone])
        first = replica.check_many(slots, "promotions", "phone")[0]
        assert first.eligible
        for _ in range(2):
            monkeypatch.setattr(keeping.clock, "now", lambda: Instant(real() + 30 * 24 * HOUR))
            later = replica.check_many(slots, "promotions", "phone")[0]
            assert (later.eligible, later.reason) == (False, "expired")
            assert replica.check(phone, "promotions", "phone").reason == "expired"
            monkeypatch.setattr(keeping.clock, "now", real)
            assert replica.check_many(slots, "promotions", "phone")[0].eligible


def test_an_event_loop_follows_with_await(apart: Serving, tmp_path: Path) -> None:
    ana = somebody()
    found = apart.installation.connect(*EVERYTHING)

    async def program() -> None:
        async with AsyncClient(apart.address, found.id, found.secret) as client:
            with Replica.open(tmp_path / "x", client) as replica:
                replica.record(ana, yes())
                await replica.refresh_async()
                assert replica.pending() == 0
                assert replica.check(ana, *NEWSLETTER)
                assert await client.check(ana, *NEWSLETTER)
                with pytest.raises(TypeError, match="refresh_async"):
                    replica.refresh()

    asyncio.run(program())


def test_many_pages_are_followed_to_their_end(
    apart: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PEOPLE", 7)
    people = [somebody() for _ in range(40)]
    with opened(apart) as client, Replica.open(tmp_path / "x", client, follow=None) as replica:
        for one in people[:30]:
            client.record(one, yes())
        replica.refresh()
        for one in people[30:]:
            client.record(one, yes())
        client.withdraw(people[0], *NEWSLETTER)
        time.sleep(0.5)
        replica.refresh()
        asked = [Question(one, *NEWSLETTER) for one in people]
        assert [one.reason for one in replica.check_many(asked)] == ["withdrawn"] + ["consent_given"] * 39
        threads = [replica.check_many(people, *NEWSLETTER) for _ in range(3)]
        assert threads[0] == threads[2]
