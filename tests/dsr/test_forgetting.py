"""A request that is over keeps its dates, and nothing of the person."""

import pytest

from consentd.dsr.forgetting import KEPT_DAYS, forget_due
from consentd.kernel.errors import NotFound
from dsr.test_requests import ANA, shop, three
from support.builders import ROOT, Company
from support.builders_keys import openable

WORDS = "Please, this is Zerbinette."


async def forget(company: Company) -> int:
    return await company.database.change(lambda unit: forget_due(unit, company.keyring))


async def opened(company: Company) -> bool:
    return any(b"Zerbinette" in one.plaintext for one in await openable(company.database, ROOT))


async def test_an_erasure_that_is_complete_is_forgotten_at_once(company: Company) -> None:
    await company.gives(ANA)
    rights = await shop(company, **three())
    asked = await rights.asks("erasure", ANA, words=WORDS)
    assert await opened(company)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    assert not await opened(company)
    told = await rights.told(asked.id)
    assert (told.state, told.right, told.gaps) == ("answered", "erasure", ())
    assert "request.forgotten" in await company.actions()
    await company.verify_everything()


async def test_one_that_is_partial_is_kept_until_it_is_done(company: Company) -> None:
    silos = three()
    silos["mailing"].leaves = True
    await company.gives(ANA)
    rights = await shop(company, **silos)
    asked = await rights.asks("erasure", ANA, words=WORDS)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    company.clock.move(days=2 * KEPT_DAYS)
    assert await forget(company) == 0
    assert await opened(company)


async def test_others_are_forgotten_a_month_after_closing(company: Company) -> None:
    await company.gives(ANA)
    rights = await shop(company, **three())
    who = await rights.hire()
    asked = await rights.asks("access", ANA, words=WORDS)
    await rights.step(asked.id, "withdraw", who)
    company.clock.move(days=KEPT_DAYS - 1)
    assert await forget(company) == 0
    company.clock.move(days=2)
    assert await forget(company) == 1
    assert await forget(company) == 0
    assert not await opened(company)
    assert (await rights.told(asked.id)).state == "withdrawn"
    with pytest.raises(NotFound):
        await rights.step(asked.id, "identify", who, grounds="Showed a card.")
    await company.verify_everything()
