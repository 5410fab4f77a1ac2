"""Getting in: what a code opens, for whom, how often; and that nobody learns who is known."""

import asyncio

import msgspec
import pytest
import sqlalchemy as sa

from consentd.db.tables.portal import portal_entries
from consentd.kernel.errors import TooMany, Unprocessable
from consentd.kernel.policy import sealed
from consentd.portal import entering
from consentd.portal.codes import CODE_MINUTES, MOST_TRIES
from consentd.portal.reach import Reach
from consentd.portal.sessions import IDLE, LASTS, SessionOver
from support.builders import Company, demo_policy
from support.visiting import BROWSER, ELSEWHERE, Visiting

ANA = "email:ana@exemple.fr"


async def test_a_code_opens_the_choices_of_whoever_has_the_address_alone(
    company: Company, visiting: Visiting
) -> None:
    await company.gives(ANA)
    session = await visiting.comes_in(" Ana@Exemple.fr ")
    assert (session.reach, session.subject) == (Reach.CHOICES, await company.person(ANA))
    assert "portal.entered" in await company.actions()
    await company.verify_everything()


async def test_an_address_of_another_kind_opens_them_too(company: Company, visiting: Visiting) -> None:
    company.clock.move(minutes=1)
    policy = demo_policy()
    email, emails = policy.identifiers["email"], policy.channels["email"]
    both = msgspec.structs.replace(emails, schemes=("email", "work_email"))
    await company.activate(
        sealed(
            msgspec.structs.replace(
                policy,
                identifiers={**policy.identifiers, "work_email": email},
                channels={**policy.channels, "email": both},
            )
        )
    )
    recorded = await company.gives(f"work_{ANA}")
    assert (await visiting.comes_in("ana@exemple.fr")).subject == recorded.subject_id
    # Where somebody else has it as their own, nobody can tell whose choices it would open.
    await company.gives("email:ben@exemple.fr")
    await company.gives("work_email:ben@exemple.fr")
    assert (await visiting.asks("ben@exemple.fr"))[1] is None


async def test_a_telephone_opens_them_too(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA, "phone:+33624686501")
    session = await visiting.comes_in("06 24 68 65 01")
    assert session.reach is Reach.CHOICES


async def test_a_shared_address_opens_what_can_only_reduce(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA, "customer:C1")
    await company.gives(ANA, "customer:C2")
    session = await visiting.comes_in("ana@exemple.fr")
    assert (session.reach, session.subject) == (Reach.STOP, None)
    assert session.identifier is not None


async def test_who_shares_it_is_judged_when_the_code_is_used(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA, "customer:C1")
    way, sending = await visiting.asks("ana@exemple.fr")
    assert sending
    await company.gives(ANA, "customer:C2")
    opened = await visiting.entering.enter(way, sending.code, BROWSER, None)
    assert opened.session.reach is Reach.STOP


async def test_an_address_whose_holder_was_erased_opens_nothing(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA)
    way, sending = await visiting.asks("ana@exemple.fr")
    assert sending
    await company.erase(ANA)
    with pytest.raises(Unprocessable, match="wrong"):
        await visiting.entering.enter(way, sending.code, BROWSER, None)


async def test_promise_13_a_stranger_leaves_the_same_behind_and_nothing_is_sent(
    company: Company, visiting: Visiting
) -> None:
    await company.gives(ANA)
    known, to_ana = await visiting.asks("ana@exemple.fr")
    unknown, to_nobody = await visiting.asks("nobody@exemple.fr")
    assert (to_ana is None, to_nobody is None) == (False, True)
    refused = []
    for way in (known, unknown):
        with pytest.raises(Unprocessable) as refusal:
            await visiting.entering.enter(way, "00000000", BROWSER, None)
        refused.append((refusal.value.code, refusal.value.message))
    assert refused[0] == refused[1]


@pytest.mark.parametrize(
    "typed", ["", "ana", "ana@", "12", "+33 letters", "a@b@c.fr", "x" * 400, "ana@exemple.fr\r\nBcc: x@y.fr"]
)
async def test_what_is_no_contact_detail_is_told_so(visiting: Visiting, typed: str) -> None:
    with pytest.raises(Unprocessable) as refusal:
        await visiting.asks(typed)
    assert refusal.value.code == "not_a_contact_detail"


async def test_without_a_gateway_a_number_is_told_that_no_text_can_be_sent(company: Company) -> None:
    with pytest.raises(Unprocessable) as refusal:
        await Visiting(company, phones=False).asks("+33624686501")
    assert refusal.value.code == "no_text_messages"


@pytest.mark.parametrize("number", ["04 72 00 00 11", "+33 9 72 00 00 11"])
async def test_a_landline_is_told_so_whoever_has_it(
    company: Company, visiting: Visiting, number: str
) -> None:
    await company.gives("phone:+33472000011")
    with pytest.raises(Unprocessable) as refusal:
        await visiting.asks(number)
    assert refusal.value.code == "no_mobile_number"


