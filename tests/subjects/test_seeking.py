"""Comparing all who bear the same name: pairs that no shared identifier leads to, found by a search."""

import pytest

from consentd.evidence.model import OPERATOR
from consentd.kernel.ids import NOBODY
from consentd.subjects.requests import Name
from consentd.subjects.seeking import Sought, seek
from consentd.subjects.service import Candidate, merge_candidates
from support.builders import Company
from support.builders_requests import yes

ANNE, OTHER = Name(given="Anne", family="Roux"), Name(given="Anna", family="Roux")
ADDRESS, SLIP = "email:anne.roux@exemple.fr", "email:anne.ruox@exemple.fr"
NUMBER, WRONG = "phone:+33472000001", "phone:+33472000010"


async def known(company: Company, *who: str, name: Name = ANNE, born: str | None = None) -> None:
    await company.send(who, yes("newsletter", "email", company.at()), name=name)
    if born is not None:
        await company.told("birth_date", who[0], value=born)


async def sought(company: Company, at_once: int = 100) -> Sought:
    return await seek(company.database, company.keyring, company.policies, OPERATOR, at_once)


async def pairs(company: Company) -> list[Candidate]:
    return await company.database.read(lambda connection: merge_candidates(connection, NOBODY, limit=100))


async def test_a_slip_in_an_address_is_found_where_birth_says_the_same(company: Company) -> None:
    await known(company, ADDRESS, born="1987-06-05")
    await known(company, SLIP, born="1987-06-05")
    assert await pairs(company) == []
    assert await sought(company) == Sought(people=2, found=1)
    (pair,) = await pairs(company)
    assert set(pair.evidence) == {"typo"}
    assert {pair.subject_a, pair.subject_b} == {await company.person(ADDRESS), await company.person(SLIP)}
    await company.verify_everything()


async def test_two_slips_say_as_much(company: Company) -> None:
    await known(company, ADDRESS, NUMBER)
    await known(company, SLIP, WRONG)
    assert (await sought(company)).found == 1


@pytest.mark.parametrize(
    ("name", "who", "born"),
    [
        (ANNE, SLIP, None),  # nothing else in common
        (ANNE, SLIP, "1988-06-05"),
        (OTHER, SLIP, "1987-06-05"),
        (ANNE, "email:a.roux@exemple.fr", "1987-06-05"),
        (ANNE, "loyalty:anne.roux", "1987-06-05"),
    ],
)
async def test_less_than_that_is_no_pair(company: Company, name: Name, who: str, born: str | None) -> None:
    await known(company, ADDRESS, "loyalty:anne.ruox", born="1987-06-05")
    await known(company, who, name=name, born=born)
    assert (await sought(company)).found == 0
    assert await pairs(company) == []


async def test_it_is_the_same_in_parts_and_again(company: Company) -> None:
    for number in range(12):
        name = Name(given="Anne", family=f"Roux{'abcdef'[number // 2]}")
        address = f"email:anne.roux.{number // 2}@exemple.{'fr' if number % 2 else 'rf'}"
        await known(company, address, name=name, born="1987-06-05")
    assert await sought(company, at_once=3) == Sought(people=12, found=6)
    assert await sought(company) == Sought(people=12, found=0)
    assert len(await pairs(company)) == 6


async def test_those_who_are_one_already_or_erased_are_left_out(company: Company) -> None:
    await known(company, ADDRESS, born="1987-06-05")
    await known(company, SLIP, born="1987-06-05")
    await company.merge(ADDRESS, SLIP)
    assert (await sought(company)).found == 0
    await company.erase(SLIP)
    assert await sought(company) == Sought(people=0, found=0)


async def test_what_a_search_did_is_in_the_log_and_names_nobody(company: Company) -> None:
    await known(company, ADDRESS, born="1987-06-05")
    await known(company, SLIP, born="1987-06-05")
    before = await company.actions()
    await sought(company)
    assert (await company.actions())[len(before) :] == ["candidates.sought", "candidates.found"]
