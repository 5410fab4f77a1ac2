"""The connector for any database that SQLAlchemy reaches. Drivers wait, so each order runs in a thread.

What a database refuses is *failed* with its reason, what may pass by itself SiloUnavailable; never a silent
success (promise 12).
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from consentd.base.clock import Clock
from consentd.base.settings import name_for_silo, of_silo
from consentd.kernel.errors import OperatorError
from consentd.kernel.instants import to_datetime
from consentd.kernel.policy import Scheme, System
from consentd.systems.connectors import contract
from consentd.systems.connectors.contract import (
    Answer,
    Asked,
    Connector,
    Expired,
    Expiry,
    Foretold,
    Order,
    Overdue,
    Records,
    Verdict,
    unsupported,
)
from consentd.systems.connectors.sql.changing import Changer
from consentd.systems.connectors.sql.erasing import PAGE, Eraser
from consentd.systems.connectors.sql.expiring import BATCH, Expirer
from consentd.systems.connectors.sql.faults import UNMET, Refused
from consentd.systems.connectors.sql.finding import Finder
from consentd.systems.connectors.sql.live import Live, read_live
from consentd.systems.connectors.sql.opening import Silo, parse_url
from consentd.systems.connectors.sql.previewing import previewed
from consentd.systems.connectors.sql.reading import Reader
from consentd.systems.connectors.sql.trying import tried

Job = Callable[[sa.Connection], Answer]


def connect(
    system: System, schemes: Mapping[str, Scheme], clock: Clock, environ: Mapping[str, str]
) -> "SqlConnector":
    """The connector of a system whose connection is by sql. Raises OperatorError where its URL is not set."""
    variable = name_for_silo(system.id, "URL")
    url = of_silo(environ, system.id, "URL")
    if url is None:
        raise OperatorError(
            "silo_url_missing", f"{variable} is not set: the URL of {system.name}’s database."
        )
    return SqlConnector(system, schemes, parse_url(url, variable), clock)


class SqlConnector(Connector):
    """`page`: how many rows an erasure has in memory at once."""

    def __init__(
        self, system: System, schemes: Mapping[str, Scheme], url: sa.URL, clock: Clock, *, page: int = PAGE
    ) -> None:
        assert system.connection is not None
        assert system.connection.sql is not None
        self._connection = system.connection
        self._mapping = system.connection.sql
        self._schemes = schemes
        self._zone = ZoneInfo(system.zone)
        self._clock = clock
        self._page = page
        self._silo = Silo(url, system.connection.timeout_seconds)
        self._live: Live | None = None
        """Kept until an order is refused: a column that is gone the database tells by itself."""

    async def locate(self, order: Order) -> Answer | Asked:
        def work(connection: sa.Connection) -> Answer:
            reader = self._reader(connection, order)
            identifiers = reader.identifiers(self._connection.adds, self._schemes, order.identifiers)
            return Answer(verdict=Verdict.DONE, parts=tuple(reader.counts()), identifiers=tuple(identifiers))

        return await self._read(order, work)

    async def export(self, order: Order, records: Records) -> Answer | Asked:
        def work(connection: sa.Connection) -> Answer:
            parts = self._reader(connection, order).copy(records)
            return Answer(verdict=Verdict.DONE, parts=tuple(parts))

        return await self._read(order, work, streams=True)

    async def rectify(self, order: Order) -> Answer | Asked:
        def work(connection: sa.Connection) -> Answer:
            parts, unknown = self._changer(connection, order).rectify(order.changes)
            if not unknown:
                return Answer(verdict=Verdict.DONE, parts=tuple(parts))
            verdict = Verdict.PARTIAL if parts else Verdict.UNSUPPORTED
            words = f"Not in this silo’s vocabulary: {', '.join(sorted(unknown))}."[:500]
            return Answer(verdict=verdict, code="unknown_field", detail=words, parts=tuple(parts))

        return await self._write(order, work)

    async def restrict(self, order: Order) -> Answer | Asked:
        def work(connection: sa.Connection) -> Answer:
            parts = self._changer(connection, order).restrict(lift=order.lift)
            return Answer(verdict=Verdict.DONE, parts=tuple(parts))

        return await self._write(order, work)

    async def erase(self, order: Order) -> Answer | Asked:
        loop = asyncio.get_running_loop()

        def work(connection: sa.Connection) -> Answer:
            parts = tuple(self._eraser(connection, order).erase())
            if order.about_to is not None and parts:
                # Before the commit, which follows when this returns.
                asyncio.run_coroutine_threadsafe(_awaited(order.about_to(parts)), loop).result()
            return Answer(verdict=Verdict.DONE, parts=parts)

        return await self._write(order, work)

    async def confirm(self, order: Order) -> Answer | Asked:
        def work(connection: sa.Connection) -> Answer:
            tallies = self._eraser(connection, order).look()
            parts = tuple(tally.part() for tally in tallies)
            left = [f"{tally.left} in {tally.part().what}" for tally in tallies if tally.left]
            if not left:
                return Answer(verdict=Verdict.DONE, parts=parts)
            words = f"Rows that an erasure would still delete or change: {', '.join(left)}."[:500]
            return Answer(verdict=Verdict.PARTIAL, code="left_over", detail=words, parts=parts)

        return await self._read(order, work)

    async def read_preferences(self, order: Order) -> Answer | Asked:
        def work(connection: sa.Connection) -> Answer:
            found = self._reader(connection, order).preferences()
            return Answer(verdict=Verdict.DONE, preferences=tuple(found))

        return await self._read(order, work)

    async def write_preference(self, order: Order) -> Answer | Asked:
        def work(connection: sa.Connection) -> Answer:
            if not order.preferences:
                return Answer(
                    verdict=Verdict.FAILED,
                    code="no_preference",
                    detail="The order names no choice.",
                    told=False,
                )
            parts = self._changer(connection, order).write(order.preferences)
            if not parts and any(one.state == "given" for one in order.preferences):
                words = "The silo has no row of this person, and none is made for them."
                return Answer(verdict=Verdict.FAILED, code="nobody_found", detail=words)
            return Answer(verdict=Verdict.DONE, parts=tuple(parts))

        return await self._write(order, work)

    async def overdue(self) -> Sequence[Overdue] | Answer:
        def work() -> Sequence[Overdue]:
            with self._silo.reading() as connection:
                return self._expirer(connection).overdue()

        try:
            return await asyncio.to_thread(work)
        except Refused as refused:
            return self._failed(refused)

    async def expire(self, order: Expiry) -> Expired:
        loop = asyncio.get_running_loop()

        def work() -> Expired:
            with self._silo.writing() as connection:
                expirer = self._expirer(connection)
                due = expirer.due()
                earlier = order.foretold
                if earlier is not None and _was_done(earlier, due):
                    return _expired(earlier, due)
                parts, touched = expirer.expire(order.most)
                told = Foretold(due_before=due, due_after=expirer.due(), touched=touched, parts=tuple(parts))
                if touched:
                    asyncio.run_coroutine_threadsafe(_awaited(order.about_to(told)), loop).result()
            return _expired(told, told.due_after)

        try:
            return await asyncio.to_thread(work)
        except Refused as refused:
            return Expired(answer=self._failed(refused))

    async def preview(self, order: Order) -> Sequence[str]:
        def work() -> Sequence[str]:
            with self._silo.reading() as connection:
                live, finder = self._prepared(connection, order)
                return previewed(connection, self._mapping, live, finder, order)

        try:
            return await asyncio.to_thread(work)
        except Refused as refused:
            self._live = None
            return (refused.detail,)

    async def test(self) -> contract.Test:
        return await asyncio.to_thread(
            tried, self._silo, self._mapping, self._schemes, self._connection.verbs
        )

    async def close(self) -> None:
        self._silo.close()

    async def _read(self, order: Order, job: Job, *, streams: bool = False) -> Answer:
        def work() -> Answer:
            with self._silo.reading(streams=streams) as connection:
                return job(connection)

        return await self._answered(order, work)

    async def _write(self, order: Order, job: Job) -> Answer:
        def work() -> Answer:
            with self._silo.writing() as connection:
                return job(connection)

        return await self._answered(order, work)

    async def _answered(self, order: Order, work: Callable[[], Answer]) -> Answer:
        if order.verb not in self._connection.verbs:
            return unsupported(order.verb)
        known = {found.scheme for table in self._mapping.tables.values() for found in table.found_by}
        if not any(one.scheme in known for one in order.identifiers):
            # It could not look, which is not the same as having found nobody.
            words = f"The silo finds people by {', '.join(sorted(known))}, and none of these is known."
            return Answer(verdict=Verdict.UNSUPPORTED, code="no_identifier", detail=words[:500], told=False)
        try:
            return await asyncio.to_thread(work)
        except Refused as refused:
            return self._failed(refused)

    def _failed(self, refused: Refused) -> Answer:
        self._live = None
        return Answer(
            verdict=Verdict.FAILED,
            code=refused.code,
            detail=refused.detail[:500],
            told=refused.code not in UNMET,
        )

    def _read_live(self, connection: sa.Connection) -> Live:
        self._live = self._live or read_live(connection, self._mapping)
        return self._live

    def _prepared(self, connection: sa.Connection, order: Order) -> tuple[Live, Finder]:
        live = self._read_live(connection)
        return live, Finder(live, self._schemes, order.identifiers, connection.dialect)

    def _reader(self, connection: sa.Connection, order: Order) -> Reader:
        return Reader(connection, self._mapping, *self._prepared(connection, order))

    def _changer(self, connection: sa.Connection, order: Order) -> Changer:
        return Changer(connection, self._mapping, *self._prepared(connection, order))

    def _eraser(self, connection: sa.Connection, order: Order) -> Eraser:
        return Eraser(
            connection,
            self._mapping,
            *self._prepared(connection, order),
            today=self._today(),
            language=self._connection.owner.language,
            page=self._page,
            asked=order.asked,
        )

    def _expirer(self, connection: sa.Connection) -> Expirer:
        return Expirer(
            connection,
            self._mapping,
            self._read_live(connection),
            today=self._today(),
            zone=self._zone,
            language=self._connection.owner.language,
            batch=min(BATCH, self._page),
        )

    def _today(self) -> dt.date:
        return to_datetime(self._clock(), self._zone).date()


def _was_done(earlier: Foretold, due: int) -> bool:
    """Whether what was foretold was committed: the number of rows due is nearer to that of afterwards."""
    return abs(due - earlier.due_after) < abs(due - earlier.due_before)


def _expired(told: Foretold, due: int) -> Expired:
    if not due:
        return Expired(answer=Answer(verdict=Verdict.DONE, parts=told.parts), touched=told.touched)
    words = f"{due} more rows were kept long enough: the next run goes on."
    answer = Answer(verdict=Verdict.PARTIAL, code="more_due", detail=words, parts=told.parts)
    return Expired(answer=answer, touched=told.touched)


async def _awaited(done: Awaitable[None]) -> None:
    await done
