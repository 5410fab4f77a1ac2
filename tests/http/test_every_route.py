"""Promise 8, generated from the routes themselves: a new one cannot escape.

Every route says who may call it; strangers and callers without the right are refused; and whatever changes
or releases personal data leaves an entry in the log before it is answered.
"""

import re
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx
import pytest
from acts import email, evaluation, given, new_card, new_email, person, question, recording
from handed import LEASE, a_copy, hand_out
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from logged_in import Webshop

from consentd.app import assemble, compose
from consentd.base import clock
from consentd.base.settings import from_environment
from consentd.callers.access import ASKS, Door
from consentd.callers.model import Scope
from consentd.crypto.keyring import passing_keyring
from consentd.db.engine import open_database
from consentd.evidence.journal import Journal
from consentd.imports.examples import FILE
from support.installation import Serving
from support.rights import code_in
from support.smtp import Sink


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
GUARDED = [route for route in ROUTES if route.asks not in (Door.OPEN, Door.LINK, Door.SESSION)]
SCOPED = [route for route in GUARDED if isinstance(route.asks, Scope)]

PUBLIC = {
    "GET /",
    "GET /.well-known/authzen-configuration",
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /brand/{name}",
    "GET /docs",
    "GET /health/live",
    "GET /health/ready",
    "GET /my",
    "GET /my/code",
    "GET /my/help",
    "GET /my/help/{topic}",
    "GET /my/receipts",
    "GET /openapi.json",
    "GET /openapi.yaml",
    "GET /problems",
    "GET /problems/{code}",
    "GET /reasons",
    "GET /static/{name}",
    "GET /v1/log/checkpoint",
    "GET /v1/log/key",
    "GET /v1/packages/{token}",
    "POST /my",
    "POST /my/code",
    "POST /oauth/token",
    "POST /v1/packages/{token}",
}
"""What anyone may call. None of it changes or releases anything about a person, but the last: it hands out a
copy of somebody's data to whoever has the link of it, once, and that is logged (test_copies_on_the_wire). Who
gets in by /my is logged too (tests/portal).
"""

BY_LINK = {
    "GET /my/in/{token}",
    "GET /tasks/{token}",
    "POST /my/in/{token}",
    "GET /confirm/{token}",
    "GET /stop/{token}",
    "POST /confirm/{token}",
    "POST /stop/{token}",
    "POST /tasks/{token}",
    "GET /v1/task-links/{token}",
    "POST /v1/task-links/{token}/answer",
    "POST /v1/task-links/{token}/customer",
}
"""What a link opens, and nothing else: test_tasks_by_link, test_stops_on_the_wire and
test_confirmed_on_the_wire say what each logs.
"""

BY_SESSION = {
    "GET /my/choices",
    "GET /my/details",
    "GET /my/details/name",
    "GET /my/details/{detail_id}",
    "GET /my/history",
    "GET /my/history/looks",
    "GET /my/history/{event_id}",
    "GET /my/proof",
    "GET /my/receipts/{receipt_id}",
    "GET /my/receipts/{receipt_id}/json",
    "GET /my/receipts/{receipt_id}/jws",
    "GET /my/receipts/{receipt_id}/linked",
    "GET /my/requests",
    "GET /my/requests/{request_id}",
    "GET /my/requests/{request_id}/certificate",
    "GET /my/rights",
    "GET /my/rights/{slug}",
    "POST /my/choices",
    "POST /my/details/name",
    "POST /my/details/{detail_id}",
    "POST /my/leave",
    "POST /my/proof",
    "POST /my/requests/{request_id}/copy",
    "POST /my/requests/{request_id}/take-back",
    "POST /my/rights/{slug}",
    "POST /my/stop-all",
}
"""What opens to whoever got in by the customers' pages: tests/portal says what each logs."""

COUNTED = {
    "POST /v1/check",
    "POST /v1/check/batch",
    "POST /access/v1/evaluation",
    "POST /access/v1/evaluations",
    "POST /access/v1/search/action",
    "POST /access/v1/search/resource",
}
"""Checks are counted, and not logged one by one (docs/log.md)."""


NAMES_NOBODY = {"GET /v1/imports/{import_id}", "GET /v1/tasks", "POST /v1/links"}
"""What a system may read without an entry: lines of its own file, counts, and random ids of whom it named."""

KEEPS = {"POST /v1/tasks/{task_id}/heartbeat", "POST /v1/tasks/{task_id}/release"}
"""What only says for how long a system holds a task."""


BESIDE = (
    "strangers.refused",
    "request.told_",
    "request.dpo_told",
    "request.owner_told",
    "request.copy_begun",
    "request.copy_made",
)
"""What the service logs by itself, beside the calls."""


