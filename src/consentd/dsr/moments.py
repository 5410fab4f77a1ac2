"""When the owner of a task is reminded: half-way, and on the day before the last. Pure."""

from typing import NamedTuple

from consentd.kernel.instants import DAY, Instant


class Moment(NamedTuple):
    name: str
    at: Instant


def moments(asked: Instant, due: Instant) -> tuple[Moment, ...]:
    """When the owner is reminded who was asked at that instant and has until `due`. One who has two days or
    less is reminded once.
    """
    half = Moment("half", Instant((asked + due) // 2))
    last = Moment("last_day", Instant(due - DAY))
    return (half, last) if last.at > half.at else (half,)


def following(asked: Instant, due: Instant, now: Instant) -> Instant | None:
    return next((one.at for one in moments(asked, due) if one.at > now), None)
