"""A till that does its part of requests: its runner against the service, on both databases, and what dies."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tills
from tills import LoopTill, Till, at_work

from consentd.client import Client, Forbidden, Handlers, Invalid, Order, TaskRunner, failed
from support.desk import Desk, open_desk
from support.installation import ROOT, Installation, Serving
from support.postgres import Server

ERASURE = {"locate": "done", "erase": "done", "confirm": "unsupported"}


class Shop:
    """A service with its desk, and a till that is not running yet."""

    def __init__(self, desk: Desk, serving: Serving) -> None:
        self.desk = desk
        self.serving = serving

    def client(self, **more: Any) -> Client:
        return Client(self.serving.address, self.desk.client.id, self.desk.client.secret, **more)

    def at_work(self, kind: str, till: Till, **more: Any) -> Any:
        return at_work(kind, self.serving.address, self.desk.client, till, **more)

    def asks(self, right: str) -> uuid.UUID:
        return self.desk.asks(right, f"email:lea.{uuid.uuid4().hex[:10]}@exemple.fr")

    def eventually(self, request: uuid.UUID, expected: dict[str, str], seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while (found := self.desk.verdicts(request)) != expected:
            assert time.monotonic() < until, found
            time.sleep(0.1)

    def task(self, request: uuid.UUID, verb: str) -> Any:
        (silo,) = self.desk.told(request).silos
        return next(task for task in silo.tasks if task.verb == verb)


def database_of(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    server: Server = request.getfixturevalue("postgres")
    return server.migrated()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    installation = Installation(tmp_path_factory.mktemp("tasks"), database_of(request)).make()
    with open_desk(installation, attempts=3) as desk, installation.served() as serving:
        yield Shop(desk, serving)


@pytest.fixture
def shop(opened: Shop) -> Shop:
    opened.desk.forget()
    return opened


@pytest.fixture(params=["threads", "event loop"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def till_of(kind: str, **more: Any) -> Till:
    return Till(**more) if kind == "threads" else LoopTill(**more)


def test_a_till_does_its_part_and_what_it_cannot_it_says(shop: Shop, kind: str) -> None:
    request, till = shop.asks("erasure"), till_of(kind)
    with shop.at_work(kind, till):
        shop.eventually(request, ERASURE)
    assert [verb for verb, _ in till.asked] == ["locate", "erase"]
    told = shop.desk.told(request)
    assert (told.state, told.gaps) == ("partial", ("till",))
    assert shop.task(request, "erase").parts[0].deleted == 1


def test_a_copy_is_sent_and_counted(shop: Shop, kind: str) -> None:
    request = shop.asks("access")
    with shop.at_work(kind, till_of(kind)):
        shop.eventually(request, {"locate": "done", "export": "done"})
    task = shop.task(request, "export")
    assert [(part.what, part.found) for part in task.parts] == [("sales", 3)]
    assert [record["number"] for _, record in shop.desk.copied(request)] == [0, 1, 2]
    assert shop.desk.told(request).state == "reviewing"


def test_a_copy_of_many_records_is_streamed_in_flat_memory(shop: Shop, kind: str) -> None:
    many = 60_000
    request = shop.asks("access")
    tracemalloc.start()
    with shop.at_work(kind, till_of(kind, records=many)):
        shop.eventually(request, {"locate": "done", "export": "done"}, 90)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    task = shop.task(request, "export")
    assert task.parts[0].found == len(shop.desk.copied(request)) == many
    # The lines are ten times as much.
    assert peak < 3_000_000 or sys.gettrace() is not None


def test_an_error_is_tried_again_and_at_last_told_without_a_word_of_it(shop: Shop, kind: str) -> None:
    request, till = shop.asks("access"), till_of(kind)
    till.breaks = 1
    with shop.at_work(kind, till):
        shop.eventually(request, {"locate": "done", "export": "done"})
        assert [verb for verb, _ in till.asked] == ["locate", "locate", "export"]
        till.breaks = 3
        second = shop.asks("access")
        shop.eventually(second, {"locate": "failed", "export": "done"}, 60)
    found = shop.task(second, "locate")
    assert (found.code, found.attempts) == ("handler_failed", 3)


def takes_one(runner: TaskRunner) -> None:
    """Does the next task, once the service has asked for it: its own worker may be at it just now."""
    until = time.monotonic() + 60
    while not runner.once():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_an_error_in_the_middle_of_a_copy_leaves_nothing_of_it(shop: Shop) -> None:
    tries: list[str] = []

    def export(order: Order) -> Iterator[Any]:
        tries.append(str(order.id))
        yield "sales", {"number": 1}
        if len(tries) == 1:
            raise RuntimeError
        yield failed("archive_gone")

    request = shop.asks("access")
    with shop.client() as client:
        runner = TaskRunner(client, Handlers(locate=Till().locate, export=export), wait=1)
        takes_one(runner)
        shop.desk.carries_out()
        takes_one(runner)
        assert shop.desk.copied(request) == []
        takes_one(runner)
    assert (shop.task(request, "export").verdict, shop.task(request, "export").code) == (
        "failed",
        "archive_gone",
    )


def test_no_answer_and_a_wrong_one_are_no_success(shop: Shop) -> None:
    answers: list[Any] = [None, True, failed("No code"), failed("till_broken")]
    request = shop.asks("erasure")
    with shop.client() as client:
        runner = TaskRunner(client, Handlers(locate=lambda order: answers.pop(0)), wait=1)
        codes = []
        for _ in range(3):
            takes_one(runner)
            codes.append(shop.task(request, "locate").code)
            time.sleep(4.1)
    assert codes == ["handler_failed", "handler_failed", "answer_refused"]
    assert shop.task(request, "locate").verdict == "failed"


def test_two_runners_share_the_work(shop: Shop, kind: str) -> None:
    requests = [shop.asks("access") for _ in range(4)]
    one, other = till_of(kind, slow=0.2), till_of(kind, slow=0.2)
    with shop.at_work(kind, one), shop.at_work(kind, other):
        for request in requests:
            shop.eventually(request, {"locate": "done", "export": "done"}, 60)
    assert one.asked
    assert other.asked
    assert len({task for _, task in one.asked + other.asked}) == len(one.asked + other.asked) == 8


def test_a_handler_that_takes_longer_than_a_lease_keeps_its_task(shop: Shop) -> None:
    request = shop.asks("erasure")
    slow, other = Till(slow=5), Till()
    with shop.at_work("threads", slow):
        while not slow.asked:
            time.sleep(0.05)
        with shop.at_work("threads", other):
            shop.eventually(request, ERASURE, 60)
    assert "locate" not in [verb for verb, _ in other.asked]


def test_who_lost_a_task_leaves_it(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    request = shop.asks("erasure")
    with shop.client() as slept, shop.client() as client:

        def locate(order: Order) -> Any:
            # As if this program had been asleep: its lease ends at once, and another comes.
            body = json.dumps({"lease": str(order.lease)}).encode()
            slept.run(slept.asking.calls.call("POST", f"/v1/tasks/{order.id}/release", body))
            takes_one(TaskRunner(client, Till(), wait=1))
            return failed("too_late")

        takes_one(TaskRunner(slept, Handlers(locate=locate), wait=1))
    assert "came too late: answered_otherwise" in caplog.text
    assert shop.desk.verdicts(request)["locate"] == "done"


@pytest.fixture
def program(shop: Shop, tmp_path: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[bytes], list[str]]]]:
    """Starts a till as a program of its own; it has begun a task when it is returned."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> tuple[subprocess.Popen[bytes], list[str]]:
        file = tmp_path / f"begun-{len(started)}"
        place = shop.serving.address, shop.desk.client.id, shop.desk.client.secret
        started.append(subprocess.Popen([sys.executable, tills.__file__, *place, "3", str(file)]))
        until = time.monotonic() + 30
        while not file.exists() or not file.read_text():
            assert time.monotonic() < until
            time.sleep(0.02)
        return started[-1], file.read_text().split()

    yield start
    for process in started:
        process.kill()
        process.wait()


