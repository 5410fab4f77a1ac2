"""filter: who of a list may be contacted. Allowed rows go to standard output, exactly as they came.

Upholds promises 5 and 8 by way of `check.lists`: each row is decided as a check decides, and the log has an
entry before a row is told. Exit code 0 where the whole list was decided, whoever may be contacted; 1 where it
was broken off: what was written is whole rows, and not all of them, but for a last one cut short by a full
disk; 2 where the question or the file is not
as it has to be; 141 where whoever read standard output stopped reading.
"""

import contextlib
import gc
import json
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import compress
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from consentd.app import Parts
from consentd.base import clock
from consentd.base.i18n import Language
from consentd.check.lists.answers import CsvAnswers
from consentd.check.lists.asked import ListAsked
from consentd.check.lists.csv_rows import CsvRows, Rows
from consentd.check.lists.deciding import SLICE
from consentd.check.lists.model import Block, Ending
from consentd.check.lists.running import ListRun, Lists
from consentd.check.store import gatherer
from consentd.cli import filter_words as words
from consentd.cli.common import command, fail, json_option, language_option, with_parts
from consentd.kernel.errors import CallerError, ConsentdError, Unprocessable
from consentd.policy.service import PolicyBook

CHUNK = 1 << 19
WRONG, BROKEN_PIPE = 2, 141
REASONS = "--reasons"
_MOMENT = 0.2
"""Seconds after which Ctrl-C is heeded at the latest."""

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command("filter")
@click.argument("file", type=_FILE)
@click.option("--purpose", required=True, help="What the contact is for, as the policy names it.")
@click.option("--channel", required=True, help="The contact method, as the policy names it.")
@click.option("--column", help="The column that holds the addresses; not needed if there is but one.")
@click.option("--scheme", help="What they are: email, phone, loyalty, …; the channel's own if not given.")
@click.option("--at", help="A planned time, 2026-12-01T10:00+01:00; the time of the call if not given.")
@click.option("--territory", help="Where national telephone numbers are from: FR, FR-974, DE, …")
@click.option("--for-sending", is_flag=True, help="The list is going to be sent to: note the last use.")
@click.option(
    "--reasons",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A CSV file to write: for each row whether, why, when, and its place in the digest.",
)
@click.option("--encoding", help="utf-8, utf-16, cp1252, …; found out if not given.")
@click.option("--delimiter", help="What separates columns; found out if not given. `\\t` is a tab.")
@language_option
@json_option
@command
def filter_(
    file: Path,
    purpose: str,
    channel: str,
    column: str | None,
    scheme: str | None,
    at: str | None,
    territory: str | None,
    for_sending: bool,
    reasons: Path | None,
    encoding: str | None,
    delimiter: str | None,
    language: Language,
    as_json: bool,
) -> None:
    """Write the rows of FILE, a CSV file, whose people may be contacted. `-` reads standard input.

    The header comes first; rows are written byte for byte as they came, in their order. The summary is said
    on standard error. Exit code 0: the whole list was decided. 1: it was broken off. 2: the question or the
    file is not as it has to be. 141: nobody reads standard output any more.
    """
    asked = _asked(
        language,
        purpose=purpose,
        channel=channel,
        scheme=scheme,
        at=at,
        territory=territory,
        for_sending=for_sending,
    )
    rows = CsvRows(column, "\t" if delimiter == "\\t" else delimiter, encoding)
    if reasons is not None and reasons.exists() and file.exists() and reasons.samefile(file):
        fail("--reasons names the list itself: name another file.", WRONG)

    async def work(parts: Parts) -> Ending:
        # What a slice makes is gone with it, and what was imported stays: looking for circles costs a tenth.
        gc.freeze()
        gc.set_threshold(200_000, 20, 20)
        lists = Lists(parts.database, gatherer(parts.database), parts.keyring, PolicyBook(), clock.now)
        # Asked about before anything is read or written: a slip of the pen leaves no file behind.
        run = await lists.begin(asked, None, language)
        with _opened(file) as source, _written(reasons) as told:
            return await _filter(run, rows, source, sys.stdout.buffer, told, _progress(file, language))

    try:
        ending = with_parts(work)
    except CallerError as error:
        fail(words.refusal(error, language), WRONG if isinstance(error, Unprocessable) else 1)
    except BrokenPipeError:
        _flush_nowhere()
        sys.exit(BROKEN_PIPE)
    except _Unwritten as error:
        _flush_nowhere()
        fail(words.unwritten(error.place, error.reason, language))
    except (_Stopped, KeyboardInterrupt):
        fail(words.BROKEN(language))
    said = json.dumps(msgspec.to_builtins(ending), ensure_ascii=False, indent=2) if as_json else None
    click.echo(said or words.summary(ending, language), err=True)