NOBODY = "01a2009b-6fb8-7583-bf03-b3a2b494654c"


class Example(NamedTuple):
    body: Callable[[], Any] = lambda: None
    entries: tuple[str, ...] = ()
    """What a call that succeeds adds to the log."""


class Sent(NamedTuple):
    """A body that is no JSON, with its media type and what the route takes in its address."""

    content: bytes | str
    media: str
    asked: Mapping[str, str] = MappingProxyType({})


def an_export() -> Sent:
    """A file that nobody sent before, without rows: what rows state is logged when they are taken in."""
    (text,) = FILE.values()
    head, _, _ = text.partition("\r\n")
    return Sent(f"{head};{new_card()}\r\n", "text/csv")


def records() -> Sent:
    line = b'{"what": "cards", "record": {"number": "ML100007"}}\n'
    return Sent(line, "application/x-ndjson", {"lease": LEASE})


def a_list() -> Sent:
    asked = {"purpose": "newsletter", "channel": "email"}
    return Sent(b'"ana@exemple.fr"', "application/x-ndjson", asked)


KNOWN = person()
ARRIVED = {"code": "00000000", "login": "eyJ.eyJ.AA", "staff": "01a2009b-6fb8-7583-bf03-b3a2b494654c"}
"""A code that came by mail, a login, and a member of staff; until then, anything of their form."""
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
    "POST /v1/permits/{permit_id}/used": Example(lambda: {"outcome": "sent"}, ("permit.used",)),
    "POST /v1/subjects/lookup": Example(
        lambda: {"identifiers": [email(new_email())]}, ("subject.looked_up",)
    ),
    "GET /v1/merge-candidates": Example(entries=("merge_candidates.listed",)),
    "POST /v1/merge-candidates/{candidate_id}/approve": Example(entries=("subject.merged",)),
    "POST /v1/merge-candidates/{candidate_id}/refuse": Example(entries=("candidate.refused",)),
    "POST /v1/merge-candidates/{candidate_id}/undo": Example(entries=("candidate.reopened",)),
    "GET /v1/subjects/{subject_id}/consents": Example(entries=("consents.read",)),
    "GET /v1/subjects/{subject_id}/history": Example(entries=("history.read",)),
    "POST /access/v1/evaluation": Example(lambda: evaluation(new_email())),
    "POST /access/v1/evaluations": Example(lambda: {"evaluations": [evaluation(new_email())]}),
    "POST /access/v1/search/subject": Example(
        lambda: evaluation(new_email(), subject={"type": "email"}), ("contacts.listed",)
    ),
    "POST /access/v1/search/resource": Example(lambda: evaluation(new_email(), resource={"type": "channel"})),
    "POST /access/v1/search/action": Example(lambda: evaluation(new_email())),
    # The refusal counts for both who share the address: an entry about each.
    "GET /v1/receipts/{receipt_id}": Example(entries=("receipt.read", "receipt.read")),
    "POST /v1/proofs": Example(
        lambda: {"contact_point": KNOWN["identifiers"][0], "on": "2026-11-20"}, ("contact.proved",)
    ),
    "POST /v1/imports": Example(an_export, ("import.received",)),
    "GET /v1/imports/{import_id}": Example(),
    "GET /v1/tasks": Example(),
    "POST /v1/tasks/claim": Example(dict, ("task.taken",)),
    "POST /v1/tasks/{task_id}/heartbeat": Example(lambda: {"lease": LEASE}),
    "POST /v1/tasks/{task_id}/answer": Example(
        lambda: {"lease": LEASE, "verdict": "failed", "code": "till_closed"},
        ("silo.export", "request.settled"),
    ),
    "POST /v1/tasks/{task_id}/records": Example(records, ("task.records_taken",)),
    "POST /v1/tasks/{task_id}/release": Example(lambda: {"lease": LEASE}),
    "POST /v1/replica": Example(lambda: {"replica": "0" * 32}, ("replica.told",)),
    "POST /v1/requests": Example(
        lambda: {"right": "access", "identifiers": [email(new_email())]}, ("request.received",)
    ),
    "GET /v1/requests": Example(entries=("requests.listed",)),
    "GET /v1/requests/{request_id}": Example(entries=("request.read",)),
    "GET /v1/requests/{request_id}/plan": Example(entries=("request.plan_read",)),
    "GET /v1/requests/{request_id}/certificate": Example(entries=("certificate.read",)),
    "GET /v1/requests/{request_id}/directive": Example(
        lambda: Sent("", "text/plain", {"by": ARRIVED["staff"]}), ("directive.read",)
    ),
    "POST /v1/requests/{request_id}/code": Example(lambda: {"scheme": "email"}, ("request.proof_asked",)),
    # The demo's tools but for the till take no part: each is told as a gap.
    "POST /v1/requests/{request_id}/proof": Example(
        lambda: {"code": ARRIVED["code"]},
        ("request.proven", "request.started", *["silo.export"] * 4),
    ),
    "POST /v1/requests/{request_id}/login": Example(
        lambda: {"token": ARRIVED["login"]},
        ("request.proven", "request.started", *["silo.export"] * 4),
    ),
    "POST /v1/portal-links": Example(lambda: {"token": ARRIVED["login"]}, ("portal.handed_over",)),
    "POST /v1/requests/{request_id}/steps": Example(
        lambda: {"step": "withdraw", "by": ARRIVED["staff"]}, ("request.withdrawn",)
    ),
    "GET /v1/requests/{request_id}/copy": Example(entries=("request.copy_told",)),
    "GET /v1/requests/{request_id}/copy/records": Example(
        lambda: Sent("", "text/plain", {"by": ARRIVED["staff"], "system": "(own)", "what": "history"}),
        ("request.copy_read",),
    ),
    "POST /v1/requests/{request_id}/copy/code": Example(dict, ("request.copy_code_sent",)),
    "POST /v1/requests/{request_id}/copy/link": Example(
        lambda: {"code": ARRIVED["code"]}, ("request.copy_link_made",)
    ),
    "POST /v1/requests/{request_id}/copy/handover": Example(
        lambda: {"by": ARRIVED["staff"], "grounds": "At the counter, with the card."},
        ("request.copy_handed_over",),
    ),
    "POST /v1/links": Example(
        lambda: {"purpose": "newsletter", "channel": "email", "recipients": [{"subject": email(new_email())}]}
    ),
    "POST /v1/check": Example(lambda: question(new_email())),
    "POST /v1/check/batch": Example(lambda: {"items": [question(new_email())]}),
    "POST /v1/check/list": Example(a_list, ("list.decided",)),
}


