"""Several workers behind one port: they are one service, and what one of them dies of harms no other."""

import contextlib
import json
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from acts import CANARY, email, given, new_email, person, question, recording
from prometheus_client.parser import text_string_to_metric_families

from support.installation import Installation, Serving, free_port
from support.postgres import Server

WORKERS = 2
CONNECTIONS = 16
ROUNDS = 6
Labels = frozenset[tuple[str, str]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def workers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    url = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.migrated()
    installation = Installation(
        tmp_path_factory.mktemp("many"), url, CONSENTD_METRICS_PORT=str(free_port())
    ).make()
    with installation.served(None, "--workers", str(WORKERS)) as serving:
        eventually(lambda: reached(serving) == WORKERS)
        yield serving


def eventually(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def by_worker(serving: Serving) -> Iterator[dict[str, httpx.Client]]:
    """A client on a kept connection to each worker that took one of many connections made at once."""
    with contextlib.ExitStack() as stack:
        clients = {
            f"which-{uuid.uuid4().hex}": stack.enter_context(serving.stranger()) for _ in range(CONNECTIONS)
        }

        def call(number: str) -> None:
            clients[number].get("/health/ready", headers={"x-request-id": number})

        before = serving.log_size()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(call, clients))
        found = {}
        for number, client in clients.items():
            written = serving.log(before, until=number).splitlines()
            found[json.loads(next(one for one in written if number in one))["process"]] = client
        yield found


def reached(serving: Serving) -> int:
    with by_worker(serving) as found:
        return len(found)


@contextlib.contextmanager
def all_workers(serving: Serving) -> Iterator[list[httpx.Client]]:
    """One client for each worker, calling as one system."""
    token = serving.token(serving.installation.connect("consent:write", "consent:read", "check"))
    with contextlib.ExitStack() as stack:
        found: dict[str, httpx.Client] = {}
        while len(found) < WORKERS:
            found |= stack.enter_context(by_worker(serving))
        for client in found.values():
            client.headers["authorization"] = f"Bearer {token}"
        yield list(found.values())


def metrics(serving: Serving) -> dict[tuple[str, Labels], float]:
    port = serving.installation.environment["CONSENTD_METRICS_PORT"]
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(found: dict[tuple[str, Labels], float], name: str, **labels: str) -> float:
    return found.get((f"consentd_{name}", frozenset(labels.items())), 0)


def test_promise_5_a_withdrawal_through_one_worker_counts_at_once_in_all(workers: Serving) -> None:
    address = new_email()

    def allowed(client: httpx.Client) -> bool:
        answer = client.post("/v1/check", json=question(address))
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["allow"])

    with all_workers(workers) as clients, ThreadPoolExecutor(WORKERS) as pool:
        for turn in range(ROUNDS):
            through = clients[turn % WORKERS]
            at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
            body = recording(address, occurred_at=at, source_event_id=uuid.uuid4().hex)
            through.post("/v1/consents", json=body).raise_for_status()
            assert all(pool.map(allowed, clients))
            # At equal times the stricter wins: it needs no later second.
            no = given(address, state="withdrawn", occurred_at=at, method="spoken")
            answer = through.post("/v1/consents", json={"subject": person(email(address)), "events": [no]})
            assert answer.status_code == 201
            assert not any(pool.map(allowed, clients * 3))
            time.sleep(1)


