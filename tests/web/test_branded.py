"""Pages in the controller's name: both languages, no script, small, and whole in every part."""

import datetime as dt
import re
from collections.abc import AsyncIterator
from importlib import resources
from zoneinfo import ZoneInfo

import httpx
import pytest
from msgspec import structs
from serving import Nobody, served

from consentd.base.i18n import LANGUAGES, Language
from consentd.base.settings import from_environment
from consentd.kernel.policy import Policy
from consentd.web import pages
from consentd.web.application import build
from consentd.web.health import Readiness
from consentd.web.pages import samples
from consentd.web.pages.brand import brand_of
from consentd.web.pages.branded import Pages, _switched, environment
from consentd.web.pages.speech import Speech
from support.builders import demo_policy
from support.pages import checked, read

PARIS = ZoneInfo("Europe/Paris")
FRENCH = Speech("fr", PARIS)
ENGLISH = Speech("en", PARIS)
MIDNIGHT = 1_740_956_400_000_000
"""2 March 2025, 23:00 in UTC: the third in Paris."""


async def nothing() -> None:
    raise AssertionError("the log is not asked for")


async def demo() -> Policy:
    return demo_policy()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    settings = from_environment({"CONSENTD_DEVELOPMENT": "1"})
    handlers = [*pages.routes(Readiness(), nothing), *samples.routes(demo)]
    app = build(handlers, settings=settings, tokens=Nobody())
    async with (
        served(app, settings) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_samples_hold_to_what_every_page_must(http: httpx.AsyncClient, language: Language) -> None:
    answer = await http.get("/style", params={"lang": language})
    page = checked(answer.text, language)
    assert answer.headers["content-language"] == language
    assert page.all("h1")[0].text == {"fr": "Échantillons", "en": "Samples"}[language]
    (name,) = [one for one in page.all("p") if one.attributes.get("class") == "brand"]
    assert name.text == "Maison Lavande SAS"
    footer = page.all("footer")[0].text
    for told in ("Claire Aubépin", "vie-privee@maison-lavande.example", "CNIL"):
        assert told in footer


async def test_the_other_language_is_this_page_and_stays_chosen(http: httpx.AsyncClient) -> None:
    page = checked((await http.get("/style?lang=fr&a=1%262&b=x")).text, "fr")
    (other,) = [one for one in page.all("a") if one.attributes.get("hreflang")]
    assert other.attributes["href"] == "/style?a=1%262&b=x&lang=en"
    assert (other.attributes["lang"], other.text) == ("en", "English")
    # The browser remembers; neither header nor address says it again.
    checked((await http.get("/style", headers={"accept-language": "en"})).text, "fr")
    answer = await http.get(other.attributes["href"])
    assert answer.headers["set-cookie"].startswith("lang=en; ")
    assert "HttpOnly" in answer.headers["set-cookie"]


@pytest.mark.parametrize("chosen", ["de", "", "fr; path=/x", "<script>"])
async def test_a_language_that_was_not_offered_is_none(http: httpx.AsyncClient, chosen: str) -> None:
    answer = await http.get("/style", params={"lang": chosen}, headers={"accept-language": "fr"})
    checked(answer.text, "fr")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("here", "address"),
    [
        ("/my/choices", "/my/choices?lang=fr"),
        ("//elsewhere.example/x", "/x?lang=fr"),
        ("https://elsewhere.example/x", "/x?lang=fr"),
        ("/\\elsewhere.example", "/%5Celsewhere.example?lang=fr"),
        ("/x?a=b#c", "/x?a=b&lang=fr"),
    ],
)
def test_the_other_language_leads_nowhere_else(here: str, address: str) -> None:
    assert _switched(here, "fr") == address


def test_there_are_no_samples_but_in_development() -> None:
    assert not from_environment({}).development
    with pytest.raises(Exception, match="CONSENTD_DEVELOPMENT"):
        from_environment({"CONSENTD_DEVELOPMENT": "yes"})


def test_days_and_times_are_said_in_the_readers_way_and_the_controllers_zone() -> None:
    assert FRENCH.date(MIDNIGHT) == "3 mars 2025"
    assert ENGLISH.date(MIDNIGHT) == "3 March 2025"
    assert FRENCH.weekday(dt.date(2026, 3, 1)) == "dimanche 1er mars 2026"
    assert FRENCH.date(dt.date(2026, 3, 1)) == "1er mars 2026"
    assert FRENCH.weekday(MIDNIGHT) == "lundi 3 mars 2025"
    assert ENGLISH.weekday(MIDNIGHT) == "Monday 3 March 2025"
    assert FRENCH.moment(MIDNIGHT) == "3 mars 2025 à 00:00"
    assert ENGLISH.moment(MIDNIGHT) == "3 March 2025 at 00:00"
    assert ENGLISH.iso(MIDNIGHT) == "2025-03-03T00:00:00+01:00"


