"""A replica on its own disk, following the service over a socket."""

import base64
import datetime as dt
import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from both import EVERYTHING, answer, position_of, scripted, somebody, yes

from consentd.client import Client, Event, Question, Replica, ReplicaError
from support.installation import Serving

NEWSLETTER = ("newsletter", "email")


@pytest.fixture
def client(service: Serving) -> Iterator[Client]:
    found = service.installation.connect(*EVERYTHING)
    with Client(service.address, found.id, found.secret) as made:
        yield made


@contextmanager
def replica_of(client: Client, path: Path, *, fresh: bool = True, **more: object) -> Iterator[Replica]:
    with Replica.open(path / "till.replica", client, follow=None, **more) as opened:
        if fresh:
            opened.refresh()
        yield opened


def test_a_replica_answers_what_the_service_answers(client: Client, tmp_path: Path) -> None:
    ana, bruno, nobody = somebody(), somebody(), somebody()
    client.record(ana, yes(contact_point=ana))
    client.record(bruno, yes())
    client.withdraw(bruno, *NEWSLETTER)
    with replica_of(client, tmp_path) as replica:
        questions = [Question(one, *NEWSLETTER) for one in (ana, bruno, nobody)]
        told = replica.check_many(questions)
        assert [one.reason for one in told] == ["consent_given", "withdrawn", "unknown_person"]
        for mine, theirs in zip(told, client.check_many(questions), strict=True):
            assert (mine.allow, mine.reasons, mine.cites, mine.basis, mine.policy, mine.law) == (
                theirs.allow,
                theirs.reasons,
                theirs.cites,
                theirs.basis,
                theirs.policy,
                theirs.law,
            )
        slots = replica.resolve([ana, bruno, nobody])
        assert slots[2] == 0
        assert (
            replica.check_many(slots, *NEWSLETTER)
            == told
            == replica.check_many([ana, bruno, nobody], *NEWSLETTER)
        )
        assert replica.check(ana.upper().replace("EMAIL:", "email:"), *NEWSLETTER)


def test_promise_5_every_answer_says_how_old_it_may_be_and_there_is_none_past_that(
    client: Client, tmp_path: Path
) -> None:
    ana = somebody()
    client.record(ana, yes())
    before = dt.datetime.now(dt.UTC)
    with replica_of(client, tmp_path, max_age=1.0) as replica:
        told = replica.check(ana, *NEWSLETTER)
        assert told.allow
        assert told.bound is not None
        assert before <= told.bound.as_of <= dt.datetime.now(dt.UTC)
        assert told.bound.max_age == dt.timedelta(seconds=1)
        assert replica.age < dt.timedelta(seconds=1)
        time.sleep(1.1)
        late = replica.check(ana, *NEWSLETTER)
        assert (late.allow, late.reason) == (False, "stale_replica")
        assert late.bound == told.bound
        assert [one.reason for one in replica.check_many([ana, ana], *NEWSLETTER)] == ["stale_replica"] * 2
        replica.refresh()
        assert replica.check(ana, *NEWSLETTER)


def test_a_replica_without_a_first_round_denies(client: Client, tmp_path: Path) -> None:
    with replica_of(client, tmp_path, fresh=False) as replica:
        assert replica.check(somebody(), *NEWSLETTER).reason == "stale_replica"
        assert replica.age == dt.timedelta.max
        assert replica.resolve([somebody()]) == [0]


def test_it_survives_a_restart_without_the_service(client: Client, tmp_path: Path) -> None:
    ana = somebody()
    client.record(ana, yes())
    with replica_of(client, tmp_path):
        pass
    with scripted() as gone:
        url = gone.url
    with (
        Client(url, "id", "secret", total=0.5) as offline,
        replica_of(offline, tmp_path, fresh=False) as replica,
    ):
        assert replica.check(ana, *NEWSLETTER)
        with pytest.raises(Exception, match=r"unavailable|timeout"):
            replica.refresh()
        assert replica.check(ana, *NEWSLETTER)