def test_metrics_are_those_of_all_workers_whichever_is_asked(workers: Serving) -> None:
    address = new_email()
    items = [question(address), *[question(new_email()) for _ in range(199)]]
    with all_workers(workers) as clients:
        before = metrics(workers)
        clients[0].post("/v1/consents", json=recording(address)).raise_for_status()
        for client in clients:
            client.post("/v1/check", json=question(address)).raise_for_status()
            client.post("/v1/check", json=question(new_email())).raise_for_status()
            client.post("/v1/check", json={}).json()
        clients[0].post("/v1/check/batch", json={"items": items}).raise_for_status()
    with ThreadPoolExecutor(6) as pool:
        after = list(pool.map(lambda _: metrics(workers), range(6)))

    def grown(name: str, **labels: str) -> set[float]:
        return {value(one, name, **labels) - value(before, name, **labels) for one in after}

    assert grown("checks_asked_total") == {2 * WORKERS + 200}
    assert grown("checks_total", outcome="allowed") == {WORKERS + 1}
    assert grown("checks_total", outcome="denied") == {WORKERS + 199}
    assert grown("events_total") == {1}
    assert grown("batch_starts_total") == {1}
    about = {"method": "POST", "route": "/v1/check"}
    assert grown("requests_total", **about, status="2xx") == {2 * WORKERS}
    assert grown("requests_total", **about, status="4xx") == {WORKERS}
    assert grown("request_seconds_count", **about) == {3 * WORKERS}
    assert grown("request_seconds_bucket", **about, le="+Inf") == {3 * WORKERS}
    assert min(grown("request_seconds_sum", **about)) > 0
    assert min(grown("commits_total")) >= 1
    assert min(grown("units_total", outcome="committed")) >= 1
    assert {value(one, "database_up") for one in after} == {1}
    eventually(lambda: value(metrics(workers), "log_waiting") == 0)
    assert value(metrics(workers), "log_entries") > value(before, "log_entries")
    assert value(metrics(workers), "requests_in_flight") == 0


def test_metrics_stand_on_their_own_port_alone(workers: Serving) -> None:
    port = workers.installation.environment["CONSENTD_METRICS_PORT"]
    assert httpx.get(f"{workers.address}/metrics").status_code == 404
    host = {"host": f"127.0.0.1:{port}"}
    assert httpx.get(f"{workers.address}/metrics", headers=host).status_code == 404
    for path in ("/", "/health/ready", "/v1/check", "/openapi.json"):
        assert httpx.get(f"http://127.0.0.1:{port}{path}").status_code == 404


def test_promise_17_a_worker_that_dies_is_replaced_and_the_others_go_on(workers: Serving) -> None:
    started = [line for line in workers.lines() if line["event"] == "worker_started"]
    victim = next(line for line in started if line["worker"] == 2)
    before = value(metrics(workers), "worker_starts_total")
    os.kill(victim["pid"], signal.SIGKILL)
    # Connections that it had taken are gone; new ones reach the others all the while.
    for _ in range(20):
        assert httpx.get(f"{workers.address}/health/ready", timeout=10).status_code == 200

    def replaced() -> bool:
        last = [line for line in workers.lines() if line["event"] == "worker_started"][-1]
        return bool(last["worker"] == 2 and last["pid"] != victim["pid"])

    eventually(replaced)
    (died,) = [line for line in workers.lines() if line["event"] == "worker_died"]
    assert (died["worker"], died["signal"], died["process"]) == (2, "SIGKILL", "supervisor")
    eventually(lambda: reached(workers) == WORKERS)
    assert value(metrics(workers), "worker_starts_total") == before + 1


def test_promise_18_no_process_of_a_server_writes_what_is_personal(workers: Serving) -> None:
    """Every line of every process is JSON under its name, and holds nothing that anybody sent."""
    with all_workers(workers) as clients:
        for client in clients:
            address = new_email()
            client.post("/v1/consents", json=recording(address)).raise_for_status()
            client.get(f"/v1/{address}?about={address}", headers={"x-request-id": address})
            client.request(CANARY.upper(), f"/{address}")
            client.post("/v1/check", content=address.encode())
            items = [question(new_email()) for _ in range(300)]
            client.post("/v1/check/batch", json={"items": items}).raise_for_status()
            client.post("/v1/check/batch", json={"items": [*items, {"subject": address}]})
            last = uuid.uuid4().hex
            client.get("/health/live", headers={"x-request-id": last})
            assert CANARY not in workers.log(0, until=last).lower()
    names = {line["process"] for line in workers.lines()}
    assert names == {"supervisor", "worker-1", "worker-2"}
    told = json.dumps([str(key) for key in metrics(workers)])
    assert CANARY not in told.lower()
    assert "system-" not in told
