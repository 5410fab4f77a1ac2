"""Importing twice changes nothing; one bad row never stops the rest; what was erased does not come back."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from test_what_a_row_states import CARD, LOU, SUBSCRIBER

from consentd.db.tables import APPEND_ONLY
from consentd.db.tables.people import subjects
from consentd.imports.reading import REASON
from consentd.imports.words import Words
from consentd.imports.writing import RefusedRows
from support.builders import Company, demo_policy
from support.imports import Imported, file_of, import_file, import_rows, layout_of


async def written(company: Company) -> dict[str, int]:
    """How many rows the history has."""
    return await company.database.read(
        lambda connection: {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in APPEND_ONLY
        }
    )


async def test_promise_2_the_same_file_again_changes_nothing(company: Company) -> None:
    other = CARD | {"carte": "ML2", "courriel": "b@exemple.fr", "telephone": "0624686502", "preuve": ""}
    first = await import_rows(company, "till", "loyalty", CARD, other)
    before = await written(company)
    again = await import_rows(company, "till", "loyalty", CARD, other)
    assert (first.created, again.created, again.states) == (2, 0, [])
    assert await written(company) == before


async def test_promise_2_an_unchanged_row_of_a_newer_export_changes_nothing(local: Company) -> None:
    row = {"Record ID": "5", "Email": "a@exemple.fr", "Unsubscribed from all email": "true"}
    await import_rows(local, "crm", "contacts", row, exported_at="2026-11-01")
    before = await written(local)
    changed = row | {"First Name": "", "Create Date": "2025-01-01 10:00"}
    await import_rows(local, "crm", "contacts", changed, exported_at="2026-11-10")
    assert await written(local) == before


async def test_what_is_new_in_a_newer_export_is_recorded(local: Company) -> None:
    row = {"Record ID": "5", "Email": "a@exemple.fr"}
    await import_rows(local, "crm", "contacts", row)
    found = await import_rows(
        local, "crm", "contacts", row | {"Opted out of email: Marketing Information": "true"}
    )
    assert found.states == ["withdrawn"]
    assert found.created == 0


async def test_an_address_typed_in_another_way_is_the_same_row(local: Company) -> None:
    await import_rows(local, "mailing", "subscribed", SUBSCRIBER)
    before = await written(local)
    await import_rows(
        local, "mailing", "subscribed", SUBSCRIBER | {"Email Address": " Lou.Garnier@EXEMPLE.fr"}
    )
    assert await written(local) == before


async def test_who_was_erased_does_not_come_back_with_an_old_file(local: Company) -> None:
    await import_rows(local, "mailing", "subscribed", SUBSCRIBER)
    await local.erase(LOU)
    found = await import_rows(local, "mailing", "subscribed", SUBSCRIBER)
    assert found.created == 0
    assert await local.people(LOU) == []


async def test_who_was_erased_does_not_come_back_with_another_name(company: Company) -> None:
    """What the row states is on record; only how it describes whom changed."""
    other = SUBSCRIBER | {"Email Address": "b@exemple.fr"}
    await import_rows(company, "mailing", "subscribed", SUBSCRIBER, other)
    await company.erase(LOU)
    before = await written(company)
    renamed = SUBSCRIBER | {"First Name": "Louise"}
    found = await import_rows(company, "mailing", "subscribed", renamed, other)
    assert [(one.created, one.repeated) for one in found.taken] == [(False, 1), (False, 1)]
    assert await company.people(LOU) == []
    assert await written(company) == before
    await company.verify_everything()


async def test_an_import_never_lifts_what_stands_on_the_do_not_contact_list(local: Company) -> None:
    await import_rows(local, "mailing", "subscribed", SUBSCRIBER)
    await local.objects(LOU)
    await local.erase(LOU, keep_suppression=True)
    row = {"Customer ID": "'6001", "Email": "lou.garnier@exemple.fr", "Accepts Email Marketing": "yes"}
    found = await import_rows(local, "webshop", "customers", row)
    assert found.reasons == [(2, "erased_before", None)]
    assert not await local.allows(LOU)
    # Come back by an act of their own, they are still on the list for what it does not name.
    local.clock.move(days=2)
    await local.told("sale", LOU, occurred_at=local.at())
    await import_rows(local, "webshop", "customers", row)
    assert await local.why(LOU) == "suppressed"


async def test_one_bad_row_never_stops_the_rest_and_can_be_mended(local: Company) -> None:
    bad = CARD | {"carte": "ML2", "courriel": "b@exemple.fr", "telephone": "0624686502"}
    path = file_of(
        local.folder,
        "till",
        "loyalty",
        [CARD, bad | {"date_adhesion": "31/11/2025"}, bad | {"carte": "ML3", "accord_sms": "peut-être"}],
    )
    found = await import_file(local, "till", path)
    assert found.reasons == [(3, "impossible_time", "date_adhesion"), (4, "unknown_word", "accord_sms")]
    assert await local.allows("email:colette.auger@exemple.fr")

    mended = local.folder / "refused.csv"
    with mended.open("w", encoding="utf-8", newline="") as stream:
        layout = demo_policy().systems["till"].imports["loyalty"]
        RefusedRows(stream, layout.columns, ";", Words(demo_policy(), "fr")).add(found.refused)
    text = mended.read_text(encoding="utf-8")
    assert "Cette date n’existe pas" in text
    mended.write_text(text.replace("31/11/2025", "30/11/2025").replace("peut-être", "N"), encoding="utf-8")
    assert (await import_file(local, "till", mended)).created == 2


def refused_rows(company: Company, found: Imported, header: Sequence[str]) -> Path:
    path = company.folder / "refused.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        RefusedRows(stream, header, ";", Words(demo_policy(), "en")).add(found.refused)
    return path


@pytest.mark.parametrize("more", [-2, 1])
async def test_an_unmended_row_of_another_width_is_refused_again(local: Company, more: int) -> None:
    """Also once a spreadsheet gave all rows and the header the same width."""
    header = layout_of("till", "loyalty").columns
    path = file_of(local.folder, "till", "loyalty", [CARD, CARD | {"carte": "ML2"}, CARD | {"carte": "ML3"}])
    first, good, bad, last = path.read_text("cp1252").splitlines()
    bad = bad + ";" if more > 0 else bad.rsplit(";", -more)[0]
    path.write_text("\n".join([first, good, bad, last]), "cp1252")
    found = await import_file(local, "till", path)
    assert found.reasons == [(3, "wrong_width", None)]

    unmended = refused_rows(local, found, header)
    assert (await import_file(local, "till", unmended)).reasons == [(2, "wrong_width", None)]
    with unmended.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.reader(stream, delimiter=";"))
    widest = max(map(len, lines))
    with unmended.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows(line + [""] * (widest - len(line)) for line in lines)
    assert (await import_file(local, "till", unmended)).reasons == [(2, "wrong_width", None)]


async def test_refused_rows_can_be_mended_in_several_rounds(local: Company) -> None:
    path = file_of(local.folder, "till", "loyalty", [CARD | {"date_adhesion": "31/11/2025"}])
    header = list(layout_of("till", "loyalty").columns)
    for written_in in (header, [*header, REASON]):
        found = await import_file(local, "till", path)
        path = refused_rows(local, found, written_in)
        assert path.read_text("utf-8-sig").count(REASON) == 1
    path.write_text(path.read_text("utf-8-sig").replace("31/11", "30/11"), "utf-8-sig")
    assert (await import_file(local, "till", path)).created == 1


async def test_a_row_that_the_rules_refuse_leaves_nothing_behind(company: Company) -> None:
    future = CARD | {"carte": "ML2", "courriel": "b@exemple.fr", "telephone": "0624686502"}
    found = await import_rows(company, "till", "loyalty", CARD, future | {"date_adhesion": "17/03/2027"})
    assert found.reasons == [(3, "future_time", "date_adhesion")]
    assert await company.people("email:b@exemple.fr") == []
    count = await company.database.read(
        lambda connection: connection.execute(sa.select(sa.func.count()).select_from(subjects)).scalar_one()
    )
    assert count == 1
    await company.verify_everything()


async def test_a_file_of_which_the_rules_refuse_every_row_is_told_row_by_row(company: Company) -> None:
    row = CARD | {"date_adhesion": "17/03/2027"}
    found = await import_rows(company, "till", "loyalty", row, row | {"carte": "ML2"})
    assert [one[1:] for one in found.reasons] == [("future_time", "date_adhesion")] * 2
    assert await company.people("loyalty:ML2") == []
    await company.verify_everything()


@pytest.mark.parametrize("born", ["17/03/2031", "2031"])
async def test_a_birth_to_come_is_refused_with_its_column(local: Company, born: str) -> None:
    found = await import_rows(local, "till", "loyalty", CARD | {"naissance": born})
    assert found.reasons == [(2, "future_time", "naissance")]


async def test_a_bad_cell_does_not_lose_the_refusal_beside_it(local: Company) -> None:
    row = CARD | {"telephone": "n'en a pas", "accord_email": "N"}
    found = await import_rows(local, "till", "loyalty", row)
    assert not found.refused
    assert await local.why("email:colette.auger@exemple.fr") == "refused"


def test_refused_rows_are_written_inert(tmp_path: Path) -> None:
    path = tmp_path / "refused.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        RefusedRows(stream, ["=a", "b"], ",", Words(demo_policy(), "en"))
    assert next(csv.reader([path.read_text()]))[0] == "'=a"
