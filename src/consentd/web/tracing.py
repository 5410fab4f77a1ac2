"""Traces of requests and of the units of work inside them, sent to an OpenTelemetry collector, if asked for.

Needs the packages of `consentd[otel]`; they are looked for only where CONSENTD_OTEL asks for traces. Upholds
promise 18: a span has the method, the template of the route, the status, the code of a refusal and the kind
of a unit. Never an address, a header, a body, the caller or an exception's message. Of what a caller sends
only `traceparent` is read, which is numbers; `tracestate` may hold anything and is left.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import metadata
from typing import TYPE_CHECKING

from litestar.types import ASGIApp, Receive, Scope, Send

from consentd.base.settings import Settings
from consentd.kernel.errors import OperatorError
from consentd.web import exchange, logs

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

CLOSE_SECONDS = 2.0
"""How long the last spans may take to be sent when the service stops."""


class Traces:
    """Makes spans; `open_traces` makes one of these, tests give their own processor."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("consentd")

    def around(self, edge: ASGIApp) -> ASGIApp:
        """The edge, with a span around each request."""
        from opentelemetry.trace import SpanKind, StatusCode

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            with self._tracer.start_as_current_span(
                "request",
                context=_parent(scope),
                kind=SpanKind.SERVER,
                # Either would take the exception's message along.
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                try:
                    await edge(scope, receive, send)
                finally:
                    about, method, route = exchange.of(scope), logs.method_of(scope), logs.route_of(scope)
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.request.method", method)
                    span.set_attribute("http.route", route)
                    span.set_attribute("http.response.status_code", about.status)
                    if about.code is not None:
                        span.set_attribute("consentd.code", about.code)
                    if not 100 <= about.status < 500:
                        span.set_status(StatusCode.ERROR)

        return traced

    def unit(self, kind: str) -> AbstractContextManager[None]:
        """A span around a unit of work, if it is done for a request that has one."""
        return self._unit(kind)

    @contextmanager
    def _unit(self, kind: str) -> Iterator[None]:
        from opentelemetry import trace

        if not trace.get_current_span().is_recording():
            yield
            return
        with self._tracer.start_as_current_span(
            f"unit {kind}", record_exception=False, set_status_on_exception=False
        ):
            yield

    async def close(self) -> None:
        """Sends what waits, for a short time."""
        await asyncio.to_thread(self._provider.shutdown)


def require(settings: Settings) -> None:
    """Raises OperatorError where traces are asked for and their packages are not there."""
    if settings.otel is not None:
        _exporter(settings.otel)


def open_traces(settings: Settings) -> Traces | None:
    """None where none are asked for. Raises OperatorError as `require` does."""
    if settings.otel is None:
        return None
    processor = _exporter(settings.otel)
    return traces(processor())


def traces(processor: "SpanProcessor") -> Traces:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    about = {
        "service.name": "consentd",
        "service.version": metadata.version("consentd"),
        "service.instance.id": logs.process(),
    }
    # The environment's own resource attributes are left: they may name machines and people.
    provider = TracerProvider(resource=Resource(about), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return Traces(provider)


def _exporter(address: str) -> "Callable[[], SpanProcessor]":
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise OperatorError(
            "no_tracing",
            "CONSENTD_OTEL asks for traces, but the packages that make them are not installed: install "
            "requirements/otel.txt (the extra consentd[otel]), or unset CONSENTD_OTEL.",
        ) from None
    endpoint = f"{address.rstrip('/')}/v1/traces"
    return lambda: BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=CLOSE_SECONDS))


def _parent(scope: Scope) -> "Context":
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    found = [content for name, content in scope["headers"] if name == b"traceparent"]
    if len(found) != 1:
        return Context()
    carrier = {"traceparent": found[0].decode("latin-1")}
    return TraceContextTextMapPropagator().extract(carrier, context=Context())
