"""Promise 2: one effect per Idempotency-Key."""

import asyncio

import httpx
import pytest
import sqlalchemy as sa
from serving import Service, served

from consentd.db.tables.consent import idempotency_keys
from consentd.web import idempotency

BODY = {"note": "hello"}


async def act(
    http: httpx.AsyncClient, key: str | None, body: object = BODY, **headers: str
) -> httpx.Response:
    given = {} if key is None else {"idempotency-key": key}
    return await http.post("/v1/acts", json=body, headers=given | headers)


async def test_promise_2_the_same_call_has_one_effect_and_one_answer(
    system: httpx.AsyncClient, service: Service
) -> None:
    first, second = await act(system, "k1"), await act(system, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert second.json()["again"]
    assert (await service.actions()).count("act.done") == 1


async def test_promise_2_another_body_under_the_same_key_is_422(
    system: httpx.AsyncClient, service: Service
) -> None:
    await act(system, "k1")
    answer = await act(system, "k1", {"note": "other"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert (await service.actions()).count("act.done") == 1


async def test_promise_2_the_same_call_still_running_is_409_with_retry_after(
    system: httpx.AsyncClient, service: Service
) -> None:
    service.held.clear()
    first = asyncio.create_task(act(system, "k1"))
    await service.entered.wait()
    second = await act(system, "k1")
    service.held.set()
    assert (second.status_code, second.json()["code"]) == (409, "still_running")
    assert second.headers["retry-after"] == "1"
    assert (await first).status_code == 201


async def test_promise_2_a_key_belongs_to_its_caller(system: httpx.AsyncClient, service: Service) -> None:
    await act(system, "k1")
    other = f"Bearer {await service.token('shop')}"
    answer = await act(system, "k1", {"note": "other"}, authorization=other)
    assert answer.status_code == 201
    assert (await service.actions()).count("act.done") == 2


async def test_promise_2_a_key_is_forgotten_after_seven_days(
    system: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await act(system, "k1")
    monkeypatch.setattr(idempotency, "KEPT", -1)
    assert (await act(system, "k1", {"note": "other"})).status_code == 201
    assert await idempotency.purge(service.database) == 1


async def test_without_a_key_each_call_has_its_effect(system: httpx.AsyncClient, service: Service) -> None:
    await act(system, None)
    await act(system, None)
    assert (await service.actions()).count("act.done") == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "clé".encode().decode("latin-1")])
async def test_a_key_that_is_none_is_refused(system: httpx.AsyncClient, key: str) -> None:
    answer = await system.post("/v1/acts", json=BODY, headers=[(b"idempotency-key", key.encode("latin-1"))])
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_idempotency_key")


async def test_two_keys_at_once_are_refused(system: httpx.AsyncClient) -> None:
    answer = await system.post(
        "/v1/acts", json=BODY, headers=[(b"idempotency-key", b"a"), (b"idempotency-key", b"b")]
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "repeated_header")


async def test_promise_18_neither_key_nor_body_is_kept_as_it_came(
    system: httpx.AsyncClient, service: Service
) -> None:
    await act(system, "jean.dupont@example.org", {"note": "0612345678"})
    rows = await service.database.read(
        lambda connection: [repr(tuple(row)) for row in connection.execute(sa.select(idempotency_keys))]
    )
    assert len(rows) == 1
    assert "jean" not in rows[0]
    assert "0612345678" not in rows[0]


async def test_promise_2_across_processes_the_second_of_two_at_once_has_no_effect_of_its_own(
    system: httpx.AsyncClient, service: Service
) -> None:
    """Two processes share only the database: two sets of running calls stand for them."""
    other = Service(service.database, service.keyring)
    async with served(other.app, other.settings) as port:
        address = f"http://127.0.0.1:{port}/v1/acts"
        authorization = {"authorization": system.headers["authorization"], "idempotency-key": "k1"}
        async with httpx.AsyncClient(headers=authorization) as elsewhere:
            answers = await asyncio.gather(
                *(act(system, "k1") for _ in range(4)),
                *(elsewhere.post(address, json=BODY) for _ in range(4)),
            )
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert (await service.actions()).count("act.done") == 1
