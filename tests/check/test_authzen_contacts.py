"""Subject search by AuthZEN: those for whom an evaluation says yes, page by page, each page logged."""

from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from consentd.check import authzen_contacts, authzen_pages
from consentd.check.authzen import AccessEvaluation, SubjectSearch
from consentd.check.authzen_answers import ContactsFound
from consentd.check.authzen_contacts import ACTION, ContactSearch, page_digest
from consentd.check.authzen_evaluating import Evaluations
from consentd.check.authzen_pages import PageTokens
from consentd.crypto.seal import Place, unseal
from consentd.db.tables.log import log_entries
from consentd.db.tables.people import identifiers
from consentd.kernel.errors import Malformed, Unauthenticated
from consentd.kernel.policy import sealed
from consentd.subjects import listing
from support.builders import Clock, Company, demo_policy, open_company

Page = dict[str, Any]


async def found(company: Company, by: str = "till", **changed: Any) -> ContactsFound:
    asked = {
        "subject": {"type": "email"},
        "action": {"name": "newsletter"},
        "resource": {"type": "channel", "id": "email"},
    } | changed
    search = ContactSearch(company.checks, company.doing, PageTokens(company.keyring))
    return await search.page(company.systems[by], msgspec.convert(asked, SubjectSearch))


async def everybody(company: Company, by: str = "till", limit: int = 100, **changed: Any) -> list[str]:
    """All pages to the end, in any order."""
    values: list[str] = []
    token = ""
    while True:
        page = await found(company, by, page={"token": token, "limit": limit}, **changed)
        values += [one.id for one in page.results]
        token = page.page.next_token
        if not token:
            return sorted(values)


async def entries(company: Company) -> list[dict[str, Any]]:
    """What the log says of each list that was told."""
    rows = await company.database.read(
        lambda connection: list(
            connection.execute(
                sa.select(log_entries).where(log_entries.c.action == ACTION).order_by(log_entries.c.id)
            )
        )
    )
    assert all(row.subject_id is None for row in rows)
    key = company.keyring.audit()
    return [
        msgspec.json.decode(unseal(key, row.sealed, Place("log_entries", "sealed", row.id))) for row in rows
    ]


async def a_mixed_population(company: Company) -> None:
    """Of every kind that decides differently: each with an e-mail address, some with more."""
    for number in range(6):
        await company.gives(f"email:yes{number}@exemple.fr", f"loyalty:{number}")
    await company.gives("email:gone@exemple.fr")
    await company.withdraws("email:gone@exemple.fr")
    await company.says("refused", "email:no@exemple.fr")
    await company.claims("email:claim@exemple.fr")
    await company.gives("email:objects@exemple.fr")
    await company.objects("email:objects@exemple.fr")
    await company.gives("email:erased@exemple.fr")
    await company.erase("email:erased@exemple.fr", keep_suppression=True)
    # A couple's mailbox: both said yes; and one of which a holder said no.
    await company.gives("email:couple@exemple.fr", "loyalty:ann")
    await company.gives("email:couple@exemple.fr", "loyalty:bob")
    await company.gives("email:torn@exemple.fr", "loyalty:cat")
    await company.gives("email:torn@exemple.fr", "loyalty:dan")
    await company.withdraws("loyalty:dan", "email:torn@exemple.fr")
    # Merged people, whom only the general statement can answer for.
    await company.gives("email:one@exemple.fr")
    await company.gives("email:two@exemple.fr")
    await company.merge("email:one@exemple.fr", "email:two@exemple.fr")


ADDRESSES = [
    *(f"yes{number}@exemple.fr" for number in range(6)),
    *(f"{name}@exemple.fr" for name in ("gone", "no", "claim", "objects", "erased", "couple", "torn")),
    *(f"{name}@exemple.fr" for name in ("one", "two", "nobody")),
]


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
async def test_those_found_are_exactly_those_whom_an_evaluation_allows(company: Company, limit: int) -> None:
    await a_mixed_population(company)
    evaluations = Evaluations(company.checks)
    allowed = []
    for address in ADDRESSES:
        asked = msgspec.convert(
            {
                "subject": {"type": "email", "id": address},
                "action": {"name": "newsletter"},
                "resource": {"type": "channel", "id": "email"},
            },
            AccessEvaluation,
        )
        if (await evaluations.one(company.systems["till"], asked)).decision:
            allowed.append(address)
    assert {"yes0@exemple.fr", "one@exemple.fr"} <= set(allowed) < set(ADDRESSES)
    assert await everybody(company, limit=limit) == sorted(allowed)


