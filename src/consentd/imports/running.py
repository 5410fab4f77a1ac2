"""One file, from its first row to its last: many rows in a unit of work, one bad row never stopping the rest.

Upholds docs/decisions/0031: a unit that the rules refuse is given up and made again row by row, so that what
is recorded of a row is all or nothing, and nothing of a refused one.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.callers.model import Caller
from consentd.consent.won import Settled, settle
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database, Unit, Work
from consentd.evidence.model import Actor
from consentd.imports.mapping import Mapper, RowRefused, Stated
from consentd.imports.reading import Row, WholeFileRefused, rows
from consentd.imports.recognising import Recognised
from consentd.imports.taking import Taken, Taker
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.layout import Layout

T = TypeVar("T")

BATCH = 200
"""Rows of one unit: enough to share its cost, few enough not to hold the writer for long."""


class Refused(msgspec.Struct, frozen=True):
    """A row that was not taken. `column` is None where it is about the row as a whole."""

    row: Row
    code: str
    column: str | None = None


class Job(msgspec.Struct, frozen=True):
    """What is imported, for whom, by whom."""

    path: Path
    recognised: Recognised
    caller: Caller
    actor: Actor
    exported_at: str
    """RFC 3339, or a day, in the system's zone."""


Read = Stated | Refused
Heard = Callable[[Sequence[Taken | Refused]], None]


def read(job: Job, compiled: CompiledPolicy) -> Iterator[Read]:
    """Every row as what it states, or refused. Raises WholeFileRefused for a file that is cut."""
    recognised = job.recognised
    mapper = Mapper(
        compiled.policy,
        recognised.layout,
        recognised.header,
        ZoneInfo(job.caller.zone),
        job.exported_at,
    )
    for row in body(job):
        try:
            yield mapper.stated(row)
        except RowRefused as refused:
            yield Refused(row, refused.code, refused.column)


def body(job: Job) -> Iterator[Row]:
    recognised = job.recognised
    return islice(rows(job.path, recognised.file.encoding, recognised.layout.delimiter), 1, None)


def look_through(job: Job) -> int:
    """How many rows there are. Raises WholeFileRefused for a file that is cut, before any row counts."""
    width = len(job.recognised.header)
    count, last = 0, None
    for row in body(job):
        count, last = count + 1, row
    if last is not None and len(last.cells) < width:
        raise WholeFileRefused("cut_off", line=last.line)
    return count


def take_batch(unit: Unit, taker: Taker, batch: Sequence[Read]) -> list[Taken | Refused]:
    """Raises RowRefused where the rules of recording refuse a row: the unit must then be given up."""
    refused: list[Taken | Refused] = [one for one in batch if isinstance(one, Refused)]
    return refused + taker.take_all(unit, [one for one in batch if isinstance(one, Stated)])


async def run(
    job: Job, database: Database, keyring: Keyring, compiled: CompiledPolicy, heard: Heard = lambda _: None
) -> None:
    """Takes every row, and settles what calls won. `heard` is told of each unit after it was committed."""
    running = _Running(job, database, keyring, compiled)
    read_rows = read(job, compiled)
    while batch := list(islice(read_rows, BATCH)):
        heard(await running.taken(batch))
    await running.settled()


class _Running:
    def __init__(self, job: Job, database: Database, keyring: Keyring, compiled: CompiledPolicy) -> None:
        self._job = job
        self._database = database
        self._keyring = keyring
        self._compiled = compiled
        self._taker = Taker(keyring, compiled, job.caller, job.actor, job.exported_at)

    async def taken(self, batch: Sequence[Read]) -> list[Taken | Refused]:
        try:
            return await self._change(lambda unit: take_batch(unit, self._taker, batch))
        except RowRefused:
            return [one for row in batch for one in await self._alone(row)]

    async def _alone(self, row: Read) -> list[Taken | Refused]:
        try:
            return await self._change(lambda unit: take_batch(unit, self._taker, [row]))
        except RowRefused as refused:
            assert isinstance(row, Stated)
            return [Refused(_again(self._job, row.line), refused.code, refused.column)]

    async def settled(self) -> None:
        systems = self._compiled.policy.systems.values()
        about = won([layout for system in systems for layout in system.imports.values()])
        after: UUID | None = UUID(int=0)
        while after is not None and about:
            after = (await self._change(self._page(about, after))).after

    def _page(self, about: Sequence[tuple[str, str]], after: UUID) -> Work[Settled]:
        return lambda unit: settle(unit, self._keyring, self._compiled, self._job.actor, about, after)

    async def _change(self, work: Work[T]) -> T:
        return await with_fresh_keys(self._keyring, self._database, lambda: self._database.change(work))


def _again(job: Job, line: int) -> Row:
    """A row as the file has it: needed only where it is refused late, so it is not kept."""
    return next(row for row in body(job) if row.line == line)


def won(layouts: Sequence[Layout]) -> list[tuple[str, str]]:
    """The purposes and channels for which a layout knows a yes won by a contact."""
    return sorted(
        {
            (rule.purpose, rule.channel)
            for layout in layouts
            for rule in layout.choices
            if rule.proof is not None and layout.proofs[rule.proof].won_by_contact
        }
    )
