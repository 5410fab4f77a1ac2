"""Promise 8, generated from the routes themselves: a new one cannot escape.

Every route says who may call it; strangers and callers without the right are refused; and whatever changes
or releases personal data leaves an entry in the log before it is answered.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest
from acts import email, given, new_card, new_email, person, question, recording
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from consentd.app import assemble, compose
from consentd.base import clock
from consentd.base.settings import from_environment
from consentd.callers.access import ASKS, Door
from consentd.callers.model import Scope
from consentd.crypto.keyring import passing_keyring
from consentd.db.engine import open_database
from consentd.evidence.journal import Journal
from support.installation import Serving


class Route(NamedTuple):
    method: str
    path: str
    asks: Scope | Door

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def all_routes() -> list[Route]:
    """From the application's own table; nothing is opened for it."""
    settings = from_environment({})
    database = open_database(settings.database_url, clock=clock.now)
    parts = assemble(settings, database, Journal(settings.journal_file), passing_keyring(), "routes")
    return sorted(
        {
            Route(method, route.path_format, handler.opt[ASKS])
            for route in compose(parts).routes
            if isinstance(route, HTTPRoute)
            for handler in route.route_handlers
            if isinstance(handler, HTTPRouteHandler)
            for method in handler.http_methods - {"OPTIONS"}
        },
        key=str,
    )


ROUTES = all_routes()
GUARDED = [route for route in ROUTES if route.asks is not Door.OPEN]
SCOPED = [route for route in GUARDED if isinstance(route.asks, Scope)]

PUBLIC = {
    "GET /",
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /docs",
    "GET /health/live",
    "GET /health/ready",
    "GET /openapi.json",
    "GET /openapi.yaml",
    "GET /problems",
    "GET /problems/{code}",
    "GET /reasons",
    "GET /static/{name}",
    "GET /v1/log/checkpoint",
    "GET /v1/log/key",
    "POST /oauth/token",
}
"""What anyone may call. None of it changes or releases anything about a person."""

COUNTED = {"POST /v1/check", "POST /v1/check/batch"}
"""Checks are counted, and not logged one by one (docs/log.md)."""


class Example(NamedTuple):
    body: Callable[[], Any] = lambda: None
    entries: tuple[str, ...] = ()
    """What a call that succeeds adds to the log."""


KNOWN = person()
EXAMPLES = {
    "POST /v1/consents": Example(recording, ("consent.recorded",)),
    "POST /v1/objections": Example(lambda: {"subject": person()}, ("objection.recorded",)),
    "POST /v1/facts": Example(
        lambda: {"subject": person(), "facts": [{"kind": "birth_date", "value": "1990"}]}, ("fact.recorded",)
    ),
    "POST /v1/attempts": Example(
        lambda: {"subject": KNOWN, "purpose": "newsletter", "channel": "email", "outcome": "sent"},
        ("attempt.reported",),
    ),
    "POST /v1/subjects/lookup": Example(
        lambda: {"identifiers": [email(new_email())]}, ("subject.looked_up",)
    ),
    "GET /v1/merge-candidates": Example(entries=("merge_candidates.listed",)),
    "GET /v1/subjects/{subject_id}/consents": Example(entries=("consents.read",)),
    "GET /v1/subjects/{subject_id}/history": Example(entries=("history.read",)),
    "POST /v1/check": Example(lambda: question(new_email())),
    "POST /v1/check/batch": Example(lambda: {"items": [question(new_email())]}),
}


def called(client: httpx.Client, route: Route, subject: str = "01a2009b-6fb8-7583-bf03-b3a2b494654c") -> Any:
    body = EXAMPLES[str(route)].body() if str(route) in EXAMPLES else None
    return client.request(route.method, route.path.replace("{subject_id}", subject), json=body)


def test_promise_8_what_anyone_may_call_is_a_list_that_is_kept_by_hand() -> None:
    assert {str(route) for route in ROUTES if route.asks is Door.OPEN} == PUBLIC


def test_promise_8_every_route_that_asks_for_a_scope_has_its_example_here() -> None:
    assert {str(route) for route in SCOPED} == EXAMPLES.keys()
    assert {name for name, example in EXAMPLES.items() if not example.entries} == COUNTED


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_promise_8_a_stranger_is_told_to_bring_a_token(service: Serving, route: Route) -> None:
    with service.stranger() as client:
        answer = called(client, route)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", SCOPED, ids=str)
def test_promise_8_a_caller_without_the_scope_is_refused_and_that_is_logged(
    service: Serving, route: Route
) -> None:
    others = [scope.value for scope in Scope if scope is not route.asks]
    with service.client(*others) as client:
        before = service.installation.entries()
        answer = called(client, route)
        after = service.installation.entries()
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert after[len(before) :] == ["caller.refused"]


@pytest.mark.parametrize("route", SCOPED, ids=str)
def test_promise_8_what_changes_or_releases_personal_data_is_in_the_log(
    service: Serving, till: httpx.Client, route: Route
) -> None:
    till.post("/v1/consents", json={"subject": KNOWN, "events": [given()]}).raise_for_status()
    shared = email(new_email())
    for _ in range(2):
        body = {
            "subject": person(shared, {"scheme": "loyalty", "value": new_card()}),
            "events": [given(state="refused")],
        }
        recorded = till.post("/v1/consents", json=body)
    before = service.installation.entries()
    answer = called(till, route, recorded.json()["events"][0]["subject_id"])
    after = service.installation.entries()
    assert answer.status_code in (200, 201), answer.text
    assert tuple(after[len(before) :]) == EXAMPLES[str(route)].entries
