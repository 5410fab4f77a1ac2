"""The description of the API is true: generated from the routes, valid, complete, and lived up to."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import msgspec
import pytest
import schemathesis
from acts import new_email, person, question, recording
from handed import a_copy, hand_out, link_to

from consentd.app import description
from support.installation import ROOT, Serving

HERE = Path(__file__).parent
DOCUMENT: dict[str, Any] = msgspec.yaml.decode(description())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
WITH_JSON = {
    name: operation["requestBody"]["content"]["application/json"]
    for name, operation in OPERATIONS.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that stands alone: what it refers to is brought along."""
    return {**schema, "components": {"schemas": DOCUMENT["components"]["schemas"]}}


def test_the_committed_description_is_that_of_the_code() -> None:
    committed = (ROOT / "openapi" / "openapi.yaml").read_text()
    assert committed == description(), "Run `make openapi` and commit openapi/openapi.yaml."


def test_the_description_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})


def test_the_service_publishes_what_is_committed_but_for_its_own_address(service: Serving) -> None:
    with service.stranger() as client:
        published = client.get("/openapi.yaml").text
    assert published.replace(service.address, "http://127.0.0.1:8080") == description()


@pytest.mark.parametrize("name", WITH_JSON)
def test_every_body_has_examples_that_fit_it(name: str) -> None:
    body = WITH_JSON[name]
    validator = jsonschema_rs.validator_for(resolved(body["schema"]))
    assert body["examples"]
    for example in body["examples"].values():
        validator.validate(example["value"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_call_shows_what_is_sent_and_what_comes_back(name: str) -> None:
    operation = OPERATIONS[name]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        assert body["examples"]
        for example in body["examples"].values():
            jsonschema_rs.validator_for(resolved(body["schema"])).validate(example["value"])
    for parameter in operation["parameters"]:
        assert "example" in parameter or not parameter["required"], parameter["name"]
        if "example" in parameter:
            jsonschema_rs.validator_for(parameter["schema"]).validate(parameter["example"])
    done = operation["responses"][min(operation["responses"])]
    for answer in done["content"].values():
        assert answer["example"]
        jsonschema_rs.validator_for(resolved(answer["schema"])).validate(answer["example"])


def test_every_link_leads_to_a_call_with_parameters_that_it_has() -> None:
    by_id = {operation["operationId"]: operation for operation in OPERATIONS.values()}
    links = [
        link
        for operation in OPERATIONS.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) >= 5
    for link in links:
        known = {one["name"] for one in by_id[link["operationId"]]["parameters"]}
        assert link["parameters"].keys() <= known


# Their bodies hold a code that came by mail, a login, and a colleague: test_every_route.py makes them.
_THEIRS = ("proof", "login", "steps", "copy/link", "copy/handover")
NOT_KNOWN_BEFORE = {
    "POST /v1/portal-links",
    *(f"POST /v1/requests/{{request_id}}/{name}" for name in _THEIRS),
}


@pytest.mark.parametrize("name", [name for name in WITH_JSON if name not in NOT_KNOWN_BEFORE])
def test_every_example_is_taken_by_the_service(service: Serving, till: httpx.Client, name: str) -> None:
    method, path = name.split()
    scopes = ("consent:write", "consent:read", "check", "reasons", "replica", "requests:write")
    with service.client(*scopes) as client:
        # The others speak of the person whom this one makes known.
        known = WITH_JSON["POST /v1/consents"]["examples"]["given"]["value"]
        client.post("/v1/consents", json=known).raise_for_status()
        # A permit is somebody's who did not say no in another example.
        address = new_email()
        client.post("/v1/consents", json=recording(address)).raise_for_status()
        permit = client.post("/v1/check", json=question(address, permit=True)).json()["permit_id"]
        for example in WITH_JSON[name]["examples"].values():
            place = path.replace("{permit_id}", permit)
            if "/copy/" in path:
                place = path.replace("{request_id}", a_copy(service.installation, released=True)[0])
            elif "{request_id}" in path:
                made = WITH_JSON["POST /v1/requests"]["examples"]["erasure"]["value"]
                place = place.replace("{request_id}", client.post("/v1/requests", json=made).json()["id"])
            caller = client
            if path.startswith("/v1/tasks"):
                caller = till
                task = hand_out(service.installation, taken=not path.endswith("/claim"))
                place = place.replace("{task_id}", task)
            if path.startswith("/v1/task-links"):
                verb = "export" if "records" in example["value"] else "restrict"
                token = link_to(service.installation, hand_out(service.installation, verb, taken=False))
                place = place.replace("{token}", token)
            answer = caller.request(method, place, json=example["value"])
            assert answer.status_code in (200, 201, 202), answer.text
            documented = OPERATIONS[name]["responses"][str(answer.status_code)]["content"]
            media = "application/json" if "application/json" in documented else next(iter(documented))
            assert answer.headers["content-type"].startswith(media)
            told = answer.json() if media == "application/json" else answer.text
            jsonschema_rs.validator_for(resolved(documented[media]["schema"])).validate(told)


@pytest.mark.parametrize("name", WITH_JSON)
def test_what_a_body_may_hold_is_said_to_the_last_member(name: str) -> None:
    """Each object of a request refuses what it does not know, and says so; but for a map of one's own, and
    where a standard orders otherwise: there each object takes more than it names.
    """
    by_standard = "/access/v1/" in name

    def check(schema: Any, seen: frozenset[str]) -> None:
        if isinstance(schema, list):
            for one in schema:
                check(one, seen)
        if not isinstance(schema, dict):
            return
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name not in seen:
                check(DOCUMENT["components"]["schemas"][name], seen | {name})
        if "properties" in schema:
            assert schema.get("additionalProperties", True) is by_standard, schema
        for key in ("properties", "items", "prefixItems", "anyOf", "additionalProperties"):
            inner = schema.get(key)
            check(list(inner.values()) if key == "properties" and inner else inner, seen)

    check(WITH_JSON[name]["schema"], frozenset())


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_what_it_does_and_how_it_fails(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    statuses = set(operation["responses"])
    wanted = {"400", "503"}
    if operation["security"]:
        wanted |= {"401", "429"} | ({"403"} if operation["security"][0]["system"] else set())
    if "requestBody" in operation:
        wanted |= {"408", "413"} if "/access/v1/" in name else {"408", "413", "415", "422"}
    if "201" in statuses:
        # What bears a number of the system's own may have been reported before; a request bears none.
        wanted |= {"409"} if name == "POST /v1/requests" else {"200", "409"}
        assert "Idempotency-Key" in [one["name"] for one in operation["parameters"]]
    assert wanted <= statuses, wanted - statuses


def test_operations_are_named_once() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))


def test_the_service_lives_up_to_its_description(service: Serving, tmp_path: Path) -> None:
    """Schemathesis with every check: good and bad bodies by example, at the edges, at random, and in turn."""
    scopes = ("consent:write", "consent:read", "people:write", "check", "reasons", "replica")
    with service.client(*scopes) as client:
        client.post("/v1/objections", json={"subject": person()}).raise_for_status()
        authorization = client.headers["authorization"]
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={HERE / 'schemathesis.toml'}",
            "run",
            f"{service.address}/openapi.json",
            f"--header=Authorization: {authorization}",
            "--checks=all",
            "--phases=examples,coverage,fuzzing,stateful",
            "--max-examples=5",
            # How long a busy machine takes is no part of the description.
            "--max-response-time=60",
            "--seed=1",
            "--warnings=off",
            "--continue-on-failure",
            "--no-color",
        ],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "described", "PYTHONPATH": str(HERE)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
