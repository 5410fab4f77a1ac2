"""Who was erased does not come back because a silo still names them, and the silo is found out."""

from types import MappingProxyType

import sqlalchemy as sa
from test_what_a_row_states import LOU, SUBSCRIBER

from consentd.db.tables.requests import erasure_alarms, erasure_ledger
from support.builders import Company
from support.imports import import_rows

SHOP = MappingProxyType(
    {"Customer ID": "'6001", "Email": "lou.garnier@exemple.fr", "Accepts Email Marketing": "yes"}
)


async def alarms(company: Company) -> list[str]:
    """By the name of the silo that raised each."""
    names = {one.system_id: name for name, one in company.systems.items()}
    read = sa.select(erasure_alarms.c.system_id).order_by(erasure_alarms.c.id)
    rows = await company.database.read(lambda connection: list(connection.execute(read).scalars()))
    return [names[row] for row in rows]


async def test_something_new_in_a_later_export_does_not_bring_them_back(company: Company) -> None:
    await import_rows(company, "mailing", "subscribed", SUBSCRIBER)
    await company.erase(LOU)
    company.clock.move(days=3)
    found = await import_rows(company, "webshop", "customers", dict(SHOP), exported_at="2026-11-20")
    assert found.reasons == [(2, "erased_before", None)]
    assert await company.people(LOU) == []
    assert await alarms(company) == ["webshop"]
    assert (await company.actions())[-1] == "erasure.returned"
    # The next day's export says it again, and is heard again; the same day's is not.
    await import_rows(company, "webshop", "customers", dict(SHOP), exported_at="2026-11-20")
    company.clock.move(days=1)
    await import_rows(company, "webshop", "customers", dict(SHOP), exported_at="2026-11-21")
    assert await alarms(company) == ["webshop", "webshop"]
    await company.verify_everything()


async def test_an_unchanged_row_of_a_later_export_raises_the_alarm_too(company: Company) -> None:
    await import_rows(company, "mailing", "subscribed", SUBSCRIBER)
    await company.erase(LOU)
    company.clock.move(days=3)
    found = await import_rows(company, "mailing", "subscribed", SUBSCRIBER, exported_at="2026-11-20")
    assert [one.returned for one in found.taken] == [True]
    assert await alarms(company) == ["mailing"]


async def test_an_export_of_before_the_erasure_brings_nobody_back_and_accuses_nobody(
    company: Company,
) -> None:
    await import_rows(company, "mailing", "subscribed", SUBSCRIBER)
    await company.erase(LOU)
    found = await import_rows(company, "webshop", "customers", dict(SHOP))
    assert found.reasons == [(2, "erased_before", None)]
    assert await alarms(company) == []


async def test_a_row_about_somebody_else_who_is_there_is_taken(company: Company) -> None:
    """The number is a living customer's: the row is about them, whatever address stands in it."""
    await company.gives(LOU)
    await company.erase(LOU)
    await import_rows(company, "webshop", "customers", SHOP | {"Email": "b@exemple.fr"})
    company.clock.move(days=3)
    found = await import_rows(company, "webshop", "customers", dict(SHOP), exported_at="2026-11-20")
    assert found.reasons == []
    assert len(await company.people(LOU)) == 1
    assert await alarms(company) == ["webshop"]


async def test_the_others_of_a_file_are_taken(company: Company) -> None:
    await company.gives(LOU)
    await company.erase(LOU)
    other = SUBSCRIBER | {"Email Address": "b@exemple.fr"}
    found = await import_rows(company, "mailing", "subscribed", SUBSCRIBER, other)
    assert [one.line for one in found.taken] == [3]
    assert [one.row.line for one in found.refused] == [2]


async def test_a_call_of_the_api_brings_them_back_and_the_alarm_with_them(company: Company) -> None:
    await company.gives(LOU)
    await company.erase(LOU, keep_suppression=True)
    company.clock.move(days=3)
    await company.gives(LOU)
    assert await alarms(company) == ["till"]
    # The do-not-contact list wins.
    assert await company.why(LOU) == "suppressed"
    await company.gives(LOU)
    assert await alarms(company) == ["till"]
    await company.verify_everything()


async def test_who_was_never_erased_costs_nothing_and_raises_nothing(company: Company) -> None:
    await company.gives("email:nobody@exemple.fr")
    assert await alarms(company) == []


async def test_the_ledger_holds_hashes_of_its_own_and_a_day(company: Company) -> None:
    await company.gives(LOU, "loyalty:l1")
    await company.gives("loyalty:l2", LOU)
    looked_up = {digest for _, digest in company.keyring.blind_index("loyalty", "l1")}
    await company.erase("loyalty:l1")
    rows = await company.database.read(
        lambda connection: connection.execute(sa.select(erasure_ledger)).mappings().all()
    )
    # The shared address is still somebody's: it comes back with nobody.
    assert [row["scheme"] for row in rows] == ["loyalty"]
    assert all(row["digest"] not in looked_up for row in rows)
    assert all(row["erased_on"] % 86_400_000_000 == 0 for row in rows)
    assert all(row["id"].version == 4 for row in rows)
