"""A company that says of itself what it must and nothing more: no address, no officer of its own, no logo."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from consentd.base.i18n import LANGUAGES, Language
from consentd.kernel.policy import Contact, Policy, sealed
from consentd.portal.help import TOPICS, facts_of
from consentd.portal.rights.rules import offers
from consentd.web.pages.brand import brand_of
from consentd.web.pages.branded import Pages, SignedIn
from consentd.web.pages.speech import Speech
from support.builders import PARIS, demo_policy
from support.pages import Element, checked

PAGES = Pages("consentd.portal")
TODAY = dt.date(2026, 11, 22)
MAIL, CALL = "yoga@elan.example", "+33 4 65 71 00 14"


def company(**contact: str) -> Policy:
    demo = demo_policy()
    controller = msgspec.structs.replace(
        demo.controller,
        contact=Contact(name="L'Élan <Yoga>", **contact),
        dpo=Contact(name="Ève O'Hara"),
        authority=Contact(name="CNIL"),
        logo=None,
    )
    return sealed(msgspec.structs.replace(demo, controller=controller, logo=None))


def shown(policy: Policy, language: Language, template: str, **values: Any) -> Element:
    page = PAGES.render(
        template, Speech(language, PARIS), brand_of(policy), "/my", signed_in=SignedIn("form"), **values
    )
    return checked(page, language)


def proof(policy: Policy, language: Language) -> Element:
    return shown(policy, language, "proof.html", choices=[], then="", visit=SimpleNamespace(session=None))


def rights(policy: Policy, language: Language) -> Element:
    overview = SimpleNamespace(offers=offers(policy, TODAY, restricted=False), restricted=False, asked=0)
    labels = SimpleNamespace(uses=list)
    more = {
        "overview": overview,
        "labels": labels,
        "direct": ("marketing_objection", "withdrawal"),
        "number": str,
    }
    return shown(policy, language, "rights.html", **more)


def whole(policy: Policy, language: Language) -> dict[str, Element]:
    facts = facts_of(policy, TODAY)
    pages = {topic: shown(policy, language, f"help/{topic}.html", facts=facts) for topic in TOPICS}
    return pages | {"proof": proof(policy, language), "rights": rights(policy, language)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("contact", "way"),
    [({"email": MAIL}, f"mailto:{MAIL}"), ({"phone": CALL}, f"tel:{CALL.replace(' ', '')}")],
)
def test_whoever_is_told_to_write_is_told_where(
    contact: dict[str, str], way: str, language: Language
) -> None:
    pages = whole(company(**contact), language)
    for topic in ("agents", "after-death", "children", "accessibility", "letters", "proof", "rights"):
        (main,) = pages[topic].all("main")
        assert way in {one.attributes["href"] for one in main.all("a")}, topic


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("contact", [{}, {"email": MAIL}, {"phone": CALL}])
def test_nothing_is_said_of_what_there_is_not(contact: dict[str, str], language: Language) -> None:
    for topic, page in whole(company(**contact), language).items():
        assert "None" not in page.text, topic
        assert "By post:" not in page.text, topic
        assert "Par courrier\u202f:" not in page.text, topic
        for one in page.all("p", "li"):
            assert one.text, f"{topic} has an empty line"
            assert not one.text.endswith((",", "Write to:", "Écrivez à\u202f:")), (topic, one.text)
