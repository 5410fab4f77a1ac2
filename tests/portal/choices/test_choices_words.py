"""Every sentence of the page of choices, in both languages."""

from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from consentd.base.i18n import LANGUAGES, Language
from consentd.kernel.reasons import REASONS
from consentd.portal.choices.model import Breadth, Why
from consentd.portal.choices.showing import How
from consentd.portal.choices.words import reason
from consentd.web.pages.speech import Speech
from support.builders import WEDNESDAY

EVENT = UUID(int=7)
CODES = sorted([*REASONS, "elsewhere", "deferred", "examined"])


def speech(language: Language) -> Speech:
    return Speech(language, ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_reason_has_its_sentence(code: str, language: Language) -> None:
    dated = reason(Why(code, since=WEDNESDAY, event=EVENT), speech(language), {})
    bare = reason(Why(code), speech(language), {})
    for sentence in (dated, bare):
        assert sentence.endswith((".", "…"))
        assert "%(" not in sentence
        assert "_" not in sentence
    if language == "fr":
        assert dated != reason(Why(code, since=WEDNESDAY, event=EVENT), speech("en"), {})
        assert bare != reason(Why(code), speech("en"), {})


def test_a_consent_says_when_where_and_how() -> None:
    why = Why("consent_given", since=WEDNESDAY, event=EVENT)
    hows = {EVENT: How("signed_form", "Boutique de Lyon")}
    assert (
        reason(why, speech("fr"), hows)
        == "Vous avez accepté le 18 novembre 2026 (Boutique de Lyon, formulaire signé)."
    )
    assert reason(why, speech("en"), {EVENT: How("signed_form", None, parental=True)}) == (
        "You agreed on 18 November 2026 (a signed form, with a parent’s agreement)."
    )
    assert reason(why, speech("en"), {EVENT: How("portal", "portal")}) == (
        "You agreed on 18 November 2026 (on this page)."
    )


@pytest.mark.parametrize(("months", "told"), [(12, "(1 an)"), (36, "(3 ans)"), (18, "(18 mois)")])
def test_a_consent_that_ended_says_how_long_it_counted(months: int, told: str) -> None:
    why = Why("expired", since=WEDNESDAY, event=EVENT, until=WEDNESDAY, months=months)
    assert told in reason(why, speech("fr"), {})


def test_an_objection_says_to_what() -> None:
    said = {
        breadth: reason(Why("objected", since=WEDNESDAY, breadth=breadth), speech("fr"), {})
        for breadth in Breadth
    }
    assert said[Breadth.ALL] == "Vous avez fait opposition le 18 novembre 2026 à toute publicité."
    assert said[Breadth.CHANNEL].endswith("à toute publicité par ce moyen de contact.")
    assert said[Breadth.PURPOSE] == "Vous avez dit non le 18 novembre 2026."


@pytest.mark.parametrize(
    ("language", "told"), [("en", "with you, or for you"), ("fr", "avec vous, ou pour vous")]
)
def test_a_parent_agrees_with_a_child_or_for_it_as_each_country_has_it(language: Language, told: str) -> None:
    assert told in reason(Why("under_age"), speech(language), {})
