"""The page about the API: all of the description, readable without script, and its lines do what they say."""

import html
import re
import subprocess
from importlib import resources

import httpx
import pytest
from described import SHAPE
from test_description import DOCUMENT, OPERATIONS

from consentd.base.i18n import LANGUAGES
from consentd.web.pages import described
from consentd.web.pages.docs_words import TAGS, WORDS
from support.installation import Serving

SCRIPT = (resources.files("consentd.web.pages") / "static" / "docs.js").read_text()
SHOWN = [one for operations in described.by_tag(DOCUMENT).values() for one in operations]


def docs(service: Serving, language: str) -> httpx.Response:
    with service.stranger() as client:
        return client.get("/docs", params={"lang": language})


def test_every_call_is_shown_with_a_line_to_copy() -> None:
    assert {f"{one.method} {one.path}" for one in SHOWN} == OPERATIONS.keys()
    for one in SHOWN:
        assert one.examples
        assert all(example.curl.startswith("curl -s ") for example in one.examples)
        assert one.answers[0].example


def test_every_tag_has_a_title_in_both_languages() -> None:
    assert TAGS.keys() == {one["tags"][0] for one in OPERATIONS.values()}
    for text in (*WORDS.values(), *TAGS.values()):
        assert text.fr
        assert text.en
        assert set(re.findall(r"{(\w+)}", text.fr)) == set(re.findall(r"{(\w+)}", text.en))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_everything_without_its_script(service: Serving, language: str) -> None:
    answer = docs(service, language)
    assert (answer.status_code, answer.headers["content-language"]) == (200, language)
    for one in OPERATIONS.values():
        assert f'id="{one["operationId"]}"' in answer.text
    for name in DOCUMENT["components"]["schemas"]:
        assert f'id="schema-{name}"' in answer.text
    # What would do nothing without the script is not there without it.
    assert len(re.findall(r"<form [^>]*hidden", answer.text)) == answer.text.count("<form ")


def test_english_inside_the_french_page_is_marked_as_english(service: Serving) -> None:
    text = docs(service, "fr").text
    names = {name for one in SHOWN for example in one.examples if (name := example.name)}
    assert names
    for said in (*names, *(one.summary for one in SHOWN)):
        found = re.findall(
            rf"<[^>]*>{re.escape(html.escape(said, quote=False))}<", text.replace("&#39;", "'")
        )
        assert found, said
        assert all('lang="en"' in tag or tag.startswith("<code>") for tag in found), found


def test_no_mark_of_a_text_format_is_left_in_what_people_read(service: Serving) -> None:
    for language in LANGUAGES:
        prose = re.sub(r"<(pre|code|textarea).*?</\1>", "", docs(service, language).text, flags=re.DOTALL)
        assert not re.findall(r"\*\w+\*|`", prose)


def test_what_a_first_call_answers_is_told_before_what_a_repeated_one_does() -> None:
    (recorded,) = (one for one in SHOWN if one.id == "recordConsents")
    assert [answer.status for answer in recorded.answers[:2]] == ["201", "200"]
    assert recorded.answers[0].example


def test_the_script_asks_in_the_pages_language_and_says_what_cannot_be_sent() -> None:
    assert 'headers.set("accept-language", document.documentElement.lang)' in SCRIPT
    assert "words.unsendable" in SCRIPT


def test_every_link_inside_the_page_leads_somewhere_once(service: Serving) -> None:
    text = docs(service, "en").text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)
    with service.stranger() as client:
        for address in set(re.findall(r'(?:href|src)="(/[^"#]*)"', text)):
            assert client.get(address).status_code == 200, address


def test_promise_15_the_page_takes_nothing_from_elsewhere_and_calls_nobody_else(service: Serving) -> None:
    answer = docs(service, "en")
    assert not re.findall(r'(?:href|src|action)="(?!/|#|\?)', answer.text)
    assert re.findall(r"<script[^>]*>", answer.text) == ['<script src="/static/docs.js" defer>']
    assert " style=" not in answer.text
    assert not re.findall(r"\son\w+=", answer.text)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_other_pages_still_run_no_script(service: Serving) -> None:
    with service.stranger() as client:
        for address in ("/", "/problems", "/problems/not_json", "/reasons"):
            assert "script-src" not in client.get(address).headers["content-security-policy"]


def test_promise_16_the_script_puts_answers_in_as_text() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(", SCRIPT)


def test_promise_18_the_script_keeps_no_token() -> None:
    assert not re.search(r"localStorage|sessionStorage|cookie|indexedDB|history\.|location", SCRIPT)
    assert 'credentials: "omit"' in SCRIPT


@pytest.mark.parametrize("shown", SHOWN, ids=lambda one: one.id)
def test_the_lines_to_copy_do_what_the_description_says(
    service: Serving, till: httpx.Client, desk: httpx.Client, shown: described.Operation
) -> None:
    client = desk if shown.scope == "people:write" else till
    token = client.headers["authorization"].removeprefix("Bearer ")
    for example in shown.examples:
        line = f"{example.curl} -w '\\n%{{http_code}}'"
        done = subprocess.run(
            ["sh", "-euc", line],
            env={"PATH": "/usr/bin:/bin", "CONSENTD": service.address, "TOKEN": token},
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.returncode == 0, done.stderr
        body, _, status = done.stdout.rpartition("\n")
        assert status in OPERATIONS[f"{shown.method} {shown.path}"]["responses"]
        # The example's person and its credentials are invented: unknown, and not refused for their shape.
        assert int(status) < 300 or status in ("401", "404", "409", "422"), body
        assert not any(f'"code":"{code}"' in body for code in SHAPE), body


def test_what_an_example_holds_is_a_word_for_the_shell_and_nothing_more() -> None:
    evil = {"a": '\'; echo $(id) `id` "x" \\'}
    line = described._curl("post", "/v1/x", False, "application/json", evil)
    told = subprocess.run(
        ["sh", "-c", line.replace("curl -s", "printf '%s\\n'")], capture_output=True, text=True, timeout=20
    )
    assert "uid=" not in told.stdout
    assert "'; echo $(id) `id`" in told.stdout
