"""What a request leads to beside the silos' answers: freezes, an objection's outcome, choices."""

import pytest

from consentd.dsr.views import RequestTold
from consentd.kernel.errors import CallerError, Conflict
from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system

ANA = "email:ana@exemple.fr"


async def office(company: Company, silo: Silo) -> Rights:
    await company.gives(ANA)
    return await Rights.of(company, {"crm": (system("crm", "email"), silo)})


async def following(rights: Rights, first: RequestTold) -> RequestTold:
    """The one request that follows from another."""
    desk = rights.company.systems["desk"]
    briefs, _ = await rights.service.listed(desk, (), None, 100)
    told = [await rights.told(one.id) for one in briefs]
    (found,) = [one for one in told if one.follows == first.id]
    return found


async def test_an_objection_freezes_at_once_and_is_examined(company: Company) -> None:
    silo = Silo((ANA,))
    rights = await office(company, silo)
    asked = await rights.asks("objection", ANA, words="Je suis en conflit avec vous.")
    assert asked.done_at_once
    assert await company.why(ANA) == "restricted"
    await rights.carries_out()
    assert silo.frozen == 1
    told = await rights.told(asked.id)
    assert (told.state, told.waits_for) == ("reviewing", "review")
    with pytest.raises(Conflict):
        await rights.step(asked.id, "release", await rights.hire())


async def test_an_objection_that_is_upheld_ends_what_rests_on_interests_and_nothing_else(
    company: Company,
) -> None:
    silo = Silo((ANA,))
    rights = await office(company, silo)
    research = {"purpose": "customer_research"}
    assert await company.allows(ANA, **research)
    asked = await rights.asks("objection", ANA)
    await rights.carries_out()
    told = await rights.step(asked.id, "uphold", await rights.hire())
    assert told.state == "answered"
    await rights.carries_out()
    assert (await following(rights, told)).state == "answered"
    assert silo.frozen == 0
    assert await company.allows(ANA)
    assert not await company.allows(ANA, **research)
    await company.verify_everything()


async def test_an_objection_to_one_use_leaves_the_others(company: Company) -> None:
    rights = await office(company, Silo((ANA,)))
    asked = await rights.asks("objection", ANA, purposes=["promotions"])
    await rights.carries_out()
    await rights.step(asked.id, "uphold", await rights.hire())
    await rights.carries_out()
    assert await company.allows(ANA, purpose="customer_research")


async def test_an_objection_that_is_refused_freezes_until_the_person_was_told(company: Company) -> None:
    silo = Silo((ANA,))
    rights = await office(company, silo)
    asked = await rights.asks("objection", ANA)
    await rights.carries_out()
    who = await rights.hire()
    told = await rights.step(asked.id, "refuse", who, reasons="Procès en cours.", article="GDPR 21(1)")
    assert told.state == "refused"
    lifting = await following(rights, told)
    assert (lifting.right, lifting.state) == ("lifting", "approving")
    assert await company.why(ANA) == "restricted"
    await rights.step(lifting.id, "approve", who)
    await rights.carries_out()
    assert silo.frozen == 0
    assert await company.allows(ANA)
    assert await company.allows(ANA, purpose="customer_research")
    await company.verify_everything()


async def test_what_another_request_froze_stays_frozen(company: Company) -> None:
    rights = await office(company, Silo((ANA,)))
    await rights.asks("restriction", ANA)
    asked = await rights.asks("objection", ANA)
    await rights.carries_out()
    told = await rights.step(asked.id, "uphold", await rights.hire())
    await rights.carries_out()
    assert told.state == "answered"
    assert await company.why(ANA) == "restricted"
    with pytest.raises(ValueError, match="not enough values"):
        await following(rights, told)


async def test_an_objection_that_was_upheld_is_not_examined_again_when_a_late_silo_answers(
    company: Company,
) -> None:
    silo = Silo((ANA,))
    silo.fails = 1_000
    rights = await office(company, silo)
    asked = await rights.asks("objection", ANA)
    for _ in range(20):
        await rights.carries_out()
        company.clock.move(hours=1)
    who = await rights.hire()
    assert (await rights.step(asked.id, "uphold", who)).state == "partial"
    silo.fails = 0
    await rights.step(asked.id, "retry", who)
    await rights.carries_out()
    assert (await rights.told(asked.id)).state == "answered"
    assert not await company.allows(ANA, purpose="customer_research")


