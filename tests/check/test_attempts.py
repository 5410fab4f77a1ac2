"""docs/law.md 11 and 18: every attempt counts, answered or not; a refusal is a withdrawal and a silence."""

from consentd.kernel.instants import DAY, HOUR, Instant, to_text
from support.builders import Company, refused
from support.builders_requests import question

PHONE = "phone:+33624686501"
CALLS = {"purpose": "promotions", "channel": "phone"}
NOTICE = {"id": "phone_offers", "version": "1", "language": "fr"}


async def may_be_called(company: Company, *who: str) -> None:
    await company.gives(*(who or (PHONE,)), **CALLS, notice=NOTICE)
    assert await company.allows(*(who or (PHONE,)), **CALLS)


async def test_a_fifth_call_in_thirty_days_is_denied_and_told_when_it_is_free(company: Company) -> None:
    await may_be_called(company)
    first = company.clock.now
    for outcome in ("unanswered", "answered", "failed", "unanswered"):
        assert await company.allows(PHONE, **CALLS)
        await company.tried(PHONE, outcome=outcome)
    answer = await company.check(PHONE, **CALLS)
    assert (answer.allow, answer.eligible) == (False, True)
    assert answer.reasons[0].code == "attempts_exhausted"
    assert answer.next_allowed_at == "2026-12-18T10:02:00Z"
    company.clock.now = Instant(first + 30 * DAY + HOUR // 60)
    assert await company.allows(PHONE, **CALLS)


async def test_attempts_count_for_the_person_and_for_the_number(company: Company) -> None:
    await may_be_called(company, "loyalty:anne", PHONE)
    await may_be_called(company, "loyalty:luc", PHONE)
    for _ in range(4):
        await company.tried("loyalty:anne", PHONE)
    for who in (("loyalty:anne",), ("loyalty:luc",), (PHONE,)):
        assert await company.why(*who, **CALLS) == "attempts_exhausted"


async def test_calls_about_an_order_and_other_channels_do_not_count(company: Company) -> None:
    await may_be_called(company)
    for _ in range(4):
        await company.tried(PHONE, purpose="orders")
        await company.tried(PHONE, purpose="promotions", channel="sms")
    assert await company.allows(PHONE, **CALLS)


async def test_an_attempt_reported_late_counts_from_when_it_was_made(company: Company) -> None:
    await may_be_called(company)
    old, recent = company.clock.now - 31 * DAY, company.clock.now - 29 * DAY
    for _ in range(4):
        await company.tried(PHONE, occurred_at=to_text(Instant(old)))
    assert await company.allows(PHONE, **CALLS)
    for _ in range(4):
        await company.tried(PHONE, occurred_at=to_text(Instant(recent)))
    assert await company.why(PHONE, **CALLS) == "attempts_exhausted"


async def test_an_attempt_reported_twice_counts_once(company: Company) -> None:
    await may_be_called(company)
    at = company.at()
    told = [await company.tried(PHONE, source_event_id="call-1", occurred_at=at) for _ in range(5)]
    assert [one.duplicate for one in told] == [False, True, True, True, True]
    assert len({one.id for one in told}) == 1
    assert await company.allows(PHONE, **CALLS)


async def test_a_refusal_withdraws_at_once_and_asks_for_sixty_days_of_silence(company: Company) -> None:
    await may_be_called(company)
    told = await company.tried(PHONE, outcome="refused")
    assert told.withdrawn
    assert await company.why(PHONE, **CALLS) == "withdrawn"
    await may_not_be_called_until(company, "2027-01-17T10:02:00Z")


async def may_not_be_called_until(company: Company, when: str) -> None:
    """Even one who gave a fresh consent meanwhile."""
    refused_at = company.clock.now
    company.clock.move(days=1)
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    answer = await company.check(PHONE, **CALLS)
    assert (answer.reasons[0].code, answer.eligible) == ("silence_after_refusal", True)
    # The sixtieth day is a Sunday: calls are lawful again on Monday at ten.
    assert when < answer.next_allowed_at == "2027-01-18T09:00:00Z"
    company.clock.now = Instant(refused_at + 60 * DAY - HOUR)
    assert not await company.allows(PHONE, **CALLS)
    company.clock.now = Instant(refused_at + 61 * DAY)
    assert await company.allows(PHONE, **CALLS)


async def test_a_refusal_by_one_number_is_that_of_the_person(company: Company) -> None:
    await may_be_called(company, "loyalty:1", PHONE)
    await company.tried("loyalty:1", PHONE, outcome="refused")
    assert await company.why("loyalty:1", **CALLS) == "withdrawn"
    await company.verify_everything()


async def test_single_and_batch_count_the_same_attempts(company: Company) -> None:
    people = [f"phone:+3362468650{number}" for number in range(6)]
    for number, who in enumerate(people):
        await may_be_called(company, who)
        for _ in range(number):
            await company.tried(who)
    asked = [question((who,), "promotions", "phone") for who in people]
    assert [one.allow for one in await company.ask_all(*asked)] == [True] * 4 + [False] * 2


async def test_an_attempt_names_a_purpose_and_a_time_that_can_be(company: Company) -> None:
    with refused("unknown_purpose"):
        await company.tried(PHONE, purpose="horoscope")
    with refused("unknown_channel"):
        await company.tried(PHONE, channel="pigeon")
    with refused("future_time"):
        await company.tried(PHONE, occurred_at="2026-11-18T12:00:00Z")
