"""Asking for one’s rights on the pages: what it needs, that it asks once, and that it reaches nobody else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from consentd.db.tables import requests as t
from consentd.dsr.by_session import Wish
from consentd.dsr.rights import NEEDS, Proof, Right
from consentd.dsr.shapes import Directive
from consentd.kernel.errors import NotFound, Unprocessable
from consentd.portal.reach import Reach
from consentd.portal.sessions import NeedsMore, SessionOver
from consentd.subjects.service import person_by_id
from support.at_home import AtHome
from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.smtp import Sink

ANA, BEN = "email:ana@exemple.fr", "email:ben@exemple.fr"
SAID: dict[str, dict[str, Any]] = {
    "rectification": {"changes": {"family_name": "Diaz"}},
    "directives": {"directive": Directive(wish="keep")},
    "erasure": {"keep_suppression": True},
}
ASKABLE = [right.value for right in Right if not right.value.startswith(("post_mortem", "retention"))]


async def shop(company: Company, mailbox: Sink | None = None) -> AtHome:
    await company.gives(ANA)
    await company.gives(BEN)
    silos = {"webshop": (system("webshop", "email"), Silo((ANA,), (BEN,)))}
    return AtHome(company, await Rights.of(company, silos, mailbox))


async def rows(company: Company) -> list[Any]:
    read = sa.select(t.requests).order_by(t.requests.c.created_at)
    return await company.database.read(lambda connection: list(connection.execute(read).mappings()))


@pytest.mark.parametrize("right", ASKABLE)
async def test_promise_12_each_right_is_asked_with_the_proof_that_it_needs(
    company: Company, right: str
) -> None:
    home = await shop(company)
    needed = Reach.CHOICES if NEEDS[Right(right)].proof is Proof.NONE else Reach.PERSON
    for reach in Reach:
        session = await home.session(ANA, reach)
        if reach < needed:
            with pytest.raises(NeedsMore) as refused:
                await home.asks(session, right, **SAID.get(right, {}))
            assert refused.value.reach is needed
    assert await rows(company) == []
    asked = await home.asks(await home.session(ANA, needed), right, **SAID.get(right, {}))
    (row,) = await rows(company)
    assert (row["id"], row["came_by"], row["subject_id"]) == (asked, "portal", await company.person(ANA))
    # Nobody is asked for another proof.
    assert row["state"] not in ("received", "identifying")
    await home.rights.carries_out()
    await company.verify_everything()


async def test_what_only_restricts_is_done_when_it_is_asked_and_meets_nobody_else(company: Company) -> None:
    home = await shop(company)
    for right in ("marketing_objection", "withdrawal", "restriction"):
        await home.asks(await home.session(ANA, Reach.CHOICES), right)
    assert not await company.allows(ANA)
    assert await company.allows(BEN)


async def test_a_household_is_not_frozen_with_the_one_who_asks(company: Company) -> None:
    home = await shop(company)
    both = "email:maison@exemple.fr"
    await company.gives(both, "customer:C1")
    await company.gives(both, "customer:C2")
    (one, other) = await company.people(both)
    session = await home.session("customer:C1", Reach.CHOICES)
    assert session.subject in (one, other)
    await home.asks(session, "restriction")
    frozen = await company.database.read(
        lambda connection: {id_: person_by_id(connection, id_).restricted for id_ in (one, other)}
    )
    assert frozen == {id_: id_ == session.subject for id_ in (one, other)}


async def test_the_answer_goes_to_the_address_that_the_code_proved(company: Company, mailbox: Sink) -> None:
    home = await shop(company, mailbox)
    await home.asks(await home.session(ANA), "directives", directive=Directive(wish="keep"))
    await home.rights.carries_out()
    assert {taken.message["to"] for taken in mailbox.taken} == {"ana@exemple.fr"}
    assert all("Hello" in taken.message.get_content() for taken in mailbox.taken)


async def test_promise_2_a_form_that_is_sent_twice_asks_once(company: Company) -> None:
    home = await shop(company)
    session, form = await home.session(ANA), str(uuid4())
    wish = Wish(right=Right.ACCESS, language="fr")
    twice = await asyncio.gather(*(home.service.ask(session, form, wish) for _ in range(2)))
    again = await home.service.ask(session, form, wish)
    assert {*twice, again} == {(await rows(company))[0]["id"]}
    assert len(await rows(company)) == 1
    with pytest.raises(Unprocessable) as other:
        await home.service.ask(session, form, Wish(right=Right.ERASURE, language="fr"))
    assert other.value.code == "idempotency_key_reused"
    # Somebody else's form of the same number is another form.
    assert await home.service.ask(await home.session(BEN), form, wish) != again


async def test_promise_13_somebody_elses_request_is_none(company: Company) -> None:
    home = await shop(company)
    asked = await home.asks(await home.session(ANA), "access")
    session = await home.session(BEN)
    ways: list[Callable[[UUID], Awaitable[object]]] = [
        lambda id_: home.service.request(session, id_),
        lambda id_: home.service.certificates(session, id_),
        lambda id_: home.service.take_back(session, id_),
        lambda id_: home.service.copy(session, id_),
    ]
    for way in ways:
        told = []
        for id_ in (asked, uuid4()):
            with pytest.raises(NotFound) as none:
                await way(id_)
            told.append((none.value.code, str(none.value), none.value.status))
        assert told[0] == told[1]
    assert await home.service.requests(session) == ()
    assert [one.id for one in await home.service.requests(await home.session(ANA))] == [asked]


async def test_promise_8_each_look_is_in_the_log_before_it_is_answered(company: Company) -> None:
    home = await shop(company)
    session = await home.session(ANA)
    asked = await home.asks(session, "erasure")
    looks: dict[str, Callable[[], Awaitable[object]]] = {
        "rights.read": lambda: home.service.overview(session),
        "request.read": lambda: home.service.request(session, asked),
        "certificate.read": lambda: home.service.certificates(session, asked),
    }
    for action, look in looks.items():
        before = (await company.actions()).count(action)
        await look()
        assert (await company.actions()).count(action) == before + 1, action


async def test_promise_5_a_session_that_ended_meanwhile_gets_nothing(company: Company) -> None:
    home = await shop(company)
    session = await home.session(ANA)
    asked = await home.asks(session, "access")
    before = await company.actions()
    await home.visits.end(session)
    ways: list[Callable[[], Awaitable[object]]] = [
        lambda: home.service.overview(session),
        lambda: home.service.erasure(session),
        lambda: home.service.requests(session),
        lambda: home.service.request(session, asked),
        lambda: home.service.certificates(session, asked),
        lambda: home.service.take_back(session, asked),
        lambda: home.service.copy(session, asked),
        lambda: home.asks(session, "restriction"),
    ]
    for way in ways:
        with pytest.raises(SessionOver):
            await way()
    assert await company.actions() == before
    assert len(await rows(company)) == 1


async def test_who_was_erased_still_sees_the_certificate_and_nothing_else(company: Company) -> None:
    home = await shop(company)
    session = await home.session(ANA)
    asked = await home.asks(session, "erasure", keep_suppression=True)
    await home.rights.carries_out()
    told = (await home.service.request(session, asked)).told
    assert (told.state, told.gaps) == ("answered", ())
    (certificate,) = await home.service.certificates(session, asked)
    assert certificate.content.complete
    assert [one.kind for one in (certificate.content.own or _none()).kept].count("do_not_contact") == 1
    for way in (home.service.overview, home.service.erasure):
        with pytest.raises(SessionOver):
            await way(session)
    with pytest.raises(SessionOver):
        await home.asks(session, "access")
    await company.verify_everything()


def _none() -> Any:
    pytest.fail("the certificate has no part of consentd's own")


async def test_what_no_tool_was_asked_yet_can_be_taken_back(company: Company) -> None:
    home = await shop(company)
    session = await home.session(ANA)
    # A correction waits for staff.
    asked = await home.asks(session, "rectification", changes={"family_name": "Diaz"})
    assert (await home.service.request(session, asked)).told.waits_for == "approval"
    await home.service.take_back(session, asked)
    assert (await home.service.request(session, asked)).told.state == "withdrawn"


async def test_a_copy_is_fetched_in_the_session_once_it_is_released(company: Company, mailbox: Sink) -> None:
    home = await shop(company, mailbox)
    session = await home.session(ANA)
    who = await home.rights.hire()
    asked = await home.asks(session, "access")
    await home.rights.carries_out()
    await home.rights.makes_copies()
    assert (await home.service.request(session, asked)).copy_until is None
    await home.rights.step(asked, "release", who)
    assert (await home.service.request(session, asked)).copy_until
    for _ in range(2):
        download = await home.service.copy(session, asked)
        content = b"".join([block async for block in download.blocks()])
        assert (content[:2], len(content), download.name) == (b"PK", download.size, "copy.zip")
    actions = await company.actions()
    assert [actions.count(f"request.{one}") for one in ("copy_link_made", "copy_fetched")] == [2, 2]
    with pytest.raises(NeedsMore):
        await home.service.copy(await home.session(ANA, Reach.CHOICES), asked)
    await company.verify_everything()


async def test_an_erasure_says_beforehand_what_it_leaves(company: Company) -> None:
    home = await shop(company)
    session = await home.session(ANA)
    preview = await home.service.erasure(session)
    assert preview.goes == ("Webshop",)
    assert {one.kind for one in preview.stays} == {"log", "proof", "ledger", "requests"}
    (proof,) = [one for one in preview.stays if one.kind == "proof"]
    asked = await home.asks(session, "erasure", keep_suppression=True)
    await home.rights.carries_out()
    (certificate,) = await home.service.certificates(session, asked)
    kept = {one.kind: one for one in (certificate.content.own or _none()).kept}
    assert proof.until is not None
    assert kept["proof"].until is not None
    assert kept["proof"].until.startswith(proof.until.isoformat()[:7])
