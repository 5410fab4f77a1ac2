"""Composes the service: the only module that knows every slice.

Upholds docs/keys.md and promise 17: where the root key is wrong or the database cannot be used, the service
runs, says why under /health/ready, and answers everything else with 503. What was only late (a database
that starts after it) is taken up when it comes.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence

import msgspec
from litestar.handlers import HTTPRouteHandler

from consentd.base import clock
from consentd.base.settings import Settings, from_environment
from consentd.callers import api as callers_api
from consentd.callers import assertions
from consentd.callers.access import KNOWN, PUBLIC
from consentd.callers.model import Caller
from consentd.callers.tokens import Tokens
from consentd.check import api as check_api
from consentd.check.beside import Batches
from consentd.check.service import CheckService
from consentd.check.store import gatherer
from consentd.consent import api as consent_api
from consentd.consent.erasure import purge_proofs
from consentd.consent.service import ConsentService
from consentd.crypto.keyring import Keyring, load_keyring, passing_keyring
from consentd.crypto.root import read_root_key
from consentd.db.engine import open_database
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.evidence import api as evidence_api
from consentd.evidence import service as evidence
from consentd.evidence.journal import Journal
from consentd.evidence.model import SERVICE
from consentd.evidence.runner import Sequencer
from consentd.kernel.errors import ConsentdError, OperatorError, Tampered, Unauthenticated, Unavailable
from consentd.policy.service import PolicyBook, log_origin
from consentd.subjects import api as subjects_api
from consentd.subjects.doing import Doing
from consentd.web import health, idempotency, logs, openapi, pages
from consentd.web.application import Application, build
from consentd.web.health import NotReady, Readiness
from consentd.web.limits import DEFAULT_LIMITS, Limits
from consentd.web.refusals import Refusals

RETRY_SECONDS = 5
PURGE_SECONDS = 3600
KEYS_SECONDS = 30


class Parts(msgspec.Struct, frozen=True):
    """What slices are made of; opened, unless only the routes are wanted."""

    settings: Settings
    database: SqliteDatabase | PostgresDatabase
    journal: Journal
    keyring: Keyring
    tokens: Tokens
    repeats: idempotency.Repeats
    policies: PolicyBook
    origin: str | None
    """The log's name; None before the first policy is active."""


async def create_app(settings: Settings) -> Application:
    """The whole service, open and ready; or, where it cannot be, one that says why."""
    try:
        return compose(await open_parts(settings))
    except (OperatorError, Unavailable, Tampered) as error:
        logs.refused_start(error)
        return waiting(settings, error)


async def open_parts(settings: Settings) -> Parts:
    """Opens the database and the keyring. Raises OperatorError, Unavailable or Tampered."""
    root = read_root_key(settings)
    journal = Journal(settings.journal_file)
    database = open_database(settings.database_url, clock=clock.now, journal=journal.append)
    await database.open()
    try:
        keyring = await database.read(lambda connection: load_keyring(connection, root))
        origin = await database.read(log_origin)
    except BaseException:
        await database.close()
        raise
    return assemble(settings, database, journal, keyring, origin)


def assemble(
    settings: Settings,
    database: SqliteDatabase | PostgresDatabase,
    journal: Journal,
    keyring: Keyring,
    origin: str | None = None,
) -> Parts:
    tokens = Tokens(
        database, keyring, issuer=settings.public_url, seconds=settings.token_seconds, clock=clock.now
    )
    repeats = idempotency.Repeats(keyring)
    return Parts(settings, database, journal, keyring, tokens, repeats, PolicyBook(), origin)


def compose(
    parts: Parts, *, limits: Limits = DEFAULT_LIMITS, more: Sequence[HTTPRouteHandler] = ()
) -> Application:
    """Every slice's routes over these parts; what runs beside them starts and stops with the application.

    `more`: routes beside the slices', for measuring.
    """
    settings, database = parts.settings, parts.database
    if parts.origin is None:
        raise OperatorError(
            "no_policy", "No policy is active yet. Run `consentd policy activate`, or `consentd init`."
        )
    sequencer = Sequencer(database, parts.keyring, parts.origin, settings.checkpoint_file)
    refusals = Refusals(database, parts.keyring)
    readiness = Readiness({"database": _database_probe(parts), "log": _log_probe(sequencer)})
    beside = Beside(
        refusals.run, sequencer.run, lambda: _purge_by_the_hour(parts), lambda: _fresh_keys(parts)
    )

    batches = Batches("consentd.batches", lambda: settings)

    async def stop() -> None:
        await beside.stop()
        await batches.stop()
        with contextlib.suppress(ConsentdError):
            await refusals.flush()
            await sequencer.release()
        await database.close()
        parts.journal.close()

    return build(
        [
            *slices(parts, batches, sequencer.poke),
            *more,
            *health.routes(readiness),
            *pages.routes(readiness, lambda: database.read(evidence.status)),
        ],
        settings=settings,
        tokens=parts.tokens,
        limits=limits,
        refusal=readiness.refusal,
        on_startup=[beside.start],
        on_shutdown=[stop],
        after_exception=[refusals.note],
    )


