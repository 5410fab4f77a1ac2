"""Promise 6, when somebody edited the database: what stands is compared, and what cannot be read is named."""

from typing import NamedTuple
from uuid import UUID

import pytest

from consentd.consent.comparing import differences
from consentd.consent.rebuilding import rebuild_all
from consentd.db.schema import trigger_names
from consentd.db.tables import APPEND_ONLY
from support.builders import Company
from support.rows import literal, run_raw

HISTORY = {table.name for table in APPEND_ONLY}
ANA, BRUNO = "email:ana@exemple.fr", "email:bruno@exemple.fr"


class Edit(NamedTuple):
    table: str
    column: str
    value: str


STATES = {
    "a state that is none": Edit("consent_states", "state", "'perhaps'"),
    "a proof that is none": Edit("consent_states", "proof", "'somewhere'"),
    "hours that are no JSON": Edit("consent_states", "slots", "'['"),
    "hours that are no hours": Edit("consent_states", "slots", "'[1]'"),
    "an objection on no ground": Edit("objection_states", "ground", "'because'"),
}
EVENTS = {
    "a choice that is none": Edit("consent_events", "state", "'perhaps'"),
    "a choice that nobody can make": Edit("consent_events", "state", "'expired'"),
    "agreed hours that are no hours": Edit("consent_events", "slots", "'5'"),
    "an objection on no ground": Edit("objections", "ground", "'because'"),
}
MERGED = {
    "people who are no ids": Edit("consent_events", "members", "'[7]'"),
    "people who are no JSON": Edit("objections", "members", "'Ana'"),
}


async def found(company: Company) -> set[tuple[str, str]]:
    """Tables and people."""
    return {
        (table, who)
        for table, who, _ in await company.database.read(lambda connection: list(differences(connection)))
    }


async def edit(company: Company, url: str, change: Edit, where: str) -> None:
    """Past the service, and past what protects history."""
    dialect = company.database.dialect
    on = "" if dialect == "sqlite" else f" ON {change.table}"
    for name in trigger_names(dialect, change.table) if change.table in HISTORY else ():
        await run_raw(url, f'DROP TRIGGER "{name}"{on}')
    await run_raw(url, f"UPDATE {change.table} SET {change.column} = {change.value} WHERE {where}")


async def two_people(company: Company) -> tuple[str, str]:
    for who in (ANA, BRUNO):
        await company.gives(who)
        await company.gives(who)
        await company.objects(who, channels=["phone"])
    assert await found(company) == set()
    return str(await company.person(ANA)), str(await company.person(BRUNO))


def about(column: str, who: str, company: Company) -> str:
    return f"{column} = {literal(UUID(who), company.database.dialect)}"


@pytest.mark.parametrize("change", STATES.values(), ids=STATES.keys())
async def test_promise_6_a_state_that_cannot_be_read_is_named_and_built_anew(
    company: Company, database_url: str, change: Edit
) -> None:
    ana, bruno = await two_people(company)
    await edit(company, database_url, change, about("group_id", ana, company))
    other = Edit("consent_states", "state", "'refused'")
    await edit(company, database_url, other, about("group_id", bruno, company))
    assert await found(company) == {(change.table, ana), ("consent_states", bruno)}
    assert {(one.table, one.row) for one in await company.findings()} == await found(company)
    await rebuild_all(company.database, company.keyring)
    assert await found(company) == set()


@pytest.mark.parametrize("change", EVENTS.values(), ids=EVENTS.keys())
async def test_promise_9_an_event_that_cannot_be_read_hides_no_other_finding(
    company: Company, database_url: str, change: Edit
) -> None:
    ana, bruno = await two_people(company)
    await edit(company, database_url, change, about("subject_id", ana, company))
    other = Edit("consent_states", "state", "'refused'")
    await edit(company, database_url, other, about("group_id", bruno, company))
    assert await found(company) == {(change.table, ana), ("consent_states", bruno)}
    assert {one.table for one in await company.findings()} == {change.table, "consent_states"}


@pytest.mark.parametrize("change", MERGED.values(), ids=MERGED.keys())
async def test_promise_9_the_same_among_people_who_were_merged(
    company: Company, database_url: str, change: Edit
) -> None:
    await two_people(company)
    group = await company.merge(ANA, BRUNO)
    await company.gives(ANA)
    await company.objects(ANA)
    await edit(company, database_url, change, "members IS NOT NULL")
    assert await found(company) == {(change.table, str(group))}
