"""What both clients offer: every call as a flow, and how an address and credentials are read.

`sync.Client` and `aio.AsyncClient` differ only in how they carry a flow out.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from consentd.client import linking, questions, recording, wire
from consentd.client.clock import elapsed
from consentd.client.credentials import Credentials, by_key, by_secret
from consentd.client.flow import Calls, Flow, Patience
from consentd.client.model import (
    Attempted,
    Decision,
    Event,
    PortalLink,
    Question,
    Receipt,
    Recipient,
    StopLink,
    When,
    Who,
)

Key = Mapping[str, Any] | str | Path
"""A private JWK, or the file that holds one."""


def new_key() -> str:
    """An Idempotency-Key, or a number of one's own for an event."""
    return str(uuid.uuid4())


class Asking:
    """`url`: the service's public address. By `client_secret`, or by `private_key`."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str | None = None,
        *,
        private_key: Key | None = None,
        scope: str | None = None,
        patience: Patience = Patience(),  # noqa: B008  # frozen
        raises: bool = False,
        language: str = "en",
    ) -> None:
        self.url = address(url)
        self.raises = raises
        self.language = language
        self.credentials = credentials(self.url, client_id, client_secret, private_key, scope)
        self.patience = patience
        self.calls = Calls(self.credentials.prove, patience, elapsed)

    def check(self, asked: Question, *, permit: bool) -> Flow[Decision]:
        return questions.check(self.calls, asked, permit=permit, key=new_key(), language=self.language)

    def batch(self, asked: Sequence[Question]) -> Flow[list[Decision]]:
        return questions.check_batch(self.calls, asked, self.language)

    def links(self, purpose: str, channel: str, to: Sequence[Recipient | Who]) -> Flow[list[StopLink]]:
        return linking.links(self.calls, purpose, channel, to)

    def portal_link(self, token: str) -> Flow[PortalLink]:
        return linking.portal_link(self.calls, token)

    def record(
        self,
        who: Who,
        events: Iterable[Event],
        territory: str | None,
        name: str | None,
        key: str | None,
    ) -> Flow[Receipt]:
        body = wire.consents(who, list(events), territory, name)
        return recording.consents(self.calls, body, key or new_key())

    def objection(self, body: wire.Body, key: str | None) -> Flow[Receipt]:
        return recording.objection(self.calls, body, key or new_key())

    def attempt(self, body: wire.Body, key: str | None) -> Flow[Attempted]:
        return recording.attempt(self.calls, body, key or new_key())

    def used(
        self, permit_id: object, outcome: str, occurred_at: When | None, key: str | None
    ) -> Flow[Attempted]:
        body: wire.Body = {"outcome": outcome}
        if occurred_at is not None:
            body["occurred_at"] = wire.time(occurred_at)
        # A permit's number is a UUID: nothing else becomes part of an address (promise 16).
        return recording.used(self.calls, str(uuid.UUID(str(permit_id))), body, key or new_key())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url}, {self.credentials.client_id})"


def address(url: str) -> str:
    """Without a slash at its end. Raises ValueError for what is no address of a service."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("The service's address is written like https://consent.example.")
    if parts.username or parts.password:
        raise ValueError("Credentials are no part of the address: give client_id and client_secret.")
    return url.rstrip("/")


def credentials(
    url: str, client_id: str, secret: str | None, private_key: Key | None, scope: str | None
) -> Credentials:
    if (secret is None) == (private_key is None):
        raise ValueError("A client proves itself by client_secret or by private_key, by one of them.")
    if private_key is not None:
        return by_key(client_id, private_key, url, scope)
    assert secret is not None
    return by_secret(client_id, secret, scope)
