"""A copy that a silo streams: each record handed on as it comes, and none that counts without the end."""

import asyncio
import contextlib
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from silo import (
    ANOTHER_TASK,
    OTHER_SECRET,
    SECRET,
    TASK,
    Kept,
    Silo,
    connect,
    copy,
    order,
    streamed,
    system,
    told,
)

from consentd.base.clock import now
from consentd.crypto.webhooks import secrets_of
from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Verb
from consentd.kernel.errors import CallerError
from consentd.net.http import Http
from consentd.systems.connectors.contract import Answer, Part, SiloUnavailable, Verdict
from consentd.systems.connectors.exported import MOST_LINE, read_export
from consentd.systems.connectors.webhook import WebhookConnector
from support.http_server import Request, Write, answer, http_server

RECORDS = [
    ("orders", {"number": "A-17", "total": 1250, "gift": True, "note": None}),
    ("orders", {"number": "A-18", "total": 0, "gift": False, "note": "été\n\u2028fin"}),
    ("invoices", {"number": "F-1"}),
]


async def exported(connector: WebhookConnector) -> tuple[Answer, Kept]:
    kept = Kept()
    found = await connector.carry_out(order(Verb.EXPORT), kept)
    assert isinstance(found, Answer)
    return found, kept


async def test_a_copy_comes_record_by_record_and_is_signed_at_its_end(
    silo: Silo, connector: WebhookConnector
) -> None:
    said = {"verdict": "done", "parts": [{"what": "orders", "found": 2}]}
    silo.answer = streamed(copy(RECORDS, said))
    found, kept = await exported(connector)
    assert found == Answer(verdict=Verdict.DONE, parts=(Part(what="orders", found=2),))
    assert kept.all == RECORDS
    assert "application/x-ndjson" in silo.server.requests[0].headers["accept"]


async def test_a_copy_without_records_and_one_without_a_last_line_break_are_whole(
    silo: Silo, connector: WebhookConnector
) -> None:
    for content in (copy([]), copy(RECORDS).rstrip(b"\n")):
        silo.answer = streamed(content)
        assert (await exported(connector))[0].verdict is Verdict.DONE


async def test_a_silo_without_a_copy_answers_as_to_any_order(silo: Silo, connector: WebhookConnector) -> None:
    silo.answer = told({"verdict": "unsupported", "code": "no_copies"})
    found, kept = await exported(connector)
    assert (found.verdict, found.code, kept.all) == (Verdict.UNSUPPORTED, "no_copies", [])


async def test_an_amount_stays_as_the_silo_wrote_it(silo: Silo, connector: WebhookConnector) -> None:
    body = copy([("orders", {"total": 12.5})])
    silo.answer = streamed(body.replace(b"12.5", b"12.5"))
    assert (await exported(connector))[1].all == [("orders", {"total": "12.5"})]


def lines(*changed: bytes) -> bytes:
    """A whole copy, with these lines before its records."""
    return b"".join(line + b"\n" for line in changed) + copy(RECORDS)


BENT = {
    "no end": (b"".join(copy(RECORDS).splitlines(keepends=True)[:-1]), "no_end"),
    "empty": (b"", "no_end"),
    "not JSON": (lines(b"ana@exemple.fr"), "malformed_copy"),
    "not text": (lines(b'{"what":"\xff","record":{}}'), "malformed_copy"),
    "an empty line": (lines(b""), "malformed_copy"),
    "another member": (lines(b'{"what":"orders","record":{},"ana@exemple.fr":1}'), "malformed_copy"),
    "nested": (lines(b'{"what":"orders","record":{"lines":[1]}}'), "malformed_copy"),
    "no category": (lines(b'{"what":"","record":{}}'), "malformed_copy"),
    "no record": (lines(b'{"what":"orders"}'), "malformed_copy"),
    "both": (lines(b'{"what":"orders","record":{},"end":"{}","headers":{}}'), "malformed_copy"),
    "a long line": (
        lines(b'{"what":"orders","record":{"a":"' + b"a" * MOST_LINE * 2 + b'"}}'),
        "malformed_copy",
    ),
    "deep": (lines(b'{"what":"orders","record":' + b"[" * 5000), "malformed_copy"),
}


@pytest.mark.parametrize("how", BENT)
async def test_a_copy_of_another_form_is_failed_and_not_repeated(
    silo: Silo, connector: WebhookConnector, how: str
) -> None:
    content, code = BENT[how]
    silo.answer = streamed(content)
    found, _ = await exported(connector)
    assert (found.verdict, found.code) == (Verdict.FAILED, code)
    assert "ana@exemple.fr" not in str(found.detail)


def after_the_end() -> bytes:
    return copy(RECORDS) + b'{"what":"orders","record":{}}\n'


def one_less() -> bytes:
    return b"".join(copy(RECORDS).splitlines(keepends=True)[1:])


def one_changed() -> bytes:
    return copy(RECORDS).replace(b"1250", b"1251")


def in_another_order() -> bytes:
    first, second, *rest = copy(RECORDS).splitlines(keepends=True)
    return b"".join((second, first, *rest))


