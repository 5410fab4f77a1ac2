"""The letter tells all of GDPR 15(1), as the policy has it, and nothing that nobody said."""

from typing import Any

import msgspec
import pytest

from consentd.base.i18n import Language
from consentd.dsr.package.about import About, Kind, Outcome, SystemAsked
from consentd.dsr.package.files import Category, Collected
from consentd.dsr.package.letter import contents
from consentd.dsr.package.letter_model import Letter, Section
from consentd.dsr.package.own_model import OWN, Own
from consentd.dsr.package.redacting import Held
from consentd.kernel.compiled import compile_policy
from consentd.kernel.instants import DAY, Instant
from support.builders import WEDNESDAY, demo_policy
from support.packages import REQUEST

COMPILED = compile_policy(demo_policy())
NOBODY = Own((), False, False, (), (), ())


def letter(
    *asked: SystemAsked, records: Any = (), own: Own = NOBODY, language: Language = "en", **other: Any
) -> Letter:
    about = {
        "kind": Kind.ACCESS,
        "request": REQUEST,
        "language": language,
        "made_at": WEDNESDAY,
        "systems": asked,
        "own": own,
        "territory": "FR",
    }
    found = {
        name: Collected(name, (Category("rows", count, 1, ()),)) for name, count in dict(records).items()
    }
    held = other.pop("held", {})
    return contents(COMPILED, About(**(about | other)), found, held)


def answered(name: str) -> SystemAsked:
    return SystemAsked(name, Outcome.ANSWERED)


def section(found: Letter, heading: str) -> Section:
    (one,) = [one for one in found.sections if one.heading == heading]
    return one


def uses(found: Letter) -> dict[str, dict[str, str]]:
    return {part.heading: dict(part.lines) for part in section(found, "What your data are used for").parts}


def test_of_each_use_ground_data_recipients_retention_and_rights_are_told() -> None:
    found = uses(letter(answered("mailing"), records={"mailing": 3}))
    newsletter = found["The Maison Lavande newsletter"]
    assert newsletter["Legal ground"] == "your consent, GDPR 6(1)(a) (email, app notification)"
    assert newsletter["Data"] == "contact details, preferences"
    assert newsletter["Received by"] == "Intuit Inc., Atlanta"
    assert newsletter["Kept"].startswith(
        "Mailchimp: until consent is withdrawn; the proof of your consent: 3 years"
    )
    assert newsletter["You can"].startswith("withdraw your consent at any time")
    assert "object" not in newsletter["You can"]
    # It holds nothing for deliveries: nothing is said of them.
    assert "News of your orders" not in found


def test_grounds_are_those_that_the_law_allows_the_person() -> None:
    offers = letter(answered("webshop"), records={"webshop": 1})
    consumer = uses(offers)["Offers and promotions"]["Legal ground"]
    assert "our legitimate interest, GDPR 6(1)(f) (post, in the shop)" in consumer
    own = msgspec.structs.replace(NOBODY, professional=True)
    professional = uses(letter(answered("webshop"), records={"webshop": 1}, own=own))
    assert (
        "(email, telephone call, post, in the shop)" in professional["Offers and promotions"]["Legal ground"]
    )
    before = letter(answered("webshop"), records={"webshop": 1}, made_at=Instant(WEDNESDAY - 365 * DAY))
    assert "(telephone call, post" in uses(before)["Offers and promotions"]["Legal ground"]


def test_who_is_silent_may_hold_something_and_is_told_as_a_gap() -> None:
    silent = letter(SystemAsked("mailing", Outcome.SILENT, "out of order"), answered("till"))
    where = section(silent, "Where we looked")
    assert where.table is not None
    assert where.table.rows == (
        ("Register of consents (consentd)", "nothing about you"),
        ("Mailchimp", "nothing came from it (out of order)"),
        ("Caisse et fidélité", "nothing about you"),
    )
    assert "not complete" in where.after[0]
    assert "The Maison Lavande newsletter" in uses(silent)
    assert "Offers chosen from your purchases" not in uses(silent)


def test_of_whom_nothing_is_known_the_letter_says_so() -> None:
    assert "No tool that answered holds any" in letter(answered("till")).opening[0]
    assert "We do." in letter(answered("till"), records={OWN: 1}).opening[0]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_part_of_article_15_has_its_place(language: Language) -> None:
    own = msgspec.structs.replace(
        NOBODY, sources=("Shopify",), restricted=True, purposes=("loyalty_profile",)
    )
    held = {("till", "rows"): Held(1, 2, ("un tiers", "autre"))}
    found = letter(answered("mailing"), records={"mailing": 1}, own=own, language=language, held=held)
    text = msgspec.json.encode(found).decode()
    law = "RGPD" if language == "fr" else "GDPR"
    for cited in (
        "15(1)(a)",
        "15(1)(c)",
        "15(1)(e)",
        "15(1)(f)",
        "15(1)(g)",
        "15(1)(h)",
        "15(2)",
        "15(4)",
        "7(3)",
        "79",
    ):
        assert cited in text
    assert (f"{law} 15" in text, ("GDPR" in text) == (language == "en")) == (True, True)
    for said in ("Shopify", "un tiers", "vie-privee@maison-lavande.example", "cnil.fr", REQUEST):
        assert said in text
    # Where data go to another country, and that profiles are made.
    assert "clauses contractuelles types" in text
    assert {"fr": "Offres choisies", "en": "Offers chosen"}[language] in text
    assert "{" not in "".join(found.opening) + "".join(s.heading for s in found.sections)
