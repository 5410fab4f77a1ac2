"""The pages that anybody may open: whoever looks at them in whichever way can read and use them."""

from urllib.parse import urlsplit

import pytest

from support.visitor import MOST_BYTES, PHONE, Look, Visits

PAGES = {
    "welcome": "/",
    "problem": "/problems/unknown_person",
    "reasons": "/reasons",
    "package": "/v1/packages/" + "A" * 64,
}
SHORTEN = """() => {
    const more = "article:nth-of-type(n+4), tr:nth-of-type(n+4)";
    for (const one of document.querySelectorAll(more)) one.remove();
}"""
LONG = {"docs": "/docs", "problems": "/problems"}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_shut_out_of_a_page(visits: Visits, name: str, language: str) -> None:
    visitor = visits(language=language)
    assert visitor.opens(PAGES[name]) == 200
    assert visitor.weight() <= MOST_BYTES
    visitor.examines(name)


@pytest.mark.parametrize(("language", "look"), [("fr", Look()), ("en", Look("dark", PHONE))])
@pytest.mark.parametrize("name", LONG)
def test_nobody_is_shut_out_of_a_page_as_long_as_a_book(
    visits: Visits, name: str, language: str, look: Look
) -> None:
    """What is repeated is looked at three times, not three hundred: the same lines of a template made it."""
    visitor = visits(language=language)
    assert visitor.opens(LONG[name]) == 200
    assert visitor.too_wide() == []
    visitor.page.evaluate(SHORTEN)
    visitor.examines(name, [look])


@pytest.mark.parametrize("language", ["fr", "en"])
def test_whoever_has_no_mouse_skips_what_they_know_and_reaches_the_rest(
    visits: Visits, language: str
) -> None:
    skip, other = {"fr": ("Aller au contenu", "English"), "en": ("Skip to content", "Français")}[language]
    visitor = visits(language=language, script=False)
    visitor.opens("/")
    visitor.page.keyboard.press("Tab")
    assert visitor.control(skip, "link").evaluate("(one) => one === document.activeElement")
    visitor.page.keyboard.press("Enter")
    visitor.tabs_to("/docs", "link")
    visitor.opens("/problems")
    visitor.tabs_to(other, "link")
    visitor.strikes("Enter")
    assert visitor.page.locator("html").get_attribute("lang") != language
    first = visitor.page.locator("td a").first.inner_text()
    visitor.tabs_to(first, "link")
    visitor.strikes("Enter")
    assert urlsplit(visitor.page.url).path == f"/problems/{first}"
