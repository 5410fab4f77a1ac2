"""import: what the company's tools know already, from their own exports."""

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec

from consentd.app import Parts
from consentd.base import clock
from consentd.base.i18n import Language
from consentd.callers import service as callers
from consentd.callers.model import Caller
from consentd.check.asking import PolicyChanged
from consentd.cli import import_files
from consentd.cli.common import command, fail, json_option, language_option, say, settings, with_parts
from consentd.db.scratch import scratch
from consentd.evidence.model import OPERATOR
from consentd.imports import guessing, planning, proposing, telling, words, writing
from consentd.imports.reading import WholeFileRefused
from consentd.imports.recognising import recognise
from consentd.imports.report import Report
from consentd.imports.running import Job, look_through
from consentd.imports.times import require_past
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import NotFound
from consentd.kernel.instants import to_datetime
from consentd.policy.loader import load
from consentd.policy.service import PolicyBook


@click.command("import")
@click.argument("names", nargs=-1, required=True, metavar="SYSTEM FILE…")
@click.option("--guess", is_flag=True, help="Propose the layout of a FILE that nobody described yet.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--exported-at", metavar="TIME", help="When the files were exported: a day, or RFC 3339.")
@click.option("--layout", metavar="NAME", help="Which of the tool's exports it is; else by its columns.")
@click.option("--report", "told", type=click.Path(path_type=Path), help="Write the report: .json or .csv.")
@click.option("--refused", type=click.Path(path_type=Path), help="Write the refused rows, to be mended.")
@click.option("--to-ask", type=click.Path(path_type=Path), help="Write who may be asked to confirm, and how.")
@language_option
@json_option
@command
def import_(
    names: Sequence[str],
    guess: bool,
    dry_run: bool,
    exported_at: str | None,
    layout: str | None,
    told: Path | None,
    refused: Path | None,
    to_ask: Path | None,
    language: Language,
    as_json: bool,
) -> None:
    """Take in exports of a connected system, as its layouts in the policy say.

    A file that is none of them, or damaged, is refused whole; a row that cannot be read is refused, and the
    rest goes on. The same file again changes nothing.
    """
    if guess:
        _guess(names, exported_at, language)
        return
    system, *paths = names
    if not paths:
        fail("Name the system and at least one file: consentd import SYSTEM FILE…")
    files = import_files.existing(paths, language)
    rows_to, asks_to = import_files.places(refused, files), import_files.places(to_ask, files)
    import_files.require_apart(files, [told, *rows_to, *asks_to], language)
    besides: list[import_files.Beside] = []

    async def work(parts: Parts) -> tuple[list[Report], words.Words]:
        compiled = await parts.database.read(PolicyBook().active)
        caller = await parts.database.read(lambda connection: _caller(connection, compiled, system))
        jobs = [_job(path, compiled, caller, exported_at, layout, language) for path in files]
        with ExitStack() as opened:
            said = words.Words(compiled.policy, language)
            heard = opened.enter_context(_progress(sum(total for _, total in jobs), language))

            def beside(place: Path) -> import_files.Beside:
                besides.append(import_files.opened(opened, place, language))
                return besides[-1]

            pairs = [
                (job, writing.Files(heard, *_beside(beside, rows, asks, job, said)))
                for (job, _), rows, asks in zip(jobs, rows_to, asks_to, strict=True)
            ]
            if not dry_run:
                done = [
                    await planning.carry_out(job, parts.database, parts.keyring, compiled, language, files)
                    for job, files in pairs
                ]
                return done, said
            async with scratch(parts.database, parts.settings.data_dir, clock.now) as database:
                planned = [
                    await planning.plan(job, database, parts.keyring, compiled, language, files)
                    for job, files in pairs
                ]
            return planned, said

    try:
        reports, said = with_parts(work)
    except WholeFileRefused as error:
        fail(words.whole_file(error.code, error.about, language))
    except PolicyChanged:
        fail(words.POLICY_CHANGED(language))
    if told is not None:
        _write(told, reports, language)
    say(reports, as_json=as_json, text="\n\n".join(telling.as_text(one, said) for one in reports))
    if any(one.failed for one in besides):
        sys.exit(1)


