"""A silo's records are kept sealed as they come, and come out as exact JSON, CSV and a schema."""

import base64
import csv
import datetime as dt
import io
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from consentd.crypto.wrapping import draw_key
from consentd.dsr.package import shapes, tables
from consentd.dsr.package.files import Category, PackageFiles, remove_files
from consentd.dsr.package.records import MOST_CATEGORIES, Gathering
from consentd.dsr.package.redacting import Redaction, Redactions, Redactor
from consentd.kernel.errors import Tampered, Unprocessable
from consentd.systems.connectors.contract import Records

NONE = Redactor(())


def gathered(files: PackageFiles, *records: dict[str, Any], what: str = "orders") -> Category:
    with Gathering(files, "webshop") as sink:
        for record in records:
            sink.add(what, record)
    found = files.collected("webshop")
    assert found is not None
    return found.categories[0]


def as_json(files: PackageFiles, category: Category, redactor: Redactor = NONE) -> Any:
    return json.loads(b"".join(tables.as_json(files.lines("webshop", category.what), redactor)))


def as_rows(files: PackageFiles, category: Category, redactor: Redactor = NONE) -> list[list[str]]:
    lines = files.lines("webshop", category.what)
    text = b"".join(tables.as_csv(lines, redactor, category.fields, "en")).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


scalars = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.text(some.characters())
    | some.binary(max_size=40)
    | some.uuids()
    | some.dates()
    | some.datetimes(timezones=some.just(dt.UTC))
    | some.floats()
    | some.decimals(allow_nan=False)
)
records = some.dictionaries(some.text(some.characters(), max_size=8), scalars, max_size=6)


@settings(deadline=None)
@given(given_records=some.lists(records, min_size=1, max_size=6))
def test_every_scalar_comes_out_as_the_schema_says(
    tmp_path_factory: pytest.TempPathFactory, given_records: list[dict[str, Any]]
) -> None:
    files = PackageFiles(tmp_path_factory.mktemp("package"), UUID(int=7), draw_key())
    category = gathered(files, *given_records)
    content = as_json(files, category)
    jsonschema_rs.validator_for(shapes.schema("orders", category.fields), validate_formats=True).validate(
        content
    )
    assert len(content) == category.records == len(given_records)
    rows = as_rows(files, category)
    assert {len(row) for row in rows} == {len(category.fields) or 1}
    assert len(rows) == category.records + 1


def test_values_are_written_as_they_were(files: PackageFiles) -> None:
    row = {
        "id": 2**70,
        "paid": True,
        "note": None,
        "name": "Ana “la rousse” – «é»",
        "scan": b"\x00\xff",
        "day": dt.date(2026, 3, 1),
        "total": Decimal("12.50"),
    }
    category = gathered(files, row, {"id": 2})
    assert as_json(files, category) == [
        {
            **row,
            "scan": base64.b64encode(b"\x00\xff").decode(),
            "day": "2026-03-01",
            "total": "12.50",
        },
        {"id": 2},
    ]
    assert as_rows(files, category) == [
        list(row),
        [str(2**70), "true", "", row["name"], "AP8=", "2026-03-01", "12.50"],
        ["2", "", "", "", "", "", ""],
    ]
    assert [field.name for field in category.fields if field.always] == ["id"]


def test_the_sink_is_what_connectors_write_to(files: PackageFiles) -> None:
    sink: Records = Gathering(files, "webshop")
    assert sink is not None


def test_promise_10_nothing_lies_in_clear_and_without_the_key_nothing_opens(
    files: PackageFiles, tmp_path: Path
) -> None:
    category = gathered(files, {"mail": "ana@exemple.fr"})
    folder = tmp_path / "package"
    assert all(b"ana@" not in file.read_bytes() for file in folder.iterdir())
    assert all("webshop" not in file.name and "orders" not in file.name for file in folder.iterdir())
    other = PackageFiles(folder, files._package, draw_key())
    with pytest.raises(Tampered):
        other.collected("webshop")
    with pytest.raises(Tampered):
        list(other.lines("webshop", category.what))
    remove_files(folder)
    remove_files(folder)
    assert not folder.exists()


