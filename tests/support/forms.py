"""Forms of the customers' pages, filled in and sent as a browser does it, without any script."""

from typing import Any

import httpx

from support.pages import Element, checked


def fields(page: Element, action: str) -> dict[str, str]:
    """What the form of this address holds before anybody fills it in; "": of the page's own address."""
    (form, *_) = [one for one in page.all("form") if one.attributes.get("action", "") == action]
    inputs = [one for one in form.all("input") if one.attributes.get("type") == "hidden"]
    return {one.attributes["name"]: one.attributes["value"] for one in inputs}


async def look(
    client: httpx.AsyncClient, path: str, status: int = 200, *, headers: dict[str, str] | None = None
) -> Element:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == status, answer.text
    return checked(answer.text, client.headers["accept-language"])


async def press(client: httpx.AsyncClient, page: Element, action: str, **said: Any) -> httpx.Response:
    return await client.post(action, data=fields(page, action) | said)


async def asks(client: httpx.AsyncClient, slug: str, **said: Any) -> str:
    """The address of the request that a form makes."""
    at = f"/my/rights/{slug}"
    answer = await press(client, await look(client, at), at, **said)
    assert answer.status_code == 303, answer.text
    found: str = answer.headers["location"]
    return found


def chosen(page: Element, name: str) -> list[str]:
    """The values of a form's boxes that are ticked."""
    boxes = [one for one in page.all("input") if one.attributes.get("name") == name]
    return [one.attributes["value"] for one in boxes if "checked" in one.attributes]
