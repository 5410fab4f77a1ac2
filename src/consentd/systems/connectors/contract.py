"""What every way of reaching a silo promises (promise 12).

A connector carries out one order about one person and answers *done*, *partial*, *unsupported* or *failed*
with details: never silent success. What it cannot do it says: a verb that is not overridden answers
*unsupported*. An order may come twice, after a kill in the middle: the second must find the same state.

    Answer            the silo did it, or said why not
    Asked             the silo was asked and will answer later: by a call, a link, a poll, a file
    SiloUnavailable   raised: not reached, too slow, overloaded; the order is tried again later

Answers hold counts, categories and articles; no content. Records of a copy go to `Records`, piece by piece.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Verb
from consentd.kernel.errors import Unavailable
from consentd.kernel.tasks import Verdict as Verdict
from consentd.subjects.spelling import Named


class Preference(msgspec.Struct, frozen=True):
    purpose: str
    channel: str
    state: str


class Kept(msgspec.Struct, frozen=True):
    """What a silo may not, or need not, erase."""

    count: int
    because: str
    """The article, and in words what it orders: "Code de commerce L.123-22: invoices"."""
    until: str | None = None
    """The date from which it need not be kept, ISO 8601; None: not known."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What was found and done in one category of the silo's data (one table, one list)."""

    what: str
    found: int = 0
    deleted: int = 0
    changed: int = 0
    """Rows that stay and no longer name the person, or were rectified, frozen, released."""
    kept: tuple[Kept, ...] = ()


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One task, as the silo's connector gets it."""

    task: UUID
    """The same however often it is tried: what makes a repeated order harmless."""
    verb: Verb
    identifiers: tuple[Named, ...]
    """All that is known of the person and that this silo knows people by."""
    changes: dict[str, str] = {}
    """To rectify: field of the silo's vocabulary → what is right."""
    lift: bool = False
    """To restrict: whether a restriction ends."""
    asked: bool = True
    """To erase: whether somebody asked for it, or the policy has kept the person long enough."""
    preferences: tuple[Preference, ...] = ()
    """To write: what the person chose, each for one use by one channel."""
    about_to: Callable[[Sequence[Part]], Awaitable[None]] | None = None
    """To erase, in one transaction: awaited with what is about to be done before it is committed. What it
    raises ends the transaction. A process may die between the commit and its answer, and the erasure that
    comes again finds nothing: then this is what names what was deleted, and kept.
    """


