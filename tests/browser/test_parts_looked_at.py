"""Every component in every state, and the pages that anybody may see: nobody is shut out of one."""

import pytest

from consentd.portal.help import TOPICS
from support.customers import said
from support.measured import measured
from support.visitor import LOOKS, MOST_BYTES, Look, Visits

PAGES = {"style": "/style", "help": "/my/help"} | {f"help-{topic}": f"/my/help/{topic}" for topic in TOPICS}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_shut_out_of_what_anybody_may_see(visits: Visits, name: str, language: str) -> None:
    visitor = visits(language=language)
    assert visitor.opens(PAGES[name]) == 200
    assert visitor.weight() <= MOST_BYTES
    visitor.examines(name)


@pytest.mark.parametrize("look", LOOKS)
def test_two_answers_to_one_question_weigh_the_same(visits: Visits, look: Look) -> None:
    """No dark patterns: whoever says no presses as big, as plain and as near a button."""
    visitor = visits(language="en", look=look)
    visitor.opens("/style")
    pair = visitor.page.locator(".even").first
    yes, no = (measured(pair.get_by_role("button", name=said("en", words))) for words in ("Yes", "No"))
    assert yes == no
    assert yes.contrast >= 4.5
    assert yes.stands_out >= 3
    assert min(yes.width, yes.height) >= 44
