"""A replica never allows what the service, at the same place in its log, denies (promise 5).

Each test is one way in which a copy could come to know less than the service: what only one process of
several took in, half a beginning, who shares what, rules that look further back, credentials taken away.
"""

import hashlib
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from both import EVERYTHING, answer, scripted, somebody, yes

from consentd.app import Parts
from consentd.callers import service as callers
from consentd.client import Client, ClientError, Event, Replica
from consentd.client.replica import following, keeping
from consentd.client.replica.copying import Page
from consentd.client.replica.keeping import Keeping
from consentd.client.replica.model import Round
from consentd.evidence.model import OPERATOR
from consentd.feed.replica_rules import extent
from consentd.kernel.ids import SystemId
from consentd.kernel.instants import HOUR, Instant
from consentd.kernel.policy import Policy, document
from consentd.kernel.replica import (
    EndTold,
    HeadTold,
    HeldTold,
    Line,
    PersonTold,
    PolicyTold,
    StateTold,
    number_of_identifier,
)
from support.builders import demo_policy
from support.installation import Serving

NEWSLETTER = ("newsletter", "email")
CALL = ("promotions", "phone")
KEY = bytes(range(32))


def opened(serving: Serving) -> Client:
    found = serving.installation.connect(*EVERYTHING)
    return Client(serving.address, found.id, found.secret, timeout=20, total=30)


@pytest.fixture
def client(service: Serving) -> Iterator[Client]:
    with opened(service) as made:
        yield made


def card() -> str:
    return f"loyalty:{uuid.uuid4().hex}"


# --- choices that wait


def test_a_no_by_one_of_a_persons_identifiers_counts_by_every_other_at_once_and_after_a_restart(
    client: Client, tmp_path: Path
) -> None:
    ana, number, bruno = somebody(), card(), somebody()
    client.record([ana, number], yes(contact_point=ana))
    client.record([bruno, card()], yes(contact_point=bruno))
    with Replica.open(tmp_path / "x", client, follow=None) as replica:
        replica.refresh()
        assert all(replica.check_many([bruno, ana], *NEWSLETTER))
        replica.withdraw(number, *NEWSLETTER)
        # Of whom nothing waits, and who is of the same class: what is decided of him is not hers.
        assert replica.check(bruno, *NEWSLETTER)
        slots = replica.resolve([ana, number])
        for told in (
            replica.check(ana, *NEWSLETTER),
            *replica.check_many([ana], *NEWSLETTER),
            *replica.check_many(slots, *NEWSLETTER),
        ):
            assert (told.allow, told.reason) == (False, "withdrawn")
    with Replica.open(tmp_path / "x", client, follow=None) as replica:
        assert replica.pending() == 1
        assert replica.check_many([ana], *NEWSLETTER)[0].reason == "withdrawn"


def test_a_no_at_a_contact_detail_that_cannot_be_read_here_counts_for_the_whole_channel(
    client: Client, tmp_path: Path
) -> None:
    """Only the service's parsers read such an address; which of the person's it is, nobody can tell here."""
    ana, number, odd = somebody(), card(), "email:é@exemple.fr"
    client.record([ana, number], yes(contact_point=ana))
    with Replica.open(tmp_path / "x", client, follow=None) as replica:
        replica.refresh()
        replica.withdraw(number, *NEWSLETTER, contact_point=odd)
        assert replica.check(ana, *NEWSLETTER).reason == "withdrawn"
        replica.record(number, yes(contact_point=odd, occurred_at=None))
        assert replica.check(number, *NEWSLETTER).reason == "withdrawn"


