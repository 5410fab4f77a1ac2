"""Bodies over a real socket: size, media type, encodings, and what never arrives."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from serving import Service

from consentd.web import body as bodies

MOST = 65_536
GOOD = b'{"note": "hello"}'


async def post(system: httpx.AsyncClient, content: bytes, **headers: str) -> httpx.Response:
    return await system.post(
        "/v1/acts", content=content, headers={"content-type": "application/json"} | headers
    )


def code(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["instance"] == answer.headers["x-request-id"]
    return str(problem["code"])


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
async def test_json_in_utf_8_is_read(system: httpx.AsyncClient, media: str) -> None:
    answer = await post(system, GOOD, **{"content-type": media})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"content-type": "text/plain"}, "wrong_media_type"),
        ({"content-type": "application/x-www-form-urlencoded"}, "wrong_media_type"),
        ({"content-type": ""}, "wrong_media_type"),
        ({"content-type": "application/json; charset=latin-1"}, "wrong_charset"),
        ({"content-encoding": "gzip"}, "compressed_body"),
    ],
)
async def test_another_media_type_charset_or_encoding_is_415(
    system: httpx.AsyncClient, headers: dict[str, str], expected: str
) -> None:
    answer = await post(system, GOOD, **headers)
    assert (answer.status_code, code(answer)) == (415, expected)


async def test_an_empty_body_is_told_so(system: httpx.AsyncClient) -> None:
    answer = await post(system, b"")
    assert (answer.status_code, code(answer)) == (400, "empty_body")


async def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_not(system: httpx.AsyncClient) -> None:
    text = GOOD[:-1] + b" " * (MOST - len(GOOD)) + b"}"
    assert (await post(system, text)).status_code == 201
    answer = await post(system, text + b" ")
    assert (answer.status_code, code(answer)) == (413, "body_too_large")


async def test_a_chunked_body_is_measured_as_it_comes(system: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MOST:
            yield b" " * 4096
            sent += 4096

    try:
        answer = await system.post(
            "/v1/acts", content=endless(), headers={"content-type": "application/json"}
        )
    except httpx.WriteError:
        return  # the server closed while more was being sent: also an answer
    assert (answer.status_code, code(answer)) == (413, "body_too_large")


async def raw(port: int, request: bytes, *, end: bool = False) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        if end:
            writer.write_eof()
        async with asyncio.timeout(5):
            return await reader.read(4096)
    finally:
        writer.close()


def head(token: str, *lines: str) -> bytes:
    common = ["POST /v1/acts HTTP/1.1", "Host: localhost", f"Authorization: {token}"]
    return "\r\n".join([*common, "Content-Type: application/json", *lines, "", ""]).encode()


async def test_a_content_length_above_the_limit_is_refused_before_anything_is_read(
    system: httpx.AsyncClient, port: int
) -> None:
    token = system.headers["authorization"]
    assert b" 413 " in await raw(port, head(token, "Content-Length: 99999999"))


async def test_a_body_longer_than_its_content_length_has_no_effect(
    system: httpx.AsyncClient, port: int, service: Service
) -> None:
    token = system.headers["authorization"]
    answer = await raw(port, head(token, f"Content-Length: {len(GOOD)}") + GOOD + b"rubbish")
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert "act.done" not in await service.actions()


async def test_two_lengths_or_a_length_and_chunks_are_refused(system: httpx.AsyncClient, port: int) -> None:
    token = system.headers["authorization"]
    two = await raw(port, head(token, "Content-Length: 17", "Content-Length: 18") + GOOD)
    both = await raw(port, head(token, "Content-Length: 17", "Transfer-Encoding: chunked") + GOOD)
    assert b" 400 " in two.split(b"\r\n")[0]
    assert b" 400 " in both.split(b"\r\n")[0]


async def test_promise_17_a_body_that_never_comes_is_given_up(
    system: httpx.AsyncClient, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)
    token = system.headers["authorization"]
    answer = await raw(port, head(token, "Content-Length: 17") + GOOD[:5])
    assert b" 408 " in answer.split(b"\r\n")[0]


async def test_strangers_are_refused_before_their_body_is_taken_in(port: int) -> None:
    answer = await raw(port, head("Bearer nobody", "Content-Length: 60000"))
    assert b" 401 " in answer.split(b"\r\n")[0]


async def test_promise_18_what_was_sent_comes_back_in_no_problem(system: httpx.AsyncClient) -> None:
    secret = "jean.dupont@example.org"
    for content in (f'{{"note": ["{secret}"]}}', f'{{"note": "", "{secret}": 1}}', f'"{secret}', secret):
        answer = await post(system, content.encode())
        assert answer.status_code in (400, 422)
        assert secret not in answer.text


async def test_the_service_still_answers_after_all_kinds_of_rubbish(
    system: httpx.AsyncClient, service: Service, port: int
) -> None:
    for rubbish in (b"\x00" * 100, b"GET / HTTP/1.1\r\n\r\n", b"POST /v1/acts HTTP/9.9\r\nHost: x\r\n\r\n"):
        await raw(port, rubbish, end=True)
    assert (await post(system, GOOD)).status_code == 201
    assert (await service.actions()).count("act.done") == 1