def called(client: httpx.Client, route: Route, **ids: str) -> Any:
    """`ids`: those in its path; nobody's where not given."""
    body = EXAMPLES[str(route)].body() if str(route) in EXAMPLES else None
    path = re.sub(r"{(\w+)}", lambda name: ids.get(name[1], NOBODY), route.path)
    if isinstance(body, Sent):
        lines = {"content-type": body.media}
        return client.request(route.method, path, content=body.content, headers=lines, params=body.asked)
    return client.request(route.method, path, json=body)


def test_promise_8_what_anyone_may_call_is_a_list_that_is_kept_by_hand() -> None:
    assert {str(route) for route in ROUTES if route.asks is Door.OPEN} == PUBLIC
    assert {str(route) for route in ROUTES if route.asks is Door.LINK} == BY_LINK
    assert {str(route) for route in ROUTES if route.asks is Door.SESSION} == BY_SESSION


@pytest.mark.parametrize("route", [route for route in ROUTES if route.asks is Door.SESSION], ids=str)
@pytest.mark.parametrize("cookie", [None, "A" * 43, "x; y", NOBODY])
def test_promise_13_without_a_session_every_page_leads_to_the_door(
    service: Serving, route: Route, cookie: str | None
) -> None:
    before = service.installation.entries()
    with service.stranger() as client:
        path = re.sub(r"{(\w+)}", NOBODY, route.path)
        headers = {} if cookie is None else {"cookie": f"my={cookie}"}
        answer = client.request(
            route.method, path, data={} if route.method == "POST" else None, headers=headers
        )
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith("/my?")
    assert since(before, service.installation.entries()) == ()


@pytest.mark.parametrize("route", [route for route in ROUTES if route.asks is Door.LINK], ids=str)
def test_promise_13_without_a_link_that_holds_a_page_or_a_call_is_not_there(
    service: Serving, route: Route
) -> None:
    with service.stranger() as client:
        body = {"verdict": "done"} if route.path.endswith("/answer") else None
        answer = client.request(route.method, route.path.replace("{token}", "A" * 98), json=body)
    assert answer.status_code == 404


def test_promise_8_every_route_that_asks_for_a_scope_has_its_example_here() -> None:
    assert {str(route) for route in SCOPED} == EXAMPLES.keys()
    assert {
        name for name, example in EXAMPLES.items() if not example.entries
    } == COUNTED | NAMES_NOBODY | KEEPS


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
    assert since(before, after) == ("caller.refused",)