def test_it_follows_what_changes_and_who_is_erased(service: Serving, client: Client, tmp_path: Path) -> None:
    ana, bruno = somebody(), somebody()
    client.record(ana, yes())
    with replica_of(client, tmp_path) as replica:
        assert replica.check(ana, *NEWSLETTER)
        client.withdraw(ana, *NEWSLETTER)
        client.record(bruno, yes())
        replica.refresh()
        assert replica.check(ana, *NEWSLETTER).reason == "withdrawn"
        assert replica.check(bruno, *NEWSLETTER)
        erased = service.installation.run("subject", "erase", "--identifier", bruno, "--yes")
        assert erased.code == 0, erased.err
        replica.refresh()
        assert replica.check(bruno, *NEWSLETTER).reason == "unknown_person"


def test_a_thread_follows_by_itself(client: Client, tmp_path: Path) -> None:
    ana = somebody()
    with Replica.open(tmp_path / "till.replica", client, follow=0.05) as replica:
        client.record(ana, yes())
        deadline = time.monotonic() + 20
        while not replica.check(ana, *NEWSLETTER) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert replica.check(ana, *NEWSLETTER)
        assert replica.error is None


def test_only_people_purposes_and_channels_of_the_system_are_here(service: Serving, tmp_path: Path) -> None:
    mine, theirs = somebody(), somebody()
    us = service.installation.connect(*EVERYTHING, purposes=["newsletter"], channels=["email"])
    them = service.installation.connect(*EVERYTHING)
    with Client(service.address, them.id, them.secret) as other:
        other.record(theirs, yes())
        other.record(mine, yes(), Event(purpose="promotions", channel="sms", state="refused"))
    with Client(service.address, us.id, us.secret) as client:
        client.record(mine, yes())
        with replica_of(client, tmp_path) as replica:
            assert replica.check(mine, *NEWSLETTER)
            assert replica.check(theirs, *NEWSLETTER).reason == "unknown_person"
            assert client.check(theirs, *NEWSLETTER)
            assert replica.check(mine, "promotions", "sms").reason == "forbidden"
    kept = sqlite3.connect(tmp_path / "till.replica")
    assert kept.execute("SELECT count(*) FROM people").fetchone() == (1,)
    words = {text for (text,) in kept.execute("SELECT text FROM words")}
    assert not any("sms" in word or "promotions" in word for word in words)


def test_a_leaked_file_names_nobody_and_joins_to_no_other(service: Serving, tmp_path: Path) -> None:
    ana = somebody()
    files = []
    for name in ("a", "b"):
        found = service.installation.connect(*EVERYTHING)
        (tmp_path / name).mkdir()
        with Client(service.address, found.id, found.secret) as client:
            client.record(ana, yes(contact_point=ana))
            with replica_of(client, tmp_path / name) as replica:
                assert replica.check(ana, *NEWSLETTER)
                replica.withdraw(ana, *NEWSLETTER, collector="till-nobody-may-read")
        files.append(tmp_path / name / "till.replica")
    address = ana.partition(":")[2].lower()
    for path in files:
        content = b"".join(one.read_bytes() for one in path.parent.glob("till.replica*"))
        for secret in (address, address.partition("@")[0], "till-nobody-may-read", "till-2"):
            assert secret.encode() not in content.lower()
        assert path.stat().st_mode & 0o077 == 0
        assert (path.parent / "till.replica.key").stat().st_mode & 0o077 == 0
    numbers = []
    for path in files:
        kept = sqlite3.connect(path)
        numbers.append(
            {
                one
                for table in ("SELECT number FROM held", "SELECT id FROM ids")
                for (one,) in kept.execute(table)
            }
        )
    assert not numbers[0] & numbers[1]


def test_a_replica_takes_the_scope_and_the_release_is_in_the_log(service: Serving, tmp_path: Path) -> None:
    without = service.installation.connect("check", "reasons")
    with (
        Client(service.address, without.id, without.secret) as client,
        replica_of(client, tmp_path, fresh=False) as replica,
        pytest.raises(Exception, match="insufficient_scope"),
    ):
        replica.refresh()
    found = service.installation.connect(*EVERYTHING)
    with Client(service.address, found.id, found.secret) as client, replica_of(client, tmp_path) as replica:
        before = service.installation.entries()
        replica.refresh()
        assert service.installation.entries() == before, "a page about nobody releases nothing"
        client.record(somebody(), yes())
        replica.refresh()
        assert service.installation.entries()[len(before) :] == ["consent.recorded", "replica.told"]


