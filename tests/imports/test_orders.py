"""In whatever order the five tools are imported, the same people have the same states.

All 120 orders of the tools on a dozen people who hold all kinds of contradictions; three orders of the whole.
"""

import asyncio
import itertools
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import open_keys
from consentd.db.migrate import migrate
from consentd.db.tables.consent import consent_states, objection_states
from consentd.db.tables.people import identifier_links, identifiers, subjects
from support import builders_requests as requests
from support.builders import Company, open_company
from support.imports import import_rows
from support.silos import FILES, import_all

SYSTEMS = ("webshop", "mailing", "crm", "till", "phone-sales")

Row = dict[str, str]


def shop(number: str, email: str = "", phone: str = "", country: str = "FR", **more: str) -> Row:
    row = {
        "Customer ID": f"'{number}",
        "Email": email,
        "Phone": phone,
        "Default Address Country Code": country,
    }
    return row | {"Total Orders": "2", "Accepts Email Marketing": "yes"} | more


def subscribed(email: str, confirmed: str = "") -> Row:
    row = {"Email Address": email, "OPTIN_TIME": "2026-02-01 10:00:00", "CONFIRM_TIME": confirmed}
    return row | {"CONFIRM_IP": "192.0.2.1" if confirmed else ""}


def contact(number: str, email: str, phone: str = "", **more: str) -> Row:
    return {"Record ID": number, "Email": email, "Phone Number": phone, "Country/Region": "FR"} | more


def card(
    number: str, email: str, phone: str, boxes: str, day: str, form: str = "B", born: str = "1970"
) -> Row:
    row = {"carte": number, "courriel": email, "telephone": phone, "date_adhesion": day, "naissance": born}
    ticked = zip(("accord_email", "accord_sms", "accord_tel", "accord_courrier"), boxes, strict=True)
    return row | dict(ticked) | {"preuve": form and f"{form}-{number}", "boutique": "Annecy"}


def call(phone: str, when: str, said: str, recording: str = "") -> Row:
    return {"numero": phone, "date_heure": when, "agent": "a", "issue": said, "enregistrement": recording}


OUT = {"Opted out of email: Marketing Information": "true"}
SAMPLE: dict[str, dict[str, list[Row]]] = {
    "webshop": {
        "customers": [
            shop("1", "ana@exemple.fr", "0600000001"),
            shop("2", "bob@exemple.fr", "0600000002", "RE"),
            shop("3", "couple@exemple.fr", "0600000003"),
            shop("4", "", "0600000004"),
            shop("5", "long@exemple.fr", "0600000005"),
            shop("6", "deux@exemple.fr"),
            shop("7", "deux@exemple.fr"),
        ]
    },
    "mailing": {
        "subscribed": [
            subscribed("ana@exemple.fr", "2026-03-01 10:00:00"),
            subscribed("couple@exemple.fr", "2026-03-02 10:00:00"),
            subscribed("seule@exemple.fr", "2026-03-03 10:00:00"),
            subscribed("bob@exemple.fr"),
            subscribed("rebond@exemple.fr", "2026-03-03 10:00:00"),
            subscribed("long@exemple.fr", "2026-03-04 10:00:00"),
        ],
        "unsubscribed": [
            {"Email Address": "bob@exemple.fr", "UNSUB_TIME": "2026-01-05 09:00:00", "UNSUB_REASON": "SPAM"},
            {
                "Email Address": "eva@exemple.fr",
                "UNSUB_TIME": "2026-06-05 09:00:00",
                "UNSUB_REASON": "NORMAL",
            },
        ],
        "cleaned": [{"Email Address": "rebond@exemple.fr", "CLEAN_TIME": "2026-05-01 10:00:00"}],
    },
    "crm": {
        "contacts": [
            contact("1", "ana@exemple.fr", "0600000001", **OUT),
            contact("2", "bob@exemple.fr", "0600000009"),
            contact("3", "eva@exemple.fr", "0600000007", **{"Unsubscribed from all email": "true"}),
            contact("4", "mia@exemple.fr", "0600000008"),
            contact("5", "rebond@exemple.fr", "0600000010"),
        ]
    },
    "till": {
        "loyalty": [
            card("L1", "ana@exemple.fr", "0600000001", "OOOO", "05/05/2026"),
            card("L2", "", "0600000002", "ONNO", "06/05/2026"),
            card("L3", "couple@exemple.fr", "0600000003", "NOON", "07/05/2026"),
            card("L4", "couple@exemple.fr", "0472000000", "ONON", "08/05/2026"),
            card("L5", "", "0600000005", "OOOO", "09/05/2026"),
            card("L6", "long@exemple.fr", "0472000001", "NNNN", "09/05/2025"),
            card("L7", "eva@exemple.fr", "0600000007", "OOON", "07/07/2026"),
            card("L8", "mia@exemple.fr", "0600000008", "OOOO", "10/05/2026", born="01/06/2012"),
            card("L9", "deux@exemple.fr", "0600000011", "ONON", "11/05/2026", form=""),
        ]
    },
    "phone-sales": {
        "calls": [
            call("0600000001", "15/09/2026 11:00", "accord", "enr-1.ogg"),
            call("0600000002", "16/09/2026 11:00", "accord", "enr-2.ogg"),
            call("0600000003", "01/03/2026 11:00", "accord", "enr-3.ogg"),
            call("0600000005", "02/10/2026 11:00", "accord", "enr-5b.ogg"),
            call("0600000005", "02/09/2026 11:00", "refus"),
            call("0600000007", "20/08/2026 11:00", "accord", "enr-7.ogg"),
            call("0600000007", "03/10/2026 11:00", "sans reponse"),
            call("0600000004", "03/10/2025 11:00", "accord"),
            call("0600000008", "03/10/2026 11:00", "accord", "enr-8.ogg"),
        ]
    },
}