def test_a_national_number_is_read_in_the_territory_that_the_choice_names(
    client: Client, tmp_path: Path
) -> None:
    """0477 12 34 56 is one number in Belgium and another in France."""
    digits = f"{uuid.uuid4().int % 10**6:06d}"
    belgian, french = f"phone:+32477{digits}", f"phone:+33477{digits}"
    said = Event(
        purpose="promotions",
        channel="sms",
        state="given",
        occurred_at="2026-11-20T10:15:00+01:00",
        notice={"id": "promotions", "version": "1", "language": "fr"},
        method="checkbox",
        collector="till-2",
    )
    client.record(belgian, said, territory="BE")
    client.record(french, said, territory="FR")
    with Replica.open(tmp_path / "x", client, follow=None) as replica:
        replica.refresh()
        assert replica.check(belgian, "promotions", "sms").eligible
        no = Event(purpose="promotions", channel="sms", state="withdrawn")
        replica.record(f"phone:0477{digits}", no, territory="BE")
        assert replica.check(belgian, "promotions", "sms").reason == "withdrawn"
        assert replica.check(french, "promotions", "sms").eligible
        replica.refresh()
        assert replica.check(belgian, "promotions", "sms").reason == "withdrawn"


def test_a_no_that_was_delivered_counts_until_a_page_asked_for_afterwards_tells_it(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two programs share the file. One asks; the other delivers; then the answer of the first arrives."""
    ana = somebody()
    client.record(ana, yes())
    path = tmp_path / "x"
    with (
        Replica.open(path, client, follow=None) as first,
        Replica.open(path, client, follow=None) as second,
    ):
        first.refresh()
        assert second.check(ana, *NEWSLETTER)
        second.withdraw(ana, *NEWSLETTER)
        take = Keeping.take

        def late(this: Keeping, page: Page, round_: Round) -> bool:
            if this is first._keeping:
                for waiting in second._keeping.waiting():
                    client.run(following.deliver(client.asking.calls, waiting))
                    second._keeping.delivered(waiting.seq, None)
                second._keeping.round_begins()
            return take(this, page, round_)

        monkeypatch.setattr(Keeping, "take", late)
        # What waits is the other's to deliver.
        monkeypatch.setattr(first._keeping, "waiting", list)
        first.refresh()
        for replica in (first, second):
            assert replica.check(ana, *NEWSLETTER).reason == "withdrawn"
        monkeypatch.undo()
        second.refresh()
        for replica in (first, second):
            assert replica.check(ana, *NEWSLETTER).reason == "withdrawn"


# --- several programs, one file


@pytest.mark.parametrize("then", ["a page of its own", "a choice of its own"])
def test_what_another_program_took_in_is_not_hidden_by_ones_own(
    client: Client, tmp_path: Path, then: str
) -> None:
    ana, bruno, chloe = somebody(), somebody(), somebody()
    for one in (ana, bruno):
        client.record(one, yes())
    path = tmp_path / "x"
    with (
        Replica.open(path, client, follow=None) as first,
        Replica.open(path, client, follow=None) as second,
    ):
        first.refresh()
        assert all(first.check_many([ana, bruno], *NEWSLETTER))
        client.withdraw(ana, *NEWSLETTER)
        second.refresh()
        second.withdraw(bruno, *NEWSLETTER)
        if then == "a page of its own":
            client.record(chloe, yes(notice=None, state="requested", method=None))
            first._keeping.round_begins()
            page = client.run(
                following.ask(client.asking.calls, first._keeping.name, *first._keeping.position())
            )
            assert page is not None
            now = Round(first._keeping.position()[0], keeping.clock.now(), keeping.clock.elapsed(), 0)
            assert first._keeping.take(page, now)
        else:
            first.withdraw(chloe, *NEWSLETTER)
        assert [one.reason for one in first.check_many([ana, bruno], *NEWSLETTER)] == ["withdrawn"] * 2


# --- half a beginning


def told(policy: Policy, name: str, *states: StateTold) -> PersonTold:
    held = (HeldTold(number_of_identifier(KEY, "email", f"{name}@exemple.fr"), "email"),)
    return PersonTold(abs(hash(name)) + 1, True, "FR", False, held, states, (), (), (), None)


def page(policy: Policy, cursor: str, *people: Line, more: bool = False, begins: bool = False) -> Page:
    head = HeadTold(None, policy.hash, ("email",), (), ())
    text = PolicyTold(policy.hash, document(policy).decode()) if begins else None
    return Page(head, KEY if begins else None, text, people, EndTold(cursor, more, len(people)))  # type: ignore[arg-type]


def test_while_everybody_is_told_anew_nothing_is_answered_from_half_of_it(tmp_path: Path) -> None:
    """The new extent has what the old records lack, a refusal on another channel for one, or the other way
    round; only whole copies can tell. Before the new beginning arrives, the old copy answers for `max_age`.
    """
    policy = demo_policy()
    given = StateTold(
        "newsletter", "email", 0, "given", "held", Instant(1), False, False, None, "newsletter", "3"
    )
    path = tmp_path / "x"
    ana = "email:ana@exemple.fr"
    with scripted() as nowhere, Client(nowhere.url, "id", "secret") as client:
        with Replica.open(path, client, follow=None) as replica:
            kept = replica._keeping

            def take(one: Page, before: str | None) -> None:
                assert kept.take(one, Round(before, keeping.clock.now(), keeping.clock.elapsed(), 0))

            take(page(policy, "1", told(policy, "ana", given), told(policy, "bo"), begins=True), None)
            assert replica.check(ana, *NEWSLETTER)
            kept.begin_anew()
            assert replica.check(ana, *NEWSLETTER), "the old copy is whole"
            take(page(policy, "2", told(policy, "bo"), more=True, begins=True), None)
            assert replica.check(ana, *NEWSLETTER).reason == "stale_replica"
        with Replica.open(path, client, follow=None) as replica:
            kept = replica._keeping
            assert replica.check(ana, *NEWSLETTER).reason == "stale_replica", "after a restart too"
            take(page(policy, "3", told(policy, "ana", given)), "2")
            assert replica.check(ana, *NEWSLETTER)


def test_rules_that_look_further_back_at_attempts_begin_anew() -> None:
    """A line holds the attempts that can count by the rules in force when it was told."""
    policy = demo_policy()

    def reaching(days: int) -> Policy:
        packs = {
            name: msgspec.structs.replace(
                pack, caps=tuple(msgspec.structs.replace(rule, days=days) for rule in pack.caps)
            )
            for name, pack in policy.packs.items()
        }
        return msgspec.structs.replace(policy, packs=packs)

    names = {extent(reaching(days), "till", (), ()).name() for days in (90, 120)}
    assert len(names) == 2


# --- people


def test_a_no_of_who_shares_any_identifier_that_is_told_counts(apart: Serving, tmp_path: Path) -> None:
    """A card of two: one of them is unknown to this system but for the card."""
    ana, bruno, shared = somebody(), somebody(), card()
    with opened(apart) as us, opened(apart) as them:
        them.record(bruno, Event(purpose="newsletter", channel="email", state="refused"))
        us.record(ana, yes(contact_point=ana))
        # A no goes to all who are named, and so does the card that nobody held.
        them.record([ana, bruno, shared], Event(purpose="promotions", channel="email", state="refused"))
        with Replica.open(tmp_path / "x", us, follow=None) as replica:
            replica.refresh()
            theirs = us.check(shared, *NEWSLETTER)
            assert not theirs.allow
            assert not replica.check(shared, *NEWSLETTER).allow
            assert not replica.check(shared, *NEWSLETTER, contact_point=ana).allow
            assert not us.check(shared, *NEWSLETTER, contact_point=ana).allow


def test_attempts_of_other_systems_and_permits_that_are_open_count_after_the_next_round(
    apart: Serving, tmp_path: Path
) -> None:
    number = f"phone:+3347{uuid.uuid4().int % 10**7:07d}"
    said = Event(
        purpose="promotions",
        channel="phone",
        state="given",
        occurred_at="2026-11-20T10:15:00+01:00",
        notice={"id": "phone_offers", "version": "1", "language": "fr"},
        method="checkbox",
        collector="till-2",
        hours=[{"days": "mon-sun", "start": "00:00", "end": "24:00"}],
    )
    with opened(apart) as us, opened(apart) as them:
        us.record(number, said, territory="FR")
        for _ in range(3):
            them.attempted(number, *CALL, "unanswered")
        with Replica.open(tmp_path / "x", us, follow=None) as replica:
            replica.refresh()
            assert replica.check(number, *CALL).allow == us.check(number, *CALL).allow
            assert us.check(number, *CALL).eligible
            them.attempted(number, *CALL, "unanswered")
            replica.refresh()
            mine, theirs = replica.check(number, *CALL), us.check(number, *CALL)
            assert not mine.allow
            assert (mine.reasons, mine.next_allowed_at) == (theirs.reasons, theirs.next_allowed_at)
            assert "attempts_exhausted" in [reason.code for reason in mine.reasons]


# --- credentials, and what is no answer


def test_a_system_that_was_revoked_is_denied_with_the_next_round_and_after_a_restart(
    apart: Serving, tmp_path: Path
) -> None:
    found = apart.installation.connect(*EVERYTHING)
    ana, bruno = somebody(), somebody()

    async def revoke(parts: Parts) -> None:
        await parts.database.change(
            lambda unit: callers.revoke(unit, parts.keyring, SystemId(uuid.UUID(found.id)), OPERATOR)
        )

    with Client(apart.address, found.id, found.secret, timeout=20, total=30) as client:
        client.record(ana, yes())
        with Replica.open(tmp_path / "x", client, follow=None) as replica:
            replica.refresh()
            assert replica.check(ana, *NEWSLETTER)
            apart.installation.within(revoke)
            replica.withdraw(bruno, *NEWSLETTER)
            with pytest.raises(ClientError, match="invalid_client"):
                replica.refresh()
            assert replica.check(ana, *NEWSLETTER).reason == "unauthorised"
            assert [one.reason for one in replica.check_many([ana], *NEWSLETTER)] == ["unauthorised"]
            assert replica.pending() == 1, "nothing is lost"
        with Replica.open(tmp_path / "x", client, follow=None) as replica:
            assert replica.check(ana, *NEWSLETTER).reason == "unauthorised"
            assert replica.resolve([ana]) == [0]


def test_what_did_not_come_from_the_service_neither_stops_a_replica_nor_refuses_a_choice(
    client: Client, tmp_path: Path
) -> None:
    """A proxy or the page of a hotel's network answers in its stead."""
    ana, bruno = somebody(), somebody()
    client.record(ana, yes())
    path = tmp_path / "x"
    with Replica.open(path, client, follow=None) as replica:
        replica.refresh()
    for status in (400, 403, 404, 409, 413):
        page = answer(status, "<html>Welcome</html>")
        with (
            scripted(page, page, page) as hotel,
            Client(hotel.url, "id", "secret", retries=0) as stranger,
            Replica.open(path, stranger, follow=None) as replica,
        ):
            if status == 400:
                replica.withdraw(bruno, *NEWSLETTER)
            with pytest.raises(ClientError):
                replica.refresh()
            assert replica.check(ana, *NEWSLETTER), status
            assert (replica.pending(), replica.refused()) == (1, []), status
    with Replica.open(path, client, follow=None) as replica:
        replica.refresh()
        assert replica.pending() == 0
        assert replica.check(bruno, *NEWSLETTER).reason == "withdrawn"


def test_a_choice_that_the_service_will_not_take_holds_back_neither_others_nor_what_is_new(
    apart: Serving, tmp_path: Path
) -> None:
    """The first is outside the system's limits; meanwhile somebody else withdrew elsewhere."""
    found = apart.installation.connect(*EVERYTHING, purposes=["newsletter"], channels=["email"])
    ana, bruno = somebody(), somebody()
    with (
        opened(apart) as them,
        Client(apart.address, found.id, found.secret, timeout=20, total=30) as client,
        Replica.open(tmp_path / "x", client, follow=None) as replica,
    ):
        client.record(ana, yes())
        client.record(bruno, yes())
        replica.refresh()
        replica.withdraw(ana, "promotions", "sms")
        replica.withdraw(ana, *NEWSLETTER)
        them.withdraw(bruno, *NEWSLETTER)
        replica.refresh()
        assert [one.code for one in replica.refused()] == ["outside_limits"]
        assert replica.pending() == 0
        assert client.check(ana, *NEWSLETTER).reason == "withdrawn"
        assert replica.check(bruno, *NEWSLETTER).reason == "withdrawn"


def test_a_system_that_may_no_longer_record_still_hears_what_is_new(apart: Serving, tmp_path: Path) -> None:
    found = apart.installation.connect("check", "reasons", "replica")
    ana = somebody()
    with (
        opened(apart) as them,
        Client(apart.address, found.id, found.secret, timeout=20, total=30) as client,
        Replica.open(tmp_path / "x", client, follow=None) as replica,
    ):
        replica.refresh()
        replica.withdraw(ana, *NEWSLETTER)
        before = replica._keeping.bound()
        with pytest.raises(ClientError, match="insufficient_scope"):
            replica.refresh()
        them.record(ana, yes())
        after = replica._keeping.bound()
        assert before is not None
        assert after is not None
        assert after.as_of > before.as_of
        assert replica.pending() == 1


# --- clocks


def test_a_choice_of_a_clock_that_is_ahead_waits_until_the_service_has_come_to_it(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = somebody()
    client.record(ana, yes())
    real = keeping.clock.now
    with Replica.open(tmp_path / "x", client, follow=None) as replica:
        monkeypatch.setattr(keeping.clock, "now", lambda: Instant(real() + HOUR))
        replica.withdraw(ana, *NEWSLETTER)
        with pytest.raises(ClientError, match="future_time"):
            replica.refresh()
        assert (replica.pending(), replica.refused()) == (1, [])
        assert replica.check(ana, *NEWSLETTER).reason == "withdrawn"
        # Somebody sets the clock right: as it was written down, it would be an hour until it is taken.
        monkeypatch.setattr(keeping.clock, "now", real)
        replica.refresh()
        assert [one.code for one in replica.refused()] == ["future_time"]
        assert replica.check(ana, *NEWSLETTER).reason == "withdrawn", "and it is told, and counts here"


def test_a_clock_that_was_set_back_while_no_program_ran_makes_it_stale(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set back to just after the last round: by the file's age alone nothing would be wrong."""
    real = keeping.clock.now
    ana = somebody()
    client.record(ana, yes())
    path = tmp_path / "x"
    with Replica.open(path, client, follow=None, max_age=600) as replica:
        replica.refresh()
        monkeypatch.setattr(keeping.clock, "now", lambda: Instant(real() + HOUR))
        assert replica.check(ana, *NEWSLETTER).reason == "stale_replica"
    monkeypatch.setattr(keeping.clock, "now", real)
    with Replica.open(path, client, follow=None, max_age=600) as replica:
        assert replica.check(ana, *NEWSLETTER).reason == "stale_replica"
        replica.refresh()
        assert replica.check(ana, *NEWSLETTER)


def test_another_program_that_writes_makes_no_copy_younger(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock that never goes back goes on counting where another program took a choice in."""
    ana = somebody()
    client.record(ana, yes())
    path = tmp_path / "x"
    with (
        Replica.open(path, client, follow=None, max_age=60) as first,
        Replica.open(path, client, follow=None, max_age=60) as second,
    ):
        first.refresh()
        late = keeping.clock.elapsed
        monkeypatch.setattr(keeping.clock, "elapsed", lambda: late() + 3600)
        assert first.check(ana, *NEWSLETTER).reason == "stale_replica"
        second.withdraw(somebody(), *NEWSLETTER)
        assert first.check(ana, *NEWSLETTER).reason == "stale_replica"


def test_the_age_goes_on_counting_through_a_restart(client: Client, tmp_path: Path) -> None:
    ana = somebody()
    client.record(ana, yes())
    with Replica.open(tmp_path / "x", client, follow=None, max_age=1) as replica:
        replica.refresh()
    time.sleep(1.1)
    with Replica.open(tmp_path / "x", client, follow=None, max_age=1) as replica:
        assert replica.check(ana, *NEWSLETTER).reason == "stale_replica"


def test_the_number_of_an_identifier_is_what_the_files_on_disk_have() -> None:
    content = b"email\0ana@exemple.fr"
    digest = hashlib.blake2b(content, digest_size=8, key=bytes(32), person=b"identifier").digest()
    expected = int.from_bytes(digest, "big", signed=True)
    assert number_of_identifier(bytes(32), "email", "ana@exemple.fr") == expected
