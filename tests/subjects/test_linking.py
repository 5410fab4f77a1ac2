"""docs/data.md: who is meant by several identifiers, and what is never guessed."""

import pytest
import sqlalchemy as sa

from consentd.db.tables.people import identifier_links
from consentd.kernel.errors import Unprocessable
from consentd.kernel.ids import NOBODY
from consentd.subjects.service import merge_candidates
from consentd.subjects.spelling import named
from support.builders import Company, demo_policy
from support.builders_requests import yes

MAILBOX = "email:famille.roux@exemple.fr"
LANDLINE = "phone:+33472000000"
ANNE, LUC = "loyalty:anne", "loyalty:luc"


async def candidates(company: Company) -> set[str]:
    found = await company.database.read(lambda connection: merge_candidates(connection, NOBODY, limit=100))
    return {one.reason for one in found}


async def couple(company: Company) -> None:
    """Two customers who share one mailbox."""
    await company.gives(ANNE, MAILBOX, channel="push")
    await company.gives(LUC, MAILBOX, channel="push")


async def test_the_same_person_is_found_however_an_address_is_written(company: Company) -> None:
    await company.gives("email:Ana.Diaz@Exemple.FR", "phone:06 24 68 65 01", "loyalty:AB 12")
    for same in (
        "email: ana.diaz@exemple.fr",
        "phone:+33 (0)6 24 68 65 01",
        "phone:0033624686501",
        "loyalty:ab12",
    ):
        assert len(await company.people(same)) == 1
    assert await company.allows("email:ANA.DIAZ@EXEMPLE.FR")


async def test_an_address_that_is_nearly_the_same_is_another_persons(company: Company) -> None:
    await company.gives("email:ana.diaz@exemple.fr")
    for other in ("email:anadiaz@exemple.fr", "email:ana.diaz+shop@exemple.fr", "email:ana.diaz@exemple.com"):
        assert await company.why(other) == "unknown_person"


async def test_the_same_text_in_two_schemes_is_two_identifiers(company: Company) -> None:
    await company.gives("loyalty:12", "email:ana@exemple.fr")
    assert await company.why("shopify:12", "device:12") == "unknown_person"


async def test_a_number_is_read_in_the_territory_of_the_person(company: Company) -> None:
    await company.gives("phone:0692 12 34 56", purpose="promotions", channel="sms", territory="FR-974")
    assert await company.allows("phone:+262692123456", purpose="promotions", channel="sms")


async def test_what_is_named_beside_a_known_identifier_becomes_theirs(company: Company) -> None:
    await company.gives("loyalty:1")
    await company.gives("loyalty:1", "email:ana@exemple.fr")
    assert await company.allows("email:ana@exemple.fr")
    assert await company.person("loyalty:1") == await company.person("email:ana@exemple.fr")


async def test_a_couple_that_shares_a_mailbox_stays_two_people(company: Company) -> None:
    await couple(company)
    assert len(await company.people(MAILBOX)) == 2
    assert await company.person(ANNE) != await company.person(LUC)
    assert await candidates(company) == {"shared_contact"}


async def test_a_yes_by_the_shared_mailbox_alone_is_nobodys(company: Company) -> None:
    await couple(company)
    answer = await company.gives(MAILBOX)
    assert {event.state for event in answer.events} == {"unknown"}
    assert {event.missing for event in answer.events} == {("ambiguous_subject",)}
    assert not await company.allows(MAILBOX)
    assert not await company.allows(ANNE, MAILBOX)


async def test_a_no_by_the_shared_mailbox_is_both_peoples(company: Company) -> None:
    await couple(company)
    await company.gives(ANNE)
    await company.gives(LUC)
    await company.withdraws(MAILBOX)
    assert await company.why(ANNE, MAILBOX) == "withdrawn"
    assert await company.why(LUC, MAILBOX) == "withdrawn"


async def test_an_objection_by_the_shared_mailbox_is_both_peoples(company: Company) -> None:
    await couple(company)
    await company.objects(MAILBOX)
    for one in (ANNE, LUC):
        assert await company.why(one, MAILBOX, purpose="promotions") == "objected"


async def test_contradicting_identifiers_merge_nobody_and_are_told_for_a_person_to_decide(
    company: Company,
) -> None:
    await company.gives(ANNE, "email:anne@exemple.fr")
    await company.gives(LUC, "email:luc@exemple.fr")
    await company.gives(ANNE, "email:luc@exemple.fr", purpose="promotions")
    assert await company.person(ANNE) != await company.person(LUC)
    assert await company.people("email:luc@exemple.fr") == [await company.person(LUC)]
    assert await candidates(company) == {"contradicting_identifiers"}


async def test_of_contradicting_identifiers_a_yes_goes_to_the_holder_of_its_address(company: Company) -> None:
    await company.gives(ANNE, "email:anne@exemple.fr", channel="push")
    await company.gives(LUC, "email:luc@exemple.fr", channel="push")
    await company.gives(ANNE, "email:luc@exemple.fr", contact_point="email:luc@exemple.fr")
    assert await company.allows("email:luc@exemple.fr")
    assert await company.why("email:anne@exemple.fr") == "no_consent"


