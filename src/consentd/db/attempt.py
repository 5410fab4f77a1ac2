"""A part of a unit that may fail without the rest: what it did is undone, and the unit goes on."""

from collections.abc import Callable
from typing import TypeVar

from consentd.db.guard import guard_on
from consentd.db.prepared import savepoint
from consentd.db.unit import Unit

T = TypeVar("T")


def attempt(unit: Unit, work: Callable[[], T]) -> T:
    """What `work` returns. Raises what it raises, after undoing all that it wrote, noted and stopped."""
    entries, stops = unit.entries, len(unit.stops)
    guard = guard_on(unit.connection)
    wrote = guard.wrote
    try:
        with savepoint(unit.connection):
            return work()
    except BaseException:
        unit.entries = entries
        # Nothing of it is there: a unit that did nothing else changed nothing.
        guard.wrote = wrote
        del unit.stops[stops:]
        raise
