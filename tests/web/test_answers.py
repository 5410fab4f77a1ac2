"""What every answer has in common: problems, headers, who may call, and what overload does."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from io import StringIO

import httpx
import pytest
import structlog
from litestar import get, post
from litestar.params import JSONBody
from serving import Act, Service, served

from consentd.base.counts import Counts
from consentd.base.settings import from_environment
from consentd.callers import service as callers
from consentd.callers.access import PUBLIC
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import OperatorError
from consentd.web import logs, openapi
from consentd.web.application import Application, build, http_handlers
from consentd.web.health import Readiness
from consentd.web.limits import Limits
from consentd.web.waiting import waiting
from support.pages import checked


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the service logs besides its answers."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    stream = StringIO()
    logs.configure("info", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    for name in logs.SILENT:
        logging.getLogger(name).disabled = False


def code(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["code"])


async def test_an_unknown_address_is_a_problem(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/nothing?email=jean@example.org")
    assert (answer.status_code, code(answer)) == (404, "no_such_address")
    assert "jean" not in answer.text


async def test_a_wrong_method_is_told_the_right_ones(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/acts")
    assert (answer.status_code, code(answer)) == (405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


async def test_what_is_unexpected_is_a_500_without_detail(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/broken")
    assert (answer.status_code, code(answer)) == (500, "internal_error")
    assert "jean" not in answer.text
    assert "Runtime" not in answer.text


async def test_promise_18_what_is_unexpected_is_logged_by_kind_and_place_alone(
    http: httpx.AsyncClient, service: Service, log: StringIO
) -> None:
    answer = await http.get("/v1/broken?email=marie@example.org")
    await asyncio.sleep(0.1)
    answers = service.answers.getvalue()
    failed = json.loads(log.getvalue())
    answered = next(json.loads(line) for line in answers.splitlines() if failed["request_id"] in line)
    assert failed["request_id"] == answer.headers["x-request-id"]
    assert "jean" not in log.getvalue() + answers
    assert "marie" not in log.getvalue() + answers
    assert failed["error"][0]["kind"] == "RuntimeError"
    assert any("fail" in place for place in failed["error"][0]["places"])
    assert (answered["event"], answered["route"]) == ("answered", "/v1/broken")


async def test_promise_18_a_path_is_logged_as_its_template(
    system: httpx.AsyncClient, service: Service
) -> None:
    await system.post("/v1/acts/jean.dupont", json={"note": ""})
    await asyncio.sleep(0.1)
    answers = service.answers.getvalue()
    line = next(json.loads(line) for line in answers.splitlines())
    assert (line["route"], line["caller"], line["status"]) == ("/v1/acts/{name}", "till", 201)
    assert "jean" not in json.dumps(line)


async def test_promise_17_storage_that_is_not_there_is_503_with_retry_after(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/full")
    assert (answer.status_code, code(answer)) == (503, "disk_full")
    assert answer.headers["retry-after"] == "1"


async def test_a_wrong_parameter_is_told_without_its_value(system: httpx.AsyncClient) -> None:
    answer = await system.get("/v1/pages?limit=4000")
    assert (answer.status_code, code(answer)) == (422, "invalid_parameter")
    assert answer.json()["errors"] == [
        {"parameter": "limit", "code": "out_of_bounds", "detail": "Expected `int` <= 9."}
    ]
    assert "4000" not in answer.text


@pytest.mark.parametrize("path", ["/v1/acts", "/nothing", "/health/live", "/v1/broken"])
async def test_every_answer_allows_a_browser_nothing(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


async def test_a_request_id_is_echoed_and_one_that_could_be_a_telephone_number_is_not(
    http: httpx.AsyncClient,
) -> None:
    chosen = "4f0c2a6e-1b7d-4f59-8e0a-6f2f6f3a9b11"
    assert (await http.get("/x", headers={"x-request-id": chosen})).headers["x-request-id"] == chosen
    for other in ("0612345678", "jean.dupont@example.org", "x" * 65):
        answer = await http.get("/x", headers={"x-request-id": other})
        assert answer.headers["x-request-id"] != other


@pytest.mark.parametrize(
    ("authorization", "status", "expected", "challenge"),
    [
        (None, 401, "token_missing", 'Bearer realm="consentd"'),
        ("Basic abc", 401, "token_invalid", 'Bearer realm="consentd", error="invalid_token"'),
        ("Bearer nonsense", 401, "token_invalid", 'Bearer realm="consentd", error="invalid_token"'),
        ("Bearer a b", 400, "bad_authorization", None),
        ("Bearer a,b", 400, "bad_authorization", None),
    ],
)
async def test_who_calls_must_be_known(
    http: httpx.AsyncClient, authorization: str | None, status: int, expected: str, challenge: str | None
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = await http.post("/v1/acts", json={}, headers=headers)
    assert (answer.status_code, code(answer)) == (status, expected)
    assert answer.headers.get("www-authenticate") == challenge


async def test_promise_8_the_refusal_of_a_known_caller_is_in_the_log_before_it_is_told(
    system: httpx.AsyncClient, service: Service
) -> None:
    answer = await system.get("/v1/reading")
    assert (answer.status_code, code(answer)) == (403, "insufficient_scope")
    assert answer.headers["www-authenticate"] == 'Bearer realm="consentd", error="insufficient_scope"'
    assert (await service.actions()).count("caller.refused") == 1


async def test_promise_8_strangers_are_counted_and_written_as_one_entry(
    http: httpx.AsyncClient, service: Service
) -> None:
    for _ in range(5):
        await http.post("/v1/acts", json={})
    assert "strangers.refused" not in await service.actions()
    await service.refusals.flush()
    await service.refusals.flush()
    assert (await service.actions()).count("strangers.refused") == 1


async def test_promise_5_a_revoked_system_is_refused_from_the_next_call_on(
    http: httpx.AsyncClient, service: Service
) -> None:
    made = await service.add_system()
    http.headers["authorization"] = f"Bearer {await service.token_of(made)}"
    assert (await http.get("/v1/pages")).status_code == 200
    assert (await http.post("/v1/acts", json={"note": ""})).status_code == 201
    await service.database.change(lambda unit: callers.revoke(unit, service.keyring, made.id, OPERATOR))
    for answer in (await http.get("/v1/pages"), await http.post("/v1/acts", json={"note": ""})):
        assert (answer.status_code, code(answer)) == (401, "token_revoked")
    assert (await service.actions()).count("act.done") == 1


def test_promise_8_a_route_that_does_not_say_who_may_call_it_stops_the_start(service: Service) -> None:
    @get("/v1/forgotten")
    async def forgotten() -> None:
        """Open by mistake."""

    with pytest.raises(TypeError, match="forgotten"):
        build([forgotten], settings=service.settings, tokens=service.tokens)


def test_promise_8_a_route_whose_own_hook_would_skip_authentication_stops_the_start(service: Service) -> None:
    async def hook(request: object) -> None:
        return None

    @get("/v1/hooked", opt=PUBLIC, before_request=hook)
    async def hooked() -> None:
        """Skips who calls."""

    with pytest.raises(TypeError, match="hooked"):
        build([hooked], settings=service.settings, tokens=service.tokens)


def test_promise_8_every_route_of_the_service_says_who_may_call_it(service: Service) -> None:
    assert all("asks" in handler.opt for handler in http_handlers(service.app))


@pytest.fixture
async def narrow(database: Database, keyring: Keyring) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    """A service that takes two requests at a time, and two in a row from each system."""
    service = Service(database, keyring, Limits(in_flight=2, per_second=0.001, burst=2))
    async with (
        served(service.app, service.settings) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        http.headers["authorization"] = f"Bearer {await service.token()}"
        yield service, http


async def test_promise_17_beyond_its_capacity_it_answers_503_at_once_and_health_still_answers(
    narrow: tuple[Service, httpx.AsyncClient],
) -> None:
    service, http = narrow
    service.held.clear()
    waiting = [asyncio.create_task(http.post("/v1/acts", json={"note": ""})) for _ in range(2)]
    await service.entered.wait()
    await asyncio.sleep(0.05)
    shed = await http.get("/v1/full")
    health = await http.get("/health/live")
    browsing = {"accept": "text/html,application/xhtml+xml", "accept-language": "en"}
    page = await http.get("/my/choices", headers=browsing)
    french = await http.get("/my/choices", params={"lang": "fr"}, headers=browsing)
    service.held.set()
    assert (shed.status_code, code(shed)) == (503, "overloaded")
    assert shed.headers["retry-after"] == "1"
    assert health.status_code == 200
    # Somebody at a browser is told in words, on a page, with its style.
    assert (page.status_code, page.headers["retry-after"]) == (503, "1")
    assert "Nothing was changed. Try again in a minute." in checked(page.text, "en").text
    assert "Réessayez dans une minute." in checked(french.text, "fr").text
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [201, 201]
    assert (await http.get("/v1/full")).json()["code"] == "disk_full"


async def test_promise_17_one_that_calls_too_often_is_told_when_to_come_back(
    narrow: tuple[Service, httpx.AsyncClient],
) -> None:
    _, http = narrow
    answers = [await http.get("/v1/pages") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert code(answers[2]) == "too_many_calls"
    assert int(answers[2].headers["retry-after"]) > 1


async def test_not_ready_means_503_for_everything_but_health() -> None:
    async def never() -> Application:
        raise AssertionError("a wrong key does not become right by waiting")

    settings = from_environment({})
    error = OperatorError("wrong_root_key", "The root key is another one.")
    app = waiting(settings, error, never, Counts())
    async with (
        served(app, settings) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        assert (await http.get("/health/live")).json() == {"status": "live"}
        for path in ("/health/ready", "/", "/v1/acts", "/openapi.json"):
            answer = await http.get(path)
            assert (answer.status_code, code(answer)) == (503, "not_ready")
            assert "The root key is another one." in answer.json()["detail"]
            assert answer.headers["retry-after"] == "5"


async def test_ready_names_the_probe_that_speaks_against_it() -> None:
    async def probe() -> OperatorError:
        return OperatorError("disk", "The disk is full.")

    reason = await Readiness({"journal": probe}).reason()
    assert reason is not None
    assert reason.message == "consentd is running but cannot serve: journal: The disk is full."


async def test_the_description_says_what_the_service_does(http: httpx.AsyncClient, service: Service) -> None:
    as_json = (await http.get("/openapi.json")).json()
    assert openapi.as_text(as_json) == (await http.get("/openapi.yaml")).text
    assert as_json["openapi"] == "3.1.0"
    act = as_json["paths"]["/v1/acts"]["post"]
    assert act["requestBody"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Act"}}
    }
    assert as_json["components"]["schemas"]["Act"]["additionalProperties"] is False
    assert as_json["components"]["schemas"]["Line"]["additionalProperties"] is False
    assert act["security"] == [{"system": ["consent:write"]}]
    assert [one["name"] for one in act["parameters"]] == ["Idempotency-Key"]
    assert {"201", "400", "401", "403", "409", "413", "415", "422", "429", "503"} <= act["responses"].keys()
    for problem in as_json["components"]["responses"].values():
        assert list(problem["content"]) == ["application/problem+json"]
    (limit,) = as_json["paths"]["/v1/pages"]["get"]["parameters"]
    assert (limit["in"], limit["required"]) == ("query", False)
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 9}
    (name, _) = as_json["paths"]["/v1/acts/{name}"]["post"]["parameters"]
    assert (name["name"], name["in"], name["required"]) == ("name", "path", True)


def test_two_handlers_of_one_body_type_share_its_schema(service: Service) -> None:
    @post("/v1/other", opt=PUBLIC)
    async def other(data: JSONBody[Act]) -> None:
        """Do something else."""

    app = build([other], settings=service.settings, tokens=service.tokens)
    assert "Act" in openapi.describe(app, "http://consentd.test")["components"]["schemas"]
