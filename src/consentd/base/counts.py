"""What a process counts of its own work, in memory that all workers of a server share: for metrics alone.

Counting happens on the way of every check, so it is an addition to one cell that only this process writes.
Whichever worker is asked reads the cells of all: none has to ask another, and what a worker counted outlives
it, because whoever takes its place goes on in the same cells.

Upholds promise 18: cells are numbers, and their names are methods, templates of routes and words of ours.
`bench/counting.py` says what counting costs.
"""

import mmap
import os
import tempfile
from bisect import bisect_left
from typing import Final

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds in seconds of the histogram of answers."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_SLOT = 256 * 1024
_NAMES = 64 * 1024
"""Bytes of a slot that hold the names of its routes, behind their length; the cells follow."""
_CLASSES = 6
"""1xx to 5xx, and before them what got no answer at all."""
_WIDTH = _CLASSES + len(BOUNDS) + 2
"""Cells of a route: answers by class, answers by duration, the last one beyond all bounds, seconds in sum."""


class Cell:
    """Numbers that are not of one route, by their place. A cell is only ever written by one thread.

    Plain numbers: an enumeration's member costs more to look up with than the addition.
    """

    IN_FLIGHT: Final = 0
    LEADS_UNTIL: Final = 1
    """Seconds since 1970 until which this process leads the log; 0 if it does not."""
    CHECKS_ASKED: Final = 2
    CHECKS_ALLOWED: Final = 3
    CHECKS_DENIED: Final = 4
    EVENTS: Final = 5
    UNITS_DONE: Final = 6
    UNITS_UNDONE: Final = 7
    COMMITS: Final = 8
    BATCH_STARTS: Final = 9
    WORKER_STARTS: Final = 10
    LOGINS_REFUSED: Final = 11
    COUNT: Final = 12


_GAUGES = (Cell.IN_FLIGHT, Cell.LEADS_UNTIL)


class Route:
    """What was counted of one route: of one process, or of all."""

    def __init__(self, cells: list[float]) -> None:
        self.cells = cells

    @property
    def by_class(self) -> dict[str, float]:
        return {f"{number}xx" if number else "none": self.cells[number] for number in range(_CLASSES)}

    @property
    def by_bound(self) -> list[float]:
        """Answers that took no longer than each bound and longer than the one before; then the others."""
        return self.cells[_CLASSES:-1]

    @property
    def seconds(self) -> float:
        return self.cells[-1]

    def add(self, other: "Route") -> None:
        self.cells = [mine + theirs for mine, theirs in zip(self.cells, other.cells, strict=True)]


class Counts:
    """One process's cells. `memory`: a slot of a board; its own if none is given."""

    def __init__(self, memory: memoryview | None = None) -> None:
        memory = memory if memory is not None else memoryview(bytearray(_SLOT))
        self._length = memory[:8].cast("Q")
        self._names = memory[8:_NAMES]
        self._cells = memory[_NAMES:].cast("d")
        self._offsets = {name: _offset(index) for index, name in enumerate(self._told())}

    def add(self, cell: int, more: float = 1) -> None:
        self._cells[cell] += more

    def set(self, cell: int, value: float) -> None:
        self._cells[cell] = value

    def get(self, cell: int) -> float:
        return self._cells[cell]

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route` is a template: only so many of them exist."""
        offset = self._offsets.get((method, route))
        if offset is None:
            offset = self._begin(method if method in METHODS else "other", route)
        cells = self._cells
        cells[offset + status // 100] += 1
        cells[offset + _CLASSES + bisect_left(BOUNDS, seconds)] += 1
        cells[offset + _WIDTH - 1] += seconds

    def routes(self) -> dict[tuple[str, str], Route]:
        """By method and template."""
        found = {}
        for index, name in enumerate(self._told()):
            cells = self._cells[_offset(index) : _offset(index + 1)]
            found[name] = Route(list(map(float, cells)))
        return found

    def stand_still(self) -> None:
        """What says how things are now says nothing once the process has ended."""
        for cell in _GAUGES:
            self._cells[cell] = 0

    def _told(self) -> list[tuple[str, str]]:
        lines = bytes(self._names[: self._length[0]]).decode().splitlines()
        return [(method, route) for method, _, route in (line.partition(" ") for line in lines)]

    def _begin(self, method: str, route: str) -> int:
        name = method, route
        if name not in self._offsets:
            line = f"{method} {route}\n".encode()
            index, end = len(self._offsets), self._length[0]
            if end + len(line) > len(self._names) or _offset(index + 1) > len(self._cells):
                # Better under a wrong name than with an answer that fails for being counted.
                return next(iter(self._offsets.values()))
            self._names[end : end + len(line)] = line
            # Only now is it there for those who read along.
            self._length[0] = end + len(line)
            self._offsets[name] = _offset(index)
        return self._offsets[name]


class Board:
    """The slots of all processes of one server: the first is the supervisor's, or the only process's."""

    def __init__(self, slots: int, file: int | None = None) -> None:
        """`file`: as `shared` returned it in the process that began; None for memory of this process."""
        self._memory = memoryview(mmap.mmap(-1 if file is None else file, slots * _SLOT))
        self.slots = [Counts(self._memory[n * _SLOT : (n + 1) * _SLOT]) for n in range(slots)]

    @staticmethod
    def shared(slots: int) -> int:
        """A file in memory for so many slots, to be passed on to workers."""
        if hasattr(os, "memfd_create"):
            file = os.memfd_create("consentd-counts")
        else:
            with tempfile.TemporaryFile() as unnamed:
                file = os.dup(unnamed.fileno())
        os.ftruncate(file, slots * _SLOT)
        return file

    def total(self, cell: int) -> float:
        return sum(slot.get(cell) for slot in self.slots)

    def routes(self) -> dict[tuple[str, str], Route]:
        found: dict[tuple[str, str], Route] = {}
        for slot in self.slots:
            for name, route in slot.routes().items():
                if name in found:
                    found[name].add(route)
                else:
                    found[name] = route
        return found

    def leads(self, now: float) -> bool:
        """Whether one of these processes leads the log. `now`: seconds since 1970."""
        return any(slot.get(Cell.LEADS_UNTIL) > now for slot in self.slots)


def _offset(index: int) -> int:
    return Cell.COUNT + index * _WIDTH