async def test_of_contradicting_identifiers_a_no_goes_to_all(company: Company) -> None:
    await company.gives(ANNE, "email:anne@exemple.fr")
    await company.gives(LUC, "email:luc@exemple.fr")
    await company.withdraws(ANNE, "email:luc@exemple.fr")
    assert await company.why("email:anne@exemple.fr") == "withdrawn"
    assert await company.why("email:luc@exemple.fr") == "withdrawn"


async def test_a_no_that_names_an_address_nobody_holds_is_tied_to_everyone_meant(company: Company) -> None:
    await couple(company)
    await company.withdraws(MAILBOX, contact_point="email:new@exemple.fr")
    assert len(await company.people("email:new@exemple.fr")) == 2
    assert await company.why("email:new@exemple.fr") == "withdrawn"


async def test_a_no_ties_no_customer_number_to_somebody_who_has_another(company: Company) -> None:
    """Named again beside what they share, it would be theirs for certain: another's yes became theirs."""
    await company.gives(ANNE, MAILBOX, channel="push")
    await company.gives("shopify:luc", channel="push")
    await company.withdraws("shopify:luc", MAILBOX, LUC)
    assert await company.people(LUC) == [await company.person("shopify:luc")]
    await company.gives(LUC, MAILBOX, purpose="promotions")
    assert (await company.states(ANNE))["promotions", "email"] == "unknown"
    assert (await company.states(LUC))["newsletter", "email"] == "withdrawn"
    await company.verify_everything()


async def test_a_yes_never_ties_an_address_to_several_people(company: Company) -> None:
    await couple(company)
    await company.gives(MAILBOX, contact_point="email:new@exemple.fr")
    assert await company.why("email:new@exemple.fr") == "unknown_person"


async def test_a_new_card_beside_a_cardholders_mailbox_is_a_new_person(company: Company) -> None:
    await company.gives(ANNE, MAILBOX)
    await company.gives("loyalty:new", MAILBOX, purpose="promotions")
    assert len(await company.people(MAILBOX)) == 2
    assert await company.states("loyalty:new") == {("promotions", "email"): "given"}


async def test_names_are_kept_sealed_and_never_link_anybody(company: Company) -> None:
    for who in ("email:one@exemple.fr", "email:two@exemple.fr"):
        await company.send((who,), yes("newsletter", "email", company.at()), name="Anne Roux")
    assert await company.person("email:one@exemple.fr") != await company.person("email:two@exemple.fr")


async def test_what_is_no_identifier_is_refused_without_repeating_it(company: Company) -> None:
    for scheme, value, code in (
        ("email", "ana at exemple", "invalid_identifier"),
        ("phone", "12", "invalid_identifier"),
        ("passport", "12AB", "unknown_scheme"),
        ("loyalty", "\x00\x01", "invalid_identifier"),
    ):
        with pytest.raises(Unprocessable) as error:
            await company.withdraws(f"{scheme}:{value}")
        assert error.value.code == code
        assert value not in error.value.message + str(error.value.errors)


async def links(company: Company, who: str) -> set[tuple[str, bool]]:
    """How each link of a person is known, and whether it says since when."""
    person = await company.person(who)
    read = sa.select(identifier_links.c.strength, identifier_links.c.verified_at).where(
        identifier_links.c.subject_id == person
    )
    rows = await company.database.read(lambda connection: connection.execute(read).all())
    return {(row.strength, row.verified_at is not None) for row in rows}


async def test_who_confirmed_by_the_address_itself_has_proven_that_it_is_theirs(company: Company) -> None:
    address = "email:ana@exemple.fr"
    await company.gives(address, contact_point=address)
    assert await links(company, address) == {("asserted", False)}
    await company.gives(address, contact_point=address, method="double_opt_in")
    assert await links(company, address) == {("verified", True)}
    await company.verify_everything()


async def test_a_confirmation_proves_only_the_address_it_names_and_only_of_one_person(
    company: Company,
) -> None:
    await couple(company)
    await company.gives(ANNE, method="double_opt_in")
    await company.gives(MAILBOX, contact_point=MAILBOX, method="double_opt_in")
    assert await links(company, ANNE) == await links(company, LUC) == {("asserted", False)}
    await company.gives(ANNE, MAILBOX, contact_point=MAILBOX, method="double_opt_in")
    assert await links(company, ANNE) == {("asserted", False), ("verified", True)}
    assert await links(company, LUC) == {("asserted", False)}


async def test_the_first_proof_of_an_address_stays(company: Company) -> None:
    address = "email:ana@exemple.fr"
    confirmed = {"contact_point": address, "method": "double_opt_in"}
    read = sa.select(identifier_links.c.verified_at)
    found = []
    for at in ("2026-03-01T10:00:00Z", "2026-04-01T10:00:00Z", "2026-02-01T10:00:00Z"):
        await company.gives(address, at=at, **confirmed)
        found.append(await company.database.read(lambda connection: connection.scalar(read)))
    assert found[0] == found[1] > found[2]
    await company.verify_everything()


@pytest.mark.parametrize("territory", ["RE", "FR-974", "GP", "MQ"])
def test_overseas_a_national_number_of_the_mainland_is_one_of_the_mainland(territory: str) -> None:
    phone = demo_policy().identifiers["phone"]
    assert named("phone", phone, "06 45 86 44 03", territory).value == "+33645864403"
    assert named("phone", phone, "0692 12 34 56", territory).value == "+262692123456"