async def picture(company: Company) -> dict[str, Any]:
    """Everyone, told by what they are known by: who is one person, what stands, and who may be contacted."""

    def read(connection: sa.Connection) -> dict[str, Any]:
        links = connection.execute(
            sa.select(identifier_links, identifiers.c.scheme, subjects.c.group_id, subjects.c.territory)
            .join(identifiers, identifiers.c.id == identifier_links.c.identifier_id)
            .join(subjects, subjects.c.id == identifier_links.c.subject_id)
        ).all()
        keys = open_keys(connection, company.keyring, {link.subject_id for link in links})
        names: dict[Any, str] = {}
        of_group: defaultdict[Any, set[str]] = defaultdict(set)
        for link in links:
            content = keys[link.subject_id].content
            assert content is not None
            place = Place("identifier_links", "sealed", link.id)
            names[link.identifier_id] = f"{link.scheme}:{unseal(content, link.sealed, place).decode()}"
            of_group[link.group_id].add(names[link.identifier_id])
            of_group[link.group_id].add(f"in {link.territory}" if link.territory else "")
            if link.unreachable_since:
                of_group[link.group_id].add(f"unreachable {names[link.identifier_id]}")
        found: dict[str, Any] = defaultdict(list)
        for group, its in of_group.items():
            found["people"].append(sorted(its))
            who = " ".join(sorted(name for name in its if ":" in name and "unreachable" not in name))
            states = connection.execute(sa.select(consent_states).where(consent_states.c.group_id == group))
            for row in states.mappings():
                point = names.get(row["contact_point_id"], "*")
                told = (row["purpose"], row["channel"], point, row["state"], row["effective"], row["proof"])
                found["states"].append((who, *told, row["own_act"]))
            objected = connection.execute(
                sa.select(objection_states).where(objection_states.c.group_id == group)
            )
            for row in objected.mappings():
                found["objections"].append((who, row["purpose"], row["channel"], row["since"]))
        return {name: sorted(rows, key=str) for name, rows in found.items()}

    found = await company.database.read(read)
    names = sorted({name for its in found["people"] for name in its if name.startswith(("email:", "phone:"))})
    asked = [
        requests.question((name,), purpose, channel)
        for name in names
        for purpose, channel in (("newsletter", "email"), ("promotions", "sms"), ("promotions", "phone"))
        if name.startswith("email:") == (channel == "email")
    ]
    answers = await company.ask_all(*asked)
    told = zip(asked, answers, strict=True)
    return found | {
        "eligible": [(str(q), a.eligible, sorted(one.code for one in a.reasons)) for q, a in told]
    }


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company that knows its tools and nobody else."""
    folder = tmp_path_factory.mktemp("empty")
    migrate(f"sqlite:///{folder}/consentd.db")

    async def connect() -> None:
        async with open_company(f"sqlite:///{folder}/consentd.db", folder) as company:
            for system in SYSTEMS:
                if system not in company.systems:
                    await company.add_system(system)

    asyncio.run(connect())
    return folder


async def imported(empty: Path, folder: Path, order: tuple[str, ...]) -> dict[str, Any]:
    shutil.copytree(empty, folder)
    async with open_company(f"sqlite:///{folder}/consentd.db", folder) as company:
        for system in order:
            if system not in company.systems:
                await company.system_of(system)
            for layout, rows in SAMPLE[system].items():
                found = await import_rows(company, system, layout, *rows)
                assert not found.refused
        told = await picture(company)
    shutil.rmtree(folder)
    return told


async def test_every_order_of_the_tools_gives_the_same_people_and_states(empty: Path, tmp_path: Path) -> None:
    first: dict[str, Any] | None = None
    for number, order in enumerate(itertools.permutations(SYSTEMS)):
        found = await imported(empty, tmp_path / str(number), order)
        first = first or found
        for part, rows in first.items():
            assert found[part] == rows, (order, part)
    assert first is not None
    # The sample would prove nothing if all of it were denied, or nobody were one person in several tools.
    assert {eligible for _, eligible, _ in first["eligible"]} == {True, False}
    assert any(sum(":" in name for name in its) >= 5 for its in first["people"])


async def test_many_rows_in_a_unit_and_one_by_one_give_the_same(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = await imported(empty, tmp_path / "together", SYSTEMS)
    monkeypatch.setattr("consentd.imports.running.BATCH", 1)
    assert await imported(empty, tmp_path / "alone", SYSTEMS) == together


@pytest.mark.parametrize("order", [(6, 5, 4, 3, 2, 1, 0), (3, 6, 1, 5, 0, 4, 2)])
async def test_other_orders_of_the_whole_give_the_same(
    filled: Path, silos: Path, sqlite_url: str, tmp_path: Path, order: tuple[int, ...]
) -> None:
    async with open_company(f"sqlite:///{filled}/consentd.db", filled) as company:
        first = await picture(company)
    async with open_company(sqlite_url, tmp_path) as company:
        await import_all(company, silos, tuple(FILES[number] for number in order))
        found = await picture(company)
    for part, rows in first.items():
        assert found[part] == rows, part