def slices(parts: Parts, batches: Batches, wake: Callable[[], None] = lambda: None) -> list[HTTPRouteHandler]:
    """Every slice's routes. `wake` tells the sequencer that something was recorded."""
    database, keyring, repeats = parts.database, parts.keyring, parts.repeats
    doing = Doing(database, keyring, parts.policies, wake)
    checks = CheckService(database, gatherer(database), keyring, parts.policies, clock.now)
    return [
        *callers_api.routes(database, keyring, parts.tokens, parts.settings.public_url),
        *evidence_api.routes(database, keyring, parts.origin or "", public=PUBLIC, protected=KNOWN),
        *subjects_api.routes(doing),
        *consent_api.routes(ConsentService(doing), repeats),
        *check_api.routes(checks, doing, repeats, batches),
    ]


def description() -> str:
    """The API's description as YAML, from the routes alone: nothing is opened, and no key is read."""
    settings = from_environment({})
    database = open_database(settings.database_url, clock=clock.now)
    parts = assemble(settings, database, Journal(settings.journal_file), passing_keyring(), "description")
    return openapi.as_text(openapi.describe(compose(parts), settings.public_url))


def waiting(settings: Settings, error: ConsentdError) -> Application:
    """Health and nothing else; and, where waiting can help, the whole service once it opens."""
    readiness = Readiness(refusal=error)
    later = _Later(settings)
    helps = isinstance(error, Unavailable)
    app = build(
        health.routes(readiness),
        settings=settings,
        tokens=_NoTokens(),
        refusal=readiness.refusal,
        on_startup=[later.start] if helps else [],
        on_shutdown=[later.stop] if helps else [],
    )
    later.outer = app
    return app


class Beside:
    """Tasks that run beside the answering, from start to stop."""

    def __init__(self, *work: Callable[[], Coroutine[None, None, None]]) -> None:
        self._work = work
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(work()) for work in self._work]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Later:
    """Tries again to open the service, and puts it in the place of the waiting one."""

    outer: Application

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not await _within(RETRY_SECONDS, self._stop.wait()):
            try:
                app = compose(await open_parts(self._settings))
            except ConsentdError as error:
                logs.refused_start(error)
                continue
            async with app.lifespan():
                self.outer.edge = app.edge
                await self._stop.wait()
            return


async def _within(seconds: float, wait: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await wait
    except TimeoutError:
        return False
    return True


async def _purge_by_the_hour(parts: Parts) -> None:
    """What has a date: idempotency keys, spent assertions, and proof keys that no law orders kept."""
    while True:
        with contextlib.suppress(ConsentdError):
            await idempotency.purge(parts.database)
            await assertions.purge(parts.database)
            await parts.database.change(lambda unit: purge_proofs(unit, parts.keyring, SERVICE))
        await asyncio.sleep(PURGE_SECONDS)


async def _fresh_keys(parts: Parts) -> None:
    """Takes in keys that another process made: a new look-up or signing key is met by nobody's error."""
    while True:
        await asyncio.sleep(KEYS_SECONDS)
        with contextlib.suppress(ConsentdError):
            await parts.database.read(parts.keyring.reload)


def _database_probe(parts: Parts) -> health.Probe:
    async def probe() -> ConsentdError | None:
        try:
            async with asyncio.timeout(2):
                await parts.database.read(evidence.status)
        except TimeoutError:
            return NotReady("it does not answer within two seconds.")
        return None

    return probe


def _log_probe(sequencer: Sequencer) -> health.Probe:
    async def probe() -> ConsentdError | None:
        error = sequencer.error
        if error is None or isinstance(error, ConsentdError):
            return error
        return NotReady(f"its sequencer failed with {type(error).__name__}.")

    return probe


class _NoTokens:
    """Stands where nobody can be known."""

    def known(self, token: bytes) -> None:
        return None

    async def admit(self, token: bytes) -> Caller:
        raise Unauthenticated("token_invalid", "Nobody can be known while the service is not ready.")

    async def confirm(self, caller: Caller) -> None:
        raise Unauthenticated("token_invalid", "Nobody can be known while the service is not ready.")
