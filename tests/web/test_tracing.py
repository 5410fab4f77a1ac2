"""Traces, as a collector gets them: requests and their units, and nothing that anybody sent (promise 18)."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from consentd.app import compose, open_parts
from consentd.base.settings import from_environment
from consentd.cli import main
from consentd.kernel.errors import OperatorError
from consentd.web import tracing
from support.installation import Installation

CANARY = "quetsche"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ALLOWED = {"http.request.method", "http.route", "http.response.status_code", "consentd.code"}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("traced")).make()


@pytest.fixture(scope="module")
def client(installation: Installation) -> tuple[str, str]:
    made = installation.connect("consent:write", "check")
    return made.id, made.secret


@asynccontextmanager
async def traced(
    installation: Installation, exporter: InMemorySpanExporter
) -> AsyncIterator[httpx.AsyncClient]:
    traces = tracing.traces(SimpleSpanProcessor(exporter))
    app = compose(await open_parts(installation.settings, traces=traces))
    async with app.lifespan():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=installation.settings.public_url) as http:
            yield http


def named(spans: tuple[ReadableSpan, ...], name: str) -> ReadableSpan:
    return next(span for span in spans if span.name == name)


async def test_promise_18_a_trace_has_routes_statuses_and_units_and_nothing_that_was_sent(
    installation: Installation, client: tuple[str, str]
) -> None:
    exporter, address = InMemorySpanExporter(), f"nadia.{CANARY}@exemple.fr"
    who = {"identifiers": [{"scheme": "email", "value": address}], "territory": "FR"}
    event = {"purpose": "newsletter", "channel": "email", "state": "refused"}
    continued = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": f"vendor={CANARY}"}
    async with traced(installation, exporter) as http:
        form = {"grant_type": "client_credentials"}
        token = await http.post("/oauth/token", data=form, auth=client)
        http.headers["authorization"] = f"Bearer {token.json()['access_token']}"
        body = {"subject": who, "events": [event]}
        recorded = await http.post("/v1/consents", json=body, headers=continued)
        assert recorded.status_code == 201, recorded.text
        await http.get(f"/v1/{address}?q={address}", headers={"x-request-id": CANARY})
        await http.post("/v1/check", content=address)
    spans = exporter.get_finished_spans()

    request = named(spans, "POST /v1/consents")
    assert request.context.trace_id == int(TRACE, 16)
    assert request.parent is not None
    assert request.parent.span_id == int(SPAN, 16)
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/v1/consents",
        "http.response.status_code": 201,
    }
    units = [span for span in spans if span.name == "unit change" and span.parent == request.context]
    assert len(units) == 1
    assert named(spans, "GET (none)").attributes["consentd.code"] == "no_such_address"
    for span in spans:
        assert set(span.attributes or {}) <= ALLOWED
        assert not span.events
        assert CANARY not in span.to_json()
        assert CANARY not in str(span.context.trace_state)


async def test_what_is_not_done_for_a_request_is_not_traced(installation: Installation) -> None:
    exporter = InMemorySpanExporter()
    async with traced(installation, exporter) as http:
        assert (await http.get("/health/ready")).status_code == 200
    names = [span.name for span in exporter.get_finished_spans()]
    assert names == ["unit read", "GET /health/ready"]


def test_traces_that_cannot_be_made_refuse_the_start_in_a_sentence(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    for name, value in installation.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CONSENTD_OTEL", "http://127.0.0.1:4318")
    ran = CliRunner().invoke(main, ["serve"])
    assert ran.exit_code == 1
    assert "CONSENTD_OTEL" in ran.output
    assert "requirements/otel.txt" in ran.output


def test_traces_go_where_the_setting_says_and_nowhere_by_default(tmp_path: Path) -> None:
    assert from_environment({}).otel is None
    with pytest.raises(OperatorError, match="CONSENTD_OTEL"):
        from_environment({"CONSENTD_OTEL": f"collector:{CANARY}@4318"})