def test_an_export_that_was_killed_leaves_nothing_and_one_that_comes_twice_leaves_one(
    files: PackageFiles, tmp_path: Path
) -> None:
    killed = Gathering(files, "webshop").__enter__()
    killed.add("orders", {"id": 1})
    assert files.collected("webshop") is None
    category = gathered(files, {"id": 1})
    category = gathered(files, {"id": 1}, {"id": 2})
    killed.__exit__(KeyboardInterrupt, None, None)
    assert as_json(files, category) == [{"id": 1}, {"id": 2}]
    with pytest.raises(ZeroDivisionError), Gathering(files, "webshop") as broken:
        broken.add("orders", {"id": 1 // 0})
    assert files.collected("webshop") is None


def test_a_silo_that_holds_nothing_is_told_from_one_that_did_not_answer(files: PackageFiles) -> None:
    with Gathering(files, "till"):
        pass
    found = files.collected("till")
    assert found is not None
    assert (found.categories, found.records) == ((), 0)
    assert files.collected("crm") is None


def test_a_silo_that_never_repeats_itself_is_refused(files: PackageFiles) -> None:
    with pytest.raises(Unprocessable) as fields, Gathering(files, "a") as sink:
        sink.add("orders", {f"f{number}": 1 for number in range(shapes.MOST_FIELDS + 1)})
    with pytest.raises(Unprocessable) as categories, Gathering(files, "b") as sink:
        [sink.add(f"orders {number}", {"id": 1}) for number in range(MOST_CATEGORIES + 1)]
    assert {fields.value.code, categories.value.code} == {"records_too_varied"}
    with pytest.raises(TypeError), Gathering(files, "c") as sink:
        sink.add("orders", {"lines": cast(Any, [1, 2])})


def test_a_hundred_thousand_records_pass_in_flat_memory(files: PackageFiles) -> None:
    tracemalloc.start()
    with Gathering(files, "webshop") as sink:
        for number in range(100_000):
            sink.add("events", {"id": number, "page": "/produits/lavande", "when": "2026-03-01T10:00:00Z"})
    found = files.collected("webshop")
    assert found is not None
    (category,) = found.categories
    size = sum(map(len, tables.as_json(files.lines("webshop", "events"), NONE)))
    size += sum(map(len, tables.as_csv(files.lines("webshop", "events"), NONE, category.fields, "fr")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 12_000_000
    assert peak < 2_000_000


# --- what is held back


def redaction(record: int = 1, field: str | None = None, what: str = "orders", **other: str) -> Redaction:
    return Redaction(other.get("system", "webshop"), what, record, other.get("reason", "un tiers"), field)


def test_what_is_held_back_is_nowhere_and_is_counted(files: PackageFiles) -> None:
    category = gathered(files, {"id": 1, "to": "Bruno"}, {"id": 2, "to": "Carla"}, {"id": 3, "to": "Ana"})
    redactor = Redactions([redaction(1, "to"), redaction(2), redaction(2, "to", reason="x")]).of(
        "webshop", category
    )
    assert as_json(files, category, redactor) == [{"id": 1, "to": None}, {"id": 3, "to": "Ana"}]
    rows = as_rows(files, category, redactor)
    assert rows[1:] == [["1", "[held back: about somebody else]"], ["3", "Ana"]]
    assert (redactor.held.records, redactor.held.fields, redactor.held.reasons) == (1, 1, ("un tiers", "x"))
    schema = shapes.schema("orders", category.fields, redactor.nullable)
    jsonschema_rs.validator_for(schema).validate(as_json(files, category, redactor))


@pytest.mark.parametrize(
    "missed",
    [
        redaction(3),
        redaction(1, "phone"),
        redaction(what="orders2"),
        redaction(system="till"),
        redaction(2, "to"),
    ],
)
def test_a_redaction_that_meets_nothing_ends_it(files: PackageFiles, missed: Redaction) -> None:
    category = gathered(files, {"id": 1, "to": "Bruno"}, {"id": 2})
    redactions = Redactions([missed])
    with pytest.raises(Unprocessable, match="record"):  # noqa: PT012 - whichever finds it first
        redactions.all_named([("webshop", "orders")])
        as_json(files, category, redactions.of("webshop", category))
