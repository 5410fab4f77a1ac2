"""What a replica and the service say to each other, as flows that either client carries out.

First the choices that wait go out, each under the number that it was given when it was taken in, then pages
come in until there are no more. Upholds promise 2 on this side: a choice leaves the queue only after the
service has answered it, and sent again it has its one effect.
"""

import msgspec

from consentd.client import wire
from consentd.client.errors import Conflict, Forbidden, Refused, Unauthorised
from consentd.client.flow import Calls, Flow
from consentd.client.replica.copying import Page, read_page

PATHS = {"consents": "/v1/consents", "objection": "/v1/objections"}
PEOPLE = 500


class Waiting(msgspec.Struct, frozen=True):
    """A choice on its way. `number`: its Idempotency-Key."""

    seq: int
    number: str
    kind: str
    content: bytes


def deliver(calls: Calls, waiting: Waiting) -> Flow[str | None]:
    """None once the service has it; the code of its refusal where it will never take it. Raises ClientError
    where it may yet: then what waits behind it waits too, so that choices arrive in their order.
    """
    try:
        yield from calls.call("POST", PATHS[waiting.kind], waiting.content, idempotency_key=waiting.number)
    except (Unauthorised, Forbidden):
        # Somebody can mend that without losing what was chosen.
        raise
    except Refused as refused:
        return refused.code
    return None


def ask(calls: Calls, replica: str, cursor: str | None, policy: str | None) -> Flow[Page | None]:
    """The next page; None where the replica is to begin anew. Raises ClientError."""
    body: wire.Body = {"replica": replica, "limit": PEOPLE}
    if cursor is not None:
        body["cursor"] = cursor
    if policy is not None:
        body["policy"] = policy
    try:
        got = yield from calls.call("POST", "/v1/replica", wire.encode(body))
    except Conflict:
        if cursor is None:
            raise
        return None
    return read_page(got.content)
