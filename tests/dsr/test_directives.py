"""What somebody wants done with their data after their death: left by themselves, heeded when heirs ask."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa

from consentd.db.tables import requests as t
from consentd.dsr import directives
from consentd.dsr.directives_api import DirectiveTold, read
from consentd.dsr.shapes import Directive, RequestAsked
from consentd.dsr.views import RequestTold
from consentd.kernel.errors import Conflict, NotFound, Unprocessable
from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system
from support.smtp import Sink

ANA = "email:ana@exemple.fr"
PAUL = {"name": "Paul Diaz", "contact": "06 12 34 56 78"}
HEIR = {"agent": {"name": "Diaz, Paul", "mandate": "Acte de notoriété"}, "came_by": "letter"}
OTHER = {"agent": {"name": "Rose Martin", "mandate": "Acte de notoriété"}, "came_by": "letter"}


async def shop(company: Company, mailbox: Sink | None = None) -> Rights:
    await company.gives(ANA)
    return await Rights.of(company, {"webshop": (system("webshop", "email"), Silo((ANA,)))}, mailbox)


async def leaves(rights: Rights, wish: str, **directive: Any) -> UUID:
    """Ana does, by a code of her own."""
    asked = await rights.asks("directives", ANA, directive={"wish": wish, **directive})
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    return asked.id


async def heirs(rights: Rights, right: str, who: UUID, **other: Any) -> UUID:
    """An heir asks by letter, and a colleague looked at who died."""
    asked = await rights.asks(right, ANA, **(HEIR | other))
    await rights.step(asked.id, "identify", who, grounds="Acte de décès.")
    return asked.id


def found(told: RequestTold) -> list[tuple[str, ...]]:
    """What the steps say of directives, without their numbers."""
    return [step.because[1:] for step in told.steps if step.event == "directive"]


async def look(rights: Rights, request: UUID, who: UUID) -> DirectiveTold:
    return await read(rights.company.doing, rights.company.systems["desk"], request, who)


async def test_they_are_left_by_the_person_and_shown_in_their_copy(company: Company, mailbox: Sink) -> None:
    rights = await shop(company, mailbox)
    asked = await rights.asks("directives", ANA, directive={"wish": "keep", "to": PAUL, "words": "Merci."})
    await rights.carries_out()
    assert (await rights.told(asked.id)).state == "received"
    assert await rows(company) == []
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    told = await rights.told(asked.id)
    assert (told.state, told.in_time, told.silos) == ("answered", True, ())
    (row,) = await rows(company)
    assert b"Paul" not in row["sealed"]
    text = mailbox.taken[-1].message.get_content()
    assert "directives" in text
    assert "Paul" not in text
    assert "directive.left" in await company.actions()
    copy = await own(rights)
    assert [(one["wish"], one["name"], one["words"], one["stands"]) for one in copy] == [
        ("keep", "Paul Diaz", "Merci.", True)
    ]
    await company.verify_everything()


async def rows(company: Company) -> list[Any]:
    read = sa.select(t.directives)
    return await company.database.read(lambda connection: list(connection.execute(read).mappings()))


async def own(rights: Rights) -> list[Any]:
    """As a copy of hers tells them."""
    who = await rights.hire()
    request = await rights.asks("access", ANA)
    await rights.proves(request.id, await rights.code(request.id) or "")
    await rights.carries_out()
    await rights.makes_copies()
    desk = rights.company.systems["desk"]
    page = await rights.looking.records(desk, request.id, who, "(own)", "directives", 0, 50)
    return [one.record for one in page.records]


async def test_the_last_one_counts_and_can_be_taken_back(company: Company) -> None:
    rights = await shop(company)
    who = await rights.hire()
    await leaves(rights, "erase")
    await leaves(rights, "keep")
    first = await heirs(rights, "post_mortem_erasure", who)
    assert found(await rights.told(first)) == [("to_be_kept",)]
    await rights.step(first, "refuse", who, reasons="She wished it.", article="LIL 85")
    assert await company.allows(ANA)
    await leaves(rights, "revoke")
    assert [one["wish"] for one in await own(rights)] == ["erase", "keep", "revoke"]
    assert not any(one["stands"] for one in await own(rights))
    second = await heirs(rights, "post_mortem_erasure", who)
    assert found(await rights.told(second)) == []
    with pytest.raises(NotFound):
        await look(rights, second, who)


@pytest.mark.parametrize(
    ("right", "directive", "heir", "against"),
    [
        ("post_mortem", {"wish": "erase"}, HEIR, ("to_be_erased",)),
        ("post_mortem", {"wish": "keep"}, HEIR, ()),
        ("post_mortem", {"wish": "hand_over", "to": PAUL}, HEIR, ()),
        ("post_mortem", {"wish": "hand_over", "to": PAUL}, OTHER, ("another_is_named",)),
        ("post_mortem", {"wish": "erase", "to": PAUL}, OTHER, ("to_be_erased", "another_is_named")),
        ("post_mortem", {"wish": "keep", "to": PAUL}, {}, ("another_is_named",)),
        ("post_mortem_erasure", {"wish": "keep"}, HEIR, ("to_be_kept",)),
        ("post_mortem_erasure", {"wish": "erase"}, HEIR, ()),
        ("post_mortem_erasure", {"wish": "erase", "to": PAUL}, OTHER, ("another_is_named",)),
        ("post_mortem_erasure", {"wish": "hand_over", "to": PAUL}, HEIR, ("to_be_handed_over",)),
    ],
)
def test_what_stands_against_what_heirs_ask(
    right: str, directive: dict[str, Any], heir: dict[str, Any], against: tuple[str, ...]
) -> None:
    named = [{"scheme": "email", "value": "ana@exemple.fr"}]
    asked = msgspec.convert({"right": right, "identifiers": named, **heir}, RequestAsked)
    assert directives.in_the_way(msgspec.convert(directive, Directive), asked) == against


async def test_no_approval_passes_that_does_not_name_what_stands_in_the_way(company: Company) -> None:
    rights = await shop(company)
    one, two = await rights.hire(), await rights.hire("Denis")
    await leaves(rights, "keep")
    request = await heirs(rights, "post_mortem_erasure", one)
    told = await look(rights, request, one)
    assert (told.wish, told.against) == ("keep", ("to_be_kept",))
    assert "directive.read" in await company.actions()
    named = {"directive": str(told.id), "note": "A court ordered it."}
    for missing in ({}, {"note": "x"}, {"directive": str(told.id)}):
        with pytest.raises(Conflict) as refused:
            await rights.step(request, "approve", one, **missing)
        assert refused.value.code == "directive_in_the_way"
    with pytest.raises(NotFound) as unknown:
        await rights.step(request, "approve", one, directive=str(request), note="x")
    assert unknown.value.code == "no_directive"
    await rights.step(request, "approve", one, **named)
    # Each who agrees names it.
    with pytest.raises(Conflict):
        await rights.step(request, "approve", two)
    assert await company.people(ANA)
    told_ = await rights.step(request, "approve", two, **named)
    approved = [step.because for step in told_.steps if step.event == "approved"]
    assert set(approved[:2]) == {(f"directive:{told.id}",)}
    await rights.carries_out()
    assert (await rights.told(request)).state == "answered"
    assert await company.people(ANA) == []
    # What was left went with the person's key.
    with pytest.raises(NotFound):
        await look(rights, request, one)
    await company.verify_everything()


async def test_a_copy_that_was_forbidden_is_not_released_without_naming_it(company: Company) -> None:
    rights = await shop(company)
    who = await rights.hire()
    await leaves(rights, "erase")
    request = await heirs(rights, "post_mortem", who)
    named = {"directive": str((await look(rights, request, who)).id), "note": "The court asks for it."}
    await rights.step(request, "approve", who, **named)
    await rights.carries_out()
    await rights.makes_copies()
    with pytest.raises(Conflict) as refused:
        await rights.step(request, "release", who)
    assert refused.value.code == "directive_in_the_way"
    assert (await rights.step(request, "release", who, **named)).state == "answered"


async def test_what_was_left_on_paper_after_the_approval_still_stops_the_release(company: Company) -> None:
    rights = await shop(company)
    who = await rights.hire()
    request = await heirs(rights, "post_mortem", who)
    await rights.step(request, "approve", who)
    await rights.carries_out()
    await rights.makes_copies()
    paper = await rights.asks("directives", ANA, came_by="letter", directive={"wish": "erase"})
    await rights.step(paper.id, "identify", who, grounds="Signed, of last year; signature compared.")
    await rights.carries_out()
    assert (await rights.told(paper.id)).state == "answered"
    with pytest.raises(Conflict) as refused:
        await rights.step(request, "release", who)
    assert refused.value.code == "directive_in_the_way"


async def test_one_that_agrees_is_said_and_stops_nothing(company: Company) -> None:
    rights = await shop(company)
    who = await rights.hire()
    await leaves(rights, "hand_over", to=PAUL)
    request = await heirs(rights, "post_mortem", who)
    assert found(await rights.told(request)) == [("agrees",)]
    told = await look(rights, request, who)
    assert told.to is not None
    assert (told.to.name, told.against) == ("Paul Diaz", ())
    assert (await rights.step(request, "approve", who)).state in ("running", "reviewing")


async def test_they_are_seen_when_the_request_comes_in(company: Company) -> None:
    rights = await shop(company)
    await leaves(rights, "erase")
    asked = await rights.asks("post_mortem", ANA, **OTHER)
    assert found(await rights.told(asked.id)) == [("to_be_erased",)]


@pytest.mark.parametrize(
    ("right", "body", "code"),
    [
        ("directives", {}, "directive_missing"),
        ("directives", {"directive": {"wish": "hand_over"}}, "directive_missing"),
        ("directives", {"directive": {"wish": "revoke", "to": PAUL}}, "directive_not_here"),
        ("access", {"directive": {"wish": "keep"}}, "directive_not_here"),
        ("directives", {"directive": {"wish": "keep"}, "agent": HEIR["agent"]}, "agent_not_here"),
    ],
)
async def test_what_is_no_directive_is_refused(
    company: Company, right: str, body: dict[str, Any], code: str
) -> None:
    rights = await shop(company)
    with pytest.raises(Unprocessable) as refused:
        await rights.asks(right, ANA, **body)
    assert refused.value.code == code


async def test_a_shared_mailbox_leaves_nobodys_directives(company: Company, mailbox: Sink) -> None:
    await company.gives("email:home@exemple.fr", "customer:C1")
    await company.gives("email:home@exemple.fr", "customer:C2")
    rights = await shop(company, mailbox)
    asked = await rights.asks(
        "directives", "email:home@exemple.fr", "customer:C1", directive={"wish": "erase"}
    )
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    assert (await rights.told(asked.id)).state == "identifying"
    assert await rows(company) == []


async def test_who_is_on_no_record_leaves_none(company: Company) -> None:
    rights = await shop(company)
    asked = await rights.asks("directives", "email:nobody@exemple.fr", directive={"wish": "erase"})
    with pytest.raises(Unprocessable) as nobody:
        await rights.step(
            asked.id, "identify", await rights.hire(), grounds="Known.", accepts_identifiers=True
        )
    assert nobody.value.code == "nobody_named"
