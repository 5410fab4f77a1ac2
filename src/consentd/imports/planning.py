"""A dry run: the very import, in a unit that is given up at its end. So what it tells is what would happen.

On SQLite it runs on a copy of the database, because one unit would hold up everyone who writes; on PostgreSQL
in a transaction of its own. Nothing of it reaches the database, the log or the stop journal.
"""

from collections.abc import Iterator, Sequence, Set
from functools import partial
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from consentd.base.clock import now
from consentd.base.i18n import Language
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database, Unit
from consentd.imports.contradictions import Contradiction, contradictions
from consentd.imports.report import LineToAsk, Report, Tally, report
from consentd.imports.running import Job, Refused, Running, read
from consentd.imports.stated import Stated
from consentd.imports.store import said_of
from consentd.imports.survey import AT_ONCE, Survey, ToAsk
from consentd.imports.taken import Taken
from consentd.kernel.compiled import CompiledPolicy
from consentd.subjects import service as subjects

PAGE = 200


class Planned(Exception):
    """Carries the report out of the unit, and undoes it."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


class Beside(Protocol):
    """What is told beside the report: rows, whole, for whoever has the file; and how many were heard of."""

    def heard(self, rows: int) -> None: ...

    def refused(self, rows: Sequence[Refused]) -> None: ...

    def to_ask(self, people: Sequence[ToAsk]) -> None: ...


async def plan(
    job: Job,
    database: Database,
    keyring: Keyring,
    compiled: CompiledPolicy,
    language: Language,
    beside: Beside,
) -> Report:
    """What importing the file would do. On a copy that is thrown away (`db.scratch`) it is imported, so that
    files one after another see each other; else it is taken in one unit, which is undone.
    """
    if database.dialect == "sqlite":
        return await carry_out(job, database, keyring, compiled, language, beside, dry_run=True)

    def work(unit: Unit) -> None:
        following = Following(job, keyring, compiled, unit)
        running = Running(job, keyring, compiled)
        for batch in running.batches():
            following.heard(running.take(unit, batch), beside)
        allowed = revoked = 0
        after: UUID | None = UUID(int=0)
        while after is not None:
            page = running.settle(unit, after)
            after, allowed, revoked = page.after, allowed + page.allowed, revoked + page.revoked
        raise Planned(following.report(unit, (allowed, revoked), beside, dry_run=True, language=language))

    try:
        await database.change(work)
    except Planned as planned:
        return planned.report
    raise AssertionError("a plan ends by being undone")


async def carry_out(
    job: Job,
    database: Database,
    keyring: Keyring,
    compiled: CompiledPolicy,
    language: Language,
    beside: Beside,
    *,
    dry_run: bool = False,
) -> Report:
    """Imports the file, many units one after another, and says what came of it."""
    following = await follow(job, database, keyring, compiled)
    running = Running(job, keyring, compiled)
    for batch in running.batches():
        found = await with_fresh_keys(
            keyring, database, partial(database.change, partial(running.take, batch=batch))
        )
        following.heard(found, beside)
    settled_ = await settled(running, database, keyring)
    return await reported(following, database, settled_, language, beside, dry_run=dry_run)


async def follow(job: Job, database: Database, keyring: Keyring, compiled: CompiledPolicy) -> "Following":
    """Looks at who may be contacted before the first row."""
    return await database.read(lambda c: Following(job, keyring, compiled, _reading(c, database)))


async def settled(running: Running, database: Database, keyring: Keyring) -> tuple[int, int]:
    """What calls won, once all rows are in: how many were allowed, and how many no longer are."""
    allowed = revoked = 0
    after: UUID | None = UUID(int=0)
    while after is not None:
        page = await with_fresh_keys(
            keyring, database, partial(database.change, partial(running.settle, after=after))
        )
        after, allowed, revoked = page.after, allowed + page.allowed, revoked + page.revoked
    return allowed, revoked


async def reported(
    following: "Following",
    database: Database,
    settled_: tuple[int, int],
    language: Language,
    beside: Beside,
    *,
    dry_run: bool = False,
) -> Report:
    return await database.read(
        lambda c: following.report(
            _reading(c, database), settled_, beside, dry_run=dry_run, language=language
        )
    )


class _Nowhere:
    def heard(self, rows: int) -> None:
        pass

    def refused(self, rows: Sequence[Refused]) -> None:
        pass

    def to_ask(self, people: Sequence[ToAsk]) -> None:
        pass


NOWHERE: Beside = _Nowhere()
"""For whoever reads the report alone."""


def _reading(connection: Any, database: Database) -> Unit:  # Any: a database connection
    return Unit(connection, now(), database.dialect)


class Following:
    """What a report needs from before an import, and what it makes of what is there after it."""

    def __init__(self, job: Job, keyring: Keyring, compiled: CompiledPolicy, unit: Unit) -> None:
        self._job = job
        self._compiled = compiled
        self._parted = subjects.count_parted(unit.connection)
        self.tally = Tally()
        self._survey = Survey(keyring, compiled, job.caller, job.recognised.layout, unit.now)
        self._survey.before(unit, self._stated())

    def heard(self, batch: Sequence[Taken | Refused], beside: Beside) -> None:
        self.tally.add(batch)
        beside.heard(len(batch))
        beside.refused([one for one in batch if isinstance(one, Refused)])

    def report(
        self, unit: Unit, settled: tuple[int, int], beside: Beside, *, dry_run: bool, language: Language
    ) -> Report:
        reach = self._survey.after(unit, self._left_out(), self._touched(unit, settled))
        return report(
            self._job,
            self._compiled.policy,
            self.tally,
            self._contradictions(unit),
            reach,
            self._to_ask(unit, beside),
            settled,
            dry_run=dry_run,
            language=language,
        )

    def _touched(self, unit: Unit, settled: tuple[int, int]) -> Set[UUID] | None:
        """Whom the rows were about that stated something new. None where others may be concerned too: whose
        claims were settled, and who was found to be two people after all.
        """
        if any(settled) or subjects.count_parted(unit.connection) != self._parted:
            return None
        return self.tally.lines.keys()

    def _stated(self) -> Iterator[Stated]:
        """The file is read again, so that its size does not matter."""
        return (one for one in read(self._job, self._compiled) if isinstance(one, Stated))

    def _left_out(self) -> Iterator[Stated]:
        """The same, noting what was left out of each row on the way."""
        for one in self._stated():
            self.tally.left(one.line, one.left_out)
            yield one

    def _contradictions(self, unit: Unit) -> list[Contradiction]:
        """Those in which this file takes part."""
        groups = list(self.tally.lines)
        own = self._job.caller.name
        found: list[Contradiction] = []
        for start in range(0, len(groups), PAGE):
            told = contradictions(said_of(unit.connection, groups[start : start + PAGE]))
            found += [one for one in told if own in (one.yes.system, one.no.system)]
        return sorted(found, key=lambda one: self.tally.lines[one.group])

    def _to_ask(self, unit: Unit, beside: Beside) -> list[LineToAsk]:
        claimed = self.tally.claimed
        if not claimed:
            return []
        claiming = ((one, claimed[one.line]) for one in self._stated() if one.line in claimed)
        found: list[LineToAsk] = []
        while some := list(islice(claiming, AT_ONCE)):
            people = self._survey.to_ask(unit, some)
            beside.to_ask([one for one in people if one.about and one.by])
            found += [LineToAsk(one.row.line, one.about, tuple(one.by)) for one in people]
        return found