async def test_promise_14_a_code_counts_once(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA)
    way, sending = await visiting.asks("ana@exemple.fr")
    assert sending
    enters = [visiting.entering.enter(way, sending.code, BROWSER, None) for _ in range(4)]
    ended = await asyncio.gather(*enters, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in ended) == 1
    with pytest.raises(Unprocessable):
        await visiting.entering.follow(sending.link, BROWSER, None)


async def test_promise_14_a_link_counts_once_and_looking_uses_nothing_up(
    company: Company, visiting: Visiting
) -> None:
    await company.gives(ANA)
    way, sending = await visiting.asks("ana@exemple.fr")
    assert sending
    assert await visiting.entering.way_by(sending.link) is not None
    assert await visiting.entering.way_by(sending.link) is not None
    assert await visiting.entering.way_by(sending.link[:-1] + "é") is None
    opened = await visiting.entering.follow(sending.link, BROWSER, None)
    assert opened.session.reach is Reach.CHOICES
    assert await visiting.entering.way_by(sending.link) is None
    for again in (
        visiting.entering.follow(sending.link, BROWSER, None),
        visiting.entering.enter(way, sending.code, BROWSER, None),
    ):
        with pytest.raises(Unprocessable):
            await again


async def test_promise_14_after_five_tries_the_right_code_is_refused_too(
    company: Company, visiting: Visiting
) -> None:
    await company.gives(ANA)
    way, sending = await visiting.asks("ana@exemple.fr")
    assert sending
    wrong = "1" * 8 if sending.code != "1" * 8 else "2" * 8
    for _ in range(MOST_TRIES):
        with pytest.raises(Unprocessable):
            await visiting.entering.enter(way, wrong, BROWSER, None)
    with pytest.raises(Unprocessable):
        await visiting.entering.enter(way, sending.code, BROWSER, None)


async def test_a_code_is_over_after_a_quarter_of_an_hour(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA)
    way, sending = await visiting.asks("ana@exemple.fr")
    assert sending
    company.clock.move(minutes=CODE_MINUTES)
    with pytest.raises(Unprocessable):
        await visiting.entering.enter(way, sending.code, BROWSER, None)


async def test_nobody_gets_mail_without_end(company: Company, visiting: Visiting) -> None:
    await company.gives(ANA)
    sent = [(await visiting.asks("ana@exemple.fr"))[1] for _ in range(entering.MOST_AN_HOUR + 2)]
    assert [one is not None for one in sent] == [True] * entering.MOST_AN_HOUR + [False] * 2
    company.clock.move(hours=1, minutes=1)
    assert (await visiting.asks("ana@exemple.fr"))[1] is not None


async def test_too_many_from_one_place_are_told_to_wait(
    company: Company, visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entering, "MOST_FROM_ONE_PLACE", 3)
    for number in range(3):
        await visiting.asks(f"nobody{number}@exemple.fr")
    with pytest.raises(TooMany):
        await visiting.asks("somebody@exemple.fr")
    assert await visiting.asks("somebody@exemple.fr", place="192.0.2.8")


async def test_promise_14_nothing_that_was_typed_is_at_rest(company: Company, visiting: Visiting) -> None:
    _, sending = await visiting.asks("nobody@exemple.fr")
    assert sending is None
    rows = await company.database.read(lambda c: c.execute(sa.select(portal_entries)).all())
    assert "exemple" not in repr(rows)


async def test_promise_14_a_session_is_found_by_its_cookie_in_its_browser_alone(
    company: Company, visiting: Visiting
) -> None:
    await company.gives(ANA)
    opened = await visiting.opens("ana@exemple.fr")
    assert await visiting.found(opened.cookie) == opened.session
    assert await visiting.found(opened.cookie, ELSEWHERE) is None
    for planted in (None, "", "x", "A" * 43, opened.cookie[:-1], opened.cookie + "A", str(opened.session.id)):
        assert await visiting.found(planted) is None


async def test_a_session_ends_by_a_press_by_idling_and_after_an_hour(
    company: Company, visiting: Visiting
) -> None:
    await company.gives(ANA)
    pressed = await visiting.opens("ana@exemple.fr")
    await visiting.visits.end(pressed.session)
    assert await visiting.found(pressed.cookie) is None
    with pytest.raises(SessionOver):
        await visiting.visits.act(pressed.session, "choices.changed", lambda act, compiled: None)
    idle = await visiting.opens("ana@exemple.fr")
    company.clock.move(microseconds=IDLE - 1)
    assert await visiting.found(idle.cookie)
    company.clock.move(microseconds=IDLE - 1)
    assert await visiting.found(idle.cookie), "who is there goes on"
    company.clock.move(microseconds=LASTS - 2 * IDLE + 2)
    assert await visiting.found(idle.cookie) is None