def test_another_key_or_none_is_refused_with_what_to_do(client: Client, tmp_path: Path) -> None:
    with replica_of(client, tmp_path):
        pass
    key = tmp_path / "till.replica.key"
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(ReplicaError, match=r"till\.replica\.key back"), replica_of(client, tmp_path):
        pass
    key.write_bytes(bytes(32))
    with pytest.raises(ReplicaError, match="not the one"), replica_of(client, tmp_path):
        pass
    key.write_bytes(kept)
    with replica_of(client, tmp_path, fresh=False, key=kept):
        pass


def test_a_page_that_was_cut_off_is_not_taken_in(service: Serving, client: Client, tmp_path: Path) -> None:
    client.record(somebody(), yes())
    with replica_of(client, tmp_path) as replica:
        people = replica._keeping.file.count()
        cursor = replica._keeping.position()[0]
    page = '["head",null,"x",[],[],[]]\n["gone",1]\n'
    with (
        scripted(answer(200, page)) as cut,
        Client(cut.url, "id", "secret", retries=0) as offline,
        replica_of(offline, tmp_path, fresh=False) as replica,
    ):
        with pytest.raises(Exception, match="cut off"):
            replica.refresh()
        assert replica._keeping.file.count() == people
        assert replica._keeping.position()[0] == cursor


def test_what_names_no_one_and_what_is_no_question_deny(client: Client, tmp_path: Path) -> None:
    with replica_of(client, tmp_path) as replica:
        assert replica.check("nobody", *NEWSLETTER).reason == "invalid_question"
        assert replica.check(None, *NEWSLETTER).reason == "invalid_question"
        assert replica.check("email:é@exemple.fr", *NEWSLETTER).reason == "ask_service"
        assert replica.check("sandal:1", *NEWSLETTER).reason == "unknown_person"
        assert replica.check(somebody(), "nothing", "email").reason == "unknown_purpose"
        assert [one.reason for one in replica.check_many([-5], *NEWSLETTER)] == ["invalid_question"]
        assert [one.reason for one in replica.check_many([10**9, 0], *NEWSLETTER)] == ["unknown_person"] * 2
        assert replica.check(somebody(), *NEWSLETTER, at="2020-01-01T00:00:00Z").reason == "invalid_question"
        assert replica.check_many([]) == []


def test_two_programs_share_one_file(client: Client, tmp_path: Path) -> None:
    ana = somebody()
    client.record(ana, yes())
    with replica_of(client, tmp_path) as first, replica_of(client, tmp_path, fresh=False) as second:
        assert second.check(ana, *NEWSLETTER)
        client.withdraw(ana, *NEWSLETTER)
        first.refresh()
        assert second.check(ana, *NEWSLETTER).reason == "withdrawn"
        second.record(ana, yes(occurred_at=None))
        assert first.check(ana, *NEWSLETTER)


def test_a_new_policy_is_taken_over_and_another_extent_begins_anew(service: Serving, tmp_path: Path) -> None:
    found = service.installation.connect(*EVERYTHING)
    ana = f"email:{uuid.uuid4().hex}@exemple.fr"
    with Client(service.address, found.id, found.secret) as client:
        client.record(ana, yes())
        with replica_of(client, tmp_path) as replica:
            name, (cursor, policy) = replica._keeping.name, replica._keeping.position()
            assert cursor is not None
            with replica._keeping.file.change():
                replica._keeping.file.put("cursor", cursor[:-6] + "AAAAAA")
            with pytest.raises(Exception, match="bad_cursor"):
                replica.refresh()
            with replica._keeping.file.change():
                replica._keeping.file.put("cursor", cursor)
            replica._keeping.begin_anew()
            assert replica.check(ana, *NEWSLETTER), "what is here answers until all is told anew"
            replica.refresh()
            assert replica.check(ana, *NEWSLETTER)
            assert replica._keeping.name == name
            assert replica._keeping.position()[1] == policy


@pytest.mark.parametrize("index", [-(10**30), -1, 10**30])
def test_a_cursor_that_leads_nowhere_begins_anew(client: Client, tmp_path: Path, index: int) -> None:
    ana = somebody()
    client.record(ana, yes())
    with replica_of(client, tmp_path) as replica:
        position = position_of(replica)
        position[2] = index
        forged = base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")
        with replica._keeping.file.change():
            replica._keeping.file.put("cursor", forged)
        replica.refresh()
        assert replica.check(ana, *NEWSLETTER)
        assert replica._keeping.position()[0] != forged
