"""What a silo's program is asked, and what it answers, with short ways to say it. Values only.

done(Part(what="cards", found=1, deleted=1))
partial("archive_closed", "The archive is only read on Mondays.", Part(what="cards", found=1))
failed("card_locked")
"""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from consentd.client.model import Named
from consentd.client.wire import identifiers as spelled
from consentd.kernel.connection import Verb
from consentd.kernel.tasks import (
    TaskAnswer,
    TaskIdentifier,
    TaskKept,
    TaskOrder,
    TaskPart,
    TaskPreference,
    Verdict,
)

Order: TypeAlias = TaskOrder
Answer: TypeAlias = TaskAnswer
Part: TypeAlias = TaskPart
Kept: TypeAlias = TaskKept
Preference: TypeAlias = TaskPreference

Record: TypeAlias = tuple[str, Mapping[str, Any]]
"""One record of a copy: its category, and its fields. Values are texts, whole numbers, booleans, None, and
what is written as text: decimals, dates, UUIDs. Any: checked where it is sent.
"""
Exported: TypeAlias = Iterable[Record | Answer]
"""Records, as many as there are; and as the last, if it is not simply done, an answer."""
Handler: TypeAlias = Callable[[Order], Answer]
Exporter: TypeAlias = Callable[[Order], Exported | Answer]
AsyncHandler: TypeAlias = Callable[[Order], Awaitable[Answer]]
AsyncExporter: TypeAlias = Callable[[Order], AsyncIterable[Record | Answer] | Awaitable[Answer]]


class Handlers(msgspec.Struct, frozen=True, kw_only=True):
    """A function for each verb that the silo can; the others are answered *unsupported*. Any object with
    methods of these names does as well.
    """

    locate: Handler | None = None
    export: Exporter | None = None
    rectify: Handler | None = None
    restrict: Handler | None = None
    erase: Handler | None = None
    confirm: Handler | None = None
    read_preferences: Handler | None = None
    write_preference: Handler | None = None


class AsyncHandlers(msgspec.Struct, frozen=True, kw_only=True):
    """The same for programs with an event loop."""

    locate: AsyncHandler | None = None
    export: AsyncExporter | None = None
    rectify: AsyncHandler | None = None
    restrict: AsyncHandler | None = None
    erase: AsyncHandler | None = None
    confirm: AsyncHandler | None = None
    read_preferences: AsyncHandler | None = None
    write_preference: AsyncHandler | None = None


def done(*parts: Part, identifiers: Iterable[Named] = (), preferences: Iterable[Preference] = ()) -> Answer:
    """`identifiers`: of `locate`, under what else the silo knows this person."""
    named = tuple(TaskIdentifier(**one) for one in spelled(list(identifiers)))
    return Answer(verdict=Verdict.DONE, parts=parts, identifiers=named, preferences=tuple(preferences))


def partial(code: str, detail: str | None = None, *parts: Part) -> Answer:
    return Answer(verdict=Verdict.PARTIAL, code=code, detail=detail, parts=parts)


def failed(code: str, detail: str | None = None) -> Answer:
    """For good: trying again would not help. Where it would, raise an exception."""
    return Answer(verdict=Verdict.FAILED, code=code, detail=detail)


def unsupported(verb: Verb) -> Answer:
    detail = f"This silo’s program cannot {verb.value.replace('_', ' ')}."
    return Answer(verdict=Verdict.UNSUPPORTED, code="unsupported", detail=detail)
