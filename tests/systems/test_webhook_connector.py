"""A silo's own program is asked, and what it answers counts only if it signed it for this task."""

import datetime as dt
import json
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import pytest
from silo import (
    ANOTHER_TASK,
    OTHER_SECRET,
    SECRET,
    TASK,
    Kept,
    Silo,
    connect,
    order,
    running_silo,
    signed,
    told,
)

from consentd.kernel.connection import Verb
from consentd.net.connecting import Allowed
from consentd.net.http import Http
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import (
    Answer,
    Asked,
    Part,
    Preference,
    SiloUnavailable,
    Verdict,
)
from consentd.systems.connectors.contract import Kept as KeptBack
from consentd.systems.connectors.webhook import WebhookConnector
from support.http_server import answer, http_server


async def asked(connector: WebhookConnector, **said: Any) -> Answer:
    found = await connector.carry_out(order(**said), Kept())
    assert isinstance(found, Answer)
    return found


# --- what is sent


async def test_the_silo_is_told_whom_it_is_about_signed_under_the_tasks_number(
    silo: Silo, connector: WebhookConnector
) -> None:
    assert (await asked(connector)).verdict is Verdict.DONE
    assert silo.tasks == [
        {
            "task": str(TASK),
            "verb": "erase",
            "identifiers": [
                {"scheme": "email", "value": "ana@exemple.fr"},
                {"scheme": "customer", "value": "C-17"},
            ],
            "answer_url": f"https://consent.example/v1/tasks/{TASK}/answer",
        }
    ]
    request = silo.server.requests[0]
    assert request.line == "POST /consentd?key=hunter2 HTTP/1.1"
    assert request.headers["webhook-id"] == str(TASK)
    assert request.headers["content-type"] == "application/json"


async def test_what_a_verb_needs_is_told_with_it(silo: Silo, connector: WebhookConnector) -> None:
    await asked(connector, verb=Verb.RECTIFY, changes={"name": "Ana Martín"})
    await asked(connector, verb=Verb.RESTRICT, lift=True)
    await asked(
        connector, verb=Verb.WRITE_PREFERENCE, preferences=(Preference("newsletter", "email", "withdrawn"),)
    )
    rectify, restrict, write = silo.tasks
    assert rectify["changes"] == {"name": "Ana Martín"}
    assert restrict["lift"] is True
    assert write["preferences"] == [{"purpose": "newsletter", "channel": "email", "state": "withdrawn"}]
    assert "lift" not in write


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.EXPORT])
async def test_every_verb_is_carried_out(verb: Verb, silo: Silo, connector: WebhookConnector) -> None:
    assert (await asked(connector, verb=verb)).verdict is Verdict.DONE
    assert silo.tasks[0]["verb"] == verb.value


async def test_while_a_secret_is_replaced_the_silo_may_have_either(silo: Silo, http: Http) -> None:
    for secret in (SECRET, OTHER_SECRET):
        silo.secret = secret
        silo.answer = told({"verdict": "done"}, secret=secret)
        assert (await asked(connect(silo, http, f"{OTHER_SECRET},{SECRET}"))).verdict is Verdict.DONE


async def test_an_order_that_comes_twice_has_the_same_number(silo: Silo, connector: WebhookConnector) -> None:
    await asked(connector)
    await asked(connector)
    assert silo.tasks[0] == silo.tasks[1]


@pytest.mark.parametrize(
    ("secret", "code"), [(None, "no_secret"), ("", "no_secret"), ("hunter2", "bad_secret")]
)
async def test_without_a_secret_nothing_is_sent(
    silo: Silo, http: Http, secret: str | None, code: str
) -> None:
    connector = connect(silo, http, secret)
    for verb in (Verb.ERASE, Verb.EXPORT):
        found = await asked(connector, verb=verb)
        assert (found.verdict, found.code) == (Verdict.FAILED, code)
        assert "CONSENTD_SILO_PHONE_SALES_SECRET" in str(found.detail)
        assert "hunter2" not in str(found.detail)
    assert not silo.server.connections


