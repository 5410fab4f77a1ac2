"""The second proof: a code to another contact detail, for the session that asked for it."""

from typing import Any

import pytest

from consentd.kernel.errors import Unprocessable
from consentd.portal import second
from consentd.portal.codes import MOST_TRIES
from consentd.portal.reach import Reach
from consentd.portal.second import Choice
from consentd.portal.sessions import NeedsMore, Session
from support.builders import Company
from support.visiting import BROWSER, PLACE, Visiting

ANA, PHONE = "email:ana@exemple.fr", "phone:+33624686501"


async def choices(visiting: Visiting, session: Session, *, phones: bool = True) -> list[Choice]:
    company = visiting.company
    subject = session.subject
    assert subject is not None

    def read(connection: Any) -> list[Choice]:
        policy = company.policies.active(connection).policy
        return second.choices(connection, company.keyring, policy, subject, session.identifier, phones=phones)

    return await company.database.read(read)


async def test_it_goes_to_another_contact_detail_of_theirs(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA, PHONE)
    session = await visiting.comes_in("ana@exemple.fr")
    with pytest.raises(NeedsMore):
        session.require(Reach.PERSON)
    (choice,) = await choices(visiting, session)
    assert (choice.named.scheme, choice.shown) == ("phone", "•••• 01")
    way, sending = await visiting.entering.ask_for(choice.identifier, choice.named, PLACE, "fr", session)
    assert sending
    opened = await visiting.entering.enter(way, sending.code, BROWSER, session)
    assert opened.session.reach is Reach.PERSON
    assert opened.session.subject == session.subject
    assert opened.session.id != session.id, "who proves more gets another session"
    assert await visiting.found(opened.cookie) == opened.session


async def test_the_session_before_it_is_over(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA, PHONE)
    first = await visiting.opens("ana@exemple.fr")
    (choice,) = await choices(visiting, first.session)
    way, sending = await visiting.entering.ask_for(
        choice.identifier, choice.named, PLACE, "fr", first.session
    )
    assert sending
    await visiting.entering.enter(way, sending.code, BROWSER, first.session)
    assert await visiting.found(first.cookie) is None


async def test_it_counts_for_no_other_session(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA, PHONE)
    await company.gives("email:bea@exemple.fr")
    session = await visiting.comes_in("ana@exemple.fr")
    other = await visiting.comes_in("bea@exemple.fr")
    (choice,) = await choices(visiting, session)
    way, sending = await visiting.entering.ask_for(choice.identifier, choice.named, PLACE, "fr", session)
    assert sending
    for whose in (other, None):
        with pytest.raises(Unprocessable):
            await visiting.entering.enter(way, sending.code, BROWSER, whose)
        with pytest.raises(Unprocessable):
            await visiting.entering.follow(sending.link, BROWSER, whose)
    assert MOST_TRIES > 1
    assert (await visiting.entering.enter(way, sending.code, BROWSER, session)).session.reach is Reach.PERSON


async def test_who_has_no_other_on_record_proves_the_same_anew(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA)
    session = await visiting.comes_in("ana@exemple.fr")
    (choice,) = await choices(visiting, session)
    assert choice.shown == "a•••@exemple.fr"
    way, sending = await visiting.entering.ask_for(choice.identifier, choice.named, PLACE, "fr", session)
    assert sending
    assert (await visiting.entering.enter(way, sending.code, BROWSER, session)).session.reach is Reach.PERSON


async def test_a_detail_to_which_messages_come_back_is_not_offered(
    company: Company, visiting: Visiting
) -> None:
    other = "email:ana@ancien.example"
    await company.gives(ANA, other)
    session = await visiting.comes_in("ana@exemple.fr")
    assert [one.shown for one in await choices(visiting, session)] == ["a•••@ancien.example"]
    await company.told("unreachable", ANA, contact_point=other, occurred_at=company.at())
    # As for who has no other: a fresh code to the one that they read.
    assert [one.shown for one in await choices(visiting, session)] == ["a•••@exemple.fr"]
    # What somebody noted of that one before does not shut them out.
    await company.told("unreachable", ANA, contact_point=ANA, occurred_at=company.at())
    assert [one.shown for one in await choices(visiting, session)] == ["a•••@exemple.fr"]
    await company.gives(ANA, PHONE)
    assert [one.shown for one in await choices(visiting, session)] == ["•••• 01"]


async def test_a_detail_that_somebody_else_has_too_proves_nothing(
    company: Company, visiting: Visiting
) -> None:
    await company.gives(ANA, PHONE, "customer:C1")
    await company.gives(PHONE, "customer:C2")
    session = await visiting.comes_in("ana@exemple.fr")
    assert [one.named.scheme for one in await choices(visiting, session)] == ["email"]


async def test_no_text_message_goes_to_a_landline(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA, "phone:+33472000011")
    session = await visiting.comes_in("ana@exemple.fr")
    assert [one.named.scheme for one in await choices(visiting, session)] == ["email"]


async def test_without_a_gateway_no_telephone_is_offered(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA, PHONE)
    session = await visiting.comes_in("ana@exemple.fr")
    assert [one.named.scheme for one in await choices(visiting, session, phones=False)] == ["email"]
