"""Merging is an appended edge; unmerged, grants follow what they named and noes stay with both."""

import pytest
import sqlalchemy as sa

from consentd.db.tables.consent import consent_events
from consentd.db.tables.people import subject_edges
from consentd.kernel.errors import Conflict, NotFound
from consentd.kernel.ids import SubjectId
from support.builders import Company, refused

ANA, SHOP = "email:ana@exemple.fr", "email:ana.diaz@bureau.example"


async def two(company: Company) -> tuple[SubjectId, SubjectId]:
    """Two records of one person: one said yes, the other said nothing."""
    await company.gives(ANA, "loyalty:1")
    await company.says("requested", SHOP, "shopify:1")
    return await company.person(ANA), await company.person(SHOP)


async def rows(company: Company, table: sa.Table) -> list[tuple[object, ...]]:
    return await company.database.read(
        lambda connection: [tuple(row) for row in connection.execute(sa.select(table))]
    )


async def test_merged_people_are_one_and_their_choices_are_joined(company: Company) -> None:
    await two(company)
    await company.merge(ANA, SHOP)
    assert await company.person(ANA) == await company.person(SHOP)
    assert await company.allows(SHOP)
    assert await company.states("shopify:1") == {("newsletter", "email"): "given"}
    await company.verify_everything()


async def test_a_no_of_either_is_a_no_of_both(company: Company) -> None:
    await company.withdraws(ANA)
    await company.gives(SHOP, at="2026-01-01")
    await company.merge(ANA, SHOP)
    assert await company.why(SHOP) == "withdrawn"


async def test_an_objection_of_either_is_one_of_both_and_stays_with_both(company: Company) -> None:
    a, b = await two(company)
    await company.merge_ids(a, b)
    await company.objects("loyalty:1")
    assert await company.why(SHOP) == "objected"
    await company.unmerge_ids(a, b)
    assert await company.why(ANA) == "objected"
    assert await company.why(SHOP) == "objected"
    await company.verify_everything()


async def test_after_an_unmerge_everyone_has_again_what_they_had_before(company: Company) -> None:
    a, b = await two(company)
    await company.merge_ids(a, b)
    await company.unmerge_ids(a, b)
    assert await company.allows(ANA)
    assert await company.why(SHOP) == "requested"
    await company.verify_everything()


async def test_after_an_unmerge_a_grant_follows_what_it_named(company: Company) -> None:
    a, b = await two(company)
    await company.merge_ids(a, b)
    await company.gives(SHOP, purpose="promotions")
    assert await company.allows(ANA, purpose="promotions")
    await company.unmerge_ids(a, b)
    assert await company.allows(SHOP, purpose="promotions")
    assert not await company.allows(ANA, purpose="promotions")
    await company.verify_everything()


async def test_after_an_unmerge_a_no_stays_with_both(company: Company) -> None:
    a, b = await two(company)
    await company.gives(SHOP)
    await company.merge_ids(a, b)
    await company.withdraws(SHOP)
    await company.unmerge_ids(a, b)
    assert await company.why(ANA) == "withdrawn"
    assert await company.why(SHOP) == "withdrawn"
    await company.verify_everything()


async def test_after_an_unmerge_a_grant_that_nobody_can_be_told_to_have_given_counts_for_neither(
    company: Company,
) -> None:
    a, b = await two(company)
    await company.merge_ids(a, b)
    await company.gives(ANA, SHOP, purpose="promotions")
    assert await company.allows(ANA, purpose="promotions")
    await company.unmerge_ids(a, b)
    for one in (ANA, SHOP):
        assert not await company.allows(one, purpose="promotions")
    await company.verify_everything()


async def test_merged_again_such_a_grant_counts_again(company: Company) -> None:
    a, b = await two(company)
    await company.merge_ids(a, b)
    await company.gives(ANA, SHOP, purpose="promotions")
    await company.unmerge_ids(a, b)
    await company.merge_ids(a, b)
    assert await company.allows(ANA, purpose="promotions")
    await company.verify_everything()


async def test_three_records_of_one_person_come_apart_where_they_were_joined(company: Company) -> None:
    who = ["email:a@exemple.fr", "email:b@exemple.fr", "email:c@exemple.fr"]
    for one in who:
        await company.gives(one, at="2026-01-01")
    a, b, c = [await company.person(one) for one in who]
    await company.merge_ids(a, b)
    await company.merge_ids(b, c)
    await company.withdraws(who[0])
    assert [await company.why(one) for one in who] == ["withdrawn"] * 3
    await company.unmerge_ids(b, c)
    assert await company.person(who[0]) == await company.person(who[1]) != await company.person(who[2])
    assert [await company.why(one) for one in who] == ["withdrawn"] * 3
    await company.verify_everything()


async def test_merging_moves_no_event_and_unmerging_removes_no_edge(company: Company) -> None:
    a, b = await two(company)
    before = await rows(company, consent_events)
    await company.merge_ids(a, b)
    await company.unmerge_ids(a, b)
    assert await rows(company, consent_events) == before
    assert len(await rows(company, subject_edges)) == 2


async def test_what_is_one_already_or_was_never_merged_is_a_conflict(company: Company) -> None:
    a, b = await two(company)
    with pytest.raises(Conflict, match="not merged"):
        await company.unmerge_ids(a, b)
    await company.merge_ids(a, b)
    with pytest.raises(Conflict, match="already"):
        await company.merge_ids(b, a)
    with pytest.raises(Conflict):
        await company.merge_ids(a, a)


async def test_nobody_can_be_merged_with_somebody_erased(company: Company) -> None:
    a, b = await two(company)
    await company.erase_id(b)
    with pytest.raises(NotFound):
        await company.merge_ids(a, b)


async def test_facts_of_both_records_count_for_the_one_person(company: Company) -> None:
    a, b = await two(company)
    await company.told("birth_date", "shopify:1", value="2013-05-04")
    await company.merge_ids(a, b)
    assert await company.why(ANA) == "under_age"
    await company.unmerge_ids(a, b)
    assert await company.allows(ANA)


async def test_a_yes_recorded_for_a_merged_child_needs_a_parent(company: Company) -> None:
    a, b = await two(company)
    await company.told("birth_date", "shopify:1", value="2013-05-04")
    await company.merge_ids(a, b)
    with refused("parental_missing"):
        await company.gives(ANA, purpose="promotions")
