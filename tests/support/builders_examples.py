"""Companies made for one generated example each, on a database of their own."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

from support.builders import Company, open_company
from support.postgres import Server

Telling = Callable[[Company], Awaitable[None]]


def bounded(examples: int) -> settings:
    """The same examples each time, so that a suite that passed passes again. Not shrunk, which takes minutes:
    the examples are short enough to be read.
    """
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


def on_sqlite(template: Path, telling: Telling) -> None:
    with _folder() as folder:
        shutil.copyfile(template, folder / "consentd.db")
        asyncio.run(_tell(f"sqlite:///{folder / 'consentd.db'}", folder, telling))


def on_postgresql(server: Server, telling: Telling) -> None:
    url = server.migrated()
    try:
        with _folder() as folder:
            asyncio.run(_tell(url, folder, telling))
    finally:
        server.drop(url)


async def _tell(url: str, folder: Path, telling: Telling) -> None:
    async with open_company(url, folder) as company:
        await telling(company)


@contextmanager
def _folder() -> Iterator[Path]:
    # In memory where there is some: syncs are asked for as on a disk, but cost nothing.
    made = Path(tempfile.mkdtemp(prefix="consentd", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        yield made
    finally:
        shutil.rmtree(made)
