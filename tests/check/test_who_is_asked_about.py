"""docs/law.md 10 and 12: whose choices count when somebody is named; what is not known denies."""

from support.builders import Company

ANNE, LUC = "loyalty:anne", "loyalty:luc"
MAILBOX = "email:famille.roux@exemple.fr"
OWN = "email:anne@exemple.fr"


async def couple(company: Company) -> None:
    """Two customers who share one mailbox; neither has chosen anything about the newsletter."""
    for one in (ANNE, LUC):
        await company.gives(one, MAILBOX, channel="push")


async def test_whoever_is_unknown_is_denied(company: Company) -> None:
    await company.gives(OWN)
    for nobody in ("email:nobody@exemple.fr", "email:no address", "passport:12", "phone:1", "loyalty:none"):
        assert await company.why(nobody) == "unknown_person"


async def test_unknown_purposes_and_channels_are_denied(company: Company) -> None:
    await company.gives(OWN)
    assert await company.why(OWN, purpose="horoscope") == "unknown_purpose"
    assert await company.why(OWN, channel="pigeon") == "unknown_channel"
    assert await company.why(OWN, channel="post") == "purpose_not_on_channel"


async def test_a_yes_for_one_thing_is_none_for_another(company: Company) -> None:
    await company.gives(OWN, "phone:+33624686501")
    assert await company.allows(OWN)
    assert not await company.allows(OWN, purpose="promotions")
    assert not await company.allows(OWN, purpose="open_tracking")
    assert not await company.allows(OWN, channel="push")


async def test_a_yes_for_one_address_is_none_for_another(company: Company) -> None:
    work = "email:anne@bureau.example"
    await company.gives(ANNE, OWN, work, contact_point=OWN)
    assert await company.allows(OWN)
    assert await company.why(work) == "no_consent"
    assert await company.why(ANNE, point=work) == "no_consent"


async def test_named_by_a_card_every_address_must_be_free_of_a_no(company: Company) -> None:
    work = "email:anne@bureau.example"
    await company.gives(ANNE, OWN, work)
    assert await company.allows(ANNE)
    await company.withdraws(ANNE, contact_point=work)
    assert await company.why(ANNE) == "withdrawn"
    assert await company.allows(ANNE, point=OWN)
    assert await company.why(ANNE, point=work) == "withdrawn"


async def test_somebody_without_an_address_on_the_channel_is_denied(company: Company) -> None:
    await company.gives(ANNE)
    assert await company.why(ANNE) == "no_contact_point"


async def test_an_address_of_somebody_else_is_not_theirs_to_be_reached_at(company: Company) -> None:
    await company.gives(ANNE, OWN)
    await company.gives(LUC, "email:luc@exemple.fr")
    assert await company.allows(ANNE, point=OWN)
    for point in ("email:luc@exemple.fr", "email:nobody@exemple.fr", "email:nonsense"):
        assert not await company.allows(ANNE, point=point)
    assert await company.why(ANNE, point="email:luc@exemple.fr") == "no_contact_point"


async def test_a_contact_point_of_another_channel_is_none(company: Company) -> None:
    await company.gives(OWN, "phone:+33624686501")
    assert not await company.allows(OWN, point="phone:+33624686501")


async def test_a_no_of_any_holder_denies_a_shared_address_for_all(company: Company) -> None:
    await couple(company)
    await company.gives(ANNE)
    await company.withdraws(LUC)
    assert await company.why(MAILBOX) == "withdrawn"
    assert await company.why(ANNE, MAILBOX) == "withdrawn"
    assert await company.why(ANNE, point=MAILBOX) == "withdrawn"
    assert await company.why(ANNE) == "withdrawn"


async def test_an_objection_of_any_holder_denies_a_shared_address_for_all(company: Company) -> None:
    await couple(company)
    await company.gives(ANNE)
    await company.objects(LUC)
    assert await company.why(ANNE, MAILBOX) == "objected"


async def test_a_holder_who_never_chose_denies_only_who_is_named_by_the_shared_address_alone(
    company: Company,
) -> None:
    await couple(company)
    await company.gives(ANNE)
    assert await company.allows(ANNE, MAILBOX)
    assert await company.allows(ANNE, point=MAILBOX)
    assert await company.why(MAILBOX) == "no_consent"
    await company.gives(LUC)
    assert await company.allows(MAILBOX)


async def test_a_no_of_a_holder_leaves_an_address_that_is_not_shared(company: Company) -> None:
    await couple(company)
    await company.gives(ANNE, OWN)
    await company.objects(LUC)
    assert await company.allows(OWN)
    assert await company.why(ANNE, MAILBOX) == "objected"


async def test_named_by_what_contradicts_itself_both_must_be_free(company: Company) -> None:
    await company.gives(ANNE, OWN)
    await company.gives(LUC, "email:luc@exemple.fr", channel="push")
    assert not await company.allows(ANNE, "email:luc@exemple.fr")


async def test_an_unknown_identifier_beside_a_known_one_does_not_deny(company: Company) -> None:
    await company.gives(OWN)
    assert await company.allows(OWN, "shopify:new")


async def test_a_channel_without_addresses_needs_none(company: Company) -> None:
    await company.gives(ANNE, purpose="promotions", channel="in_store")
    assert await company.allows(ANNE, purpose="promotions", channel="in_store")


async def test_a_professional_address_that_a_consumer_shares_is_a_consumers(company: Company) -> None:
    await couple(company)
    await company.told("professional", MAILBOX, contact_point=MAILBOX)
    assert (await company.check(MAILBOX, purpose="promotions")).basis == "legitimate_interest"
    await company.gives("loyalty:third", MAILBOX, channel="push")
    assert not await company.allows(MAILBOX, purpose="promotions")


async def test_an_objection_on_other_grounds_of_any_holder_ends_what_rests_on_our_own_interest(
    company: Company,
) -> None:
    await couple(company)
    await company.gives(ANNE)
    surveys = {"purpose": "customer_research"}
    assert (await company.check(ANNE, MAILBOX, **surveys)).basis == "legitimate_interest"
    await company.objects(LUC, ground="particular")
    assert await company.why(ANNE, MAILBOX, **surveys) == "objected"
    assert await company.allows(ANNE, MAILBOX)


async def test_a_yes_for_the_whole_channel_of_one_person_is_none_for_anothers_other_address(
    company: Company,
) -> None:
    """Asked in either order: what is remembered of one must not answer for the other."""
    for first, second in (("anne", "luc"), ("claire", "paul")):
        whole, other = f"email:{first}@exemple.fr", f"email:{second}@exemple.fr"
        await company.gives(whole, purpose="promotions")
        await company.gives(
            f"loyalty:{second}", other, purpose="promotions", contact_point=f"email:{second}@bureau.example"
        )
        asked = [(whole, True), (other, False)]
        for who, allowed in asked if first == "anne" else reversed(asked):
            assert await company.allows(who, purpose="promotions") == allowed
