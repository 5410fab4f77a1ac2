"""What a replica and the service say to each other, as flows that either client carries out.

First the choices that wait go out, each under the number that it was given when it was taken in, then pages
come in until there are no more. Upholds promise 2 on this side: a choice leaves the queue only after the
service has answered it, and sent again it has its one effect.
"""

import msgspec

from consentd.client import clock, wire
from consentd.client.errors import ClientError, Conflict, Forbidden, Refused, Unauthorised
from consentd.client.flow import Calls, Flow
from consentd.client.replica.copying import Page, read_page
from consentd.kernel.instants import SECOND, parse_moment

PATHS = {"consents": "/v1/consents", "objection": "/v1/objections"}
PEOPLE = 500


class Waiting(msgspec.Struct, frozen=True):
    """A choice on its way. `number`: its Idempotency-Key."""

    seq: int
    number: str
    kind: str
    content: bytes


class NotAllowed(Exception):  # a signal, never seen outside
    """This system was revoked, or lost the scope."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.code)
        self.refused = refused


class _Timed(msgspec.Struct, frozen=True):
    occurred_at: str | None = None


class _Body(msgspec.Struct, frozen=True):
    """When what a recording call tells of happened."""

    occurred_at: str | None = None
    events: tuple[_Timed, ...] = ()


_timed = msgspec.json.Decoder(_Body).decode


def deliver(calls: Calls, waiting: Waiting) -> Flow[str | None]:
    """None once the service has it; the code of its refusal where it will never take it. Raises ClientError
    where it may yet: then what waits behind it waits too, so that choices arrive in their order.
    """
    try:
        yield from calls.call("POST", PATHS[waiting.kind], waiting.content, idempotency_key=waiting.number)
    except Refused as refused:
        if not refused.by_consentd or _is_about_rights(refused) or _is_early(refused, waiting):
            # It may be taken yet: somebody or time can mend that without losing what was chosen.
            raise
        return refused.code
    return None


def _is_about_rights(refused: Refused) -> bool:
    # What lies outside a system's limits is refused for itself; what lies behind it need not wait for it.
    return isinstance(refused, Unauthorised | Forbidden) and refused.code != "outside_limits"


def _is_early(refused: Refused, waiting: Waiting) -> bool:
    """Whether the clock here is ahead of the service's, and nothing else is wrong: the service's will come to
    it. Where the clock here was set right since, it never would in time.
    """
    if {fault.code for fault in refused.errors} != {"future_time"}:
        return False
    said = _timed(waiting.content)
    times = [said.occurred_at, *(one.occurred_at for one in said.events)]
    return all(
        parse_moment(text, wire.UTC).first <= clock.now() + SECOND for text in times if text is not None
    )


def is_out_of_reach(error: ClientError | None) -> bool:
    """Whether asking for pages right behind it would only wait once more."""
    return error is not None and error.code in ("unavailable", "timeout")


def ask(calls: Calls, replica: str, cursor: str | None, policy: str | None) -> Flow[Page | None]:
    """The next page; None where the replica is to begin anew. Raises ClientError; NotAllowed where the
    service says that this system may not, so that the replica may not answer either.
    """
    body: wire.Body = {"replica": replica, "limit": PEOPLE}
    if cursor is not None:
        body["cursor"] = cursor
    if policy is not None:
        body["policy"] = policy
    try:
        got = yield from calls.call("POST", "/v1/replica", wire.encode(body))
    except Conflict as conflict:
        if cursor is None or not conflict.by_consentd:
            raise
        return None
    except (Unauthorised, Forbidden) as refused:
        if not refused.by_consentd:
            raise
        raise NotAllowed(refused) from refused
    return read_page(got.content)
