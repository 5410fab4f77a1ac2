"""Sessions of people whose records are joined or parted meanwhile, or who share a contact detail by then."""

import asyncio
from functools import partial

import pytest

from consentd.portal.entering import MOST_AN_HOUR, MOST_OF_ALL_AN_HOUR
from consentd.portal.person import members_of, person_of
from consentd.portal.reach import Reach
from consentd.portal.sessions import Session, SessionOver
from consentd.subjects.service import Found, contacts_of
from support.builders import Company
from support.visiting import BROWSER, PLACE, Visiting

ANA, BEN = "email:ana@exemple.fr", "email:ben@exemple.fr"


async def whose(company: Company, session: Session) -> Found:
    return await company.database.read(lambda connection: person_of(connection, session))


@pytest.mark.parametrize(("named", "typed"), [(ANA, "ana@exemple.fr"), (BEN, "ben@exemple.fr")])
async def test_a_session_stays_its_own_persons_after_a_merge_was_undone(
    company: Company, visiting: Visiting, named: str, typed: str
) -> None:
    await company.gives(ANA)
    await company.gives(BEN)
    one, other = await company.person(ANA), await company.person(BEN)
    await company.merge(ANA, BEN)
    session = await visiting.comes_in(typed)
    assert len((await whose(company, session)).members) == 2
    await company.unmerge_ids(one, other)
    assert (await whose(company, session)).members == (await company.person(named),)


async def test_who_comes_to_share_the_address_is_shown_nobody_any_more(
    company: Company, visiting: Visiting
) -> None:
    await company.gives(ANA, "customer:C1")
    session = await visiting.comes_in("ana@exemple.fr")
    await company.gives(ANA, "customer:C2")
    with pytest.raises(SessionOver):
        await whose(company, session)
    with pytest.raises(SessionOver):
        await company.database.read(lambda connection: members_of(connection, session))


@pytest.mark.parametrize("typed", ["ana@exemple.fr", "ben@exemple.fr"])
async def test_who_is_merged_meanwhile_still_proves_more(
    company: Company, visiting: Visiting, typed: str
) -> None:
    await company.gives(ANA)
    await company.gives(BEN)
    session = await visiting.comes_in(typed)
    await company.merge(ANA, BEN)
    assert (await proves(visiting, session)).reach is Reach.PERSON


async def test_a_session_that_was_ended_takes_no_second_proof(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA)
    session = await visiting.comes_in("ana@exemple.fr")
    with pytest.raises(SessionOver):
        await proves(visiting, session, ended=True)


async def proves(visiting: Visiting, session: Session, *, ended: bool = False) -> Session:
    """By a code to the contact detail that they came in by."""
    assert session.subject is not None
    found = await whose(visiting.company, session)
    read = partial(contacts_of, keyring=visiting.company.keyring, subjects=found.members)
    contacts = await visiting.company.database.read(read)
    (mine,) = [one for one in contacts if one.id == session.identifier]
    way, sending = await visiting.entering.ask_for(mine.id, mine.named, PLACE, "fr", session)
    assert sending
    if ended:
        await visiting.visits.end(session)
    return (await visiting.entering.enter(way, sending.code, BROWSER, session)).session


async def test_askings_at_once_are_no_more_than_one_by_one(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA)
    # So that connections are open, and nobody waits for one.
    await asyncio.gather(*(visiting.asks(f"nobody{number}@exemple.fr") for number in range(50)))
    asked = await asyncio.gather(*(visiting.asks("ana@exemple.fr") for _ in range(3 * MOST_AN_HOUR)))
    assert sum(sending is not None for _, sending in asked) == MOST_AN_HOUR


async def test_a_stranger_elsewhere_uses_up_nobodys_codes(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA)
    for _ in range(MOST_AN_HOUR):
        assert (await visiting.asks("ana@exemple.fr", place="198.51.100.1"))[1]
    assert (await visiting.asks("ana@exemple.fr", place="198.51.100.1"))[1] is None
    assert (await visiting.asks("ana@exemple.fr"))[1]
    for number in range(MOST_OF_ALL_AN_HOUR - MOST_AN_HOUR - 2):
        assert (await visiting.asks("ana@exemple.fr", place=f"203.0.113.{number}"))[1]
    assert (await visiting.asks("ana@exemple.fr", place="192.0.2.99"))[1] is None
