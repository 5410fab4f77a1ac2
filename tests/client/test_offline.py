"""Choices that are taken in without the service: kept, counting at once, delivered once, as they happened."""

import datetime as dt
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from both import EVERYTHING, NOTICE, answer, scripted, somebody, yes

from consentd.client import Client, Event, Question, Replica
from consentd.client.replica import following
from support.installation import Client as Credentials
from support.installation import Serving

NEWSLETTER = ("newsletter", "email")
PROGRAM = Path(__file__).parent / "taking.py"


@pytest.fixture
def system(service: Serving) -> Credentials:
    return service.installation.connect(*EVERYTHING)


@pytest.fixture
def client(service: Serving, system: Credentials) -> Iterator[Client]:
    with Client(service.address, system.id, system.secret, timeout=20, total=30) as made:
        yield made


@pytest.fixture
def replica(client: Client, tmp_path: Path) -> Iterator[Replica]:
    with Replica.open(tmp_path / "till.replica", client, follow=None) as opened:
        opened.refresh()
        yield opened


def history(service: Serving, who: str) -> list[dict[str, Any]]:
    """Every event of a person, by a system that may read them."""
    scheme, _, value = who.partition(":")
    with service.client("consent:read") as http:
        body = {"identifiers": [{"scheme": scheme, "value": value}]}
        people = http.post("/v1/subjects/lookup", json=body).json()["subjects"]
        return [
            told["event"]
            for person in people
            for told in http.get(f"/v1/subjects/{person['id']}/history").json()["events"]
        ]


def undated(**other: Any) -> Event:
    return yes(occurred_at=None, **other)


def test_a_yes_counts_at_once_and_arrives_with_the_time_at_which_it_was_given(
    service: Serving, client: Client, replica: Replica
) -> None:
    ana = somebody()
    before = dt.datetime.now(dt.UTC)
    replica.record([ana, f"loyalty:{uuid.uuid4().hex}"], undated(contact_point=ana), territory="FR")
    after = dt.datetime.now(dt.UTC)
    assert replica.check(ana, *NEWSLETTER)
    assert not client.check(ana, *NEWSLETTER)
    time.sleep(0.3)
    replica.refresh()
    assert replica.pending() == 0
    assert client.check(ana, *NEWSLETTER)
    assert replica.check(ana, *NEWSLETTER)
    (event,) = history(service, ana)
    assert before <= dt.datetime.fromisoformat(event["occurred_at"]) <= after


def test_what_restricts_counts_at_once(client: Client, replica: Replica) -> None:
    ana, bruno, chloe = somebody(), somebody(), somebody()
    for one in (ana, bruno, chloe):
        client.record(one, yes(contact_point=one))
    replica.refresh()
    assert all(replica.check_many([ana, bruno, chloe], *NEWSLETTER))
    replica.withdraw(ana, *NEWSLETTER)
    replica.object(bruno, method="spoken")
    replica.record(chloe, undated(state="refused", notice=None))
    told = replica.check_many([ana, bruno, chloe], *NEWSLETTER)
    assert [one.reason for one in told] == ["withdrawn", "objected", "refused"]
    replica.record(bruno, undated(contact_point=bruno, method="portal"))
    assert replica.check(bruno, *NEWSLETTER).reason == "objected", "only the service lifts an objection"
    replica.refresh()
    told = client.check_many([_question(one) for one in (ana, bruno, chloe)])
    assert [one.reason for one in told] == ["withdrawn", "consent_given", "refused"]
    assert [one.reason for one in replica.check_many([ana, bruno, chloe], *NEWSLETTER)] == [
        one.reason for one in told
    ]


@pytest.mark.parametrize(
    "lacking",
    [
        {"method": "spoken"},
        {"method": "silence"},
        {"notice": None},
        {"notice": NOTICE | {"version": "99"}},
        {"notice": {"id": "promotions", "version": "1", "language": "fr"}},
        {"collector": None},
        {"evidence": {"pre_ticked": True}},
        {"state": "unknown"},
        {"confirm": "email"},
    ],
)
def test_a_yes_that_the_service_might_not_take_as_proven_counts_for_nothing_here(
    replica: Replica, lacking: dict[str, Any]
) -> None:
    ana = somebody()
    replica.record(ana, undated(**lacking))
    assert not replica.check(ana, *NEWSLETTER)


