"""The pages that explain: whole in both languages, small, and of the controller's country and addresses."""

import datetime as dt
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from consentd.base.i18n import LANGUAGES
from consentd.portal.help import TOPICS, facts_of
from support.builders import demo_policy
from support.installation import Serving
from support.pages import MOST_BYTES, Element, checked

TODAY = dt.date(2026, 11, 22)
PAGES = ["/my/help", *(f"/my/help/{topic}" for topic in TOPICS)]


@pytest.fixture
def visitor(service: Serving) -> Iterator[httpx.Client]:
    with service.stranger() as client:
        yield client


def text_of(visitor: httpx.Client, topic: str, language: str) -> str:
    page = checked(visitor.get(f"/my/help/{topic}", params={"lang": language}).text, language)
    return page.all("main")[0].text.replace("\u202f", " ")


def weight(visitor: httpx.Client, text: str, page: Element) -> int:
    """Bytes of a page with all that it loads."""
    loaded = [one.attributes.get("src") or one.attributes.get("href", "") for one in page.all("img", "link")]
    return len(text.encode()) + sum(len(visitor.get(address).content) for address in set(loaded))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_whole_and_small(visitor: httpx.Client, path: str, language: str) -> None:
    answer = visitor.get(path, params={"lang": language})
    assert answer.status_code == 200
    page = checked(answer.text, language)
    assert weight(visitor, answer.text, page) <= MOST_BYTES
    assert "no-store" in answer.headers["cache-control"]
    for link in page.all("a"):
        address = link.attributes["href"]
        if address.startswith("/") and not address.startswith("/my?"):
            assert visitor.get(address, follow_redirects=True).status_code == 200, address


def test_no_more_is_promised_of_the_tools_than_the_page_of_choices_says(visitor: httpx.Client) -> None:
    said = text_of(visitor, "data", "en")
    assert "Our tools ask before each message" not in said
    assert "A tool that is connected for this asks here before each contact" in said
    assert "those that nothing tells by itself" in said


def test_every_page_is_reached_from_the_foot_of_every_other(visitor: httpx.Client) -> None:
    foot = checked(visitor.get("/my").text).all("footer")[0]
    reached = {one.attributes["href"] for one in foot.all("a")}
    assert {"/my/help", "/my/help/data", "/my/help/accessibility"} <= reached
    index = checked(visitor.get("/my/help").text).all("main")[0]
    assert {one.attributes["href"] for one in index.all("a")} == {f"/my/help/{topic}" for topic in TOPICS}


@pytest.mark.parametrize(
    "path", ["/my/nowhere", "/my/rights/x/y", "/my/history/7", "/my/", "/stop", "/stop/", "/confirm/x/y"]
)
def test_an_address_that_leads_nowhere_is_a_page_too(visitor: httpx.Client, path: str) -> None:
    visitor.get("/my").raise_for_status()
    for answer in (visitor.get(path), visitor.put(path), visitor.request("DELETE", "/my/choices")):
        if answer.status_code in (200, 303):
            continue
        assert answer.status_code in (404, 405)
        checked(answer.text)
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["referrer-policy"] == "no-referrer"
    # What programs ask for is answered to programs.
    assert visitor.get("/mystery").json()["code"] == "no_such_address"


def test_what_is_none_of_them_is_a_page_that_says_so(visitor: httpx.Client) -> None:
    for topic in ("nothing", "index", "data.html"):
        answer = visitor.get(f"/my/help/{topic}")
        assert answer.status_code == 404
        assert "html" in answer.headers["content-type"]


def test_a_french_child_agrees_together_with_a_parent(visitor: httpx.Client) -> None:
    said = text_of(visitor, "children", "fr")
    assert "À partir de 15 ans" in said
    assert "ensemble" in said
    assert "chacun peut retirer l’accord seul" in said


def test_letters_go_to_who_is_named_in_the_policy(visitor: httpx.Client) -> None:
    said = text_of(visitor, "letters", "en")
    assert "14 rue du Parfait Silence" in said
    assert "vie-privee@maison-lavande.example" in said
    assert "within 1 month" in said
    assert "3 months" in said
    page = checked(visitor.get("/my/help/letters?lang=fr").text)
    letters = page.all("pre")
    assert len(letters) == 8
    for letter in letters:
        assert "RGPD, article" in letter.text or "l’article 15 du RGPD" in letter.text


@pytest.mark.parametrize(
    ("country", "age", "joint", "directives"),
    [("FR", 15, True, True), ("DE", 16, False, False), ("ES", 14, False, False), ("BE", 13, False, False)],
)
def test_ages_are_those_of_the_country(country: str, age: int, joint: bool, directives: bool) -> None:
    policy = demo_policy()
    controller = msgspec.structs.replace(policy.controller, country=country)
    facts = facts_of(msgspec.structs.replace(policy, controller=controller), TODAY)
    assert (facts.age, facts.joint, facts.directives) == (age, joint, directives)
    assert (facts.months, facts.extended) == (1, 3)


def test_without_any_law_nothing_is_made_up() -> None:
    facts = facts_of(msgspec.structs.replace(demo_policy(), packs={}), TODAY)
    assert (facts.age, facts.proof_years) == (None, None)
