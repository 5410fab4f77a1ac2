"""What the service tells of itself to Prometheus, on a port of its own.

On a port of its own because the main one stands behind a proxy for everybody, and how much a company records
is nobody else's business; so nothing has to be hidden there, and no token is needed here. Every worker
answers for all of them (`base.counts`).

Upholds promise 18: labels are methods, templates of routes, classes of statuses and words of ours. Systems
are no label: their names are the operator's to choose, may be those of people, and grow without bound.
"""

import asyncio
import platform
from collections.abc import Awaitable, Callable, Iterator
from itertools import accumulate

import msgspec
from litestar.types import Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from consentd.base import clock
from consentd.base.counts import BOUNDS, Board, Cell
from consentd.kernel.instants import SECOND, Instant
from consentd.web import logs

PATH = "/metrics"


class Observed(msgspec.Struct, frozen=True):
    """The log as the database tells of it."""

    entries: int
    waiting: int
    oldest_waiting: Instant | None
    checkpoint_at: Instant | None


Observe = Callable[[], Awaitable[Observed | None]]
"""None where the database does not answer. Must come back within a few seconds."""


class Metrics:
    """`about`: what never changes while the server runs, for `consentd_build_info`."""

    def __init__(self, board: Board, observe: Observe, about: dict[str, str]) -> None:
        self._board = board
        self._observe = observe
        self._about = about | {"python": platform.python_version()}

    async def text(self) -> bytes:
        observed = await self._observe()
        # Some milliseconds, in which the loop has others to answer.
        return await asyncio.to_thread(self._text, observed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != PATH or scope.get("method") not in ("GET", "HEAD"):
            await _answer(send, 404, b"There is /metrics here, and nothing else.\n", "text/plain")
            return
        try:
            content = await self.text()
        except Exception as error:
            logs.failure("(metrics)", PATH, error)
            await _answer(send, 500, b"It was logged.\n", "text/plain")
            return
        await _answer(send, 200, content, CONTENT_TYPE_LATEST)

    def _text(self, observed: Observed | None) -> bytes:
        registry = CollectorRegistry()
        registry.register(_Shown(self._board, observed, self._about, clock.now()))
        return generate_latest(registry)


class _Shown(Collector):
    """One moment of the board and the database."""

    def __init__(self, board: Board, observed: Observed | None, about: dict[str, str], now: Instant) -> None:
        self._board = board
        self._observed = observed
        self._about = about
        self._now = now

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("consentd_build_info", "What runs.", labels=list(self._about))
        info.add_metric(list(self._about.values()), 1)
        yield info
        yield from self._answers()
        yield from self._work()
        yield from self._log()

    def _answers(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "consentd_requests", "Answers given.", labels=["method", "route", "status"]
        )
        seconds = HistogramMetricFamily(
            "consentd_request_seconds", "How long answers took.", labels=["method", "route"]
        )
        for (method, route), counted in sorted(self._board.routes().items()):
            for status, count in counted.by_class.items():
                if count:
                    requests.add_metric([method, route, status], count)
            bounds = [*map(str, BOUNDS), "+Inf"]
            buckets = list(zip(bounds, accumulate(counted.by_bound), strict=True))
            seconds.add_metric([method, route], buckets, counted.seconds)
        yield requests
        yield seconds
        yield self._gauge("requests_in_flight", "Requests under way.", self._total(Cell.IN_FLIGHT))

    def _work(self) -> Iterator[Metric]:
        asked = "Questions asked, one by one and in batches."
        yield self._counter("checks_asked", asked, self._total(Cell.CHECKS_ASKED))
        checks = CounterMetricFamily("consentd_checks", "Questions answered.", labels=["outcome"])
        checks.add_metric(["allowed"], self._total(Cell.CHECKS_ALLOWED))
        checks.add_metric(["denied"], self._total(Cell.CHECKS_DENIED))
        yield checks
        yield self._counter("events", "Consent events recorded.", self._total(Cell.EVENTS))
        refused = "Logins that were to prove who asks, and were none."
        yield self._counter("logins_refused", refused, self._total(Cell.LOGINS_REFUSED))
        units = CounterMetricFamily("consentd_units", "Units of work ended.", labels=["outcome"])
        units.add_metric(["committed"], self._total(Cell.UNITS_DONE))
        units.add_metric(["rolled_back"], self._total(Cell.UNITS_UNDONE))
        yield units
        commits = "Commits; on SQLite one may hold many units."
        yield self._counter("commits", commits, self._total(Cell.COMMITS))
        starts = "Starts of processes that decide large batches."
        yield self._counter("batch_starts", starts, self._total(Cell.BATCH_STARTS))
        starts = "Starts of workers; 0 without a supervisor."
        yield self._counter("worker_starts", starts, self._total(Cell.WORKER_STARTS))

    def _log(self) -> Iterator[Metric]:
        leads = self._board.leads(self._now / SECOND)
        yield self._gauge("sequencer_leading", "1 while one of these processes leads the log.", leads)
        observed = self._observed
        yield self._gauge("database_up", "1 if the database answers.", observed is not None)
        if observed is None:
            return
        yield self._gauge("log_entries", "Entries in the log's tree.", observed.entries)
        yield self._gauge("log_waiting", "Entries not in the tree yet.", observed.waiting)
        oldest = self._since(observed.oldest_waiting) or 0
        yield self._gauge("log_waiting_seconds", "How long the oldest of them waits.", oldest)
        age = self._since(observed.checkpoint_at)
        if age is not None:
            yield self._gauge("checkpoint_age_seconds", "Age of the newest checkpoint.", age)

    def _total(self, cell: int) -> float:
        return self._board.total(cell)

    def _since(self, at: Instant | None) -> float | None:
        return None if at is None else max(0, self._now - at) / SECOND

    def _counter(self, name: str, words: str, value: float) -> Metric:
        return CounterMetricFamily(f"consentd_{name}", words, value=value)

    def _gauge(self, name: str, words: str, value: float) -> Metric:
        return GaugeMetricFamily(f"consentd_{name}", words, value=float(value))


async def _answer(send: Send, status: int, content: bytes, media_type: str) -> None:
    headers = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