def test_a_yes_by_a_shared_address_is_nobodys_and_a_no_is_everybodys(
    client: Client, replica: Replica
) -> None:
    shared, cards = somebody(), [f"loyalty:{uuid.uuid4().hex}" for _ in range(2)]
    for card in cards:
        client.record([shared, card], yes(state="requested", notice=None))
    replica.refresh()
    replica.record(shared, undated(contact_point=shared))
    assert not any(replica.check(card, *NEWSLETTER, contact_point=shared) for card in cards)
    for card in cards:
        replica.record([shared, card], undated(contact_point=shared))
    assert replica.check(cards[0], *NEWSLETTER, contact_point=shared)
    replica.withdraw(cards[0], *NEWSLETTER, contact_point=shared)
    assert replica.check(cards[1], *NEWSLETTER, contact_point=shared).reason == "withdrawn"


def test_promise_2_what_was_sent_and_not_heard_has_one_effect(
    service: Serving, client: Client, replica: Replica
) -> None:
    ana = somebody()
    replica.record(ana, undated())
    replica.object(ana, purposes=["promotions"])
    for waiting in replica._keeping.waiting():
        # As if the program died before it could note that the service has it.
        assert client.run(following.deliver(client.asking.calls, waiting)) is None
    assert replica.pending() == 2
    replica.refresh()
    assert replica.pending() == 0
    assert [event["state"] for event in history(service, ana)] == ["given"]


def test_promise_1_what_was_taken_in_survives_a_kill_and_is_delivered_once(
    service: Serving, system: Credentials, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "till.replica"
    people = [somebody() for _ in range(60)]
    arguments = [service.address, system.id, system.secret, str(path), *people]
    program = subprocess.Popen(
        [sys.executable, str(PROGRAM), "take", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    safe = [program.stdout.readline().strip() for _ in range(20)]
    program.send_signal(signal.SIGKILL)
    safe += program.stdout.read().split()
    program.wait()
    for pause in (0.05, 0.15, 0.4):
        sender = subprocess.Popen(
            [sys.executable, str(PROGRAM), "send", *arguments], stdout=subprocess.PIPE, text=True
        )
        assert sender.stdout is not None
        sender.stdout.readline()
        time.sleep(pause)
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        sender.stdout.close()
    program.stdout.close()
    with Replica.open(path, client, follow=None) as replica:
        replica.refresh()
        assert replica.pending() == 0
        assert replica.refused() == []
        assert {one.reason for one in replica.check_many(safe, *NEWSLETTER)} == {"withdrawn"}
    for one in people:
        events = history(service, one)
        assert len(events) <= 1
        assert events or one not in safe


def test_what_the_service_will_not_take_waits_for_a_person(client: Client, replica: Replica) -> None:
    ana = somebody()
    client.record(ana, yes(contact_point=ana))
    replica.refresh()
    replica.record(ana, undated(purpose="nothing"))
    number = replica.record(
        ana,
        undated(
            state="withdrawn",
            notice={"id": "newsletter", "version": "3", "language": "fr"},
            hours=[{"days": "x"}],
        ),
    )
    replica.refresh()
    assert replica.pending() == 0
    codes = {one.number: one.code for one in replica.refused()}
    assert set(codes.values()) == {"unknown_purpose", "invalid_body"}
    assert replica.check(ana, *NEWSLETTER).reason == "withdrawn", "a no goes on counting here"
    assert replica.drop(number)
    assert not replica.drop(number)
    assert replica.check(ana, *NEWSLETTER)
    assert len(replica.refused()) == 1


def test_refused_credentials_hold_the_queue_back_and_lose_nothing(client: Client, tmp_path: Path) -> None:
    ana = somebody()
    path = tmp_path / "till.replica"
    with (
        scripted(answer(403, '{"code": "insufficient_scope", "detail": ""}')) as server,
        Client(server.url, "id", "secret") as stranger,
        Replica.open(path, stranger, follow=None) as replica,
    ):
        replica.withdraw(ana, *NEWSLETTER)
        with pytest.raises(Exception, match="insufficient_scope"):
            replica.refresh()
        assert replica.pending() == 1
        assert replica.refused() == []
    with Replica.open(path, client, follow=None) as replica:
        replica.refresh()
        assert replica.pending() == 0
    assert client.check(ana, *NEWSLETTER).reason == "withdrawn"


def test_what_is_no_choice_is_refused_at_once(replica: Replica) -> None:
    ana = somebody()
    for wrong in (
        lambda: replica.record(ana),
        lambda: replica.record("nobody", undated()),
        lambda: replica.record(ana, yes(occurred_at="2199-01-01T00:00:00Z")),
        lambda: replica.record(ana, yes(occurred_at=dt.datetime(2026, 11, 20))),  # noqa: DTZ001
        lambda: replica.object(ana, occurred_at="soon"),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            wrong()
    assert replica.pending() == 0


def _question(who: str) -> Any:
    return Question(who, *NEWSLETTER)
