"""Between values and the bytes of the service's API. Pure.

Raises ValueError or TypeError for what no body can be made of, with sentences that repeat no value
(promise 18), and `errors.ClientError` for what came back.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.client.errors import Fault, Overloaded, Refused, Unavailable, Unreadable, refused
from consentd.client.model import (
    Attempted,
    Decision,
    Event,
    Identifier,
    Named,
    PortalLink,
    Question,
    Receipt,
    Recipient,
    StopLink,
    When,
    Who,
)

Body = dict[str, Any]  # Any: JSON
UTC = ZoneInfo("UTC")


class Received(msgspec.Struct, frozen=True):
    """An answer as it came: header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class _Problem(msgspec.Struct, frozen=True):
    code: str
    detail: str = ""
    title: str = ""
    errors: tuple[Fault, ...] = ()


class _OAuthError(msgspec.Struct, frozen=True):
    error: str
    error_description: str = ""


class _Answers(msgspec.Struct, frozen=True):
    answers: tuple[Decision, ...]


class _Links(msgspec.Struct, frozen=True):
    links: tuple[StopLink, ...]


class Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int
    scope: str = ""


_encode = msgspec.json.Encoder().encode
_problem = msgspec.json.Decoder(_Problem)
_oauth = msgspec.json.Decoder(_OAuthError)
decision = msgspec.json.Decoder(Decision)
answers = msgspec.json.Decoder(_Answers)
token = msgspec.json.Decoder(Token)
attempted = msgspec.json.Decoder(Attempted)
links = msgspec.json.Decoder(_Links)
portal_link = msgspec.json.Decoder(PortalLink)


def encode(body: Body) -> bytes:
    """Raises TypeError for what JSON has no form for."""
    return _encode(body)


def identifier(named: Named) -> Body:
    """Raises ValueError for a text without a scheme, TypeError for what names nobody."""
    if isinstance(named, str):
        scheme, colon, value = named.partition(":")
        if not colon:
            raise ValueError("an identifier is written with its scheme: email:ana@exemple.fr")
        return {"scheme": scheme, "value": value}
    if not isinstance(named, Identifier):
        raise TypeError("a person is named by identifiers: email:ana@exemple.fr")
    return {"scheme": named.scheme, "value": named.value}


def identifiers(who: Who) -> list[Body]:
    if isinstance(who, str | Identifier):
        return [identifier(who)]
    return [identifier(one) for one in who]


def time(when: When) -> str:
    """RFC 3339. Raises ValueError for a datetime without a zone: it would be a guess."""
    if isinstance(when, str):
        return when
    if when.tzinfo is None:
        raise ValueError("a time without a zone names no instant: give it one")
    return when.isoformat()


def question(asked: Question) -> Body:
    names = identifiers(asked.subject)
    body: Body = {
        "subject": names[0] if len(names) == 1 else names,
        "purpose": asked.purpose,
        "channel": asked.channel,
    }
    if asked.contact_point is not None:
        body["contact_point"] = identifier(asked.contact_point)
    if asked.at is not None:
        body["at"] = time(asked.at)
    return body


def recipient(one: Recipient | Who) -> Body:
    given = one if isinstance(one, Recipient) else Recipient(one)
    names = identifiers(given.subject)
    body: Body = {"subject": names[0] if len(names) == 1 else names}
    if given.contact_point is not None:
        body["contact_point"] = identifier(given.contact_point)
    return body


def subject(who: Who, territory: str | None, name: str | None = None) -> Body:
    body: Body = {"identifiers": identifiers(who)}
    if territory is not None:
        body["territory"] = territory
    if name is not None:
        body["name"] = name
    return body


def event(said: Event) -> Body:
    body: Body = {
        field: value
        for field in said.__struct_fields__
        if (value := getattr(said, field)) not in (None, (), False)
    }
    if said.contact_point is not None:
        body["contact_point"] = identifier(said.contact_point)
    if said.occurred_at is not None:
        body["occurred_at"] = time(said.occurred_at)
    return body


def consents(who: Who, events: Sequence[Event], territory: str | None, name: str | None) -> Body:
    return {"subject": subject(who, territory, name), "events": [event(one) for one in events]}


def read(decoder: "msgspec.json.Decoder[Any]", got: Received) -> Any:  # Any: what the decoder makes
    """Raises Unreadable."""
    try:
        return decoder.decode(got.content)
    except (msgspec.MsgspecError, ValueError):
        raise Unreadable(
            "unreadable_answer", "What answered is not consentd, or speaks another version."
        ) from None


_recorded = msgspec.json.Decoder(dict[str, Any])


def receipt(got: Received, listed: str) -> Receipt:
    """Of a recording call. `listed`: the member that lists what was recorded. Raises Unreadable."""
    answer = read(_recorded, got)
    try:
        rows = answer[listed]
        return Receipt(UUID(answer["receipt_id"]), all(row["duplicate"] for row in rows), answer)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unreadable("unreadable_answer", "The receipt that came back cannot be read.") from None


def failure(got: Received) -> Refused | Unavailable:
    """The error of an answer from 400 up."""
    code, detail, errors = _said(got)
    if got.status == 429:
        return Overloaded(code, detail)
    if got.status >= 500 or got.status < 400:
        return Unavailable(code, detail)
    if got.status == 409 and "retry-after" in got.headers:
        return Unavailable(code, detail)
    return refused(got.status, code, detail, errors)


def code_of(got: Received) -> str:
    return _said(got)[0]


def _said(got: Received) -> tuple[str, str, tuple[Fault, ...]]:
    try:
        problem = _problem.decode(got.content)
    except (msgspec.MsgspecError, ValueError):
        return _said_by_oauth(got)
    return problem.code, problem.detail or problem.title, problem.errors


def _said_by_oauth(got: Received) -> tuple[str, str, tuple[Fault, ...]]:
    try:
        told = _oauth.decode(got.content)
    except (msgspec.MsgspecError, ValueError):
        return f"status_{got.status}", f"The answer was {got.status}, without a reason.", ()
    return told.error, told.error_description, ()


def retry_after(got: Received) -> float | None:
    """Seconds; None where the answer does not say, or gives a date (RFC 9110 §10.2.3 allows one)."""
    text = got.headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