def test_numbers_and_lists_are_said_in_the_readers_way() -> None:
    assert FRENCH.number(1234567.5) == "1\u202f234\u202f567,5"
    assert ENGLISH.number(1234567.5) == "1,234,567.5"
    assert FRENCH.list(["a", "b", "c"]) == "a, b et c"
    assert ENGLISH.either(["a", "b"]) == "a or b"


@pytest.mark.parametrize(("number", "said"), [(0, "0 message"), (1, "1 message"), (2, "2 messages")])
def test_french_says_none_in_the_singular(number: int, said: str) -> None:
    assert FRENCH.ngettext("%(num)s message", "%(num)s messages", number) == said


def test_english_says_none_in_the_plural() -> None:
    assert ENGLISH.ngettext("%(num)s message", "%(num)s messages", 0) == "0 messages"


def test_promise_16_what_is_said_of_a_person_is_never_markup() -> None:
    french = environment("fr", "consentd.web.pages")
    template = french.from_string('{{ _("%(day)s at %(time)s", day=day, time="") }}')
    assert "<" not in template.render(day="<b>")


CSS = (resources.files("consentd.web.pages") / "static" / "consentd.css").read_text()


def test_one_small_sheet_serves_every_scheme_and_medium() -> None:
    assert len(CSS.encode()) <= 12_000
    for asked in (
        "prefers-color-scheme: dark",
        "forced-colors: active",
        "prefers-reduced-motion: reduce",
        "@media print",
    ):
        assert asked in CSS
    assert "outline: 3px solid" in CSS
    assert "http" not in re.sub(r'a\[href\^="http"\]', "", CSS)
    assert "url(" not in CSS


async def test_a_mistake_is_linked_to_its_field_both_ways(http: httpx.AsyncClient) -> None:
    page = checked((await http.get("/style?lang=en")).text)
    (wrong,) = [one for one in page.all("input") if one.attributes.get("aria-invalid")]
    named = wrong.attributes["aria-describedby"].split()
    (told,) = [one for one in page.all("p") if one.attributes.get("id") in named]
    assert "Write an email address" in told.text
    assert any(one.attributes.get("href") == f"#{wrong.attributes['id']}" for one in page.all("a"))
    # A hint is heard too, and what may be left out says so.
    described = [one.attributes.get("aria-describedby", "") for one in page.all("input")]
    assert any(name.endswith("-hint") for name in described)
    assert "(optional)" in " ".join(one.text for one in page.all("label"))


async def test_a_grid_is_a_table_to_who_hears_it_wherever_it_is_shown(http: httpx.AsyncClient) -> None:
    """Shown as cards it is no table to browsers any more, unless it says so."""
    page = checked((await http.get("/style?lang=fr")).text)
    (grid,) = page.all("table")
    assert grid.attributes["role"] == "table"
    assert grid.all("caption")[0].text == "Qui peut vous contacter"
    assert all(row.attributes["role"] == "row" for row in grid.all("tr"))
    columns = [one.text for one in grid.all("th") if one.attributes["scope"] == "col"][1:]
    for row in grid.all("tbody")[0].all("tr"):
        assert row.all("th")[0].attributes == {"scope": "row", "role": "rowheader"}
        assert [cell.attributes["data-label"] for cell in row.all("td")] == columns


async def test_two_answers_to_one_question_are_made_alike(http: httpx.AsyncClient) -> None:
    page = checked((await http.get("/style?lang=en")).text)
    pairs = [one for one in page.all("div") if one.attributes.get("class") == "buttons even"]
    assert len(pairs) == 2
    for pair in pairs:
        yes, no = pair.all("button")
        assert yes.attributes == no.attributes
    # Nothing is chosen beforehand.
    first, second = page.all("fieldset")
    assert not [one for one in first.all("input") if "checked" in one.attributes]
    assert len([one for one in second.all("input") if "checked" in one.attributes]) == 1


async def test_who_is_signed_in_can_sign_out_on_every_page(http: httpx.AsyncClient) -> None:
    page = checked((await http.get("/style?lang=fr")).text)
    (form,) = page.all("header")[0].all("form")
    assert (form.attributes["method"], form.all("button")[0].text) == ("post", "Se déconnecter")


def test_without_a_logo_a_page_says_the_name_alone() -> None:
    policy = structs.replace(demo_policy(), logo=None)
    pages = Pages("consentd.portal")
    page = read(pages.render("help/index.html", FRENCH, brand_of(policy), "/my/help"))
    assert not page.all("img")
    assert page.all("header")[0].all("p")[0].text == policy.controller.name
