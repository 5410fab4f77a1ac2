"""Pairs that may be one person: found while recording, with their reasons, and never joined by that."""

from typing import Any

import sqlalchemy as sa

from consentd.db.tables.people import merge_candidates as table
from consentd.kernel.ids import NOBODY, IdentifierId, SubjectId
from consentd.subjects import identifiers_store
from consentd.subjects.links_store import links_to
from consentd.subjects.requests import Name, spell
from consentd.subjects.service import Candidate, merge_candidates
from support.builders import Company, demo_policy
from support.builders_requests import identifier, yes
from support.rows import audited

MAILBOX, LANDLINE = "email:famille.roux@exemple.fr", "phone:+33472000000"
ANNE, LUC = Name(given="Anne", family="Roux"), Name(full="LUC ROUX")


async def call(company: Company, *who: str, name: Name | str | None = None, **said: Any) -> None:
    await company.send(who, yes("newsletter", "email", company.at(), **said), name=name)


async def found(company: Company, status: str = "open") -> list[Candidate]:
    return await company.database.read(
        lambda connection: merge_candidates(connection, NOBODY, limit=100, status=status)
    )


async def reasons(company: Company, one: str, other: str, status: str = "open") -> set[str]:
    """What speaks for these two being one."""
    pair = {await company.person(one), await company.person(other)}
    kept = [each for each in await found(company, status) if {each.subject_a, each.subject_b} == pair]
    assert len(kept) <= 1
    return set(kept[0].evidence) if kept else set()


async def ids(company: Company, *who: str) -> set[IdentifierId]:
    """The random ids of identifiers."""
    policy, keyring = demo_policy(), company.keyring
    names = [spell(policy, identifier(one), "FR", "") for one in who]
    digests = {d: name.scheme for name in names for _, d in keyring.blind_index(name.scheme, name.value)}
    return await company.database.read(
        lambda connection: {row.id for row in identifiers_store.holdings(connection, digests)}
    )


async def refuse_all(company: Company) -> None:
    """As if somebody had refused every pair."""

    def work(unit: Any) -> None:
        unit.connection.execute(sa.update(table).values(status="refused"))
        audited(unit)

    await company.database.change(work)


async def test_two_customers_at_one_contact_detail_are_a_pair(company: Company) -> None:
    await call(company, "loyalty:anne", MAILBOX, LANDLINE)
    await call(company, "loyalty:luc", MAILBOX, LANDLINE)
    (pair,) = await found(company)
    assert pair.reason == "shared_contact"
    assert pair.evidence == {"shared_contact": await ids(company, MAILBOX, LANDLINE)}
    assert {pair.subject_a, pair.subject_b} == {
        await company.person("loyalty:anne"),
        await company.person("loyalty:luc"),
    }


async def test_the_same_name_at_one_contact_detail_says_more(company: Company) -> None:
    await call(company, "loyalty:1", LANDLINE, name=ANNE)
    await call(company, "loyalty:2", LANDLINE, name="Mme ROUX Anne")
    await call(company, "loyalty:3", LANDLINE, name=LUC)
    assert await reasons(company, "loyalty:1", "loyalty:2") == {"same_name", "shared_contact"}
    assert await reasons(company, "loyalty:1", "loyalty:3") == {"shared_contact"}
    assert {one.reason for one in await found(company)} == {"same_name", "shared_contact"}


async def test_a_name_that_comes_later_is_compared_where_they_share_what_was_named(company: Company) -> None:
    await call(company, "loyalty:1", LANDLINE, name=ANNE)
    await call(company, "loyalty:2", LANDLINE)
    assert await reasons(company, "loyalty:1", "loyalty:2") == {"shared_contact"}
    await call(company, "loyalty:2", LANDLINE, name=ANNE)
    assert await reasons(company, "loyalty:1", "loyalty:2") == {"same_name", "shared_contact"}


async def test_the_same_name_and_nothing_else_is_no_pair(company: Company) -> None:
    await call(company, "loyalty:1", "email:anne@exemple.fr", name=ANNE)
    await call(company, "loyalty:2", "email:anne@autre.example", name=ANNE)
    await call(company, "email:annne@exemple.fr", name=ANNE)
    assert await found(company) == []


async def test_a_family_name_alone_is_not_the_same_name(company: Company) -> None:
    await call(company, "loyalty:1", LANDLINE, name="Roux")
    await call(company, "loyalty:2", LANDLINE, name=Name(family="Roux"))
    assert await reasons(company, "loyalty:1", "loyalty:2") == {"shared_contact"}


async def test_namesakes_whose_births_differ_are_father_and_son(company: Company) -> None:
    await call(company, "loyalty:1", "email:luc.roux@exemple.fr", name=LUC)
    await company.told("birth_date", "loyalty:1", value="1951-02-03")
    await call(company, "loyalty:2", name=LUC)
    await company.told("birth_date", "loyalty:2", value="1981-04-05")
    await call(company, "loyalty:1", LANDLINE)
    await company.withdraws("loyalty:2", "email:luc.rouc@exemple.fr", LANDLINE)
    assert await reasons(company, "loyalty:1", "loyalty:2") == {"contradicting_identifiers"}