# --- answers


async def test_the_whole_answer_is_read(silo: Silo, connector: WebhookConnector) -> None:
    silo.answer = told(
        {
            "verdict": "partial",
            "code": "kept_by_law",
            "detail": "Deux factures restent.",
            "parts": [
                {
                    "what": "invoices",
                    "found": 3,
                    "deleted": 1,
                    "kept": [{"count": 2, "because": "L.123-22", "until": "2034-12-31"}],
                }
            ],
            "identifiers": [{"scheme": "phone", "value": "+33624686501"}],
            "preferences": [{"purpose": "newsletter", "channel": "email", "state": "given"}],
        }
    )
    assert await asked(connector) == Answer(
        verdict=Verdict.PARTIAL,
        code="kept_by_law",
        detail="Deux factures restent.",
        parts=(Part(what="invoices", found=3, deleted=1, kept=(KeptBack(2, "L.123-22", "2034-12-31"),)),),
        identifiers=(Named("phone", "+33624686501"),),
        preferences=(Preference("newsletter", "email", "given"),),
    )


async def test_an_identifier_may_be_as_long_as_one_that_any_system_names(
    silo: Silo, connector: WebhookConnector
) -> None:
    long = "9" * 1000
    silo.answer = told({"verdict": "done", "identifiers": [{"scheme": "loyalty", "value": long}]})
    assert (await asked(connector)).identifiers == (Named("loyalty", long),)


DONE = b'{"verdict":"done"}'


# Made when they are used: a signature lasts five minutes.
NOT_SIGNED: dict[str, Callable[[], dict[str, str]]] = {
    "not at all": dict,
    "by another silo": lambda: signed(DONE, secret=OTHER_SECRET),
    "for another task": lambda: signed(DONE, task=ANOTHER_TASK),
    "for another task, renamed": lambda: signed(DONE, task=ANOTHER_TASK) | {"webhook-id": str(TASK)},
    "long ago": lambda: signed(DONE, ago=400),
    "by a clock ahead": lambda: signed(DONE, ago=-400),
    "another body": lambda: signed(b'{"verdict":"failed"}'),
    "with another value": lambda: signed(DONE) | {"webhook-signature": "v1,AAAA"},
    "with half a value": lambda: signed(DONE) | {"webhook-signature": "v1"},
}


@pytest.mark.parametrize("how", NOT_SIGNED)
async def test_promise_12_what_the_silo_did_not_sign_for_this_task_is_failed(
    silo: Silo, connector: WebhookConnector, how: str
) -> None:
    silo.answer = answer("200 OK", DONE, NOT_SIGNED[how]())
    for verb in (Verb.ERASE, Verb.EXPORT):
        found = await asked(connector, verb=verb)
        assert (found.verdict, found.code, found.told) == (Verdict.FAILED, "bad_signature", False)


async def test_promise_12_our_own_request_sent_back_is_no_answer(http: Http) -> None:
    """It bears our signature for this very task."""

    async def mirror(request: Any, write: Any) -> None:
        heads = {name: value for name, value in request.headers.items() if name.startswith("webhook-")}
        await write(answer("200 OK", request.body, heads))

    silo = Silo()
    async with http_server(mirror) as silo.server:
        found = await asked(connect(silo, http))
    assert (found.verdict, found.code) == (Verdict.FAILED, "malformed_answer")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ok",
        b"{}",
        b"null",
        b'{"verdict":"ok"}',
        b'{"verdict":"done","verdict":"failed"}',
        b'{"verdict":"done","deleted":3}',
        b'{"verdict":"done","parts":[{"what":"orders","found":-1}]}',
        b'{"verdict":"done","parts":[{"what":"orders","found":"1"}]}',
        b'{"verdict":"done","parts":[{"what":"orders","found":true}]}',
        b'{"verdict":"done","parts":[{"what":"orders","kept":[{"count":1}]}]}',
        b'{"verdict":"done","detail":"' + b"a" * 501 + b'"}',
        b'{"verdict":"done","code":"Not Stable"}',
        b'{"verdict":"done","identifiers":[{"scheme":"loyalty","value":"' + b"9" * 1001 + b'"}]}',
        b'{"verdict":"ana@exemple.fr"}',
        b"[" * 10_000,
    ],
)
async def test_an_answer_of_another_form_is_failed_and_not_repeated(
    silo: Silo, connector: WebhookConnector, body: bytes
) -> None:
    silo.answer = answer("200 OK", body, signed(body))
    found = await asked(connector)
    assert (found.verdict, found.code) == (Verdict.FAILED, "malformed_answer")
    assert "ana@exemple.fr" not in str(found.detail)


