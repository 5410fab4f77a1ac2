"""The pages: both languages, no script, nothing from elsewhere, and enough contrast in both schemes."""

import re
from importlib import resources

import httpx
import pytest

from consentd.base.i18n import LANGUAGES, Language, choose
from consentd.web.pages.words import WORDS

CSS = (resources.files("consentd.web.pages") / "static" / "consentd.css").read_text()


@pytest.mark.parametrize(
    ("asked", "accepted", "expected"),
    [
        (None, None, "en"),
        (None, "fr", "fr"),
        (None, "fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        (None, "en;q=0.8,fr;q=0.9", "fr"),
        (None, "de,fr;q=0", "en"),
        (None, "*;q=x,,;;", "en"),
        (None, "fr;q=0.2, en", "en"),
        (None, "en;q=0.2, fr", "fr"),
        (None, "fr, en", "fr"),
        (None, "FR-be ; Q = 0.9 , en;q=0.899", "fr"),
        (None, "fr;q=0.1, *;q=0.5", "en"),
        (None, "en;q=0, *", "fr"),
        (None, "*", "en"),
        (None, "*, fr;q=0", "en"),
        (None, "fr;q=0, en;q=0", "en"),
        (None, "fr;q=1.5, en;q=0.1", "en"),
        (None, "fr;q=1.000, en;q=0.999", "fr"),
        (None, "fr;q=0., en;q=0.001", "en"),
        ("fr", "en", "fr"),
        ("de", "fr", "fr"),
    ],
)
def test_the_language_is_the_one_asked_for(
    asked: str | None, accepted: str | None, expected: Language
) -> None:
    assert choose(asked, accepted) == expected


def test_every_word_exists_in_both_languages_and_has_the_same_blanks() -> None:
    for name, text in WORDS.items():
        assert text.fr.strip(), name
        assert text.en.strip(), name
        assert set(re.findall(r"{(\w+)}", text.fr)) == set(re.findall(r"{(\w+)}", text.en)), name


def test_pages_avoid_the_words_that_customers_do_not_know() -> None:
    avoided = r"\b(silo|finalité|soft opt-in|drift|propagation|shredding|DSR|canal)\b"
    for text in WORDS.values():
        assert not re.search(avoided, f"{text.fr} {text.en}", re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_welcome_page_is_whole_in_each_language(
    browser: httpx.AsyncClient, language: Language
) -> None:
    answer = await browser.get("/", params={"lang": language})
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert "1234" in answer.text
    assert WORDS["tagline"](language) in answer.text
    for landmark in ("<header>", '<main id="content"', "<footer>", 'href="#content"', "<h1>"):
        assert landmark in answer.text


async def test_the_page_has_no_script_and_takes_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/")
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert "//" not in answer.text.replace("<!doctype html>", "")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_every_address_on_the_page_answers_or_belongs_to_another_slice(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get("/")).text
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = await browser.get(address)
        assert answer.status_code == 200
        assert "max-age" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["nothing.css", "..%2Fwords.py", "%2e%2e/words.py", "consentd.css/"])
async def test_promise_16_no_name_leads_out_of_the_list_of_files(
    browser: httpx.AsyncClient, name: str
) -> None:
    answer = await browser.get(f"/static/{name}")
    assert answer.status_code == 404 or answer.headers["content-type"].startswith("text/css")


def test_texts_contrast_enough_in_both_schemes() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    light, dark = CSS.split("@media (prefers-color-scheme: dark)")
    for scheme in (light, dark.split("}")[0]):
        tokens = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", scheme))
        for ink in ("ink", "quiet", "link", "good", "bad"):
            for ground in ("ground", "raised"):
                assert _contrast(tokens[ink], tokens[ground]) >= 4.5, (ink, ground)


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
