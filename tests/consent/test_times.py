"""docs/deciding.md: later wins by when it happened, whenever it arrives; at equal times the stricter."""

from itertools import permutations

from consentd.kernel.instants import to_text
from support.builders import Company, days_ago

ANA = "email:ana@exemple.fr"
DAY = "2026-11-10"


async def test_a_grant_known_to_the_day_counts_from_its_first_instant(company: Company) -> None:
    given = await company.gives(ANA, at=DAY)
    assert given.states[0].since == "2026-11-09T23:00:00Z"
    await company.withdraws(ANA, at=f"{DAY}T00:00:01+01:00")
    assert await company.why(ANA) == "withdrawn"


async def test_a_no_known_to_the_day_counts_to_its_last_instant(company: Company) -> None:
    no = await company.withdraws(ANA, at=DAY)
    assert no.states[0].since == "2026-11-10T22:59:59.999999Z"
    await company.gives(ANA, at=f"{DAY}T23:59:59+01:00")
    assert await company.why(ANA) == "withdrawn"
    await company.gives(ANA, at="2026-11-11T00:00:00+01:00")
    assert await company.allows(ANA)


async def test_a_day_is_that_of_the_systems_own_zone(company: Company) -> None:
    await company.add_system("reunion", zone="Indian/Reunion")
    given = await company.gives(ANA, at=DAY, by="reunion")
    no = await company.withdraws(ANA, at=DAY, channel="push", by="reunion")
    assert given.states[0].since == "2026-11-09T20:00:00Z"
    assert no.states[0].since == "2026-11-10T19:59:59.999999Z"


async def test_the_day_of_the_clock_change_has_twenty_five_hours(company: Company) -> None:
    given = await company.gives(ANA, at="2026-10-25")
    no = await company.withdraws(ANA, at="2026-10-25", channel="push")
    assert given.states[0].since == "2026-10-24T22:00:00Z"
    assert no.states[0].since == "2026-10-25T22:59:59.999999Z"


async def test_a_no_of_today_denies_today_although_its_last_instant_is_to_come(company: Company) -> None:
    await company.gives(ANA)
    await company.withdraws(ANA, at="2026-11-18")
    assert await company.why(ANA) == "withdrawn"


async def test_what_arrives_late_takes_its_place_by_when_it_happened(company: Company) -> None:
    await company.withdraws(ANA, at=days_ago(company.clock, 2))
    await company.gives(ANA, at=days_ago(company.clock, 3))
    assert await company.why(ANA) == "withdrawn"
    await company.gives(ANA, at=days_ago(company.clock, 1))
    assert await company.allows(ANA)
    await company.verify_everything()


async def test_in_every_order_of_arrival_the_same_stands(company: Company) -> None:
    acts = [("given", 5), ("refused", 4), ("renewed", 3), ("withdrawn", 2)]
    for number, order in enumerate(permutations(acts)):
        for state, days in order:
            at = days_ago(company.clock, days)
            who = f"email:order{number}@exemple.fr"
            if state in ("given", "renewed"):
                await company.gives(who, at=at, state=state)
            else:
                await company.says(state, who, at=at)
        assert await company.why(who) == "withdrawn"
    await company.verify_everything()


async def test_at_the_same_instant_the_stricter_wins_in_either_order(company: Company) -> None:
    at = days_ago(company.clock, 1)
    for who, first in (("email:a@exemple.fr", "given"), ("email:b@exemple.fr", "withdrawn")):
        for _ in range(2):
            if first == "given":
                await company.gives(who, at=at)
            else:
                await company.withdraws(who, at=at)
            first = "withdrawn" if first == "given" else "given"
        assert await company.why(who) == "withdrawn"


async def test_a_consent_that_ran_out_denies_from_the_anniversary_and_no_job_is_needed(
    company: Company,
) -> None:
    phone = {"purpose": "promotions", "channel": "phone"}
    calls = {"id": "phone_offers", "version": "1", "language": "fr"}
    await company.gives("phone:+33624686501", at="2026-11-18T09:00:00+01:00", notice=calls, **phone)
    company.clock.move(days=365 - 1)
    assert await company.allows("phone:+33624686501", **phone)
    company.clock.move(days=1)
    assert await company.why("phone:+33624686501", **phone) == "expired"
    assert await company.states("phone:+33624686501") == {("promotions", "phone"): "given"}


async def test_a_renewal_is_an_event_of_its_own_with_its_own_text(company: Company) -> None:
    old = {"id": "newsletter", "version": "1", "language": "fr"}
    await company.gives(ANA, at="2023-01-01", notice=old)
    assert await company.why(ANA) == "notice_outdated"
    await company.gives(ANA, state="renewed")
    assert await company.allows(ANA)


async def test_a_time_is_told_back_as_it_was_known(company: Company) -> None:
    day = await company.gives(ANA, at=DAY)
    instant = await company.gives(ANA, at=(now := to_text(company.clock.now)))
    assert day.events[0].occurred_at == "2026-11-09T23:00:00Z/2026-11-10T22:59:59.999999Z"
    assert instant.events[0].occurred_at == now
