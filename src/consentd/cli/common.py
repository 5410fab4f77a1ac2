"""What commands share: opening the installation, running one coroutine, and telling errors to people."""

import asyncio
import functools
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
import msgspec

from consentd.app import Parts, open_parts
from consentd.base.i18n import LANGUAGES, Language, choose
from consentd.base.settings import Settings, from_environment
from consentd.evidence.runner import Sequencer
from consentd.kernel.errors import ConsentdError, StorageUnavailable
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
        except StorageUnavailable as error:
            fail(f"{error.message} The database: {_database()} (see CONSENTD_DATABASE_URL).")
        except ConsentdError as error:
            fail(error.message)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            fail(
                f"{where}{error.strerror or 'input or output failed'}. Is CONSENTD_DATA_DIR a folder that "
                "consentd may write to?"
            )
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            # By kind and place alone: a message may quote whatever it was about (promise 18).
            where = logs.describe(error)[0]["places"][-1]
            fail(
                f"This is a defect of consentd ({type(error).__name__} at {where}). What was begun was not "
                "recorded by halves; please report it with this line."
            )

    return run


def _database() -> str:
    """The database's place, without the name and the password that its URL may hold."""
    return settings().database_url.rpartition("@")[2].partition("?")[0].removeprefix("sqlite:///")


def fail(message: str, code: int = 1) -> NoReturn:
    click.echo(f"consentd: {message}", err=True)
    sys.exit(code)


def settings() -> Settings:
    return from_environment()


def with_parts(work: Callable[[Parts], Awaitable[T]], *, restoring: bool = False) -> T:
    """Opens the installation, runs `work`, sequences what it recorded, and closes."""

    async def run() -> T:
        async with opened(settings(), restoring=restoring) as parts:
            return await work(parts)

    return asyncio.run(run())


@asynccontextmanager
async def opened(given: Settings, *, restoring: bool = False) -> AsyncIterator[Parts]:
    parts = await open_parts(given, restoring=restoring)
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


def _language(context: click.Context, parameter: click.Parameter, asked: str | None) -> Language:
    """What was asked for, else the terminal's own language, else English."""
    own = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return choose(asked, re.split("[_.@]", own)[0])


language_option = click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    callback=_language,
    help="The language of the answer; the terminal's if not given.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
directory_option = click.option(
    "--policies",
    "directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="The folder of policy files; CONSENTD_POLICIES if not given.",
)
