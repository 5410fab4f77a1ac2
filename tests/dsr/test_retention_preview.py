"""Whom the policy has kept long enough: told beforehand, and nobody who gave a sign since."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from consentd.dsr.retention import Preview, preview
from consentd.evidence.model import OPERATOR
from consentd.kernel.case import Contract
from consentd.kernel.instants import DAY, Instant, parse_moment, to_text
from consentd.kernel.policy import Keeping, sealed
from consentd.kernel.retention import Signs, Standing, over_at, standing
from support.builders import Company, demo_policy
from support.rights import Rights
from support.silos_simulated import Silo, system

PARIS = ZoneInfo("Europe/Paris")
RULE = Keeping(id="prospects", months=36, because="CNIL")
ANA, BEN, EVE = (f"email:{name}@exemple.fr" for name in ("ana", "ben", "eve"))


def at(text: str) -> Instant:
    return parse_moment(text, PARIS).first


async def looked(company: Company) -> Preview:
    return await preview(
        company.database, company.keyring, company.policies, OPERATOR, Instant(company.clock.now)
    )


async def due(company: Company) -> set[object]:
    (rule,) = (await looked(company)).rules
    assert rule.due == len(rule.examples)
    return {*rule.examples}


# --- the rule


def test_the_period_is_whole_wherever_the_last_sign_was_given() -> None:
    for sign in ("2023-11-22T00:30:00+01:00", "2023-11-22T23:30:00+01:00"):
        signs = Signs(recorded=at("2020-01-01T12:00:00Z"), last=at(sign))
        over = over_at(RULE, signs, at("2026-11-22T12:00:00Z"), PARIS)
        assert to_text(over) == "2026-11-22T23:00:00Z"
        assert standing(RULE, signs, Instant(over - 1), PARIS) is Standing.NOT_YET
        assert standing(RULE, signs, over, PARIS) is Standing.DUE


def test_the_end_of_a_contract_is_a_sign_and_one_in_progress_holds() -> None:
    now = at("2026-11-22T12:00:00Z")
    old = Signs(recorded=at("2015-01-01T00:00:00Z"))
    ended = Contract(at("2016-01-01T00:00:00Z"), at("2025-01-01T00:00:00Z"), "skincare")
    assert standing(RULE, structs.replace(old, contracts=(ended,)), now, PARIS) is Standing.NOT_YET
    running = structs.replace(ended, end=None)
    assert standing(RULE, structs.replace(old, contracts=(running,)), now, PARIS) is Standing.CONTRACT
    frozen = structs.replace(old, restricted=True, open_request=True)
    assert standing(RULE, frozen, now, PARIS) is Standing.RESTRICTED
    assert standing(RULE, structs.replace(old, open_request=True), now, PARIS) is Standing.REQUEST


_TIMES = st.integers(at("2010-01-01T00:00:00Z"), at("2026-11-22T00:00:00Z")).map(Instant)
_CONTRACTS = st.builds(Contract, start=_TIMES, end=st.none() | _TIMES, subject_matter=st.just("x"))
_SIGNS = st.builds(
    Signs,
    recorded=_TIMES,
    last=st.none() | _TIMES,
    contracts=st.lists(_CONTRACTS, max_size=3).map(tuple),
    restricted=st.booleans(),
    open_request=st.booleans(),
)


@given(signs=_SIGNS, months=st.integers(1, 120), now=_TIMES)
def test_nobody_who_gave_a_younger_sign_is_ever_due(signs: Signs, months: int, now: Instant) -> None:
    rule = Keeping(id="r", months=months, because="x")
    stands = standing(rule, signs, now, PARIS)
    young = now - 28 * months * DAY
    ends = [one.end for one in signs.contracts if one.end is not None]
    if stands is not Standing.NOT_YET:
        assert (signs.last or signs.recorded) <= young or any(end <= young for end in ends)
        assert signs.last is None or signs.last <= young
    if stands is Standing.DUE:
        assert not signs.restricted
        assert not signs.open_request
        assert not any(one.end is None or one.end > young for one in signs.contracts)


# --- people


async def test_three_years_after_their_last_sign_people_are_in_the_preview(company: Company) -> None:
    await company.gives(ANA, "shopify:1")
    await company.gives(BEN)
    await company.told("sale", EVE, occurred_at=to_text(company.clock.now))
    ana, ben, eve = [await company.person(one) for one in (ANA, BEN, EVE)]
    assert await due(company) == set()
    company.clock.move(days=365)
    await company.told("last_contact", BEN, occurred_at=to_text(company.clock.now))
    company.clock.move(days=2 * 365 + 3)
    (rule,) = (await looked(company)).rules
    assert {*rule.examples} == {ana, eve}
    assert (rule.due, rule.systems["webshop"], rule.systems["phone-sales"]) == (2, 2, 0)
    company.clock.move(days=366)
    assert await due(company) == {ana, ben, eve}
    await company.verify_everything()


async def test_a_no_is_a_sign_too_and_a_tools_bare_claim_is_none(company: Company) -> None:
    for who in (ANA, BEN, EVE):
        await company.gives(who)
    company.clock.move(days=3 * 365)
    await company.says("refused", ANA)
    await company.objects(BEN)
    await company.claims(EVE, channel="post", purpose="promotions")
    company.clock.move(days=3)
    assert await due(company) == {await company.person(EVE)}


async def test_who_acts_again_is_not_in_it_any_more(company: Company) -> None:
    await company.gives(ANA)
    company.clock.move(days=1100)
    assert await due(company) == {await company.person(ANA)}
    await company.withdraws(ANA)
    assert await due(company) == set()


async def test_of_two_records_that_are_one_person_the_younger_sign_counts(company: Company) -> None:
    await company.gives(ANA)
    company.clock.move(days=1000)
    await company.gives(BEN)
    company.clock.move(days=200)
    assert await due(company) == {await company.person(ANA)}
    await company.merge(ANA, BEN)
    assert await due(company) == set()


async def test_who_is_frozen_asks_or_has_a_contract_is_held_back_and_named(company: Company) -> None:
    rights = await Rights.of(company, {"webshop": (system("webshop", "email"), Silo())})
    for who in (ANA, BEN, EVE):
        await company.gives(who)
    start = to_text(company.clock.now)
    await company.told("contract", EVE, start=start, subject_matter="skincare")
    company.clock.move(days=1200)
    await rights.asks("restriction", ANA)
    await rights.asks("access", BEN)
    (rule,) = (await looked(company)).rules
    assert (rule.due, rule.held) == (0, {"contract": 1, "restricted": 1, "request": 1})


async def test_a_request_whose_asker_was_shown_is_a_sign(company: Company) -> None:
    rights = await Rights.of(company, {"webshop": (system("webshop", "email"), Silo())})
    await company.gives(ANA)
    await company.gives(BEN)
    company.clock.move(days=1000)
    who = await rights.hire()
    for one in (ANA, BEN):
        asked = await rights.asks("access", one)
        if one == ANA:
            await rights.proves(asked.id, await rights.code(asked.id) or "")
        await rights.step(asked.id, "refuse", who, reasons="Asked every day.", article="GDPR 12(5)")
    company.clock.move(days=150)
    # Anybody may ask in Ben's name.
    assert await due(company) == {await company.person(BEN)}


async def test_it_changes_nothing_but_the_log_and_counts_nobody_erased(company: Company) -> None:
    await company.gives(ANA)
    await company.gives(BEN)
    await company.erase(BEN)
    company.clock.move(days=1200)
    before = await company.actions()
    found = await looked(company)
    assert (found.people, found.rules[0].due) == (1, 1)
    assert await company.actions() == [*before, "retention.previewed"]
    assert await looked(company) == found


async def test_several_pages_and_no_rule(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consentd.dsr.retention.PAGE", 2)
    people = [f"email:p{number}@exemple.fr" for number in range(5)]
    for who in people:
        await company.gives(who)
    company.clock.move(days=1200)
    assert await due(company) == {await company.person(who) for who in people}
    policy = demo_policy()
    silent = structs.replace(policy, controller=structs.replace(policy.controller, keeping=()))
    await company.activate(sealed(silent))
    assert (await looked(company)).rules == ()
