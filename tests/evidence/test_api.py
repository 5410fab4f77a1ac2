"""The log over HTTP: what anyone may see, and what is asked for by number or id."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar, Request, Response

from consentd.evidence import checkpoint
from consentd.evidence.api import routes
from consentd.evidence.merkle import verify_consistency, verify_inclusion
from consentd.kernel.errors import ConsentdError
from support.ledger import ORIGIN, Ledger


def _problem(_: Request[Any, Any, Any], error: ConsentdError) -> Response[dict[str, str]]:
    return Response({"code": error.code}, status_code=error.status)


@pytest.fixture
def app(ledger: Ledger) -> Litestar:
    handlers = routes(
        ledger.database, ledger.keyring, ORIGIN, public={"who": "all"}, protected={"who": "known"}
    )
    return Litestar(handlers, openapi_config=None, exception_handlers={ConsentdError: _problem})


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as opened:
        yield opened


async def test_promise_9_proofs_verify_offline_from_what_is_public(
    ledger: Ledger, client: AsyncClient
) -> None:
    (entry_id,) = await ledger.record()
    await ledger.sequence()
    older = checkpoint.parse(ledger.file.read_text(), ORIGIN, ledger.keyring.public_keys("log"))
    await ledger.record(3)
    await ledger.sequence()

    name, key = checkpoint.parse_vkey((await client.get("/v1/log/key")).text.removesuffix("\n"))
    answer = await client.get("/v1/log/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    newest = checkpoint.parse(answer.text, name, [key])
    assert newest.size == 5

    proof = (await client.get("/v1/log/proofs/inclusion", params={"entry": str(entry_id)})).json()
    path = [base64.b64decode(one) for one in proof["path"]]
    leaf = base64.b64decode(proof["leaf"])
    assert verify_inclusion(leaf, proof["index"], proof["size"], path, newest.root)
    by_index = await client.get("/v1/log/proofs/inclusion", params={"index": "1", "size": "5"})
    assert by_index.json() == proof

    proof = (await client.get("/v1/log/proofs/consistency", params={"from": "2", "to": "5"})).json()
    path = [base64.b64decode(one) for one in proof["path"]]
    assert verify_consistency(2, older.root, 5, newest.root, path)


async def test_promise_9_a_tlog_proof_needs_nothing_but_the_key(ledger: Ledger, client: AsyncClient) -> None:
    """C2SP tlog-proof: a line that names the form, the index, the path, an empty line, the checkpoint."""
    (entry_id, *_) = await ledger.record(5)
    await ledger.sequence()
    answer = await client.get("/v1/log/proofs/tlog", params={"entry": str(entry_id)})
    assert answer.headers["content-type"].startswith("text/plain")
    assert (await client.get("/v1/log/proofs/tlog", params={"index": "1"})).text == answer.text
    head, _, note = answer.text.partition("\n\n")
    form, index, *path = head.split("\n")
    assert (form, index) == ("c2sp.org/tlog-proof@v1", "index 1")
    assert note == (await client.get("/v1/log/checkpoint")).text
    newest = checkpoint.parse(note, ORIGIN, ledger.keyring.public_keys("log"))
    plain = (await client.get("/v1/log/proofs/inclusion", params={"index": "1"})).json()
    assert path == plain["path"]
    hashes = [base64.b64decode(one) for one in path]
    assert verify_inclusion(base64.b64decode(plain["leaf"]), 1, newest.size, hashes, newest.root)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("tlog", 422, "entry_or_index"),
        ("tlog?index=9", 404, "entry_not_sequenced"),
        ("tlog?entry=x", 422, "bad_entry"),
        ("inclusion", 422, "entry_or_index"),
        ("inclusion?index=0&entry=01a2009b-6fb8-7583-bf03-b3a2b494654c", 422, "entry_or_index"),
        ("inclusion?index=%2B0", 422, "bad_number"),
        ("inclusion?index=0_0", 422, "bad_number"),
        ("inclusion?index=-1", 422, "bad_number"),
        ("inclusion?index=9", 404, "entry_not_sequenced"),
        ("inclusion?index=0&size=0", 422, "size_out_of_range"),
        ("inclusion?index=0&size=2", 422, "size_out_of_range"),
        ("inclusion?entry=01A2009B-6fb8-7583-bf03-b3a2b494654c", 422, "bad_entry"),
        ("inclusion?entry=01a2009b-6fb8-7583-bf03-b3a2b494654c", 404, "entry_not_sequenced"),
        ("consistency", 422, "bad_number"),
        ("consistency?from=0&to=1", 422, "size_out_of_range"),
        ("consistency?from=1&to=2", 422, "size_out_of_range"),
    ],
)
async def test_what_cannot_be_proven_is_refused_with_a_reason(
    ledger: Ledger, client: AsyncClient, query: str, status: int, code: str
) -> None:
    await ledger.sequence()
    answer = await client.get(f"/v1/log/proofs/{query}")
    assert (answer.status_code, answer.json()) == (status, {"code": code})


async def test_an_empty_log_has_no_checkpoint_yet(client: AsyncClient) -> None:
    assert (await client.get("/v1/log/checkpoint")).status_code == 404


def test_promise_8_every_route_says_who_may_call(app: Litestar) -> None:
    handlers = [(route.path, handler) for route in app.routes for handler in route.route_handlers]
    who = {path: handler.opt["who"] for path, handler in handlers if "GET" in handler.http_methods}
    assert who == {
        "/v1/log/checkpoint": "all",
        "/v1/log/key": "all",
        "/v1/log/proofs/inclusion": "known",
        "/v1/log/proofs/consistency": "known",
        "/v1/log/proofs/tlog": "known",
    }
