"""What staff have to tell the person by hand, what they told, and whether that was in time (GDPR 12).

Read from a request's steps: `write_by_hand` names the moment of which the person is to be told, and a later
step of the same moment, with a day, says when staff did. A refusal that leaves by letter is within the month
by the day on which it was written, whenever somebody types that in (docs/law.md 25, 32). Pure.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from consentd.dsr.cases import local_day, pauses_of, rule_of
from consentd.dsr.deadlines import due, extension_ends
from consentd.dsr.rights import SAID_WHEN_ASKED, Right
from consentd.dsr.states import State
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy

Row: TypeAlias = Any
"""Any: a row mapping of `requests`, or of `request_steps`."""

WRITE = "write_by_hand"
EXTENSION = "extension"
ANSWERS = frozenset({"answer", "refusal", "copy"})
"""What answers a request: one of these has to reach the person within the time."""
_TOLD = frozenset(f"told_{kind}" for kind in ANSWERS)
_JUDGED = frozenset({State.ANSWERED, State.PARTIAL, State.REFUSED})


class Unwritten(NamedTuple):
    moment: str
    """What is to be told: "refusal", or with what tells two apart, "answer:part"."""
    since: Instant

    @property
    def tells(self) -> str:
        return kind_of(self.moment)


def kind_of(moment: str) -> str:
    return moment.partition(":")[0]


def said_when_asked(right: Right, moment: str) -> bool:
    """Whether nobody waits to be told this: it was done, and said so, when it was asked."""
    return right in SAID_WHEN_ASKED and kind_of(moment) == "answer"


def by_hand(steps: Iterable[Row]) -> list[Unwritten]:
    """What was to be told by hand and was not, the oldest first."""
    found: dict[str, Unwritten] = {}
    for step in steps:
        if step["moment"] is None:
            continue
        if step["on_day"] is not None:
            found.pop(step["moment"], None)
        elif step["event"] == WRITE:
            found[step["moment"]] = Unwritten(step["moment"], step["at"])
    return list(found.values())


def unwritten(right: Right, steps: Iterable[Row]) -> list[Unwritten]:
    """The same, without what nobody has to be told again."""
    return [one for one in by_hand(steps) if not said_when_asked(right, one.moment)]


def ended_by(waiting: Sequence[Unwritten], tells: str, on: dt.date, policy: Policy) -> list[str]:
    """The moments that are told by something of this kind, written on that day: those that were due by then,
    and of answers whatever an earlier one would have said. Empty where nothing of the kind was due.
    """
    met = [
        place
        for place, one in enumerate(waiting)
        if one.tells == tells and local_day(one.since, policy) <= on
    ]
    if not met:
        return []
    also = ANSWERS if tells in ANSWERS else frozenset[str]()
    return [
        one.moment
        for place, one in enumerate(waiting)
        if place in met or (place < met[-1] and one.tells in also)
    ]


def answered_on(row: Row, steps: Sequence[Row], policy: Policy) -> dt.date | None:
    """The local day on which the person was first given an answer; None while they were not, or none is owed.

    What mail tells leaves within the hour of what it tells; what is told by hand counts by its own day.
    """
    right = Right(row["right"])
    if row["answered_at"] is None or State(row["state"]) not in _JUDGED or right is Right.RETENTION:
        return None
    itself = local_day(row["answered_at"], policy)
    for step in steps:
        if step["event"] in _TOLD:
            return itself
        moment = step["moment"]
        if step["event"] == WRITE and kind_of(moment) in ANSWERS and not said_when_asked(right, moment):
            days = [
                one["on_day"]
                for one in steps
                if one["on_day"] is not None and kind_of(one["moment"]) in ANSWERS
            ]
            return dt.date.fromisoformat(min(days)) if days else None
    return itself


def in_time(row: Row, steps: Sequence[Row], policy: Policy) -> bool | None:
    """Whether that day was a lawful one; None while there was no answer."""
    day = answered_on(row, steps, policy)
    return None if day is None else day <= last_day(row, steps, policy)


def last_day(row: Row, steps: Sequence[Row], policy: Policy) -> dt.date:
    """Until when it was to be answered: an extension counts if the person was told within the first month."""
    extending = [step for step in steps if step["moment"] == EXTENSION]
    if not row["extended"] or not extending:
        return dt.date.fromisoformat(row["legal_due"])
    told = [dt.date.fromisoformat(step["on_day"]) for step in extending if step["on_day"] is not None]
    if told and min(told) <= first_month(row, policy):
        return dt.date.fromisoformat(row["legal_due"])
    rule, holidays = rule_of(policy)
    received = dt.date.fromisoformat(row["received_on"])
    return due(received, rule, holidays, pauses=pauses_of(steps, policy)).legal


def first_month(row: Row, policy: Policy) -> dt.date:
    """The last day on which the person can be told that it takes longer."""
    rule, holidays = rule_of(policy)
    return extension_ends(dt.date.fromisoformat(row["received_on"]), rule, holidays)


def told_by(row: Row, one: Unwritten, policy: Policy) -> dt.date:
    """The last lawful day for telling it."""
    if one.tells == EXTENSION:
        return first_month(row, policy)
    return dt.date.fromisoformat(row["legal_due"])
