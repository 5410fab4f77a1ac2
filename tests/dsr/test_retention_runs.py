"""Whom the policy has kept long enough is erased everywhere by what carries requests out, and nobody else."""

import pytest
from msgspec import structs

from consentd.dsr.retaining import Begun, run, run_planned
from consentd.dsr.retention_report import report
from consentd.dsr.views import RequestTold
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import CallerError
from consentd.kernel.instants import DAY, Instant
from consentd.kernel.policy import Policy, sealed
from consentd.kernel.request_rules import RequestRules, RightRule
from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system

ANA, BEN, EVE = (f"email:{name}@exemple.fr" for name in ("ana", "ben", "eve"))


async def shop(company: Company, silo: Silo) -> Rights:
    rights = await Rights.of(company, {"webshop": (system("webshop", "email"), silo)})
    for who in (ANA, BEN, EVE):
        await company.gives(who)
    return rights


async def begin(company: Company, most: int = 100) -> Begun:
    now = Instant(company.clock.now)
    return await run(company.database, company.keyring, company.policies, OPERATOR, now, most)


async def told(rights: Rights, begun: Begun) -> list[RequestTold]:
    return [await rights.told(one) for one in begun.requests]


async def changed(company: Company, **changes: object) -> None:
    policy: Policy = (await company.database.read(company.policies.active)).policy
    await company.activate(sealed(structs.replace(policy, **changes)))


async def test_who_is_due_is_erased_in_every_silo_and_certified(company: Company) -> None:
    silo = Silo((ANA,), (BEN,), (EVE,), kept=2)
    rights = await shop(company, silo)
    company.clock.move(days=1000)
    await company.withdraws(BEN)
    company.clock.move(days=200)
    begun = await begin(company)
    assert (begun.looked_at, len(begun.requests), begun.unreachable) == (3, 2, 0)
    await rights.carries_out()
    assert [one.state for one in await told(rights, begun)] == ["answered", "answered"]
    assert silo.rows == [{BEN}]
    # Words that a silo leaves in the place of a text must not say that they asked.
    assert {order.asked for order in silo.orders} == {False}
    assert [await company.people(who) for who in (ANA, EVE)] == [[], []]
    assert await company.people(BEN)
    found = await company.database.read(lambda c: report(c, Instant(company.clock.now - DAY)))
    (its,) = found.silos
    assert (found.people, found.states) == (2, {"answered": 2})
    assert (its.answers, its.deleted, its.kept) == ({"done": 2}, 2, {"Code de commerce L.123-22": 4})
    assert "certificate.issued" in await company.actions()
    # Nobody asked, so nobody is written to.
    assert rights.letters.taken == []
    assert (await begin(company)).requests == ()
    await company.verify_everything()


async def test_a_run_is_bounded_and_the_next_one_goes_on(company: Company) -> None:
    rights = await shop(company, Silo((ANA,), (BEN,), (EVE,)))
    company.clock.move(days=1200)
    first = await begin(company, 2)
    assert len(first.requests) == 2
    second = await begin(company, 2)
    assert len(second.requests) == 1
    assert not {*first.requests} & {*second.requests}
    await rights.carries_out()
    assert [await company.people(who) for who in (ANA, BEN, EVE)] == [[], [], []]


async def test_who_acts_after_it_began_is_not_erased(company: Company) -> None:
    silo = Silo((ANA,), (BEN,), (EVE,))
    silo.fails = 3
    rights = await shop(company, silo)
    company.clock.move(days=1200)
    begun = await begin(company)
    await rights.carries_out()
    # She buys while the shop's database is not reached.
    await company.gives(ANA)
    company.clock.move(hours=1)
    await rights.carries_out()
    assert sorted(one.state for one in await told(rights, begun)) == ["answered", "answered", "refused"]
    assert silo.rows == [{ANA}]
    assert await company.people(ANA)
    found = await company.database.read(lambda c: report(c, Instant(company.clock.now - DAY)))
    assert found.states == {"answered": 2, "refused": 1}
    await company.verify_everything()


async def test_staff_agree_to_each_where_the_policy_says_so(company: Company) -> None:
    silo = Silo((ANA,))
    rights = await shop(company, silo)
    await changed(company, requests=RequestRules(approvals={"retention": RightRule(person=1)}))
    company.clock.move(days=1200)
    begun = await begin(company, 1)
    await rights.carries_out()
    (one,) = await told(rights, begun)
    assert (one.state, one.article, silo.rows) == ("approving", "GDPR 5(1)(e)", [{ANA}])
    await rights.step(one.id, "approve", await rights.hire())
    await rights.carries_out()
    assert (await rights.told(one.id)).state == "answered"


async def test_the_service_erases_as_many_a_day_as_the_policy_says_and_none_by_default(
    company: Company,
) -> None:
    await shop(company, Silo((ANA,), (BEN,), (EVE,)))
    company.clock.move(days=1200)

    async def planned() -> int:
        now = Instant(company.clock.now)
        begun = await run_planned(company.database, company.keyring, company.policies, now)
        return 0 if begun is None else len(begun.requests)

    assert await planned() == 0
    policy: Policy = (await company.database.read(company.policies.active)).policy
    await changed(company, controller=structs.replace(policy.controller, keeping_a_day=2))
    assert [await planned(), await planned()] == [2, 0]
    company.clock.move(days=1, minutes=1)
    assert await planned() == 1


async def test_nobody_asks_for_it(company: Company) -> None:
    rights = await shop(company, Silo((ANA,)))
    with pytest.raises(CallerError) as refused:
        await rights.asks("retention", ANA)
    assert refused.value.code == "not_to_be_asked"
