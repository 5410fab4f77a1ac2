"""docs/law.md 10: what a system is told, and what it must not learn."""

import datetime as dt

import msgspec
import pytest

from consentd.check.questions import AHEAD
from consentd.kernel.errors import Unauthenticated
from consentd.kernel.instants import DAY, MINUTE, SECOND, Instant, to_text
from consentd.kernel.policy import sealed
from support.builders import Clock, Company, demo_policy, open_company, refused
from support.builders_requests import question

ANA = "email:ana@exemple.fr"
PHONE = "phone:+33624686501"
CALLS = {"purpose": "promotions", "channel": "phone"}
NOTICE = {"id": "phone_offers", "version": "1", "language": "fr"}


async def a_vendor(company: Company) -> None:
    """A system that is not told the precise reason."""
    await company.add_system("mailing", scopes=("check",))


async def may_be_called(company: Company, *who: str) -> None:
    await company.gives(*(who or (PHONE,)), **CALLS, notice=NOTICE)


async def test_a_minor_is_not_told_apart_from_other_blocked_people(company: Company) -> None:
    await a_vendor(company)
    await company.gives(ANA)
    await company.told("birth_date", ANA, value="2014-05-04")
    await company.says("refused", ANA, purpose="open_tracking")
    answer = await company.check(ANA, by="mailing")
    assert [reason.code for reason in answer.reasons] == ["blocked"]
    assert (answer.cites, answer.next_allowed_at, answer.valid_until) == ((), None, None)
    assert "young" not in answer.reasons[0].text
    detailed = await company.check(ANA)
    assert [reason.code for reason in detailed.reasons] == ["under_age"]
    assert detailed.cites
    assert detailed.valid_until == "2029-05-03T22:00:00Z"


async def test_a_second_reason_is_not_told_to_a_vendor(company: Company) -> None:
    await a_vendor(company)
    await company.gives(ANA)
    await company.told("birth_date", ANA, value="2014-05-04")
    await company.objects(ANA)
    assert [reason.code for reason in (await company.check(ANA)).reasons] == ["objected", "under_age"]
    answer = await company.check(ANA, by="mailing")
    assert [reason.code for reason in answer.reasons] == ["objected"]


async def test_somebody_unknown_looks_to_a_vendor_like_somebody_without_consent(company: Company) -> None:
    await a_vendor(company)
    await company.says("requested", ANA)
    unknown = await company.check("email:nobody@exemple.fr", by="mailing")
    known = await company.check(ANA, by="mailing")
    assert unknown.reasons == known.reasons
    assert (unknown.cites, unknown.valid_until, unknown.basis) == (
        known.cites,
        known.valid_until,
        known.basis,
    )


async def test_everybody_is_told_why_they_may(company: Company) -> None:
    await a_vendor(company)
    await company.gives(ANA)
    answer = await company.check(ANA, by="mailing")
    assert ([reason.code for reason in answer.reasons], answer.basis) == (["allowed"], "consent")
    assert answer.cites == ("CPCE L.34-5",)


async def test_whoever_is_only_not_to_be_called_now_is_told_when(company: Company) -> None:
    await a_vendor(company)
    await may_be_called(company)
    company.clock.move(hours=10)
    answer = await company.check(PHONE, by="mailing", **CALLS)
    assert (answer.allow, answer.eligible, answer.reasons[0].code) == (False, True, "not_now")
    assert answer.next_allowed_at == "2026-11-19T09:00:00Z"


async def test_reasons_are_told_in_the_callers_language(company: Company) -> None:
    answer = await company.checks.check(
        company.systems["till"], question((ANA,), "newsletter", "email"), "fr"
    )
    assert answer.reasons[0].text == "Aucun client connu sous ces coordonnées."


async def test_a_planned_instant_is_answered_as_of_then(company: Company) -> None:
    await may_be_called(company)
    now = company.clock.now
    noon = dt.timedelta(hours=2, minutes=30)
    assert await company.allows(PHONE, at=now, **CALLS)
    at = to_text(Instant(now + noon // dt.timedelta(microseconds=1)))
    assert await company.why(PHONE, at=at, **CALLS) == "outside_hours"
    assert await company.allows(PHONE, at=Instant(now + DAY), **CALLS)
    assert not await company.allows(PHONE, at=Instant(now + 4 * DAY), **CALLS)


async def test_a_planned_instant_lies_within_bounds(company: Company) -> None:
    now = company.clock.now
    for at in (now - 5 * MINUTE, now + AHEAD):
        await company.check(ANA, at=Instant(at))
    for at in (now - 5 * MINUTE - SECOND, now + AHEAD + SECOND, now - DAY):
        with refused("at_out_of_range"):
            await company.check(ANA, at=Instant(at))
    for at in ("2026-11-19", "2026-11-19T10:00:00", "tomorrow at 10:00"):
        with refused("invalid_time"):
            await company.check(ANA, at=at)
        with refused("invalid_time"):
            await company.ask_all(question((ANA,), "newsletter", "email", at=at))


async def test_a_system_asks_only_about_what_it_was_given(company: Company) -> None:
    await company.add_system("mailing", purposes=("newsletter",), channels=("email",))
    fine, other = question((ANA,), "newsletter", "email"), question((ANA,), "promotions", "email")
    await company.ask_all(fine, by="mailing")
    with refused("outside_limits"):
        await company.ask(other, by="mailing")
    with refused("outside_limits") as where:
        await company.ask_all(fine, other, by="mailing")
    assert where == ["/items/1"]


async def test_promise_5_a_revoked_system_is_told_nothing_more(company: Company) -> None:
    await company.gives(ANA)
    asked = question((ANA,), "newsletter", "email")
    await company.add_system("mailing")
    assert (await company.ask(asked, by="mailing")).allow
    await company.revoke("mailing")
    with pytest.raises(Unauthenticated):
        await company.ask(asked, by="mailing")
    with pytest.raises(Unauthenticated):
        await company.ask_all(asked, asked, by="mailing")
    assert (await company.ask(asked)).allow


async def test_promise_5_rules_activated_by_another_process_count_at_once(
    company: Company, database_url: str
) -> None:
    await company.gives(ANA)
    asked = question((ANA,), "newsletter", "email")
    assert (await company.ask(asked)).allow
    policy = demo_policy()
    newsletter = msgspec.structs.replace(policy.purposes["newsletter"], bases={"push": ("consent",)})
    silent = sealed(msgspec.structs.replace(policy, purposes=policy.purposes | {"newsletter": newsletter}))
    folder = company.folder / "other"
    folder.mkdir()
    async with open_company(database_url, folder, Clock(company.clock.now)) as other:
        await other.activate(silent)
        answer, (batched,) = await company.ask(asked), await company.ask_all(asked)
        assert [one.code for one in answer.reasons] == ["purpose_not_on_channel"]
        assert answer.policy == batched.policy == silent.hash
        await other.activate(policy)
        assert (await company.ask(asked)).allow
    await company.verify_everything()
