"""Every way of reaching a silo that a policy can name has its connector."""

import dataclasses
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from silo import SECRET, TASK, Kept, connect, order, running_silo, system

from consentd.base.clock import now
from consentd.base.mail_address import sender
from consentd.base.reaching import smtp_server
from consentd.crypto.keyring import passing_keyring
from consentd.kernel.connection import Connection, Verb
from consentd.kernel.errors import OperatorError
from consentd.net.http import Http
from consentd.net.mail import Mailer, NoMail
from consentd.systems.connectors.contract import Answer, Asked, Connector, Verdict
from consentd.systems.connectors.inbox import InboxConnector
from consentd.systems.connectors.limits import Guards, Limited
from consentd.systems.connectors.manual import ManualConnector
from consentd.systems.connectors.registry import WAYS, Tools, connector_of, owner_of
from consentd.systems.connectors.webhook import WebhookConnector
from consentd.systems.links import Links
from support.smtp import smtp_sink


def tools(http: Http) -> Tools:
    return Tools(
        http=http,
        mail=NoMail(),
        links=Links(passing_keyring(), "https://consent.example"),
        guards=Guards(),
        clock=now,
        environ={"CONSENTD_SILO_PHONE_SALES_SECRET": SECRET},
        company="Maison Lavande",
        schemes={},
        answers_at=None,
    )


NAMED = set(get_args(get_type_hints(Connection)["by"]))


def test_every_way_that_a_policy_can_name_is_known() -> None:
    assert set(WAYS) == NAMED


@pytest.mark.parametrize(
    ("by", "kind"),
    [("webhook", WebhookConnector), ("manual", ManualConnector), ("inbox", InboxConnector)],
)
async def test_a_silo_is_reached_as_its_policy_says(http: Http, by: str, kind: type[Connector]) -> None:
    found = connector_of(system("https://silo.example/", by=by), tools(http))
    assert isinstance(found, Limited)
    assert isinstance(found.inner, kind)
    await found.close()


def test_a_way_without_a_connector_is_told_before_anything_is_asked(http: Http) -> None:
    """A policy that a newer version activated may name one."""
    named = system(by="inbox")
    newer = msgspec.structs.replace(named.connection, by="carrier_pigeon")
    with pytest.raises(OperatorError) as caught:
        connector_of(msgspec.structs.replace(named, connection=newer), tools(http))
    assert caught.value.code == "unknown_connection"


def test_a_silo_that_takes_no_part_or_lacks_its_address_is_told_of(http: Http) -> None:
    for bent, code in (
        (msgspec.structs.replace(system(by="inbox"), connection=None), "not_connected"),
        (system(by="webhook"), "incomplete_connection"),
    ):
        with pytest.raises(OperatorError) as caught:
            connector_of(bent, tools(http))
        assert caught.value.code == code


async def test_the_limits_of_a_silo_outlive_its_connector(http: Http) -> None:
    kept: Any = tools(http)
    first = connector_of(system(by="inbox", per_minute=1), kept)
    assert await first.carry_out(order(), Kept()) == Asked(told=False)
    with pytest.raises(Exception, match="1 times a minute"):
        await connector_of(system(by="inbox", per_minute=1), kept).carry_out(order(), Kept())


async def test_a_silo_that_polls_is_asked_by_doing_nothing(http: Http) -> None:
    found = connector_of(system(by="inbox"), tools(http))
    for verb in Verb:
        assert await found.carry_out(order(verb), Kept()) == Asked(told=False)
    assert (await found.test()).ok
    assert await found.preview(order())


async def test_the_owner_of_any_silo_can_be_reminded(http: Http) -> None:
    async with smtp_sink() as sink:
        by = sender("donnees@maison.example")
        mail = Mailer(smtp_server(f"smtp://127.0.0.1:{sink.port}"), by, now)
        sending = dataclasses.replace(tools(http), mail=mail)
        for way in sorted(NAMED):
            assert await owner_of(system(by=way), sending).remind(TASK, Verb.ERASE, now()) is None
    assert {taken.to[0] for taken in sink.taken} == {"lea@silo.example"}
    assert len(sink.taken) == len(NAMED)
    unconnected = msgspec.structs.replace(system(by="inbox"), connection=None)
    with pytest.raises(OperatorError, match="takes no part"):
        owner_of(unconnected, tools(http))


async def test_where_nothing_takes_late_answers_none_is_asked_for(http: Http) -> None:
    async with running_silo() as silo:
        found = connector_of(system(silo.server.url()), tools(http))
        answer = await found.carry_out(order(), Kept())
        assert isinstance(answer, Answer)
        assert answer.verdict is Verdict.DONE
        await connect(silo, http).carry_out(order(), Kept())
    assert "answer_url" not in silo.tasks[0]
    assert "answer_url" in silo.tasks[1]
