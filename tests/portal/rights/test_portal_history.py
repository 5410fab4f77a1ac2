"""The history with what was shown, who looked, receipts to take along, and contact details put right."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import sqlalchemy as sa

from consentd.consent.receipt_check import check, read
from consentd.db.tables import requests as t
from consentd.kernel.errors import CallerError, NotFound
from consentd.kernel.instants import to_datetime
from consentd.portal.details.model import Correction
from consentd.portal.details.service import DetailService
from consentd.portal.history.model import Position
from consentd.portal.history.service import PAGE, HistoryService
from consentd.portal.reach import Reach
from consentd.portal.receipts.service import ReceiptService
from consentd.portal.sessions import LASTS, NeedsMore, SessionOver
from support.at_home import TEXTS, AtHome
from support.builders import Company, demo_policy
from support.packages import keys, log_key
from support.rights import Rights
from support.silos_simulated import Silo, system

ANA, BEN = "email:ana@exemple.fr", "email:ben@exemple.fr"
PHONE = "phone:+33624686501"


class Home(AtHome):
    def __init__(self, company: Company, rights: Rights) -> None:
        super().__init__(company, rights)
        self.history = HistoryService(self.visits, lambda connection, sha256: TEXTS.get(sha256))
        self.receipts = ReceiptService(self.visits)
        self.details = DetailService(self.visits, self.service)


@pytest.fixture
async def home(company: Company) -> Home:
    silos = {"webshop": (system("webshop", "email"), Silo((ANA,)))}
    return Home(company, await Rights.of(company, silos))


async def test_every_choice_is_told_with_when_where_how_and_the_text(company: Company, home: Home) -> None:
    await company.gives(ANA, collection_point="Lyon, rue Mercière")
    await company.withdraws(ANA)
    await company.objects(ANA, reason="Too many calls.", method="spoken")
    await company.gives(BEN)
    session = await home.session(ANA)
    page = await home.history.history(session, "en")
    assert [(one.kind, one.state, one.purpose) for one in page.entries] == [
        ("objection", None, None),
        ("choice", "withdrawn", "newsletter"),
        ("choice", "given", "newsletter"),
    ]
    objection, _, given = page.entries
    assert (objection.words, objection.method, objection.receipt) == ("Too many calls.", "spoken", None)
    assert (given.by, given.method, given.collector, given.place, given.channel) == (
        "till",
        "checkbox",
        "webshop",
        "Lyon, rue Mercière",
        "email",
    )
    shown, text = await home.history.notice(session, given.id)
    assert (shown.id, shown.version, shown.language) == ("newsletter", "3", "fr")
    assert text == TEXTS[shown.sha256].decode()
    # Nothing of it prints.
    assert "calls" not in repr(objection)
    await company.verify_everything()


async def test_pages_follow_each_other_and_miss_nothing(company: Company, home: Home) -> None:
    for state in ("given", "withdrawn") * (PAGE // 2 + 2):
        await (company.gives(ANA) if state == "given" else company.withdraws(ANA))
    session, seen, after = await home.session(ANA), [], None
    while True:
        page = await home.history.history(session, "fr", after)
        seen += [one.id for one in page.entries]
        after = page.after
        if after is None:
            break
    assert len(seen) == len({*seen}) == PAGE + 4


async def test_who_looked_is_told_by_role_and_never_by_name(company: Company, home: Home) -> None:
    await company.gives(ANA)
    await company.states(ANA)
    session = await home.session(ANA)
    page = await home.history.looks(session, "en")
    assert [(one.by, one.what) for one in page.entries][-1] == ("till", "your choices were read")
    # This look is in the next list.
    again = await home.history.looks(session, "en")
    assert again.entries[0].what == "the list of who looked at your data was read"
    assert again.entries[0].by == "you"


async def test_promise_9_a_receipt_is_whole_and_verifies_without_us(company: Company, home: Home) -> None:
    given = await company.gives(ANA)
    assert await company.findings() == []
    session = await home.session(ANA)
    told = await home.receipts.receipt(session, given.receipt_id)
    verdict = check(read(msgspec.json.encode(told)), keys(company), log_key(company))
    assert verdict.holds
    assert len(verdict.parts) == 4
    linked = await home.receipts.linked(session, given.receipt_id)
    assert linked["@type"] == "dpv:ConsentReceipt"
    assert "ana@" not in json.dumps(linked)
    shown = home.receipts.keys(demo_policy().controller.log_origin)
    assert {kid for kid, _ in shown.receipts} == {key.kid for key in company.keyring.public_keys("receipt")}
    assert shown.log.startswith(demo_policy().controller.log_origin)


async def test_what_was_just_chosen_has_its_receipt_without_a_second_proof(
    company: Company, home: Home
) -> None:
    before = await company.gives(ANA)
    company.clock.move(minutes=1)
    session = await home.session(ANA, Reach.CHOICES)
    with pytest.raises(NeedsMore):
        await home.receipts.receipt(session, before.receipt_id)
    during = await company.gives(ANA)
    assert (await home.receipts.receipt(session, during.receipt_id)).receipt_id == during.receipt_id
    assert to_datetime(session.expires - LASTS).minute < to_datetime(company.clock()).minute


async def test_promise_13_somebody_elses_history_is_none(company: Company, home: Home) -> None:
    theirs = await company.gives(ANA)
    await company.gives(BEN)
    session = await home.session(BEN)
    found: list[tuple[Callable[[Any], Awaitable[object]], UUID]] = [
        (lambda id_: home.receipts.receipt(session, id_), theirs.receipt_id),
        (lambda id_: home.receipts.linked(session, id_), theirs.receipt_id),
        (lambda id_: home.history.notice(session, id_), theirs.events[0].id),
        (lambda id_: correct(home, session, what="remove", detail=id_), await _detail_of(home)),
    ]
    for way, id_ in found:
        told = []
        for one in (id_, uuid4()):
            with pytest.raises(NotFound) as none:
                await way(one)
            told.append((none.value.code, str(none.value)))
        assert told[0] == told[1]
    # A position of somebody else's leads to one's own alone.
    mine = await home.history.history(session, "fr", Position(company.clock() + 1, theirs.events[0].id))
    assert len(mine.entries) == 1


async def _detail_of(home: Home) -> UUID:
    return (await home.details.details(await home.session(ANA), "fr")).details[0].id


async def correct(home: Home, session: Any, **said: Any) -> UUID:
    home.company.clock.move(minutes=1)
    return await home.details.correct(session, str(uuid4()), "fr", Correction(**said))


async def test_promise_12_contact_details_are_masked_until_the_second_proof(
    company: Company, home: Home
) -> None:
    await company.gives(ANA, PHONE)
    few = await home.details.details(await home.session(ANA, Reach.CHOICES), "fr")
    assert (few.masked, sorted(one.shown for one in few.details)) == (True, ["a•••@exemple.fr", "•••• 01"])
    whole = await home.details.details(await home.session(ANA), "fr")
    assert sorted(one.shown for one in whole.details) == ["+33624686501", "ana@exemple.fr"]
    assert whole.details[0].sources == ("till",)
    assert (await company.actions()).count("details.read") == 2


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ({"what": "remove"}, {"email": ""}),
        ({"what": "name", "right": "Ana  Diaz"}, {"name": "Ana Diaz"}),
    ],
)
async def test_a_correction_becomes_a_request_that_staff_agree_to(
    company: Company, home: Home, said: dict[str, Any], changes: dict[str, str]
) -> None:
    await company.gives(ANA)
    session = await home.session(ANA)
    detail = None if said["what"] == "name" else await _detail_of(home)
    asked = await correct(home, session, detail=detail, **said)
    assert (await home.service.request(session, asked)).told.waits_for == "approval"
    who = await home.rights.hire()
    await home.rights.step(asked, "approve", who)
    await home.rights.carries_out()
    orders = [one for one in home.rights.silos["webshop"].orders if one.verb.value == "rectify"]  # type: ignore[attr-defined]
    assert [{k: v.casefold() for k, v in one.changes.items()} for one in orders] == [
        {k: v.casefold() for k, v in changes.items()}
    ]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"what": "replace", "right": "nonsense"}, "invalid_identifier"),
        ({"what": "replace", "right": "ana@exemple.fr"}, "nothing_changed"),
        ({"what": "replace", "right": " "}, "not_readable"),
        ({"what": "name", "right": "x" * 201}, "not_readable"),
    ],
)
async def test_what_is_no_correction_is_refused(
    company: Company, home: Home, said: dict[str, Any], code: str
) -> None:
    await company.gives(ANA)
    detail = None if said["what"] == "name" else await _detail_of(home)
    with pytest.raises(CallerError) as refused:
        await correct(home, await home.session(ANA), detail=detail, **said)
    assert refused.value.code == code
    rows = await company.database.read(lambda connection: connection.execute(sa.select(t.requests)).all())
    assert rows == []


async def test_a_new_address_counts_once_its_code_came_back(company: Company, home: Home) -> None:
    await company.gives(ANA)
    session, form = await home.session(ANA), str(uuid4())
    asked = Correction(what="replace", detail=await _detail_of(home), right=" Ana.Diaz@Exemple.fr ")
    with pytest.raises(CallerError) as unconfirmed:
        await home.details.correct(session, form, "fr", asked)
    assert unconfirmed.value.code == "wrong_code"
    sent = await home.details.ask_code(session, "fr", asked, "192.0.2.7")
    assert sent is not None
    way, sending = sent
    assert sending is not None
    assert (sending.to.value.casefold(), sending.link) == ("ana.diaz@exemple.fr", "")
    another = Correction(what="replace", detail=asked.detail, right="eve@exemple.fr")
    elsewhere = await home.session(ANA)
    wrong = "0" * 8 if sending.code != "0" * 8 else "1" * 8
    for who, what, code in (
        (session, asked, wrong),
        (session, another, sending.code),
        (elsewhere, asked, sending.code),
    ):
        with pytest.raises(CallerError) as refused:
            await home.details.confirm(who, form, "fr", what, way, code)
        assert refused.value.code == "wrong_code"
    request = await home.details.confirm(session, form, "fr", asked, way, sending.code)
    # The same form again asks nothing more; another form with the same code gets nothing.
    assert await home.details.confirm(session, form, "fr", asked, way, sending.code) == request
    with pytest.raises(CallerError):
        await home.details.confirm(session, str(uuid4()), "fr", asked, way, sending.code)
    assert [one.id for one in await home.service.requests(session)] == [request]
    # It opens nothing, wherever it is entered.
    with pytest.raises(CallerError):
        await home.visiting.entering.enter(way, sending.code, "any", session)
    await company.verify_everything()


async def test_promise_14_a_code_of_a_new_address_is_tried_five_times(company: Company, home: Home) -> None:
    await company.gives(ANA)
    session = await home.session(ANA)
    asked = Correction(what="replace", detail=await _detail_of(home), right="new@exemple.fr")
    way, sending = await home.details.ask_code(session, "fr", asked, "192.0.2.7") or (uuid4(), None)
    assert sending is not None
    wrong = "0" * 8 if sending.code != "0" * 8 else "1" * 8
    for code in (*[wrong] * 5, sending.code):
        with pytest.raises(CallerError):
            await home.details.confirm(session, str(uuid4()), "fr", asked, way, code)
    assert await home.service.requests(session) == ()


async def test_lower_reach_and_sessions_that_ended_get_nothing(company: Company, home: Home) -> None:
    given = await company.gives(ANA)
    event = given.events[0].id
    ways: dict[Reach, list[Callable[[Any], Awaitable[object]]]] = {
        Reach.PERSON: [
            lambda session: home.history.history(session, "fr"),
            lambda session: home.history.looks(session, "fr"),
            lambda session: home.history.notice(session, event),
            lambda session: correct(home, session, what="name", right="Ana"),
            lambda session: home.receipts.receipt(session, given.receipt_id),
        ],
        Reach.CHOICES: [lambda session: home.details.details(session, "fr")],
    }
    company.clock.move(minutes=5)
    before = await company.actions()
    for needed, those in ways.items():
        for way in those:
            for reach in Reach:
                session = await home.session(ANA, reach)
                if reach < needed:
                    with pytest.raises(NeedsMore):
                        await way(session)
                    continue
                await home.visits.end(session)
                with pytest.raises(SessionOver):
                    await way(session)
    assert await company.actions() == before
