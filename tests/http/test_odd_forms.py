"""Forms that no page sent: whatever they hold, nothing breaks, and a stop is heard."""

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest
from acts import new_email, question, recording

from support.installation import Serving

PARTS = {
    "bad_utf_8": ("text/plain", b"\xff\xfe"),
    "no_such_charset": ("text/plain; charset=x-unknown", b"one"),
    "charset_of_no_text": ("text/plain; charset=hex", b"6f"),
    "half_a_letter": ("text/plain; charset=utf-7", b"+2AA-"),
}
ODD = pytest.mark.parametrize("odd", PARTS)


def multipart(name: str, odd: str) -> tuple[bytes, dict[str, str]]:
    kind, content = PARTS[odd]
    head = f'--X\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    return head.encode() + content + b"\r\n--X--\r\n", {"content-type": "multipart/form-data; boundary=X"}


@ODD
@pytest.mark.parametrize(
    ("path", "name"), [("/my", "contact"), ("/my/code", "code"), ("/my/leave", "csrf"), ("/my/in/x", "csrf")]
)
def test_a_form_that_is_no_text_is_refused_with_a_page(
    service: Serving, path: str, name: str, odd: str
) -> None:
    body, headers = multipart(name, odd)
    with service.stranger() as client:
        client.get("/my").raise_for_status()
        answer = client.post(path, content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("text/html")


@ODD
def test_promise_14_a_stop_is_heard_whatever_its_form_holds(
    service: Serving, till: httpx.Client, odd: str
) -> None:
    address = new_email()
    till.post("/v1/consents", json=recording(address)).raise_for_status()
    recipient = {"subject": {"scheme": "email", "value": address}}
    asked = {"purpose": "newsletter", "channel": "email", "recipients": [recipient]}
    path = urlsplit(till.post("/v1/links", json=asked).json()["links"][0]["url"]).path
    body, headers = multipart("List-Unsubscribe", odd)
    with service.stranger() as client:
        assert client.post(path, content=body, headers=headers).status_code == 200
    assert till.post("/v1/check", json=question(address)).json()["reasons"][0]["code"] == "withdrawn"


def test_an_origin_that_is_no_address_is_refused(service: Serving) -> None:
    with service.stranger() as client:
        answer = client.post("/my", data={"contact": "x"}, headers={"origin": "http://[::1"})
    assert answer.status_code == 403


def test_promise_17_a_form_in_parts_that_never_comes_is_given_up(service: Serving) -> None:
    async def begins(path: str) -> bytes:
        where = urlsplit(service.address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
        kind = "Content-Type: multipart/form-data; boundary=X\r\n\r\n--X\r\n"
        writer.write((head + kind).encode())
        async with asyncio.timeout(120):
            line = await reader.readline()
        writer.close()
        return line

    async def both() -> list[bytes]:
        return await asyncio.gather(begins("/my"), begins("/my/code"))

    assert all(b" 408 " in line for line in asyncio.run(both()))
