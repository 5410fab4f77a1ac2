"""One list in the process that decides it: pieces of it come in, pieces of its answer go out.

Rows are decided as they come: whole slices while there is more, and what there is as soon as nothing more
comes for a moment, so that a caller who waits for answers before it goes on gets them.
"""

import asyncio
import contextlib
from collections.abc import Callable

from consentd.check.lists.answers import Answers, CsvAnswers, JsonAnswers, Problem
from consentd.check.lists.csv_rows import CsvRows
from consentd.check.lists.deciding import SLICE
from consentd.check.lists.frames import Fed, Opened, Said
from consentd.check.lists.json_rows import JsonRows
from consentd.check.lists.model import Block, Ending
from consentd.check.lists.running import ListRun, Lists
from consentd.check.pipe import Told, failed
from consentd.kernel.errors import ConsentdError

IDLE = 0.05
"""Seconds without anything new, after which what there is is answered."""


class _Gone(Exception):  # a signal, never seen outside this module
    """Nobody is there to be told."""


class Session:
    """`fed`: what comes in; `say`: takes what goes out, and may wait until there is room for it."""

    def __init__(
        self, lists: Lists, opened: Opened, fed: "asyncio.Queue[Fed]", say: Callable[[Said], None]
    ) -> None:
        self._lists = lists
        self._opened = opened
        self._fed = fed
        self._say = say
        self._answers: Answers = CsvAnswers() if opened.told == "csv" else JsonAnswers()
        self._rows: CsvRows | JsonRows = JsonRows("")
        self._cells: list[str | None] = []
        self._begun = False
        self._last = False

    async def answer(self) -> ConsentdError | None:
        """Until the list is over and all that was fed is taken in. Returns what went wrong, if anything."""
        error: ConsentdError | None = None
        run: ListRun | None = None
        try:
            run = await self._lists.begin(self._opened.asked, self._opened.caller, self._opened.language)
            self._rows = self._reader(run)
            await self._decide(run)
        except _Gone:
            await self._break_off(run)
            self._say(Said(over=Told()))
        except ConsentdError as raised:
            error = raised
            await self._broken(run, raised)
        while not self._last:
            await self._next()
        return error

    def _reader(self, run: ListRun) -> CsvRows | JsonRows:
        opened = self._opened
        if opened.taken == "csv":
            return CsvRows(opened.column, opened.delimiter, opened.encoding)
        return JsonRows(opened.column or run.asked.scheme)

    async def _decide(self, run: ListRun) -> None:
        while not self._last:
            waiting = bool(self._cells) or run.holds
            fed = await self._next(IDLE if waiting else None)
            if fed is None:
                # Nothing came: decide what there is, and then tell what was held back.
                self._tell(await self._some(run) if self._cells else await run.release())
                continue
            self._take(fed)
            while len(self._cells) >= SLICE:
                self._tell(await self._some(run))
        while self._cells:
            self._tell(await self._some(run))
        blocks, ending = await run.end()
        self._tell(blocks)
        content = b"" if self._begun else self._answers.begin()
        over = Told(count=ending.rows, allowed=ending.allowed)
        self._say(Said(content + self._answers.end(ending), over))

    async def _some(self, run: ListRun) -> list[Block]:
        some, self._cells = self._cells[:SLICE], self._cells[SLICE:]
        return await run.add(some)

    def _take(self, fed: Fed) -> None:
        self._last = self._last or fed.last or fed.gone
        if fed.gone:
            raise _Gone
        self._cells += self._rows.feed(fed.content).cells
        if fed.last:
            self._cells += self._rows.finish().cells

    async def _next(self, seconds: float | None = None) -> Fed | None:
        """None where nothing comes for so long."""
        try:
            async with asyncio.timeout(seconds):
                fed = await self._fed.get()
        except TimeoutError:
            return None
        if fed.last or fed.gone:
            self._last = True
        return fed

    def _tell(self, blocks: list[Block]) -> None:
        for block in blocks:
            content = b"" if self._begun else self._answers.begin()
            self._begun = True
            self._say(Said(content + self._answers.rows(block)))

    async def _broken(self, run: ListRun | None, raised: ConsentdError) -> None:
        ending = await self._break_off(run)
        if not self._begun:
            self._say(Said(over=failed(raised)))
            return
        problem = Problem(raised.code, raised.message)
        over = Told() if ending is None else Told(count=ending.rows, allowed=ending.allowed)
        self._say(Said(self._answers.broken(problem, ending), over))

    async def _break_off(self, run: ListRun | None) -> Ending | None:
        # What went wrong first is what is to be told.
        with contextlib.suppress(ConsentdError):
            return None if run is None else await run.break_off()
        return None
