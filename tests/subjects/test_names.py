"""A name is kept sealed, the latest of each system, and only ever helps to spot two records of one person."""

import logging

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from consentd.crypto.subject_keys import open_keys
from consentd.db.tables.people import subjects
from consentd.subjects.likeness import name_key, nearly_same, slips
from consentd.subjects.naming import names_of_all
from consentd.subjects.requests import Name, SubjectNamed
from consentd.subjects.store import sealed_names
from support.builders import ROOT, Company
from support.builders_examples import bounded
from support.builders_keys import openable, stored_bytes
from support.builders_requests import yes
from support.rows import run_raw

CALLED = Name(given="Annabelle", family="Quetsche")


async def call(company: Company, who: str, name: Name | str | None, by: str = "till") -> None:
    said = yes("newsletter", "email", company.at())
    await company.send((who,), said, name=name, by=by)


async def names(company: Company, who: str) -> set[Name]:
    person = await company.person(who)

    def read(connection: sa.Connection) -> set[Name]:
        content = open_keys(connection, company.keyring, [person])[person].content
        assert content is not None
        return set(names_of_all([(person, content)], sealed_names(connection, [person])))

    return await company.database.read(read)


async def test_the_latest_name_of_each_system_is_kept(company: Company) -> None:
    await company.add_system("webshop")
    await call(company, "loyalty:1", "QUETSCHE")
    await call(company, "loyalty:1", CALLED, by="webshop")
    await call(company, "loyalty:1", "Quetsche Anna")
    await call(company, "loyalty:1", None)
    assert await names(company, "loyalty:1") == {CALLED, Name(full="Quetsche Anna")}
    await company.verify_everything()


async def test_a_name_that_is_told_again_writes_nothing(company: Company) -> None:
    await call(company, "loyalty:1", CALLED)
    read = sa.select(subjects.c.sealed_name, subjects.c.entry_id)
    before = await company.database.read(lambda connection: connection.execute(read).all())
    await call(company, "loyalty:1", CALLED)
    assert await company.database.read(lambda connection: connection.execute(read).all()) == before


async def test_a_name_finds_nobody_and_joins_nobody(company: Company) -> None:
    await call(company, "loyalty:1", CALLED)
    await call(company, "loyalty:2", CALLED)
    await call(company, "email:anna@exemple.fr", CALLED)
    found = [await company.person(who) for who in ("loyalty:1", "loyalty:2", "email:anna@exemple.fr")]
    assert len(set(found)) == 3


async def test_promise_18_a_name_stands_nowhere_in_clear(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await call(company, "loyalty:1", CALLED)
    stored = await stored_bytes(company.database)
    for part in ("Annabelle", "Quetsche"):
        assert part.encode() not in stored
        assert part not in caplog.text
        assert part not in repr(SubjectNamed((), None, CALLED)) + repr(CALLED)


async def test_promise_10_a_name_goes_with_the_content_key(company: Company) -> None:
    await call(company, "loyalty:1", CALLED)
    assert any(b"Quetsche" in one.plaintext for one in await openable(company.database, ROOT))
    await company.erase("loyalty:1")
    assert not any(b"Quetsche" in one.plaintext for one in await openable(company.database, ROOT))
    await company.verify_everything()


@pytest.mark.parametrize("instead", ["NULL", "x'00'"])
async def test_promise_9_a_name_that_was_altered_is_found(
    company: Company, database_url: str, instead: str
) -> None:
    await call(company, "loyalty:1", CALLED)
    await company.verify_everything()
    if not database_url.startswith("sqlite"):
        instead = instead.replace("x'00'", "'\\x00'")
    await run_raw(database_url, f"UPDATE subjects SET sealed_name = {instead}")
    person = await company.person("loyalty:1")
    assert {(one.table, one.row) for one in await company.findings()} == {("subjects", str(person))}


# --- likeness


@pytest.mark.parametrize(
    "writing",
    [
        Name(given="Éloïse", family="d'Argent-Petit"),
        Name(full="D’ARGENT PETIT Eloise"),
        Name(full="Mme Éloïse d’Argent-Petit"),
        Name(given="eloise", family="DARGENT PETIT"),
        Name(full="E\u0301loi\u0308se d'argent  petit"),
    ],
)
def test_writings_of_one_name_are_alike(writing: Name) -> None:
    assert name_key(writing.given, writing.family, writing.full) == ("dargent", "eloise", "petit")


@pytest.mark.parametrize("text", ["Petit", "Mme Petit", "", "12 34", "M. & Mme Petit", "—"])
def test_a_family_name_alone_is_nobodys_in_particular(text: str) -> None:
    assert name_key(None, None, text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana.diaz@exemple.fr", "ana.daiz@exemple.fr"),
        ("ana.diaz@exemple.fr", "ana.diaz@exmple.fr"),
        ("ana.diaz@exemple.fr", "ana.dias@exemple.fr"),
        ("ana.diaz@exemple.fr", "ana.ddiaz@exemple.fr"),
    ],
)
def test_one_slip_of_the_finger_makes_an_address_nearly_the_same(one: str, other: str) -> None:
    assert nearly_same("email", one, other)
    assert nearly_same("email", other, one)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "ana.diaz@exemple.fr", "ana.diaz@exemple.fr"),
        ("email", "ana.diaz@exemple.fr", "eva.diaz@exemple.fr"),
        ("email", "ana.diaz@exemple.fr", "an.daiz@exemple.fr"),
        ("email", "a@b.c", "b@b.c"),
        ("phone", "+33624686501", "+3362468650"),
        ("phone", "+33624686501", "+33642686510"),
        ("account", "ml100007", "ml100008"),
        ("opaque", "token-1", "token-2"),
    ],
)
def test_what_is_further_apart_or_of_another_kind_is_not(kind: str, one: str, other: str) -> None:
    assert not nearly_same(kind, one, other)


letters = st.text("abc@.", min_size=6, max_size=9)


@bounded(2000)
@given(letters, letters)
def test_whatever_is_nearly_the_same_shares_a_slip(one: str, other: str) -> None:
    assert nearly_same("email", one, other) == nearly_same("email", other, one)
    if nearly_same("email", one, other):
        assert slips(one) & slips(other)


@pytest.mark.parametrize(
    "name",
    [b'{"given": ""}', b'{"first": "A"}', b'{"full": 1}', b'""', b"[]", b'{"full": "%s"}' % (b"x" * 201)],
)
def test_the_parts_of_a_name_are_read_strictly(name: bytes) -> None:
    body = b'{"identifiers": [{"scheme": "loyalty", "value": "1"}], "name": %s}'
    msgspec.json.decode(body % b'{"given": "A"}', type=SubjectNamed)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body % name, type=SubjectNamed)
