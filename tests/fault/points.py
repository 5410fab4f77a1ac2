"""Where a process that carries out requests may die, each place by its name."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from consentd.dsr import certifying, forgetting, freezing, running, working
from consentd.dsr.package.records import Gathering
from consentd.kernel.connection import Verb
from consentd.systems.connectors.contract import Answer, Asked, Connector, Order, Records
from support.dying import after, before, die


class Point(StrEnum):
    CLAIMED = "claimed"
    """The task is its own; nothing was made ready."""
    BEFORE_ASKING = "before_asking"
    TRIED = "tried"
    """The silo was not reached, and the try is not counted yet."""
    MIDWAY = "midway"
    """In the middle of the records of a copy."""
    COPIED = "copied"
    """The copy lies sealed; its answer is not written down."""
    ABOUT_TO = "about_to"
    """It is written down what the silo is about to do for good; the silo did not do it."""
    DONE = "done"
    """The silo did it, or a mail was sent; the answer is not written down."""
    ASKED = "asked"
    """It is written down that the silo was asked and will answer later."""
    ANSWERED = "answered"
    """In the unit of the answer: it is written, what follows from it is not."""
    FOLLOWED = "followed"
    """The answer and what follows are committed; nobody was told to go on."""
    BEFORE_CERTIFICATE = "before_certificate"
    AFTER_CERTIFICATE = "after_certificate"
    FORGOTTEN = "forgotten"
    """What the request held is gone, in a unit that is not committed."""
    LIFTED = "lifted"
    """The freeze is over here, in a unit that is not committed."""
    SETTLED = "settled"
    """The request's last answer is committed."""


def die_at(point: Point, system: str, verb: Verb) -> Callable[[Connector], Connector]:
    """Makes this process die there, at the task of this silo. What connectors are to be wrapped by."""

    def row_is(_worker: Any, row: Any, *_: Any) -> bool:
        return (row["system"], row["verb"]) == (system, verb.value)

    match point:
        case Point.CLAIMED:
            before(working.Worker, "_carry", row_is)
        case Point.TRIED:
            before(working.Worker, "_later", row_is)
        case Point.MIDWAY:
            met: list[Any] = []

            def second(gathering: Gathering, *_: Any) -> bool:
                met.append(gathering)
                return len(met) > 1

            before(Gathering, "add", second)
        case Point.COPIED:
            after(Gathering, "__exit__")
        case Point.ABOUT_TO:
            after(working.Worker, "_about_to", row_is)
        case Point.ASKED:
            after(working.Worker, "_write", row_is)
        case Point.ANSWERED:
            # The module's own name of what follows an answer: nothing else of this process asks for it.
            before(running, "advance")
        case Point.FOLLOWED:
            after(working.Worker, "_answer", row_is)
        case Point.BEFORE_CERTIFICATE:
            before(certifying, "issue")
        case Point.AFTER_CERTIFICATE:
            after(certifying, "issue")
        case Point.FORGOTTEN:
            after(forgetting, "forget")
        case Point.LIFTED:
            after(freezing, "lift")
        case Point.SETTLED:
            settled: list[Any] = []
            known = running.settle

            def settle(*args: Any) -> None:
                known(*args)
                settled.append(args)

            running.settle = settle
            after(working.Worker, "_answer", lambda *_: bool(settled))
    return lambda connector: Mortal(connector, point, verb) if connector_dies(point) else connector


def connector_dies(point: Point) -> bool:
    return point in (Point.BEFORE_ASKING, Point.DONE)


class Mortal(Connector):
    """Of the silo at which the process dies."""

    def __init__(self, inner: Connector, point: Point, verb: Verb) -> None:
        self._inner = inner
        self._point = point
        self._verb = verb

    async def carry_out(self, order: Order, records: Records) -> Answer | Asked:
        if order.verb is self._verb and self._point is Point.BEFORE_ASKING:
            die()
        found = await self._inner.carry_out(order, records)
        if order.verb is self._verb:
            die()
        return found

    async def close(self) -> None:
        await self._inner.close()
