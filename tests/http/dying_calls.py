"""A process of the service that answers one call and dies while it does, at a place that has a name.

It has everything imported, as a process beside the running one: a fork of one that did so once.
"""

import asyncio
import multiprocessing
import os
import signal
from enum import StrEnum
from typing import Any

from support.installation import ROOT, Installation

_warm = multiprocessing.get_context("forkserver")
_warm.set_forkserver_preload(["consentd.cli"])


class Point(StrEnum):
    WRITTEN = "written"
    """In the unit: the step is written, what follows from it is not."""
    REMEMBERED = "remembered"
    """In the unit: all of it is written, the call too, and nothing is committed."""
    COMMITTED = "committed"
    """It is committed, and nobody was answered."""


def dies(installation: Installation, point: Point, path: str, body: Any, headers: dict[str, str]) -> bool:
    """Whether it did."""
    # So that tokens that the running process gave count at this one.
    settings = installation.environment | {"CONSENTD_PUBLIC_URL": installation.settings.public_url}
    process = _warm.Process(target=_answer, args=(settings, point, path, body, headers))
    process.start()
    process.join(60)
    assert process.exitcode is not None, "it neither died nor answered"
    return process.exitcode == -signal.SIGKILL


def _answer(settings: dict[str, str], point: Point, path: str, body: Any, headers: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(settings)
    os.chdir(ROOT)
    asyncio.run(_call(settings, point, path, body, headers))


async def _call(
    settings: dict[str, str], point: Point, path: str, body: Any, headers: dict[str, str]
) -> None:
    import httpx

    from consentd.app import create_app
    from consentd.base.settings import from_environment

    # Nothing runs beside it: what it would take with it into death is not what is asked here.
    app = await create_app(from_environment(settings))
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        _die_at(point)
        await http.post(path, json=body, headers=headers)


def _die_at(point: Point) -> None:
    from consentd.db.postgres import PostgresDatabase
    from consentd.db.sqlite import SqliteDatabase
    from consentd.dsr.cases import RequestCase
    from consentd.web import store
    from support.dying import after

    match point:
        case Point.WRITTEN:
            after(RequestCase, "note")
        case Point.REMEMBERED:
            after(store, "save")
        case Point.COMMITTED:
            for database in (SqliteDatabase, PostgresDatabase):
                after(database, "change")