class Overdue(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one table that were kept long enough, whoever's they are."""

    what: str
    months: int
    after: str
    """The column that it counts from."""
    before: str
    """Rows whose day is before this one are meant; ISO 8601."""
    because: str
    due: int
    """Rows with anything left to erase, in them or in what hangs on them."""
    hanging: tuple[str, ...] = ()
    """The tables whose rows go with those that they point to."""
    sql: tuple[str, ...] = ()
    """How they are found, and what is done to each: without anybody's values."""


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """What one transaction is about to do to rows that were kept long enough, before it is committed. A
    process may die in between: by the number of rows that are due, the silo tells afterwards which it was.
    """

    due_before: int
    due_after: int
    touched: int
    parts: tuple[Part, ...]


class Expiry(msgspec.Struct, frozen=True, kw_only=True):
    """To erase what a silo's own tables kept long enough: one transaction, and no more rows than these."""

    task: UUID
    most: int
    foretold: Foretold | None = None
    """By an earlier try that never told how it ended: where that was committed, this one tells of it, and
    does no more."""
    about_to: Callable[[Foretold], Awaitable[None]]
    """Awaited before the commit; what it raises ends the transaction."""


class Expired(msgspec.Struct, frozen=True, kw_only=True):
    answer: "Answer"
    """*done*; *partial* with the code `more_due` where rows are left for the next run; *unsupported*; or
    *failed*: then nothing was changed."""
    touched: int = 0
    """Rows that were deleted or changed, those among them that must be kept and lost what need not be."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    verdict: Verdict
    code: str | None = None
    """Why not *done*, for programs: stable, lower case, `connection_refused`."""
    detail: str | None = None
    """The same for people, without any content of the silo: at most 500 characters."""
    parts: tuple[Part, ...] = ()
    identifiers: tuple[Named, ...] = ()
    """Of `locate`: under what else the silo knows this person."""
    preferences: tuple[Preference, ...] = ()
    told: bool = True
    """Whether the order came to the silo. False where this is only why it could not."""


class Asked(msgspec.Struct, frozen=True):
    """The silo was asked; its answer comes later. `reference`: by what it knows the order, if by anything.

    `told`: whether the order came to it; False where it waits until the silo asks for it.
    """

    reference: str | None = None
    told: bool = True


class SiloUnavailable(Unavailable):
    """The silo could not be reached, or not in time: to be tried again. `code` and message as in `Answer`.

    `retry_after`: seconds before which trying again is of no use, where the silo said so.
    """

    def __init__(self, code: str, message: str, *, retry_after: int = 1) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class Records(Protocol):
    """Where the records of a copy go, one at a time; memory stays flat however many there are.

    They count once the answer is *done* or *partial*. With any other, and where the order is tried again,
    what was added is of no use: it may be half of a copy, or not the silo's at all.
    """

    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
        """Takes one record of a category. Blocks while it is written; may be called from a thread."""
        ...


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """What trying a connection out found: every line is a check that was made."""

    ok: bool
    lines: tuple[str, ...]


class Connector:
    """Base of all. Overrides what its silo can do."""

    async def locate(self, order: Order) -> Answer | Asked:
        """Whom the silo knows under these identifiers. *done* with no parts: nobody, and it did look."""
        return unsupported(order.verb)

    async def export(self, order: Order, records: Records) -> Answer | Asked:
        return unsupported(order.verb)

    async def rectify(self, order: Order) -> Answer | Asked:
        return unsupported(order.verb)

    async def restrict(self, order: Order) -> Answer | Asked:
        return unsupported(order.verb)

    async def erase(self, order: Order) -> Answer | Asked:
        return unsupported(order.verb)

    async def confirm(self, order: Order) -> Answer | Asked:
        """*done* where nothing is left but what an erasure keeps, which `parts` names; else *partial*."""
        return unsupported(order.verb)

    async def read_preferences(self, order: Order) -> Answer | Asked:
        return unsupported(order.verb)

    async def write_preference(self, order: Order) -> Answer | Asked:
        return unsupported(order.verb)

    async def overdue(self) -> Sequence[Overdue] | Answer:
        """What its own tables have kept long enough, table by table; changes nothing. An answer where that
        cannot be told: *unsupported* or *failed*. Raises SiloUnavailable.
        """
        return _no_retention()

    async def expire(self, order: Expiry) -> Expired:
        """Erases some of it. Raises SiloUnavailable."""
        return Expired(answer=_no_retention())

    async def preview(self, order: Order) -> Sequence[str]:
        """What carrying it out would do, line by line, touching nothing: SQL, steps, the call."""
        return ()

    async def test(self) -> Test:
        """Tries the connection out without changing anything."""
        return Test(ok=False, lines=("This connection cannot be tried out.",))

    async def close(self) -> None:
        """Lets go of what it holds open."""

    async def carry_out(self, order: Order, records: Records) -> Answer | Asked:
        """The order by its verb. Raises SiloUnavailable."""
        match order.verb:
            case Verb.LOCATE:
                return await self.locate(order)
            case Verb.EXPORT:
                return await self.export(order, records)
            case Verb.RECTIFY:
                return await self.rectify(order)
            case Verb.RESTRICT:
                return await self.restrict(order)
            case Verb.ERASE:
                return await self.erase(order)
            case Verb.CONFIRM:
                return await self.confirm(order)
            case Verb.READ_PREFERENCES:
                return await self.read_preferences(order)
            case Verb.WRITE_PREFERENCE:
                return await self.write_preference(order)


def unsupported(verb: Verb) -> Answer:
    return Answer(
        verdict=Verdict.UNSUPPORTED,
        code="unsupported",
        detail=f"This silo’s connection cannot {verb.value.replace('_', ' ')}.",
        told=False,
    )


def _no_retention() -> Answer:
    words = "What this silo’s own tables have kept long enough, consentd cannot erase by this connection."
    return Answer(verdict=Verdict.UNSUPPORTED, code="unsupported", detail=words)