async def test_people_can_be_named_by_what_is_no_address_of_the_channel(company: Company) -> None:
    await company.gives("email:ana@exemple.fr", "loyalty:7")
    await company.gives("email:ben@exemple.fr", "loyalty:8")
    await company.withdraws("email:ben@exemple.fr", "loyalty:8")
    assert await everybody(company, subject={"type": "loyalty"}) == ["7"]
    assert await everybody(company, subject={"type": "loyalty", "id": "8"}) == ["7"]


async def test_promise_5_whoever_withdrew_is_not_on_the_next_page(company: Company) -> None:
    for number in range(5):
        await company.gives(f"email:yes{number}@exemple.fr")
    first = await found(company, page={"limit": 1})
    told = {one.id for one in first.results}
    left = sorted({f"yes{number}@exemple.fr" for number in range(5)} - told)
    await company.withdraws(f"email:{left[-1]}")
    rest: list[str] = []
    token = first.page.next_token
    while token:
        page = await found(company, page={"token": token, "limit": 1})
        rest += [one.id for one in page.results]
        token = page.page.next_token
    assert sorted(rest) == left[:-1]


async def test_promise_5_rules_activated_by_another_process_are_searched_by_at_once(
    company: Company, database_url: str
) -> None:
    await company.gives("email:ana@exemple.fr")
    assert await everybody(company) == ["ana@exemple.fr"]
    policy = demo_policy()
    bulletin = msgspec.structs.replace(policy.purposes["orders"], id="bulletin")
    silent = msgspec.structs.replace(policy.purposes["newsletter"], bases={"push": ("consent",)})
    purposes = policy.purposes | {"newsletter": silent, "bulletin": bulletin}
    folder = company.folder / "other"
    folder.mkdir()
    async with open_company(database_url, folder, Clock(company.clock.now)) as other:
        await other.activate(sealed(msgspec.structs.replace(policy, purposes=purposes)))
    assert await everybody(company, action={"name": "bulletin"}) == ["ana@exemple.fr"]
    assert await everybody(company) == []


async def test_promise_8_each_page_is_in_the_log_with_its_digest(company: Company) -> None:
    for number in range(3):
        await company.gives(f"email:yes{number}@exemple.fr")
    pages = [await found(company, page={"limit": 2})]
    pages.append(await found(company, page={"limit": 2, "token": pages[0].page.next_token}))
    logged = await entries(company)
    assert [one["count"] for one in logged] == [2, 1]
    assert [one["digest"] for one in logged] == [page_digest(company.doing, page.results) for page in pages]
    assert {one["caller"] for one in logged} == {"till"}
    assert {(one["scheme"], one["purpose"], one["channel"]) for one in logged} == {
        ("email", "newsletter", "email")
    }
    assert "exemple.fr" not in str(logged)
    await company.verify_everything()


