"""What two people have in common leads no request of one of them to what is the other's (promise 12)."""

from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system

HOME = "email:maison@exemple.fr"
ANA, BRUNO = "shopify:1001", "shopify:1002"


async def couple(company: Company) -> tuple[Rights, Silo, Silo]:
    """Two customers with one mailbox, in a shop that has their numbers and a mailing tool that has none."""
    shop, mailing = Silo((ANA, HOME), (BRUNO, HOME)), Silo((HOME,))
    silos = {
        "shop": (system("shop", "shopify", "email"), shop),
        "mailing": (system("mailing", "email"), mailing),
    }
    rights = await Rights.of(company, silos)
    for one in (ANA, BRUNO):
        await company.gives(one, HOME, by="desk")
    return rights, shop, mailing


async def test_an_erasure_leaves_what_is_the_others(company: Company) -> None:
    rights, shop, mailing = await couple(company)
    asked = await rights.asks("erasure", ANA)
    one, two = await rights.hire("Claire"), await rights.hire("Hugo")
    await rights.step(asked.id, "identify", one, grounds="Passeport vu au comptoir")
    await rights.step(asked.id, "approve", one)
    await rights.step(asked.id, "approve", two)
    await rights.carries_out()
    assert shop.rows == [{BRUNO, HOME}]
    # By their common mailbox alone nobody can tell whose it is: a colleague looks first.
    assert (mailing.orders, mailing.rows) == ([], [{HOME}])
    told = await rights.told(asked.id)
    assert told.state == "running"
    (task,) = next(silo for silo in told.silos if silo.system == "mailing").tasks
    assert (task.state, task.code) == ("approving", "shared_contact")
    await rights.step(asked.id, "approve", one, systems=["mailing"])
    await rights.carries_out()
    assert mailing.rows == []
    assert (await rights.told(asked.id)).state == "answered"
    assert await company.people(BRUNO)
    await company.verify_everything()


async def test_a_copy_shows_nothing_of_the_others(company: Company) -> None:
    rights, shop, mailing = await couple(company)
    asked = await rights.asks("access", ANA)
    await rights.step(asked.id, "identify", await rights.hire(), grounds="Passeport vu au comptoir")
    await rights.carries_out()
    assert {name.value for order in shop.orders for name in order.identifiers} == {"1001"}
    assert mailing.orders == []


async def test_what_only_restricts_is_for_all_who_have_it(company: Company) -> None:
    rights, shop, mailing = await couple(company)
    asked = await rights.asks("restriction", ANA, HOME)
    await rights.carries_out()
    assert (shop.frozen, mailing.frozen) == (1, 1)
    assert {name.scheme for order in shop.orders for name in order.identifiers} == {"shopify", "email"}
    assert (await rights.told(asked.id)).state == "answered"


HERS = "email:ana@exemple.fr"


async def unknown_couple(company: Company) -> tuple[Rights, Silo, Silo]:
    """A shop in which two customers have one mailbox, of which consentd knows one, and by that alone."""
    shop, till = Silo((ANA, HERS), (BRUNO, HERS)), Silo((ANA,), (BRUNO,))
    silos = {
        "shop": (system("shop", "shopify", "email", adds=("shopify",)), shop),
        "till": (system("till", "shopify", after=("shop",)), till),
    }
    await company.gives(HERS)
    return await Rights.of(company, silos), shop, till


async def test_a_silo_that_found_two_people_erases_nobody_before_a_colleague_looked(company: Company) -> None:
    rights, shop, till = await unknown_couple(company)
    asked = await rights.asks("erasure", HERS)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    assert shop.rows == [{ANA, HERS}, {BRUNO, HERS}]
    assert [order.verb for order in shop.orders] == ["locate"]
    # Which of the two numbers is hers, the shop does not say: the till is asked about neither.
    assert (till.orders, till.rows) == ([], [{ANA}, {BRUNO}])
    told = await rights.told(asked.id)
    located, erasing = next(silo for silo in told.silos if silo.system == "shop").tasks
    assert (located.verdict, erasing.state, erasing.code) == ("done", "approving", "several_people")
    await rights.step(asked.id, "approve", await rights.hire(), systems=["shop"])
    await rights.carries_out()
    assert shop.rows == []
    assert (await rights.told(asked.id)).state == "answered"


async def test_a_number_that_is_not_the_one_on_record_stops_an_erasure(company: Company) -> None:
    rights, shop, _ = await unknown_couple(company)
    await company.gives(HERS, ANA)
    asked = await rights.asks("erasure", HERS)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    assert [order.verb for order in shop.orders] == ["locate"]
    assert len(shop.rows) == 2


async def test_a_copy_of_two_people_comes_to_its_review_as_any_other(company: Company) -> None:
    rights, shop, till = await unknown_couple(company)
    asked = await rights.asks("access", HERS)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    assert [order.verb for order in shop.orders] == ["locate", "export"]
    assert till.orders == []
    assert (await rights.told(asked.id)).state == "reviewing"
