"""What both runners of tasks do, as flows: waiting, taking, keeping, answering, and what an error leads to.

A task is answered with what its handler returned, or it is given back: never a success that nobody reported.
A handler that raises was a try that failed; the service has it tried again, later each time, and tells it as
failed in the end. What another holds by now is left.
"""

import logging
import random
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any

import msgspec

from consentd.client import wire
from consentd.client.asking import Asking
from consentd.client.clock import elapsed
from consentd.client.copy import HandlerError
from consentd.client.errors import ClientError, Conflict, Invalid, NotFound, Unavailable, Unreadable
from consentd.client.flow import Flow, Patience, Pause
from consentd.client.orders import Answer, Order, unsupported
from consentd.kernel.connection import Verb

log = logging.getLogger("consentd.client")
_QUICK = Patience(10, 15, 1)
_PATIENT = Patience(20, 90, 12)
_UPLOAD_SECONDS = 90.0
_IDLE_SECONDS = 1.0
_LONGEST_PAUSE = 60.0


class _Claimed(msgspec.Struct, frozen=True):
    tasks: tuple[Order, ...]


class _Waiting(msgspec.Struct, frozen=True):
    tasks: tuple[dict[str, Any], ...]  # Any: only whether there are any is asked


_claimed = msgspec.json.Decoder(_Claimed)
_waiting = msgspec.json.Decoder(_Waiting)


class NotSentError(Exception):
    """Records of a copy did not arrive; `error` says why."""

    def __init__(self, error: ClientError) -> None:
        super().__init__(error.code)
        self.error = error


class Tasking:
    """`handlers`: an object with a method or member for each verb it can. `lease`: seconds; `wait`: how long
    to listen for a task at a time. Raises ValueError where no verb is handled.
    """

    def __init__(self, asking: Asking, handlers: object, *, lease: int, wait: int) -> None:
        if not any(getattr(handlers, verb.value, None) for verb in Verb):
            raise ValueError("None of the handlers has the name of a verb: locate, export, erase, …")
        if not 3 <= lease <= 3600 or not 1 <= wait <= 20:
            raise ValueError("A lease lasts from 3 to 3600 seconds, and waiting from 1 to 20.")
        self._calls = asking.calls
        self._handlers = handlers
        self._lease = lease
        self._wait = wait
        self.every = lease / 3
        """Seconds from one heartbeat to the next."""

    def handler(self, order: Order) -> Any:  # Any: the verb's function, of either kind
        return getattr(self._handlers, order.verb.value, None) or (lambda order: unsupported(order.verb))

    def wait(self) -> Flow[bool]:
        """Whether something waits; listens for it for a while. Raises ClientError."""
        since = elapsed()
        patience = Patience(self._wait + 10, self._wait + 15, 0)
        got = yield from self._calls.call("GET", f"/v1/tasks?wait={self._wait}&limit=1", b"", patience)
        found = bool(wire.read(_waiting, got).tasks)
        if not found and elapsed() - since < _IDLE_SECONDS:
            # The service lets nobody wait now: it is asked again, but not at once.
            yield Pause(_IDLE_SECONDS)
        return found

    def claim(self) -> Flow[Order | None]:
        """A task, now this runner's. Raises ClientError."""
        got = yield from self._post("/v1/tasks/claim", {"seconds": self._lease}, _QUICK)
        claimed: tuple[Order, ...] = wire.read(_claimed, got).tasks
        return claimed[0] if claimed else None

    def keep(self, order: Order) -> Flow[bool]:
        """Renews the lease; whether the task is still this runner's, as far as is known."""
        try:
            yield from self._about(order, "heartbeat", {"seconds": self._lease}, _QUICK)
        except (Conflict, NotFound):
            return False
        except ClientError as error:
            log.warning("The lease of task %s was not renewed: %s", order.id, error.code)
        return True

    def send(self, order: Order, pieces: Iterable[bytes] | AsyncIterable[bytes]) -> Flow[None]:
        """Sends the records of a copy. Raises NotSentError, and what the pieces raise."""
        path = f"/v1/tasks/{order.id}/records?lease={order.lease}"
        try:
            yield from self._calls.stream(path, "application/x-ndjson", pieces, _UPLOAD_SECONDS)
        except ClientError as error:
            raise NotSentError(error) from error

    def finish(self, order: Order, answer: object) -> Flow[None]:
        """Answers. Raises ClientError where the credentials are refused."""
        if not isinstance(answer, Answer):
            log.error("The handler of %s returned no answer", order.verb)
            yield from self._give_back(order, "handler_failed", "The handler returned no answer.")
            return
        try:
            yield from self._about(order, "answer", msgspec.to_builtins(answer), _PATIENT)
        except (Conflict, NotFound) as error:
            log.warning("The answer to task %s came too late: %s", order.id, error.code)
        except Invalid as error:
            log.warning("The answer to task %s was refused: %s", order.id, error)
            yield from self._give_back(order, "answer_refused", f"The answer was refused: {error.code}.")
        except (Unavailable, Unreadable) as error:
            # Its lease runs out, and it is done again: that leaves the same.
            log.warning("The answer to task %s could not be given: %s", order.id, error.code)

    def broke(self, order: Order, error: BaseException) -> Flow[None]:
        """What follows from a handler's error. Its message may name somebody, and goes nowhere."""
        if isinstance(error, NotSentError):
            if isinstance(error.error, Conflict | NotFound):
                log.warning("Task %s was taken over while its records were sent", order.id)
                return
            log.warning("The records of task %s were not taken: %s", order.id, error.error.code)
            code, detail = "records_not_sent", f"The records were not taken: {error.error.code}."
        elif isinstance(error, Exception):
            kind = error.kind if isinstance(error, HandlerError) else type(error).__name__
            log.error("The handler of %s failed: %s", order.verb, kind)
            code, detail = "handler_failed", f"An error of the kind {kind}."
        else:
            # Told to stop in the middle: no fault of the task's.
            yield from self._give_back(order)
            return
        yield from self._give_back(order, code, detail)

    def _give_back(self, order: Order, code: str | None = None, detail: str | None = None) -> Flow[None]:
        told = {} if code is None else {"code": code, "detail": detail}
        try:
            yield from self._about(order, "release", told, _QUICK)
        except ClientError as error:
            # Its lease runs out by itself.
            log.warning("Task %s was not given back: %s", order.id, error.code)

    def _about(self, order: Order, what: str, told: Mapping[str, Any], patience: Patience) -> Flow[None]:
        yield from self._post(f"/v1/tasks/{order.id}/{what}", {"lease": str(order.lease), **told}, patience)

    def _post(self, path: str, body: wire.Body, patience: Patience) -> Flow[wire.Received]:
        return (yield from self._calls.call("POST", path, wire.encode(body), patience))


def pause_after(failures: int) -> float:
    """Seconds to leave the service alone after so many tries in a row, some more or less: runners that lost
    the same service do not come back all at once.
    """
    longest = min(_LONGEST_PAUSE, float(2 ** min(failures, 10)))
    return random.SystemRandom().uniform(longest / 2, longest)
