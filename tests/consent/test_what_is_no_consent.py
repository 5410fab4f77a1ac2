"""docs/law.md: what is recorded as a yes, what is refused, and by which name the reason is told."""

import pytest
import sqlalchemy as sa

from consentd.db.tables.consent import consent_events
from consentd.db.tables.people import subjects
from consentd.kernel.instants import MINUTE, SECOND, Instant, to_text
from support.builders import Company, demo_policy, refused
from support.builders_requests import event, identifier, notice, yes

ANA = "email:ana@exemple.fr"
CHILD = "email:lou@exemple.fr"


async def count(company: Company, table: sa.Table) -> int:
    return await company.database.read(
        lambda connection: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    )


SHAMS = [
    ("prechecked", {"method": "prechecked"}),
    ("prechecked", {"method": "Pre-Ticked Box"}),
    ("prechecked", {"method": "checkbox", "evidence": {"pre_checked": True}}),
    ("silence", {"method": "silence"}),
    ("silence", {"method": "opt-out"}),
    ("terms_of_sale", {"method": "terms_of_sale"}),
    ("terms_of_sale", {"method": "CGV"}),
    ("transferred_list", {"method": "purchased list"}),
    ("transferred_list", {"evidence": {"contract_clause": True}}),
]


@pytest.mark.parametrize("on_incomplete", ["refuse", "keep_as_claim"])
async def test_what_is_no_consent_in_law_is_refused_even_as_a_claim(
    company: Company, on_incomplete: str
) -> None:
    for reason, said in SHAMS:
        with refused(reason):
            await company.gives(ANA, on_incomplete=on_incomplete, **said)
    assert not await company.people(ANA)


LACKING = [
    ("notice_missing", "/notice", {"notice": None}),
    ("unknown_notice", "/notice/id", {"notice": notice("newsletter", id="leaflet")}),
    ("unknown_notice_version", "/notice/version", {"notice": notice("newsletter", version="9")}),
    ("unknown_notice_language", "/notice/language", {"notice": notice("newsletter", language="de")}),
    ("notice_differs", "/notice/sha256", {"notice": notice("newsletter", sha256="0" * 64)}),
    ("notice_not_for_purpose", "/notice/id", {"notice": notice("wellness_advice")}),
    ("method_missing", "/method", {"method": None}),
    ("unknown_method", "/method", {"method": "telepathy"}),
    ("collector_missing", "/collector", {"collector": None}),
]


async def test_a_yes_without_its_whole_proof_is_refused_saying_what_it_lacks(company: Company) -> None:
    for reason, where, said in LACKING:
        with refused(reason) as pointers:
            await company.gives(ANA, **said)
        assert pointers == [f"/events/0{where}"]
    assert not await company.people(ANA)


async def test_the_published_text_is_recognised_by_its_hash(company: Company) -> None:
    text = demo_policy().notices["newsletter"][-1].texts["fr"]
    await company.gives(ANA, notice=notice("newsletter", sha256=text))
    assert await company.allows(ANA)


async def test_a_yes_without_a_time_is_refused(company: Company) -> None:
    with refused("time_missing"):
        await company.send((ANA,), yes("newsletter", "email", "", occurred_at=None))


async def test_everything_that_a_yes_lacks_is_told_at_once(company: Company) -> None:
    with refused("time_missing", "method_missing", "collector_missing", "notice_missing"):
        await company.send((ANA,), event("newsletter", "email", state="given"))


IMPOSSIBLE = [
    ("unknown_purpose", {"purpose": "horoscope"}),
    ("unknown_channel", {"channel": "pigeon"}),
    ("contact_point_mismatch", {"contact_point": "phone:+33624686501"}),
    ("expired_not_recorded", {"state": "expired"}),
    ("invalid_time", {"at": "2026-11-18T10:00:00"}),
    ("invalid_time", {"at": "2026-02-30"}),
    ("invalid_time", {"at": "18/11/2026 10:00"}),
    ("future_time", {"at": "2026-11-19"}),
    ("future_time", {"at": "2027-01-01T00:00:00Z"}),
]


@pytest.mark.parametrize("state", ["given", "withdrawn"])
async def test_what_cannot_be_meant_is_refused_whether_yes_or_no(company: Company, state: str) -> None:
    for reason, changed in IMPOSSIBLE:
        with refused(reason):
            await company.gives(ANA, **({"state": state} | changed))
    assert not await company.people(ANA)


async def test_a_clock_that_runs_ahead_a_little_is_believed(company: Company) -> None:
    ahead = Instant(company.clock.now + MINUTE + 5 * MINUTE)
    await company.gives(ANA, at=to_text(ahead))
    with refused("future_time"):
        await company.gives(ANA, at=to_text(Instant(ahead + MINUTE + SECOND)))