async def _filter(
    run: ListRun,
    rows: CsvRows,
    source: BinaryIO,
    out: BinaryIO,
    told: BinaryIO | None,
    progress: "contextlib.AbstractContextManager[Callable[[int], None]]",
) -> Ending:
    """Raises BrokenPipeError, _Unwritten, _Stopped, and whatever deciding raises, once the log says
    that the list broke off.
    """
    answers = CsvAnswers()
    waiting: list[bytes] = []
    cells: list[str | None] = []

    def release(blocks: list[Block]) -> None:
        for block in blocks:
            allowed = [form.allow for form in block.forms]
            _write(out, rows.as_it_came(b"".join(compress(waiting, allowed))))
            del waiting[: len(allowed)]
            if told is not None:
                _write(told, answers.rows(block), REASONS)

    def take(found: Rows) -> None:
        waiting.extend(found.raw)
        cells.extend(found.cells)

    begun = False

    async def decide(*, last: bool) -> None:
        nonlocal begun, cells
        while len(cells) >= SLICE or (last and cells):
            some, cells = cells[:SLICE], cells[SLICE:]
            blocks = await run.add(some)
            begun = begun or begin(blocks)
            release(blocks)

    def begin(blocks: list[Block]) -> bool:
        """The header goes before the first row that is told."""
        if blocks:
            _write(out, rows.as_it_came(rows.header or b""))
            if told is not None:
                _write(told, answers.begin(), REASONS)
        return bool(blocks)

    reader = _Reader(source)
    with progress as moved:
        try:
            while chunk := reader.read():
                take(rows.feed(chunk))
                await decide(last=False)
                moved(len(chunk))
            take(rows.finish())
            await decide(last=True)
            blocks, ending = await run.end()
            if not begun:
                begin(blocks or [Block(1, [], [])])
            release(blocks)
            _write(out, b"", flush=True)
            if told is not None:
                _write(told, b"", REASONS, flush=True)
        except BaseException:
            # What went wrong first is what is to be told.
            with contextlib.suppress(ConsentdError):
                await run.break_off()
            raise
    return ending


class _Unwritten(Exception):  # a signal, never seen outside this module
    """A file takes no more."""

    def __init__(self, place: str | None, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason


def _write(file: BinaryIO, content: bytes, place: str | None = None, *, flush: bool = False) -> None:
    """`place`: the option that named the file; None for standard output."""
    try:
        file.write(content)
        if flush:
            file.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _Unwritten(place, error.strerror or "") from None


def _flush_nowhere() -> None:
    """What the interpreter would still flush when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Stopped(Exception):  # a signal, never seen outside this module
    """Ctrl-C."""


class _Reader:
    """Heeds Ctrl-C where it reads, or waits for whoever writes: between two writes of ours, never in one. The
    loop's own way, which cancels, is lost in a unit of work that is being committed.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._stopped = False
        signal.signal(signal.SIGINT, self._note)

    def read(self) -> bytes:
        """What there is, waiting for it; nothing at the end. Raises _Stopped."""
        while not self._stopped:
            if select.select([self._source], [], [], _MOMENT)[0]:
                return os.read(self._source.fileno(), CHUNK)
        raise _Stopped

    def _note(self, *_: object) -> None:
        self._stopped = True


def _asked(language: Language, **given: str | bool | None) -> ListAsked:
    try:
        return msgspec.convert(given, ListAsked)
    except msgspec.ValidationError as error:
        if str(error).endswith("`$.at`"):
            raise click.BadParameter(words.NO_TIME(language), param_hint="--at") from None
        raise click.UsageError(f"This cannot be asked: {error}.") from None


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    with file.open("rb") as opened:
        yield opened


@contextlib.contextmanager
def _written(path: Path | None) -> Iterator[BinaryIO | None]:
    if path is None:
        yield None
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise _Unwritten(REASONS, error.strerror or "") from None
    with file as opened:
        try:
            yield opened
        except _Unwritten:
            # Else closing it would write again what it could not take, and fail once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), opened.fileno())
            raise


@contextlib.contextmanager
def _progress(file: Path, language: Language) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    # It takes a tenth of a second to import, which only people at a terminal need.
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        size = None if str(file) == "-" else file.stat().st_size
        task = bar.add_task(words.PROGRESS(language), total=size)
        yield lambda count: bar.update(task, advance=count)


COMMANDS = [filter_]