def after_a_death(till: httpx.Client, mailbox: Sink) -> str:
    """The number of a request of heirs, of whom the person had left directives."""
    named = {"identifiers": [email(new_email())]}
    till.post("/v1/consents", json=recording(named["identifiers"][0]["value"])).raise_for_status()
    left = {"right": "directives", "directive": {"wish": "keep"}} | named
    request = till.post("/v1/requests", json=left).json()["id"]
    code = {"code": a_code(till, request, mailbox)}
    till.post(f"/v1/requests/{request}/proof", json=code).raise_for_status()
    asked: str = till.post("/v1/requests", json={"right": "post_mortem_erasure"} | named).json()["id"]
    return asked


@pytest.mark.parametrize("route", SCOPED, ids=str)
def test_promise_8_what_changes_or_releases_personal_data_is_in_the_log(
    service: Serving,
    till: httpx.Client,
    desk: httpx.Client,
    webshop: Webshop,
    mailbox: Sink,
    route: Route,
) -> None:
    till.post("/v1/consents", json={"subject": KNOWN, "events": [given()]}).raise_for_status()
    shared = email(new_email())
    for _ in range(2):
        body = {
            "subject": person(shared, {"scheme": "loyalty", "value": new_card()}),
            "events": [given(state="refused")],
        }
        recorded = till.post("/v1/consents", json=body).json()
    (known,) = KNOWN["identifiers"]
    permitted = till.post("/v1/check", json=question(known["value"], permit=True)).json()
    subject = recorded["events"][0]["subject_id"]
    pairs = till.get("/v1/merge-candidates", params={"limit": 500}).json()["candidates"]
    (pair,) = [one["id"] for one in pairs if subject in one["subjects"]]
    if route.path.endswith("/undo"):
        desk.post(f"/v1/merge-candidates/{pair}/refuse").raise_for_status()
    asked = till.post("/v1/requests", json={"right": "access", "identifiers": [known]}).json()["id"]
    ARRIVED["staff"] = service.installation.hire()
    if route.path.endswith("/proof"):
        ARRIVED["code"] = a_code(till, asked, mailbox)
    if route.path.endswith("/login"):
        account = webshop.account(till, email(new_email()))
        asked = till.post("/v1/requests", json={"right": "access", "identifiers": [account]}).json()["id"]
        ARRIVED["login"] = webshop.token(asked, account)
    if route.path == "/v1/portal-links":
        ARRIVED["login"] = webshop.token("portal", webshop.account(till))
    if route.path.endswith("/directive"):
        asked = after_a_death(till, mailbox)
    if "/copy" in route.path:
        asked, ARRIVED["staff"] = a_copy(service.installation, released=route.method == "POST")
        if route.path.endswith("/link"):
            ARRIVED["code"] = a_code(till, f"{asked}/copy", mailbox)
    export = an_export()
    sent = till.post("/v1/imports", content=export.content, headers={"content-type": export.media}).json()
    task = hand_out(service.installation, "export", taken=not route.path.endswith("/claim"))
    before = service.installation.entries()
    answer = called(
        desk if route.asks is Scope.PEOPLE_WRITE else till,
        route,
        subject_id=subject,
        permit_id=permitted["permit_id"],
        receipt_id=recorded["receipt_id"],
        candidate_id=pair,
        import_id=sent["id"],
        request_id=asked,
        task_id=task,
    )
    after = service.installation.entries()
    assert answer.status_code in (200, 201, 202), answer.text
    assert since(before, after) == EXAMPLES[str(route)].entries


def a_code(client: httpx.Client, request: str, mailbox: Sink) -> str:
    """What the mail says that a request for a code has sent."""
    before = len(mailbox.taken)
    body = {} if request.endswith("/copy") else {"scheme": "email"}
    client.post(f"/v1/requests/{request}/code", json=body).raise_for_status()
    until = time.monotonic() + 20
    # Other mail comes beside it.
    while not (found := codes(mailbox, before)) and time.monotonic() < until:
        time.sleep(0.05)
    return code_in(found[-1])


def codes(mailbox: Sink, after: int) -> list[str]:
    arrived = [taken.message for taken in mailbox.taken[after:]]
    return [
        str(one.get_content()) for one in arrived if re.match("[0-9]{4} [0-9]{4} : ", str(one["subject"]))
    ]


def since(before: list[str], after: list[str]) -> tuple[str, ...]:
    """What was logged meanwhile. What strangers tried is counted, and logged whenever a minute is over; that
    a mail about an earlier request was sent, whenever its server has taken it; copies are made whenever one
    waits.
    """
    return tuple(action for action in after[len(before) :] if not action.startswith(BESIDE))