def _guess(names: Sequence[str], exported_at: str | None, language: Language) -> None:
    """Needs the policy files alone: nothing is opened, and nothing recorded."""
    policy = load(settings().policies_dir)
    for path in import_files.existing(names, language):
        try:
            found = guessing.guess(path, policy)
            read = proposing.preview(path, found, policy, exported_at or "2000-01-01", language)
        except WholeFileRefused as error:
            fail(f"{path.name}: {words.whole_file(error.code, error.about, language)}")
        click.echo(proposing.as_yaml(found, language))
        click.echo("\n".join(read), err=True)


def _caller(connection: Any, compiled: CompiledPolicy, name: str) -> Caller:  # Any: a database connection
    """The system as it calls: the connected one of that name, in the zone that the policy gives it."""
    if name not in compiled.policy.systems:
        known = ", ".join(sorted(compiled.policy.systems))
        fail(f"The policy in force has no system {name}. It knows: {known}.")
    try:
        found = callers.connected(connection, name)
    except NotFound:
        fail(f"{name} is not connected yet. Connect it: consentd system add {name} --scope consent:write")
    live = [one.id for one in found.secrets if one.revoked_at is None]
    live += [one.id for one in found.keys if one.revoked_at is None]
    if found.system.revoked_at is not None or not live:
        fail(f"{name} was revoked, or has no secret or key that is in use.")
    caller = callers.caller_of(connection, found.system.id, live[-1])
    return msgspec.structs.replace(caller, zone=compiled.policy.systems[name].zone)


def _job(
    path: Path,
    compiled: CompiledPolicy,
    caller: Caller,
    exported_at: str | None,
    layout: str | None,
    language: Language,
) -> tuple[Job, int]:
    """Recognised and looked through to its end, with its number of rows: a damaged file is not begun."""
    try:
        when = exported_at or _written(path, caller)
        require_past(when, ZoneInfo(caller.zone), clock.now())
        recognised = recognise(path, compiled.policy.systems[caller.name].imports, layout)
        job = Job(path, recognised, caller, OPERATOR, when)
        return job, look_through(job)
    except WholeFileRefused as error:
        fail(f"{path.name}: {words.whole_file(error.code, error.about, language)}")
    except ValueError as error:
        fail(f"--exported-at: {error}")


@contextmanager
def _progress(rows: int, language: Language) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    # It takes a tenth of a second to import, which only people at a terminal need.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words.PROGRESS(language), total=rows)
        yield lambda count: bar.update(task, advance=count)


def _written(path: Path, caller: Caller) -> str:
    """When the file was written, where nobody says when it was exported."""
    written = dt.datetime.fromtimestamp(path.stat().st_mtime, ZoneInfo(caller.zone))
    today = to_datetime(clock.now(), ZoneInfo(caller.zone))
    return min(written, today).replace(microsecond=0).isoformat()


def _beside(
    opened: Callable[[Path], writing.Writable],
    rows: Path | None,
    asks: Path | None,
    job: Job,
    said: words.Words,
) -> tuple[writing.RefusedRows | None, writing.RowsToAsk | None]:
    told, delimiter = job.recognised, job.recognised.layout.delimiter
    return (
        writing.RefusedRows(opened(rows), told.header, delimiter, said) if rows is not None else None,
        writing.RowsToAsk(opened(asks), said) if asks is not None else None,
    )


def _write(place: Path, reports: Sequence[Report], language: Language) -> None:
    """The import is done by then: where the report cannot be written, it is still told."""
    try:
        _write_to(place, reports)
    except OSError as error:
        click.echo(import_files.unwritable(place, error, language), err=True)


def _write_to(place: Path, reports: Sequence[Report]) -> None:
    if place.suffix == ".csv":
        with place.open("w", encoding="utf-8-sig", newline="") as stream:
            for one in reports:
                writing.as_csv(one, stream)
        return
    place.write_bytes(msgspec.json.format(msgspec.json.encode(reports), indent=2) + b"\n")


COMMANDS = (import_,)