async def test_no_silo_is_asked_for_a_request_that_is_over(company: Company) -> None:
    silo = Silo((ANA,))
    silo.fails = 1
    rights = await office(company, silo)
    who = await rights.hire()
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    told = await rights.step(asked.id, "refuse", who, reasons="Facture en litige.", article="GDPR 17(3)(e)")
    (task,) = told.silos[0].tasks
    assert (told.state, task.state, task.verdict, task.code) == ("refused", "ended", None, "request_over")
    company.clock.move(hours=1)
    await rights.carries_out()
    assert silo.orders == []
    assert silo.rows == [{ANA}]


async def test_a_task_that_was_taken_before_its_request_was_closed_is_not_carried_out(
    company: Company,
) -> None:
    silo = Silo((ANA,))
    rights = await office(company, silo)
    who = await rights.hire()
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    # Claimed, and refused before the silo is asked.
    assert await rights.worker.start() == 1
    await rights.step(asked.id, "refuse", who, reasons="Facture en litige.", article="GDPR 17(3)(e)")
    await rights.carries_out()
    assert silo.rows == [{ANA}]
    assert not [order for order in silo.orders if order.verb == "erase"]


async def test_silos_are_told_which_choices_end(company: Company) -> None:
    silo = Silo((ANA,))
    rights = await office(company, silo)
    asked = await rights.asks("withdrawal", ANA)
    await rights.carries_out()
    assert ("newsletter", "email", "withdrawn") in silo.noted
    # What a contract or an interest carries is no consent that could be taken back.
    assert not [one for one in silo.noted if one[0] in ("customer_research", "orders")]
    assert (await rights.told(asked.id)).state == "answered"
    silo.noted = []
    await rights.asks("marketing_objection", ANA)
    await rights.carries_out()
    assert ("promotions", "post", "withdrawn") in silo.noted
    assert not [one for one in silo.noted if one[0] in ("customer_research", "orders")]


async def test_of_somebody_who_died_nobody_is_contacted_and_heirs_need_staff(company: Company) -> None:
    silo = Silo((ANA,))
    rights = await office(company, silo)
    one, two = await rights.hire("Claire"), await rights.hire("Hugo")
    heir = {"agent": {"name": "Paul", "mandate": "Acte de notoriété du 3 novembre"}, "came_by": "letter"}
    asked = await rights.asks("post_mortem_erasure", ANA, **heir)
    assert await company.why(ANA) == "restricted"
    await rights.step(asked.id, "identify", one, grounds="Acte de notoriété, livret de famille")
    await rights.carries_out()
    assert silo.rows == [{ANA}]
    await rights.step(asked.id, "approve", one)
    await rights.step(asked.id, "approve", two)
    await rights.carries_out()
    assert (await rights.told(asked.id)).state == "answered"
    assert silo.rows == []
    assert await company.people(ANA) == []


async def test_of_somebody_who_lives_after_all_the_freeze_ends(company: Company) -> None:
    rights = await office(company, Silo((ANA,)))
    asked = await rights.asks("post_mortem", ANA, came_by="phone")
    assert await company.why(ANA) == "restricted"
    await rights.step(asked.id, "withdraw", await rights.hire(), note="Erreur de personne.")
    assert await company.allows(ANA)


@pytest.mark.parametrize(("right", "purposes"), [("erasure", ["newsletter"]), ("objection", ["newslettr"])])
async def test_uses_are_named_by_an_objection_alone_and_must_be_known(
    company: Company, right: str, purposes: list[str]
) -> None:
    rights = await office(company, Silo((ANA,)))
    with pytest.raises(CallerError) as refused:
        await rights.asks(right, ANA, purposes=purposes)
    assert refused.value.code in ("purposes_not_here", "unknown_purpose")
    assert await company.allows(ANA)