async def test_a_purpose_of_special_categories_needs_an_explicit_consent(company: Company) -> None:
    with refused("not_explicit"):
        await company.gives(ANA, purpose="wellness_advice")
    await company.gives(ANA, purpose="wellness_advice", explicit=True)
    assert await company.allows(ANA, purpose="wellness_advice")


async def test_a_child_known_to_be_too_young_needs_a_parent(company: Company) -> None:
    await company.told("birth_date", CHILD, value="2014-05-20")
    with refused("parental_missing"):
        await company.gives(CHILD)
    await company.gives(CHILD, parental={"holder": "Camille Petit", "method": "signed_form"})
    assert await company.allows(CHILD)


async def test_a_purpose_meant_for_minors_needs_a_parent_where_the_age_is_unknown(company: Company) -> None:
    with refused("parental_missing"):
        await company.gives(ANA, purpose="club_enfants")
    await company.told("birth_date", ANA, value="1980-01-01")
    await company.gives(ANA, purpose="club_enfants")


async def test_a_child_of_whom_only_the_year_is_known_is_one_until_the_end_of_december(
    company: Company,
) -> None:
    await company.told("birth_date", CHILD, value="2011")
    with refused("parental_missing"):
        await company.gives(CHILD)
    company.clock.move(days=60)
    await company.gives(CHILD)


async def test_a_grant_of_yesterday_is_judged_by_the_age_of_yesterday(company: Company) -> None:
    """Fifteen since this morning: the yes of last night was a child's."""
    await company.told("birth_date", CHILD, value="2011-11-18")
    with refused("parental_missing"):
        await company.gives(CHILD, at="2026-11-17T23:59:59+01:00")
    await company.gives(CHILD, at="2026-11-18T00:00:00+01:00")


async def test_the_reason_of_a_refusal_never_repeats_an_identifier(company: Company) -> None:
    with pytest.raises(Exception, match="not an e-mail") as error:
        await company.gives("email:not an address")
    assert "not an address" not in str(error.value)
    assert "ana" not in repr(identifier(ANA))


async def test_one_bad_event_of_several_leaves_nothing_of_any(company: Company) -> None:
    good = yes("newsletter", "email", company.at())
    bad = yes("newsletter", "email", company.at(), method="silence")
    worse = yes("newsletter", "email", company.at(), occurred_at="2026-11-18T10:00:00")
    with refused("silence", "invalid_time") as pointers:
        await company.send((ANA,), good, bad, worse)
    assert pointers == ["/events/1/method", "/events/2/occurred_at"]
    assert (await count(company, consent_events), await count(company, subjects)) == (0, 0)


async def test_several_events_are_one_transaction_under_one_receipt(company: Company) -> None:
    _, answer = await company.send(
        (ANA,),
        yes("newsletter", "email", company.at()),
        yes("promotions", "email", company.at()),
        event("promotions", "sms", state="refused"),
    )
    assert await company.states(ANA) == {
        ("newsletter", "email"): "given",
        ("promotions", "email"): "given",
        ("promotions", "sms"): "refused",
    }
    batches = await company.database.read(
        lambda connection: set(connection.execute(sa.select(consent_events.c.batch_id)).scalars())
    )
    assert batches == {answer.receipt_id}
    await company.verify_everything()


async def test_what_restricts_needs_no_formalities_and_denies_at_once(company: Company) -> None:
    for state in ("withdrawn", "refused", "invalidated", "revoked"):
        who = f"email:{state}@exemple.fr"
        await company.gives(who)
        assert await company.allows(who)
        await company.says(state, who)
        assert await company.why(who) == state


async def test_somebody_unknown_may_say_no_first(company: Company) -> None:
    await company.withdraws(ANA)
    assert await company.why(ANA) == "withdrawn"


async def test_a_withdrawal_never_takes_back_that_consent_was_given(company: Company) -> None:
    given = await company.gives(ANA)
    await company.withdraws(ANA)
    history, _ = await company.consent.history(company.systems["till"], given.subject_id, None, 10)
    assert [one.event.state for one in history.events] == ["withdrawn", "given"]
    assert history.events[1].notice is not None


async def test_a_system_records_only_what_it_was_given(company: Company) -> None:
    await company.add_system("mailing", purposes=("newsletter",), channels=("email",))
    await company.gives(ANA, by="mailing")
    for other in ({"purpose": "promotions"}, {"channel": "push"}):
        with refused("outside_limits"):
            await company.gives(ANA, by="mailing", **other)