async def test_promise_8_what_cannot_be_logged_is_not_answered(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    await company.gives("email:ana@exemple.fr")

    async def broken(work: Any) -> None:
        raise RuntimeError("no room for the entry")

    monkeypatch.setattr(company.database, "change", broken)
    with pytest.raises(RuntimeError, match="no room"):
        await found(company)


async def test_promise_8_nobody_is_opened_who_is_not_told(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_mixed_population(company)
    opened: set[str] = set()
    really = listing.open_identifiers

    def watched(connection: Any, keyring: Any, identifiers: Any) -> Any:
        values = really(connection, keyring, identifiers)
        opened.update(values.values())
        return values

    monkeypatch.setattr(authzen_contacts, "open_identifiers", watched)
    assert sorted(opened) == [] != (told := await everybody(company))
    assert sorted(opened) == told


async def test_promise_13_a_token_serves_its_own_query_and_caller_alone(company: Company) -> None:
    await company.add_system("shop")
    for number in range(3):
        await company.gives(f"email:yes{number}@exemple.fr")
    token = (await found(company, page={"limit": 1})).page.next_token
    assert "exemple" not in token
    page = {"token": token, "limit": 1}
    assert (await found(company, page=page)).results
    for by, changed in (
        ("shop", {}),
        ("till", {"action": {"name": "promotions"}}),
        ("till", {"subject": {"type": "loyalty"}}),
        ("till", {"resource": {"type": "channel", "id": "sms"}}),
        ("till", {"context": {"at": company.at(-60)}}),
    ):
        with pytest.raises(Malformed):
            await found(company, by, page=page, **changed)
    for wrong in (token[:-2], "A" + token[1:], token + "AA", "x", "é", "AAAA", "=" * 50):
        with pytest.raises(Malformed):
            await found(company, page={"token": wrong})


@pytest.mark.parametrize("limit", [3, 3.5, 4, 1000])
async def test_a_full_page_that_is_the_last_leads_nowhere(company: Company, limit: float) -> None:
    """Section 8.2.2: an empty token where nothing follows, however many were asked for."""
    for number in range(3):
        await company.gives(f"email:yes{number}@exemple.fr")
    await company.says("refused", "email:no@exemple.fr")
    page = await found(company, page={"limit": limit})
    assert (len(page.results), page.page.next_token, page.page.count) == (3, "", 3)
    first = await found(company, page={"limit": 2})
    assert (len(first.results), bool(first.page.next_token)) == (2, True)
    last = await found(company, page={"limit": 1, "token": first.page.next_token})
    assert (len(last.results), last.page.next_token) == (1, "")
    assert not {one.id for one in first.results} & {one.id for one in last.results}


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": {"type": "spaceship"}},
        {"action": {"name": "horoscope"}},
        {"action": {"name": "not a word"}},
        {"resource": {"type": "channel", "id": "fax"}},
        {"resource": {"type": "document", "id": "email"}},
        {"context": {"at": "never"}},
        {"context": {"contact_point": {"type": "email", "id": "ana@exemple.fr"}}},
    ],
)
async def test_what_nobody_knows_finds_nobody_and_is_logged(
    company: Company, changed: dict[str, Any]
) -> None:
    await company.gives("email:ana@exemple.fr")
    page = await found(company, **changed)
    assert (page.results, page.page.next_token, page.page.count) == ((), "", 0)
    assert (page.context is not msgspec.UNSET) == ("context" in changed)
    assert [one["count"] for one in await entries(company)] == [0]


async def test_outside_its_limits_a_system_finds_nobody(company: Company) -> None:
    await company.add_system("shop", purposes=("promotions",))
    await company.gives("email:ana@exemple.fr")
    assert await everybody(company, "shop") == []


async def test_a_revoked_system_is_told_nothing(company: Company) -> None:
    await company.add_system("shop")
    await company.gives("email:ana@exemple.fr")
    await company.revoke("shop")
    for changed in ({}, {"subject": {"type": "spaceship"}}):
        with pytest.raises(Unauthenticated):
            await found(company, "shop", **changed)


async def test_a_page_looks_at_so_many_and_leads_on(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where hardly anybody may be contacted, pages are short, and none is left out."""
    monkeypatch.setattr(authzen_contacts, "LOOKED_AT", 4)
    monkeypatch.setattr(authzen_contacts, "_FEWEST", 2)
    for number in range(9):
        await company.says("refused", f"email:no{number}@exemple.fr", f"loyalty:{number}")
    await company.gives("email:ana@exemple.fr")
    first = await found(company, page={"limit": 1})
    assert (first.results, bool(first.page.next_token)) == ((), True)
    assert await everybody(company, limit=1) == ["ana@exemple.fr"]


async def test_a_limit_of_none_tells_none_and_a_large_one_is_cut(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authzen_pages, "MOST", 2)
    for number in range(3):
        await company.gives(f"email:yes{number}@exemple.fr")
    none = await found(company, page={"limit": 0})
    assert (none.results, bool(none.page.next_token)) == ((), True)
    assert len((await found(company, page={"limit": 10**30})).results) == 2
    assert len((await found(company, page={"limit": 1.0})).results) == 1


async def test_entries_are_listed_in_the_order_of_their_ids_on_both_databases(company: Company) -> None:
    for number in range(4):
        await company.gives(f"email:yes{number}@exemple.fr", f"loyalty:{number}")
    everything = await company.database.read(
        lambda connection: listing.entries_after(connection, listing.FIRST, 100)
    )
    ids = await company.database.read(
        lambda connection: list(connection.execute(sa.select(identifiers.c.id)).scalars())
    )
    assert [one.id for one in everything] == sorted(ids)
    behind = await company.database.read(
        lambda connection: listing.entries_after(connection, everything[2].id, 3)
    )
    assert behind == everything[3:6]
