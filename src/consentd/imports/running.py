"""One file, from its first row to its last: many rows in a unit of work, one bad row never stopping the rest.

Upholds promise 3: what is recorded of a row is all or nothing, and of a refused one nothing.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.collecting import collecting_later
from consentd.callers.model import Caller
from consentd.consent.won import Settled, settle
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.evidence.model import Actor
from consentd.imports.mapping import Mapper
from consentd.imports.reading import REASON, Row, Source, WholeFileRefused, rows
from consentd.imports.recognising import Recognised
from consentd.imports.stated import RowRefused, Stated
from consentd.imports.taken import Taken
from consentd.imports.taking import Taker
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.layout import Layout

T = TypeVar("T")

BATCH = 100
"""Rows of one unit: enough to share its cost, few enough not to hold the writer for long."""


class Refused(msgspec.Struct, frozen=True):
    """A row that was not taken. `column` is None where it is about the row as a whole."""

    row: Row
    code: str
    column: str | None = None


class Job(msgspec.Struct, frozen=True):
    """What is imported, for whom, by whom."""

    path: Source
    recognised: Recognised
    caller: Caller
    actor: Actor
    exported_at: str
    """RFC 3339, or a day, in the system's zone."""


Read = Stated | Refused


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
    # A row that bears a reason was written out as it was, to be mended: it ends where it should.
    if (
        last is not None
        and len(last.cells) < width
        and not any(cell.startswith(REASON) for cell in last.cells)
    ):
        raise WholeFileRefused("cut_off", line=last.line)
    return count


def take_batch(unit: Unit, taker: Taker, batch: Sequence[Read]) -> list[Taken | Refused]:
    found: list[Taken | Refused] = [one for one in batch if isinstance(one, Refused)]
    stated = [one for one in batch if isinstance(one, Stated)]
    with collecting_later():
        taken = taker.take_new(unit, stated)
    for row, one in zip(stated, taken, strict=True):
        found.append(one if isinstance(one, Taken) else Refused(row.row, one.code, one.column))
    return found


class Running:
    """One file on its way in; who calls says in which units."""

    def __init__(self, job: Job, keyring: Keyring, compiled: CompiledPolicy) -> None:
        self.job = job
        self._keyring = keyring
        self._compiled = compiled
        self._taker = Taker(keyring, compiled, job.caller, job.actor, job.exported_at)

    def batches(self, skip: int = 0) -> Iterator[list[Read]]:
        """The rows behind the first `skip`, as many at a time as one unit takes."""
        read_rows = islice(read(self.job, self._compiled), skip, None)
        while batch := list(islice(read_rows, BATCH)):
            yield batch

    def take(self, unit: Unit, batch: Sequence[Read]) -> list[Taken | Refused]:
        return take_batch(unit, self._taker, batch)

    def settle(self, unit: Unit, after: UUID) -> Settled:
        """One page of what calls won; to be called until `after` is None, once all rows are in."""
        systems = self._compiled.policy.systems.values()
        about = won([layout for system in systems for layout in system.imports.values()])
        return settle(unit, self._keyring, self._compiled, self.job.actor, about, after)


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