async def test_the_maker_of_an_answer_is_told_what_is_wrong_with_it(
    silo: Silo, connector: WebhookConnector
) -> None:
    silo.answer = told({"verdict": "done", "parts": [{"what": "orders", "found": "1"}]})
    assert "/parts/0/found" in str((await asked(connector)).detail)


@pytest.mark.parametrize(
    ("body", "reference"),
    [
        (b"", None),
        (b"{}", None),
        (b'{"reference":"T-4711"}', "T-4711"),
        (b"taken!", None),
        (b'{"reference":17}', None),
    ],
)
async def test_a_silo_may_take_a_task_and_answer_later(
    silo: Silo, connector: WebhookConnector, body: bytes, reference: str | None
) -> None:
    silo.answer = answer("202 Accepted", body)
    for verb in (Verb.ERASE, Verb.EXPORT):
        assert await connector.carry_out(order(verb), Kept()) == Asked(reference)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("410 Gone", "gone"),
        ("400 Bad Request", "refused"),
        ("401 Unauthorized", "refused"),
        ("404 Not Found", "refused"),
        ("307 Temporary Redirect", "redirected"),
        ("204 No Content", "refused"),
        ("201 Created", "refused"),
    ],
)
async def test_promise_12_any_other_status_is_failed_even_with_a_signed_yes(
    silo: Silo, connector: WebhookConnector, status: str, code: str
) -> None:
    body = b"" if status.startswith("204") else DONE
    silo.answer = answer(status, body, {**signed(body), "location": "https://elsewhere.example/"})
    for verb in (Verb.ERASE, Verb.EXPORT):
        found = await asked(connector, verb=verb)
        assert (found.verdict, found.code, found.told) == (Verdict.FAILED, code, False)


@pytest.mark.parametrize("verdict", ["done", "partial", "failed", "unsupported"])
async def test_what_the_silo_signs_shows_that_it_was_told(
    silo: Silo, connector: WebhookConnector, verdict: str
) -> None:
    """Also where it says that it could not (GDPR 19)."""
    silo.answer = told({"verdict": verdict})
    found = await asked(connector)
    assert (found.verdict.value, found.told) == (verdict, True)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("429 Too Many Requests", "silo_busy"),
        ("503 Service Unavailable", "silo_busy"),
        ("408 Request Timeout", "silo_busy"),
        ("500 Internal Server Error", "silo_broken"),
        ("502 Bad Gateway", "silo_broken"),
    ],
)
async def test_a_silo_that_cannot_now_is_asked_again(
    silo: Silo, connector: WebhookConnector, status: str, code: str
) -> None:
    silo.answer = answer(status, b"ana@exemple.fr " * 200_000)
    for verb in (Verb.ERASE, Verb.EXPORT):
        with pytest.raises(SiloUnavailable) as caught:
            await connector.carry_out(order(verb), Kept())
        assert (caught.value.code, caught.value.retry_after) == (code, 1)
        assert "ana" not in str(caught.value)


