"""Resource and action search by AuthZEN: what an evaluation would say yes to, and nothing else."""

from typing import Any

import msgspec
import pytest

from consentd.check import authzen_pages
from consentd.check.authzen import ActionSearch, ResourceSearch
from consentd.check.authzen_answers import ActionsFound, ResourcesFound
from consentd.check.authzen_pages import PageTokens
from consentd.check.authzen_searching import PersonSearch
from consentd.kernel.errors import Malformed, Unauthenticated
from consentd.kernel.policy import sealed
from support.builders import Clock, Company, demo_policy, open_company

ANA = {"type": "email", "id": "ana@exemple.fr"}


def search(company: Company) -> PersonSearch:
    return PersonSearch(company.checks, PageTokens(company.keyring))


async def channels(company: Company, by: str = "till", **changed: Any) -> ResourcesFound:
    asked = {"subject": ANA, "action": {"name": "promotions"}, "resource": {"type": "channel"}} | changed
    return await search(company).channels(company.systems[by], msgspec.convert(asked, ResourceSearch))


async def purposes(company: Company, by: str = "till", **changed: Any) -> ActionsFound:
    asked = {"subject": ANA, "resource": {"type": "channel", "id": "email"}} | changed
    return await search(company).purposes(company.systems[by], msgspec.convert(asked, ActionSearch))


async def somebody(company: Company) -> None:
    who = ("email:ana@exemple.fr", "phone:+33624686501", "loyalty:7")
    for channel in ("email", "sms"):
        await company.gives(*who, purpose="promotions", channel=channel)
    await company.gives(*who)


async def test_channels_found_are_those_that_a_check_allows(company: Company) -> None:
    await somebody(company)
    card = {"type": "loyalty", "id": "7"}
    told = await channels(company, subject=card)
    names = [one.id for one in told.results]
    expected = [
        channel
        for channel in sorted(demo_policy().channels)
        if await company.allows("loyalty:7", purpose="promotions", channel=channel)
    ]
    assert names == expected
    assert {"email", "sms"} <= set(names)
    assert {one.type for one in told.results} == {"channel"}
    assert (told.page.next_token, told.page.count) == ("", len(names))


async def test_purposes_found_are_those_that_a_check_allows(company: Company) -> None:
    await somebody(company)
    names = [one.name for one in (await purposes(company)).results]
    expected = [
        purpose
        for purpose in sorted(demo_policy().purposes)
        if await company.allows("email:ana@exemple.fr", purpose=purpose)
    ]
    assert names == expected
    assert {"newsletter", "promotions"} <= set(names)


async def test_promise_5_a_withdrawal_counts_in_the_next_search(company: Company) -> None:
    await somebody(company)
    await company.withdraws("email:ana@exemple.fr", purpose="promotions", channel="email")
    assert "email" not in [one.id for one in (await channels(company)).results]
    assert "promotions" not in [one.name for one in (await purposes(company)).results]


async def test_promise_5_rules_activated_by_another_process_are_searched_by_at_once(
    company: Company, database_url: str
) -> None:
    await somebody(company)
    before = {one.name for one in (await purposes(company)).results}
    policy = demo_policy()
    renamed = {name: one for name, one in policy.purposes.items() if name != "orders"}
    renamed["deliveries"] = msgspec.structs.replace(policy.purposes["orders"], id="deliveries")
    folder = company.folder / "other"
    folder.mkdir()
    async with open_company(database_url, folder, Clock(company.clock.now)) as other:
        await other.activate(sealed(msgspec.structs.replace(policy, purposes=renamed)))
    after = {one.name for one in (await purposes(company)).results}
    assert after == before - {"orders"} | {"deliveries"}


async def test_a_system_finds_what_it_may_ask_about(company: Company) -> None:
    await company.add_system("shop", purposes=("newsletter", "promotions"), channels=("sms", "email"))
    await company.add_system("post", channels=("post",))
    await somebody(company)
    everything = [one.name for one in (await purposes(company)).results]
    assert [one.name for one in (await purposes(company, "shop")).results] == ["newsletter", "promotions"]
    assert everything != ["newsletter", "promotions"]
    assert (await purposes(company, "post")).results == ()
    assert (await channels(company, "post")).results == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": {"type": "email", "id": "nobody@exemple.fr"}},
        {"subject": {"type": "spaceship", "id": "7"}},
        {"action": {"name": "horoscope"}},
        {"resource": {"type": "record"}},
        {"context": {"at": "never"}},
    ],
)
async def test_what_nobody_knows_finds_nothing(company: Company, changed: dict[str, Any]) -> None:
    await somebody(company)
    told = await channels(company, **changed)
    assert (told.results, told.page.next_token) == ((), "")
    assert (told.context is not msgspec.UNSET) == ("context" in changed)


async def test_promise_5_a_revoked_system_is_told_nothing(company: Company) -> None:
    await company.add_system("shop", channels=("email",))
    await company.revoke("shop")
    for changed in ({}, {"resource": {"type": "record"}}, {"context": {"at": "never"}}):
        with pytest.raises(Unauthenticated):
            await channels(company, "shop", **changed)


async def test_pages_follow_each_other_and_serve_their_own_query_alone(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    await company.add_system("shop")
    await somebody(company)
    whole = [one.name for one in (await purposes(company)).results]
    names: list[str] = []
    token = ""
    while True:
        told = await purposes(company, page={"limit": 1, "token": token})
        names += [one.name for one in told.results]
        if not told.page.next_token:
            break
        token = told.page.next_token
    assert names == whole
    page = {"token": token}
    for by, changed in (("shop", {}), ("till", {"subject": {"type": "email", "id": "ben@exemple.fr"}})):
        with pytest.raises(Malformed):
            await purposes(company, by, page=page, **changed)
    with pytest.raises(Malformed):
        await channels(company, page=page)
    monkeypatch.setattr(authzen_pages, "MOST", 1)
    assert len((await purposes(company)).results) == 1
