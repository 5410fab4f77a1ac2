"""Text messages, handed to a company's own gateway: a real server that verifies what it is given."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from standardwebhooks import Webhook

from consentd.base.clock import now
from consentd.base.ids import new_id
from consentd.base.settings import from_environment
from consentd.kernel.errors import OperatorError
from consentd.net.errors import NetError, Rejected, Unreachable
from consentd.net.texting import Texting, TextMessage, texting
from support.http_server import HttpServer, always, answer, http_server

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
MESSAGE = TextMessage(number=new_id(), to="+33624686501", text="Votre code est 1234 5678.", language="fr")


def settings(**more: str) -> Mapping[str, str]:
    return {f"CONSENTD_{name}": value for name, value in more.items()}


@asynccontextmanager
async def gateway(told: bytes) -> AsyncIterator[tuple[HttpServer, Texting]]:
    async with http_server(always(told)) as server:
        read = from_environment(
            settings(
                SMS_URL=server.url("/texts"), SMS_SECRET=SECRET, ALLOWED_HOSTS=f"127.0.0.1:{server.port}"
            )
        )
        made = texting(read, now)
        yield server, made
        await made.close()


async def test_a_message_is_handed_over_signed() -> None:
    async with gateway(answer("202 Accepted")) as (server, made):
        assert made.available
        await made.send(MESSAGE)
    (asked,) = server.requests
    assert asked.line == "POST /texts HTTP/1.1"
    # By the specification's own library, as a gateway would.
    said = Webhook(SECRET).verify(asked.body, asked.headers)
    assert said == json.loads(asked.body)
    assert said == {
        "type": "text_message",
        "to": "+33624686501",
        "text": "Votre code est 1234 5678.",
        "language": "fr",
    }
    assert asked.headers["webhook-id"] == str(MESSAGE.number)
    assert "+33624686501" not in repr(MESSAGE)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("503 Busy", Unreachable),
        ("429 Slow down", Unreachable),
        ("422 No", Rejected),
        ("301 Moved", Rejected),
    ],
)
async def test_what_a_gateway_refuses_is_told_without_the_number(status: str, kind: type[NetError]) -> None:
    async with gateway(answer(status, headers={"location": "https://elsewhere.example/"})) as (server, made):
        with pytest.raises(kind) as refused:
            await made.send(MESSAGE)
    assert len(server.requests) == 1
    assert "624686501" not in str(refused.value)


async def test_without_a_gateway_whoever_would_send_is_told() -> None:
    made = texting(from_environment({}), now)
    assert not made.available
    with pytest.raises(OperatorError, match="CONSENTD_SMS_URL"):
        await made.send(MESSAGE)


def test_settings_that_cannot_be_used_stop_the_start() -> None:
    with pytest.raises(OperatorError, match="CONSENTD_SMS_SECRET is not"):
        from_environment(settings(SMS_URL="https://texts.example"))
    with pytest.raises(OperatorError, match="CONSENTD_SMS_URL starts with"):
        from_environment(settings(SMS_URL="texts.example", SMS_SECRET=SECRET))
    read = from_environment(settings(SMS_URL="https://texts.example", SMS_SECRET="hunter2"))
    with pytest.raises(OperatorError, match="CONSENTD_SMS_SECRET holds") as refused:
        texting(read, now)
    assert "hunter2" not in str(refused.value)