@pytest.mark.parametrize(
    ("told_to_wait", "least", "most"),
    [
        ("120", 120, 120),
        ("0", 1, 1),
        ("999999999", 86400, 86400),
        ("99999999999999999999", 1, 1),
        ("-5", 1, 1),
        ("soon", 1, 1),
        ("", 1, 1),
        ("in 3000 seconds", 2500, 3000),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1, 1),
        ("Wed, 99 Oct 2015 07:28:00 GMT", 1, 1),
    ],
)
async def test_retry_after_is_honoured(
    silo: Silo, connector: WebhookConnector, told_to_wait: str, least: int, most: int
) -> None:
    if told_to_wait.startswith("in "):
        # Worked out now: these lines are read long before they are run.
        told_to_wait = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3000))
    silo.answer = answer("429 Too Many Requests", headers={"retry-after": told_to_wait})
    with pytest.raises(SiloUnavailable) as caught:
        await asked(connector)
    assert least <= caught.value.retry_after <= most


async def test_a_silo_that_is_not_there_is_asked_again(http: Http) -> None:
    async with running_silo() as silo:
        connector = connect(silo, http)
    with pytest.raises(SiloUnavailable) as caught:
        await asked(connector)
    assert caught.value.code == "unreachable"
    assert "hunter2" not in str(caught.value)


async def test_an_answer_that_is_too_long_is_failed(silo: Silo, connector: WebhookConnector) -> None:
    silo.answer = answer("200 OK", b" " * (1024 * 1024) + DONE)
    found = await asked(connector)
    assert (found.verdict, found.code) == (Verdict.FAILED, "too_much")


async def test_promise_15_an_address_inside_is_failed_and_not_called() -> None:
    http = Http(Allowed(None))
    async with running_silo() as silo:
        found = await asked(connect(silo, http))
    await http.close()
    assert (found.verdict, found.code) == (Verdict.FAILED, "address_not_allowed")
    assert not silo.server.connections


# --- looking before acting


async def test_the_preview_shows_the_request_and_nobodys_data(
    silo: Silo, connector: WebhookConnector
) -> None:
    lines = await connector.preview(order(Verb.RECTIFY, changes={"name": "Ana Martín"}))
    text = "\n".join(lines)
    assert lines[0] == f"POST {silo.server.url('/consentd')}"
    for secret in ("ana@exemple.fr", "C-17", "Martín", "hunter2", SECRET):
        assert secret not in text
    shown = json.loads(text[text.index("{") :])
    assert shown["identifiers"][0] == {"scheme": "email", "value": "<email>"}
    assert shown["changes"] == {"name": "<…>"}
    assert not silo.server.connections


async def test_trying_out_asks_for_nothing_and_tells_each_step(
    silo: Silo, connector: WebhookConnector
) -> None:
    found = await connector.test()
    assert found.ok
    assert found.lines == (
        "1 secret to sign with.",
        "Reached: it answered with 200.",
        "The answer is signed, and says done.",
    )
    assert silo.tasks[0] == {"task": silo.tasks[0]["task"], "verb": "test"}
    assert UUID(silo.tasks[0]["task"]).version == 7


async def test_trying_out_says_what_is_wrong(silo: Silo, http: Http) -> None:
    silo.secret = OTHER_SECRET
    found = await connect(silo, http, f"{OTHER_SECRET},{SECRET}").test()
    assert found.ok
    for secret, line in ((None, "is missing"), (SECRET, "ended the connection")):
        found = await connect(silo, http, secret).test()
        assert not found.ok
        assert line in found.lines[-1]
    for reply, line in (
        (answer("404 Not Found"), "answered with 200"),
        (answer("200 OK", DONE), "not signed"),
    ):

        async def replying(_request: Any, write: Any, reply: bytes = reply) -> None:
            await write(reply)

        other = Silo()
        async with http_server(replying) as other.server:
            found = await connect(other, http).test()
        assert not found.ok
        assert line in found.lines[-1]
