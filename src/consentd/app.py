"""Composes the service: the only module that knows every slice.

Upholds docs/keys.md and promise 17: where the root key is wrong or the database cannot be used, the service
runs, says why under /health/ready, and answers everything else with 503 (`web.waiting`).
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence
from importlib import metadata

import msgspec
from litestar.handlers import HTTPRouteHandler

from consentd.base import clock
from consentd.base.counts import Board, Counts
from consentd.base.settings import Settings, from_environment
from consentd.base.tasks import Tasks
from consentd.callers import api as callers_api
from consentd.callers.access import KNOWN, PUBLIC
from consentd.callers.tokens import Tokens
from consentd.check import api as check_api
from consentd.check import authzen_api
from consentd.check.beside import Batches
from consentd.check.lists import api as lists_api
from consentd.check.lists.beside import ListProcesses
from consentd.check.permits import Permits
from consentd.check.service import CheckService
from consentd.check.store import gatherer
from consentd.consent import api as consent_api
from consentd.consent import merging_api
from consentd.consent.confirming.mailing import ConfirmationMailing
from consentd.consent.confirming.pressing import Confirming
from consentd.consent.service import ConsentService
from consentd.consent.stopping import api as links_api
from consentd.consent.stopping.asking import Linking
from consentd.consent.stopping.pressing import Stopping
from consentd.crypto.keyring import Keyring, load_keyring, passing_keyring
from consentd.crypto.root import read_root_key
from consentd.db.engine import open_database
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.db.unit import unwatched
from consentd.dsr.composed import Requests
from consentd.dsr.requests_api import routes as requests_routes
from consentd.dsr.restoring import require_replayed
from consentd.evidence import api as evidence_api
from consentd.evidence import outside
from consentd.evidence import service as evidence
from consentd.evidence.journal import Journal
from consentd.evidence.runner import Sequencer
from consentd.feed import api as feed_api
from consentd.feed.replicas import Replicas
from consentd.imports import api as imports_api
from consentd.imports.jobs import Imports
from consentd.kernel.errors import ConsentdError, OperatorError, Tampered, Unavailable
from consentd.kernel.policy import Policy
from consentd.net.mail import mailer
from consentd.policy import brand_api
from consentd.policy.service import PolicyBook, log_origin
from consentd.portal import confirm_pages, stop_pages
from consentd.portal.composed import Portal
from consentd.subjects import api as subjects_api
from consentd.subjects.doing import Doing
from consentd.upkeep import Upkeep
from consentd.web import health, idempotency, logs, openapi, pages
from consentd.web.application import Application, build
from consentd.web.health import NotReady, Readiness
from consentd.web.limits import DEFAULT_LIMITS, Limits
from consentd.web.metrics import Metrics, Observe, Observed
from consentd.web.pages import samples
from consentd.web.refusals import Refusals
from consentd.web.tracing import Traces, open_traces
from consentd.web.waiting import waiting


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
    counts: Counts
    traces: Traces | None


async def create_app(settings: Settings, board: Board | None = None, worker: int = 0) -> Application:
    """The whole service, open and ready; or, where it cannot be, one that says why.

    `board` and `worker`: where this process counts, if it is one of several. Raises OperatorError where
    traces are asked for that cannot be made.
    """
    board = board or Board(1)
    counts = board.slots[worker]
    # Whoever counted here before has ended.
    counts.stand_still()
    traces = open_traces(settings)

    async def opened() -> Application:
        parts = await open_parts(settings, counts, traces)
        return _with_metrics(compose(parts), settings, board, lambda: _observed(parts))

    try:
        return await opened()
    except (OperatorError, Unavailable, Tampered) as error:
        logs.refused_start(error)
        return _with_metrics(waiting(settings, error, opened, counts), settings, board, _nothing_observed)


async def open_parts(
    settings: Settings,
    counts: Counts | None = None,
    traces: Traces | None = None,
    *,
    restoring: bool = False,
) -> Parts:
    """Opens the database and the keyring. Raises OperatorError, Unavailable or Tampered. `restoring`:
    also where the database forgot what the stop journal knows, which is then put right.
    """
    counts = counts or Counts()
    root = read_root_key(settings)
    journal = Journal(settings.journal_file)
    database = open_database(
        settings.database_url,
        clock=clock.now,
        journal=journal.append,
        counts=counts,
        around=unwatched if traces is None else traces.unit,
    )
    await database.open()
    try:
        keyring = await database.read(lambda connection: load_keyring(connection, root))
        origin = await database.read(log_origin)
        if not restoring:
            note = outside.read(settings.checkpoint_file)
            await database.read(
                lambda connection: require_replayed(connection, keyring, origin, note, settings.journal_file)
            )
    except BaseException:
        await database.close()
        raise
    return assemble(settings, database, journal, keyring, origin, counts, traces)


def assemble(
    settings: Settings,
    database: SqliteDatabase | PostgresDatabase,
    journal: Journal,
    keyring: Keyring,
    origin: str | None = None,
    counts: Counts | None = None,
    traces: Traces | None = None,
) -> Parts:
    tokens = Tokens(
        database, keyring, issuer=settings.public_url, seconds=settings.token_seconds, clock=clock.now
    )
    repeats = idempotency.Repeats(keyring)
    return Parts(
        settings,
        database,
        journal,
        keyring,
        tokens,
        repeats,
        PolicyBook(),
        origin,
        counts or Counts(),
        traces,
    )


def compose(
    parts: Parts,
    *,
    limits: Limits = DEFAULT_LIMITS,
    more: Sequence[HTTPRouteHandler] = (),
) -> Application:
    """Every slice's routes over these parts; what runs beside them starts and stops with the application.

    `more`: routes beside the slices', for measuring.
    """
    settings, database = parts.settings, parts.database
    if parts.origin is None:
        raise OperatorError(
            "no_policy", "No policy is active yet. Run `consentd policy activate`, or `consentd init`."
        )
    sequencer = Sequencer(
        database, parts.keyring, parts.origin, settings.checkpoint_file, counts=parts.counts
    )
    refusals = Refusals(database, parts.keyring)
    readiness = Readiness({"database": _database_probe(parts), "log": _log_probe(sequencer)})
    imports = Imports(settings, database, parts.keyring, parts.policies, clock.now)
    requests = Requests(settings, database, parts.keyring, parts.policies, clock.now)
    portal = Portal(settings, database, clock.now)
    confirmations = ConfirmationMailing(
        database, parts.keyring, parts.policies, mailer(settings, clock.now), settings.public_url
    )
    upkeep = Upkeep(database, parts.keyring, imports, requests, portal, clock.now)
    beside = Tasks(
        refusals.run,
        sequencer.run,
        imports.worker.run,
        requests.worker.run,
        requests.tables.run,
        requests.maker.run,
        requests.mailing.run,
        confirmations.run,
        upkeep.by_the_hour,
        upkeep.fresh_keys,
    )

    name = f"batches of {logs.process()}"
    batches = Batches("consentd.batches", lambda: settings, name, parts.counts)
    lists = ListProcesses("consentd.listing", lambda: settings, f"lists of {logs.process()}", parts.counts)

    async def stop() -> None:
        await beside.stop()
        await batches.stop()
        await lists.stop()
        await requests.close()
        await portal.close()
        with contextlib.suppress(ConsentdError):
            await refusals.flush()
            await sequencer.release()
        await database.close()
        parts.journal.close()
        if parts.traces is not None:
            await parts.traces.close()

    return build(
        [
            *slices(parts, batches, lists, imports, requests, portal, sequencer.poke, confirmations.wake),
            *more,
            *health.routes(readiness),
            *pages.routes(readiness, lambda: database.read(evidence.status)),
            *(samples.routes(_policy_in_force(parts)) if settings.development else ()),
        ],
        settings=settings,
        tokens=parts.tokens,
        limits=limits,
        counts=parts.counts,
        traces=parts.traces,
        refusal=readiness.refusal,
        on_startup=[portal.begin, beside.start],
        on_shutdown=[stop],
        after_exception=[refusals.note],
        page=portal.page,
    )


def slices(
    parts: Parts,
    batches: Batches,
    lists: ListProcesses,
    imports: Imports,
    requests: Requests,
    portal: Portal,
    wake: Callable[[], None] = lambda: None,
    asked: Callable[[], None] = lambda: None,
) -> list[HTTPRouteHandler]:
    """Every slice's routes. `wake` tells the sequencer that something was recorded, `asked` whoever sends
    mail that a yes waits to be confirmed.
    """
    database, keyring, repeats = parts.database, parts.keyring, parts.repeats
    doing = Doing(database, keyring, parts.policies, wake, parts.counts)
    checks = CheckService(database, gatherer(database), keyring, parts.policies, clock.now, parts.counts)
    sends = parts.settings.smtp is not None and parts.settings.mail_from is not None
    permits = Permits(doing, checks, parts.settings.public_url)
    return [
        *brand_api.routes(database, parts.policies),
        *callers_api.routes(database, keyring, parts.tokens, parts.settings.public_url),
        *evidence_api.routes(database, keyring, parts.origin or "", public=PUBLIC, protected=KNOWN),
        *subjects_api.routes(doing),
        *consent_api.routes(ConsentService(doing, sends=sends, asked=asked), repeats),
        *merging_api.routes(doing, repeats),
        *links_api.routes(Linking(doing, parts.settings.public_url, clock.now)),
        *confirm_pages.routes(Confirming(doing, clock.now)),
        *stop_pages.routes(Stopping(doing, parts.settings.public_url, clock.now)),
        *check_api.routes(checks, permits, doing, repeats, batches),
        *lists_api.routes(checks, lists),
        *imports_api.routes(imports),
        *requests_routes(requests, doing, repeats, keyring, parts.settings.public_url, clock.now, os.environ),
        *authzen_api.routes(checks, doing, batches, parts.settings.public_url),
        *feed_api.routes(Replicas(doing, clock.now)),
        *portal.routes(doing, requests),
    ]


def description() -> str:
    """The API's description as YAML, from the routes alone: nothing is opened, and no key is read."""
    settings = from_environment({})
    database = open_database(settings.database_url, clock=clock.now)
    parts = assemble(settings, database, Journal(settings.journal_file), passing_keyring(), "description")
    return openapi.as_text(openapi.describe(compose(parts), settings.public_url))


def _policy_in_force(parts: Parts) -> Callable[[], Awaitable[Policy]]:
    async def read() -> Policy:
        return (await parts.database.read(parts.policies.active)).policy

    return read


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


def _with_metrics(app: Application, settings: Settings, board: Board, observe: Observe) -> Application:
    if settings.metrics_port is not None:
        about = {"version": metadata.version("consentd"), "database": settings.database_url.partition(":")[0]}
        app.apart = settings.metrics_port, Metrics(board, observe, about)
    return app


async def _observed(parts: Parts) -> Observed | None:
    try:
        async with asyncio.timeout(2):
            found = await parts.database.read(evidence.status)
    except (ConsentdError, TimeoutError):
        return None
    return Observed(found.size, found.pending, found.oldest_pending, found.checkpoint_at)


async def _nothing_observed() -> Observed | None:
    return None
