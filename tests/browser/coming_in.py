"""Coming in over HTTP, as a browser does: its cookies and its headers, and no page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from support.customers import Customers
from support.installation import Serving

BROWSER = "Mozilla/5.0 (Linux; Android 7.0) an old telephone"


@contextmanager
def somebody(service: Serving, agent: str = BROWSER) -> Iterator[httpx.Client]:
    """A browser's cookies and headers, and no page."""
    with service.stranger() as client:
        client.headers.update({"user-agent": agent, "sec-fetch-site": "same-origin"})
        yield client


def asks(client: httpx.Client, contact: str) -> None:
    answer = client.post("/my", data={"contact": contact})
    assert (answer.status_code, answer.headers["location"]) == (303, "/my/code")


def enters(client: httpx.Client, customers: Customers, address: str, number: int = 1, **more: str) -> str:
    """By the code that comes; where the answer leads."""
    asks(client, address)
    answer = client.post("/my/code", data={"code": customers.code(address, number), **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def is_in(client: httpx.Client) -> bool:
    return client.get("/my").headers.get("location") == "/my/choices"


def form_token(client: httpx.Client) -> str:
    """What forms of this session hold."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/my/code").text)
    assert found
    return found[1]


def cookie(answer: httpx.Response, name: str) -> dict[str, Any]:
    """One that an answer sets: its value, and what it says of it, in small letters."""
    (found,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{name}=")]
    first, *rest = found.split("; ")
    said = {one.partition("=")[0].lower(): one.partition("=")[2].lower() for one in rest}
    return said | {"value": first.partition("=")[2]}
