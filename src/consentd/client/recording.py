"""Recording calls as flows: each under one Idempotency-Key, whatever becomes of its tries."""

from collections.abc import Mapping, Sequence

from consentd.client import wire
from consentd.client.flow import Calls, Flow
from consentd.client.model import Attempted, Event, Named, Receipt, When, Who


def consents(calls: Calls, body: wire.Body, key: str) -> Flow[Receipt]:
    got = yield from calls.call("POST", "/v1/consents", wire.encode(body), idempotency_key=key)
    return wire.receipt(got, "events")


def objection(calls: Calls, body: wire.Body, key: str) -> Flow[Receipt]:
    got = yield from calls.call("POST", "/v1/objections", wire.encode(body), idempotency_key=key)
    return wire.receipt(got, "objections")


def attempt(calls: Calls, body: wire.Body, key: str) -> Flow[Attempted]:
    got = yield from calls.call("POST", "/v1/attempts", wire.encode(body), idempotency_key=key)
    answer: Attempted = wire.read(wire.attempted, got)
    return answer


def used(calls: Calls, permit_id: str, body: wire.Body, key: str) -> Flow[Attempted]:
    path = f"/v1/permits/{permit_id}/used"
    got = yield from calls.call("POST", path, wire.encode(body), idempotency_key=key)
    answer: Attempted = wire.read(wire.attempted, got)
    return answer


# --- bodies


def withdrawal(
    purpose: str,
    channel: str,
    *,
    contact_point: Named | None,
    occurred_at: When | None,
    source_event_id: str | None,
    method: str | None,
    collector: str | None,
) -> Event:
    return Event(
        purpose=purpose,
        channel=channel,
        state="withdrawn",
        contact_point=contact_point,
        occurred_at=occurred_at,
        source_event_id=source_event_id,
        method=method,
        collector=collector,
    )


def objection_body(
    who: Who,
    *,
    territory: str | None,
    ground: str,
    purposes: Sequence[str],
    channels: Sequence[str],
    contact_point: Named | None,
    occurred_at: When | None,
    more: Mapping[str, str | None],
) -> wire.Body:
    body: wire.Body = {"subject": wire.subject(who, territory), "ground": ground}
    if purposes:
        body["purposes"] = list(purposes)
    if channels:
        body["channels"] = list(channels)
    if contact_point is not None:
        body["contact_point"] = wire.identifier(contact_point)
    if occurred_at is not None:
        body["occurred_at"] = wire.time(occurred_at)
    return body | {name: value for name, value in more.items() if value is not None}


def attempt_body(
    who: Who,
    purpose: str,
    channel: str,
    outcome: str,
    *,
    contact_point: Named | None,
    occurred_at: When | None,
    more: Mapping[str, str | None],
) -> wire.Body:
    body: wire.Body = {
        "subject": wire.subject(who, None),
        "purpose": purpose,
        "channel": channel,
        "outcome": outcome,
    }
    if contact_point is not None:
        body["contact_point"] = wire.identifier(contact_point)
    if occurred_at is not None:
        body["occurred_at"] = wire.time(occurred_at)
    return body | {name: value for name, value in more.items() if value is not None}