def until_erase(shop: Shop) -> uuid.UUID:
    request = shop.asks("erasure")
    with shop.client() as client:
        takes_one(TaskRunner(client, Till(), wait=1))
    shop.desk.carries_out()
    return request


def test_what_a_killed_till_had_taken_is_taken_over(shop: Shop, program: Any) -> None:
    request = until_erase(shop)
    process, (task,) = program()
    os.kill(process.pid, signal.SIGKILL)
    assert shop.task(request, "erase").state == "asked"
    other = Till()
    with shop.at_work("threads", other):
        shop.eventually(request, ERASURE)
    assert ("erase", task) in other.asked
    assert shop.task(request, "erase").attempts == 2


def test_the_tutorials_till_does_its_part(shop: Shop, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "client.md").read_text()
    found = re.search(r"^```python its_part.py\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    (tmp_path / "its_part.py").write_text(found[1])
    who = f"lea.{uuid.uuid4().hex[:10]}@exemple.fr"
    with contextlib.closing(sqlite3.connect(tmp_path / "till.db")) as cards:
        cards.execute("CREATE TABLE cards (number TEXT, email TEXT, points INTEGER)")
        rows = [("ML1", who, 12), ("ML2", "ben@exemple.fr", 7)]
        cards.executemany("INSERT INTO cards VALUES (?, ?, ?)", rows)
        cards.commit()
        place = {
            "CONSENTD": shop.serving.address,
            "CLIENT": f"{shop.desk.client.id}:{shop.desk.client.secret}",
        }
        process = subprocess.Popen([sys.executable, "its_part.py"], cwd=tmp_path, env={**os.environ, **place})
        try:
            access = shop.desk.asks("access", f"email:{who}")
            shop.eventually(access, {"locate": "done", "export": "done"})
            assert shop.desk.copied(access) == [["cards", {"number": "ML1", "points": 12}]]
            erasure = shop.desk.asks("erasure", f"email:{who}")
            shop.eventually(erasure, dict.fromkeys(("locate", "erase", "confirm"), "done"))
            assert cards.execute("SELECT number FROM cards").fetchall() == [("ML2",)]
            assert shop.desk.told(erasure).state == "answered"
        finally:
            process.terminate()
            assert process.wait(20) == 0


def test_a_till_that_is_told_to_stop_finishes_the_task_at_hand(shop: Shop, program: Any) -> None:
    request = until_erase(shop)
    process, _ = program()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert shop.desk.verdicts(request)["erase"] == "done"


def test_a_runner_that_nothing_waits_for_stops_soon(shop: Shop, kind: str) -> None:
    with shop.at_work(kind, till_of(kind)):
        time.sleep(0.5)
        since = time.monotonic()
    assert time.monotonic() - since < 4


def test_who_may_not_take_tasks_is_told_so_at_once(shop: Shop) -> None:
    for scopes, error, code in (
        (("check",), Forbidden, "insufficient_scope"),
        (("tasks",), Invalid, "not_polling"),
    ):
        found = shop.serving.installation.connect(*scopes)
        with (
            Client(shop.serving.address, found.id, found.secret) as client,
            pytest.raises(error) as refused,
        ):
            TaskRunner(client, Till()).run()
        assert refused.value.code == code
    with shop.client() as client, pytest.raises(ValueError, match="name of a verb"):
        TaskRunner(client, Handlers())


def test_the_service_may_be_restarted_in_the_middle(tmp_path: Path, kind: str) -> None:
    installation = Installation(tmp_path).make()
    with open_desk(installation) as desk:
        till = till_of(kind, slow=0.5)
        with installation.served() as serving:
            shop = Shop(desk, serving)
            requests = [shop.asks("erasure") for _ in range(3)]
            working = shop.at_work(kind, till)
            working.__enter__()
            while not till.asked:
                time.sleep(0.05)
        try:
            time.sleep(1)
            with installation.served():
                for request in requests:
                    shop.eventually(request, ERASURE, 60)
        finally:
            working.__exit__(None, None, None)
