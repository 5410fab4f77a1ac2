"""What commands share: opening the installation, running one coroutine, and telling errors to people."""

import asyncio
import functools
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
import msgspec

from consentd.app import Parts, open_parts
from consentd.base.settings import Settings, from_environment
from consentd.evidence.runner import Sequencer
from consentd.kernel.errors import ConsentdError
from consentd.policy import service as policies
from consentd.web import logs

P = ParamSpec("P")
T = TypeVar("T")


def command(work: Callable[P, T]) -> Callable[P, T]:
    """Runs a command; what consentd refuses is said in words, without a traceback."""

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        logs.configure("warning")
        try:
            return work(*args, **kwargs)
        except ConsentdError as error:
            fail(error.message)

    return run


def fail(message: str) -> NoReturn:
    click.echo(f"consentd: {message}", err=True)
    sys.exit(1)


def settings() -> Settings:
    return from_environment()


def with_parts(work: Callable[[Parts], Awaitable[T]]) -> T:
    """Opens the installation, runs `work`, sequences what it recorded, and closes."""

    async def run() -> T:
        async with opened(settings()) as parts:
            return await work(parts)

    return asyncio.run(run())


@asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[Parts]:
    parts = await open_parts(given)
    try:
        yield parts
        await sequence(parts)
    finally:
        await parts.database.close()
        parts.journal.close()


async def sequence(parts: Parts) -> None:
    """Puts waiting entries into the log, unless a running service leads and does so."""
    origin = await parts.database.read(policies.log_origin)
    if origin is None:
        return
    sequencer = Sequencer(parts.database, parts.keyring, origin, parts.settings.checkpoint_file)
    while await sequencer.step():
        pass
    await sequencer.release()


def say(value: Any, *, as_json: bool, text: str) -> None:  # Any: what can be written as JSON
    click.echo(json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False) if as_json else text)


json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
directory_option = click.option(
    "--policies",
    "directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="The folder of policy files; CONSENTD_POLICIES if not given.",
)
