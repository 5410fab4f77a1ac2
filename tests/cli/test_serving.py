"""Starting and stopping the service, in one process or several: promptly, whole, with a right code."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from support.installation import ROOT, Installation, Serving, free_port, wait_until_ready

MANY = ["--workers", "2"]
FORMS = pytest.mark.parametrize("arguments", [[], MANY], ids=["one", "many"])


def a_no() -> bytes:
    event = {"purpose": "newsletter", "channel": "email", "state": "refused"}
    who = {"identifiers": [{"scheme": "email", "value": "ana@exemple.fr"}], "territory": "FR"}
    return json.dumps({"subject": who, "events": [event]}).encode()


def workers_of(serving: Serving) -> list[int]:
    return [line["pid"] for line in serving.lines() if line["event"] == "worker_started"]


def lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            # A zombie only waits for someone to read its exit code.
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def refused(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(2)
        return one.connect_ex(("127.0.0.1", port)) != 0


@contextlib.contextmanager
def half_a_request(serving: Serving, token: str, body: bytes) -> Iterator[socket.socket]:
    """A recording of which half was sent."""
    head = (
        "POST /v1/consents HTTP/1.1\r\nHost: consentd\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", serving.installation.port), timeout=10) as connection:
        connection.sendall(head.encode() + body[:20])
        time.sleep(0.3)
        yield connection


@FORMS
def test_promise_17_on_sigterm_what_is_under_way_is_answered_and_kept_and_nobody_else_comes_in(
    installation: Installation, arguments: list[str]
) -> None:
    body = a_no()
    with installation.served(None, *arguments) as serving:
        token = serving.token(installation.connect("consent:write"))
        before = len(installation.entries())
        with half_a_request(serving, token, body) as connection:
            told = time.monotonic()
            serving.process.send_signal(signal.SIGTERM)
            while not refused(installation.port):
                assert time.monotonic() < told + 20
            connection.sendall(body[20:])
            # The server closes what it will not serve again.
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        assert answer.startswith("HTTP/1.1 201"), answer
        assert json.loads(answer.partition("\r\n\r\n")[2])["events"][0]["id"]
        assert serving.process.wait(30) == 0
    assert installation.entries()[before:] == ["consent.recorded"]


@FORMS
def test_promise_17_who_sends_nothing_more_does_not_hold_the_stop_up(
    installation: Installation, arguments: list[str]
) -> None:
    with installation.served(None, *arguments) as serving:
        token = serving.token(installation.connect("consent:write"))
        with half_a_request(serving, token, a_no()):
            serving.process.send_signal(signal.SIGTERM)
            # The connection is open all that time, and says nothing.
            assert serving.process.wait(30) == 0


@FORMS
def test_ctrl_c_stops_every_process_and_leaves_with_0(
    installation: Installation, arguments: list[str]
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "consentd", "serve", *arguments],
        cwd=ROOT,
        env=installation.environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until_ready(f"http://127.0.0.1:{installation.port}", process)
    # As a terminal does: to the whole group.
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert refused(installation.port)


@FORMS
def test_a_service_that_is_told_to_stop_before_it_serves_stops(
    installation: Installation, arguments: list[str]
) -> None:
    process = installation.start("serve", *arguments)
    while refused(installation.port):
        assert process.poll() is None
    process.terminate()
    _, err = process.communicate(timeout=15)
    assert (process.returncode, "Traceback" in err) == (0, False), err


def test_no_worker_outlives_a_supervisor_that_was_killed(installation: Installation) -> None:
    with installation.served(None, *MANY) as serving:
        pids = workers_of(serving)
        assert len(pids) == 2
        serving.process.kill()
        deadline = time.monotonic() + 30
        while any(map(lives, pids)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert refused(installation.port)


def test_who_asks_twice_does_not_wait(installation: Installation) -> None:
    with installation.served(None, *MANY) as serving:
        token = serving.token(installation.connect("consent:write"))
        with half_a_request(serving, token, a_no()):
            told = time.monotonic()
            serving.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            serving.process.send_signal(signal.SIGINT)
            # Something had to be killed: that is told.
            assert serving.process.wait(10) == 1
            assert time.monotonic() < told + 20


def test_workers_that_cannot_start_are_tried_ever_more_slowly(installation: Installation) -> None:
    """A worker that ends at once does not take the machine with it."""
    program = (
        "import sys; from consentd.base.settings import from_environment as settings; "
        "from consentd.web import supervisor; sys.exit(supervisor.serve(settings(), 'consentd.nothing'))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=installation.environment | {"CONSENTD_WORKERS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    died: list[dict[str, object]] = []
    for text in process.stderr:
        line = json.loads(text) if text.startswith("{") else {}
        if line.get("event") == "worker_died":
            died.append(line)
        if len(died) == 3:
            break
    process.terminate()
    process.communicate(timeout=15)
    assert process.returncode == 0
    assert [line["code"] for line in died] == [1, 1, 1]
    assert [line["retry_seconds"] for line in died] == [0.25, 0.5, 1.0]


def test_a_service_that_cannot_serve_says_so_through_every_worker(installation: Installation) -> None:
    (installation.folder / "root.key").write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")
    port = str(free_port())
    process = installation.start("serve", *MANY, CONSENTD_METRICS_PORT=port)
    try:
        address = f"http://127.0.0.1:{installation.port}"
        deadline = time.monotonic() + 30
        while True:
            assert time.monotonic() < deadline
            with contextlib.suppress(httpx.TransportError):
                ready = httpx.get(f"{address}/health/ready")
                break
        assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")
        assert httpx.get(f"{address}/health/live").status_code == 200
        told = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert "consentd_database_up 0.0" in told
        assert 'route="/health/ready",status="5xx"' in told
    finally:
        process.terminate()
        process.communicate(timeout=15)
    assert process.returncode == 0