async def test_nearly_the_same_address_at_one_telephone_is_a_slip(company: Company) -> None:
    await call(company, "loyalty:1", "email:anne.roux@exemple.fr", LANDLINE, name=ANNE)
    await call(company, "loyalty:2", "email:anne.ruox@exemple.fr", LANDLINE, name=ANNE)
    (pair,) = await found(company)
    assert pair.reason == "typo"
    assert pair.evidence["typo"] == await ids(
        company, "email:anne.roux@exemple.fr", "email:anne.ruox@exemple.fr"
    )
    assert pair.evidence["same_name"] == await ids(company, LANDLINE)


async def test_nearly_the_same_address_of_another_name_is_none(company: Company) -> None:
    await call(company, "loyalty:1", "email:a.roux@exemple.fr", LANDLINE, name=ANNE)
    await call(company, "loyalty:2", "email:l.roux@exemple.fr", LANDLINE, name=LUC)
    assert await reasons(company, "loyalty:1", "loyalty:2") == {"shared_contact"}


async def test_identifiers_of_two_people_in_one_call_contradict_each_other(company: Company) -> None:
    await call(company, "loyalty:anne", "email:anne@exemple.fr")
    await call(company, "loyalty:luc", "email:luc@exemple.fr")
    await call(company, "loyalty:anne", "email:luc@exemple.fr")
    (pair,) = await found(company)
    assert pair.evidence == {
        "contradicting_identifiers": await ids(company, "loyalty:anne", "email:luc@exemple.fr")
    }


async def test_what_was_found_before_is_kept_once(company: Company) -> None:
    for _ in range(3):
        await call(company, "loyalty:1", LANDLINE, name=ANNE)
        await call(company, "loyalty:2", LANDLINE, name=ANNE)
        await company.withdraws(LANDLINE)
    assert len(await found(company)) == 1


async def test_a_refused_pair_comes_back_only_with_something_new(company: Company) -> None:
    await call(company, "loyalty:1", LANDLINE)
    await call(company, "loyalty:2", LANDLINE)
    await refuse_all(company)
    await company.withdraws(LANDLINE)
    await call(company, "loyalty:2", LANDLINE, "device:2", name=LUC)
    assert await found(company) == []
    await call(company, "loyalty:1", LANDLINE, name=LUC)
    assert await reasons(company, "loyalty:1", "loyalty:2") == {"same_name", "shared_contact"}
    await refuse_all(company)
    await call(company, "loyalty:1", MAILBOX)
    await call(company, "loyalty:2", MAILBOX)
    assert await reasons(company, "loyalty:1", "loyalty:2") == {
        "same_name",
        "shared_contact",
        "contradicting_identifiers",
    }


async def test_a_switchboard_makes_no_pairs(company: Company) -> None:
    for number in range(53):
        await company.says("requested", f"loyalty:{number}", LANDLINE)
    people = len(await company.people(LANDLINE))
    before = len(await found(company))
    assert people == 53
    await call(company, "loyalty:more", LANDLINE, name=ANNE)
    assert len(await found(company)) == before


async def test_records_that_were_joined_are_one_half_of_a_pair(company: Company) -> None:
    await call(company, "loyalty:1", LANDLINE)
    await call(company, "shopify:1")
    await call(company, "loyalty:2", LANDLINE)
    await company.merge("loyalty:1", "shopify:1")
    await call(company, "shopify:1", LANDLINE, name=ANNE)
    await call(company, "loyalty:2", LANDLINE, name=ANNE)
    (pair,) = await found(company)
    assert set(pair.evidence) == {"same_name", "shared_contact"}
    # Whoever is not a pair any more is not proposed, until they come apart.
    await company.merge("loyalty:1", "loyalty:2")
    assert await found(company) == []


async def test_erased_people_leave_no_pair(company: Company) -> None:
    await call(company, "loyalty:1", LANDLINE, name=ANNE)
    await call(company, "loyalty:2", LANDLINE, name=ANNE)
    await call(company, "loyalty:3", LANDLINE, name=LUC)
    await company.erase("loyalty:2")
    (pair,) = await found(company)
    assert {pair.subject_a, pair.subject_b} == {
        await company.person("loyalty:1"),
        await company.person("loyalty:3"),
    }
    await company.erase("loyalty:1")
    assert await found(company) == []
    await company.verify_everything()


async def test_what_speaks_for_a_pair_is_told_by_random_ids_alone(company: Company) -> None:
    await call(company, "loyalty:1", LANDLINE, name=ANNE)
    await call(company, "loyalty:2", LANDLINE, name=ANNE)
    rows = await company.database.read(lambda connection: connection.execute(sa.select(table)).all())
    for text in ("472000000", "Roux", "roux"):
        assert text not in str(rows)


async def test_the_records_told_are_those_that_hold_what_speaks_for_it(company: Company) -> None:
    await call(company, "shopify:1")
    await call(company, "loyalty:1", LANDLINE)
    await company.merge("loyalty:1", "shopify:1")
    holder: SubjectId = (await found_holder(company, LANDLINE))[0]
    await call(company, "loyalty:2", LANDLINE)
    (pair,) = await found(company)
    assert holder in (pair.subject_a, pair.subject_b)


async def found_holder(company: Company, who: str) -> list[SubjectId]:
    (id_,) = await ids(company, who)
    return await company.database.read(
        lambda connection: [row.subject_id for row in links_to(connection, [id_])]
    )