def end_in_clear() -> bytes:
    *records, last = copy(RECORDS).splitlines(keepends=True)
    end = json.loads(last)
    end["headers"] = {}
    return b"".join(records) + json.dumps(end).encode()


@pytest.mark.parametrize(
    ("bent", "code"),
    [
        (after_the_end, "malformed_copy"),
        (one_less, "copy_differs"),
        (one_changed, "copy_differs"),
        (in_another_order, "copy_differs"),
        (end_in_clear, "bad_signature"),
        (lambda: copy(RECORDS, count=4), "copy_differs"),
        (lambda: copy(RECORDS, sha256="0" * 64), "copy_differs"),
        (lambda: copy(RECORDS, sha256="0" * 63), "malformed_answer"),
        (lambda: copy(RECORDS, task=ANOTHER_TASK), "bad_signature"),
        (lambda: copy(RECORDS, secret=OTHER_SECRET), "bad_signature"),
        (lambda: copy(RECORDS, ago=400), "bad_signature"),
        (lambda: copy(RECORDS, {"verdict": "done", "more": 1}), "malformed_answer"),
    ],
)
async def test_promise_12_a_copy_that_is_not_the_one_that_was_signed_is_failed(
    silo: Silo, connector: WebhookConnector, bent: Any, code: str
) -> None:
    silo.answer = streamed(bent())
    found, _ = await exported(connector)
    assert (found.verdict, found.code) == (Verdict.FAILED, code)


async def test_a_copy_that_is_cut_off_is_asked_for_again(silo: Silo, connector: WebhookConnector) -> None:
    silo.answer = streamed(copy(RECORDS))[:-40]
    with pytest.raises(SiloUnavailable) as caught:
        await exported(connector)
    assert caught.value.code == "cut_off"


values = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=20))
records = st.lists(
    st.tuples(st.sampled_from(["orders", "été"]), st.dictionaries(st.text(max_size=8), values, max_size=4)),
    max_size=6,
)


@given(records, st.integers(1, 400), st.data())
@settings(max_examples=60, deadline=None)
def test_any_copy_is_read_alike_in_pieces_of_any_size_and_none_that_was_bent(
    sent: list[tuple[str, dict[str, Any]]], size: int, data: st.DataObject
) -> None:
    content = copy(sent)
    secrets = secrets_of(SECRET)

    def read(bytes_: bytes) -> tuple[Answer, Kept]:
        async def pieces() -> AsyncIterator[bytes]:
            for begin in range(0, len(bytes_), size):
                yield bytes_[begin : begin + size]

        kept = Kept()
        return asyncio.run(read_export(pieces(), secrets, TASK, kept, now)), kept

    answer_read, kept = read(content)
    assert answer_read.verdict is Verdict.DONE
    assert kept.all == sent
    place = data.draw(st.integers(0, len(content) - 2))
    bent = bytearray(content)
    bent[place] ^= data.draw(st.integers(1, 255))
    # A space of the last line may be another space; anything else is found.
    with contextlib.suppress(CallerError):
        found, kept = read(bytes(bent))
        assert (found, kept.all) == (answer_read, sent)


class Counted:
    def __init__(self) -> None:
        self.all = 0

    def add(self, _what: str, _record: Mapping[str, Scalar]) -> None:
        self.all += 1


async def test_nothing_is_added_once_an_order_was_given_up(silo: Silo, http: Http) -> None:
    class Slow(Counted):
        def add(self, what: str, record: Mapping[str, Scalar]) -> None:
            time.sleep(0.4)
            super().add(what, record)

    silo.answer = streamed(copy(RECORDS))
    named = system(silo.server.url(), timeout_seconds=1)
    assert named.connection is not None
    assert named.connection.webhook is not None
    secrets = {"CONSENTD_SILO_PHONE_SALES_SECRET": SECRET}
    connector = WebhookConnector(named, named.connection, named.connection.webhook, http, secrets, now, None)
    slow = Slow()
    with pytest.raises(SiloUnavailable) as caught:
        await connector.carry_out(order(Verb.EXPORT), slow)
    assert caught.value.code == "too_slow"
    added = slow.all
    await asyncio.sleep(0.5)
    assert slow.all == added == len(RECORDS)


async def test_memory_stays_flat_however_long_a_copy_is_up_to_its_most(http: Http) -> None:
    line = json.dumps({"what": "orders", "record": {"text": "a" * 900}}).encode() + b"\n"

    async def endless(_request: Request, write: Write) -> None:
        await write(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n")
        while True:
            await write(line * 50)

    silo, counted = Silo(), Counted()
    async with http_server(endless) as silo.server:
        connector = connect(silo, http, SECRET)
        tracemalloc.start()
        found = await connector.carry_out(order(Verb.EXPORT), counted)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert isinstance(found, Answer)
    assert (found.verdict, found.code) == (Verdict.FAILED, "too_much")
    assert counted.all > 15_000
    assert peak < 4 * 1024 * 1024


async def test_a_compressed_copy_is_failed(silo: Silo, connector: WebhookConnector) -> None:
    silo.answer = answer(
        "200 OK", b"\x1f\x8b", {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
    )
    assert (await exported(connector))[0].code == "bad_encoding"
