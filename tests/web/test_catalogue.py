"""The catalogue of problems against the source, both ways; and its pages, as they are seen."""

import ast
import html
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
import pytest
from serving import Service

import consentd
from consentd.base.i18n import LANGUAGES, Language
from consentd.consent import admission
from consentd.db import failures
from consentd.kernel import errors
from consentd.kernel.reasons import REASONS
from consentd.web import catalogue
from consentd.web.pages.catalogue_words import COARSE, WORDS

SOURCE = Path(consentd.__file__).parent
PROBLEMS = catalogue.problems()
SUBJECTS = ("purpose", "channel")
"""What the codes `unknown_…` and `bad_…` that are put together are about."""


# --- every code that the source raises


class Raised(NamedTuple):
    code: str
    status: int | None
    """None where it is that of another call, or of nobody's."""
    place: str


@cache
def trees() -> dict[str, ast.Module]:
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text())
        for path in sorted(SOURCE.rglob("*.py"))
        # What the client raises is no answer of the service: docs/client.md explains it.
        if "migrations" not in path.parts and "client" not in path.relative_to(SOURCE).parts
    }


@cache
def statuses() -> dict[str, int]:
    """Of every class of error, found by what it derives from: the status written in it, or inherited."""
    found = {"ConsentdError": errors.ConsentdError.status}
    classes = [node for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in range(len(classes)):
        for node in classes:
            bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
            inherited = [found[base] for base in bases if base in found]
            if inherited:
                own = [
                    part.value.value
                    for part in node.body
                    if isinstance(part, ast.Assign)
                    and ast.unparse(part.targets[0]) == "status"
                    and isinstance(part.value, ast.Constant)
                ]
                found[node.name] = int(str((own or inherited)[0]))
    return found


OPERATORS = {"OperatorError", "WrongKey", "PolicyError", "Tampered"}
STATUS_FIRST = {"OAuthRefusal", "_Refused"}
CARRIERS = {"Fault", "wrong", "_wrong"}
"""They take a code and hand it on to an error, with 422."""


def raised() -> Iterator[Raised]:
    """Each code with its status, wherever an error is made. Fails where a code cannot be read so."""
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from _of_call(name, node)
            # What an error says of itself: super().__init__("code", …).
            if isinstance(node, ast.ClassDef) and node.name in statuses():
                for call in ast.walk(node):
                    if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
                        first = call.args[0]
                        if isinstance(first, ast.Constant):
                            yield Raised(str(first.value), _status(node.name, call), name)


def _of_call(name: str, call: ast.Call) -> Iterator[Raised]:
    made = ast.unparse(call.func).rpartition(".")[2]
    if made not in statuses() and made not in CARRIERS:
        return
    place = f"{name}:{call.lineno}"
    position = 1 if made in STATUS_FIRST else 0
    if made in ("PolicyError", "WrongKey", "NotReady", "SessionOver", "RecordGone", "NeedsMore"):
        return  # It names itself, in its own __init__.
    status = 422 if made in CARRIERS else _status(made, call)
    first = call.args[position]
    match first:
        case ast.Constant(value=str(code)):
            yield Raised(code, status, place)
        case ast.JoinedStr(values=[ast.Constant(value=str(begin)), ast.FormattedValue()]):
            assert begin in ("unknown_", "bad_"), place
            for subject in SUBJECTS:
                yield Raised(begin + subject, None, place)
        case ast.Starred(value=ast.Name(id="known")):
            for code, _ in failures._SQLITE.values():
                yield Raised(code, status, place)
        case ast.Name(id="sham"):
            for code in admission._NO_CONSENT:
                yield Raised(code, status, place)
        case ast.Name(id="code") | ast.Attribute(attr="code") | ast.Subscript():
            pass  # A code that came in: it was written where it was made.
        case _:
            pytest.fail(f"{place} makes its code in a way that this test cannot read: {ast.unparse(first)}")


def _status(made: str, call: ast.Call) -> int | None:
    if made in OPERATORS:
        return None
    if made in STATUS_FIRST:
        first = call.args[0]
        return first.value if isinstance(first, ast.Constant) and isinstance(first.value, int) else None
    return statuses()[made]


ALL = list(raised())


def test_every_code_that_the_source_raises_is_explained() -> None:
    assert len(ALL) > 150
    missing = {one.code: one.place for one in ALL if one.code not in PROBLEMS}
    assert not missing, "Explain them in src/consentd/web/catalogue/: " + ", ".join(
        f"{code} ({place})" for code, place in missing.items()
    )


def test_nothing_is_explained_that_nobody_raises() -> None:
    assert not PROBLEMS.keys() - {one.code for one in ALL}


def test_no_code_is_explained_twice() -> None:
    assert len(PROBLEMS) == sum(len(group) for group in catalogue.groups().values())


def test_the_status_told_is_one_that_the_source_gives() -> None:
    given: dict[str, set[int | None]] = defaultdict(set)
    for one in ALL:
        given[one.code].add(one.status)
    for code, entry in PROBLEMS.items():
        known = given[code] - {None}
        if entry.status is None:
            # Raised by the command line alone, or where the service is run.
            places = {one.place.split("/")[0] for one in ALL if one.code == code and one.status is not None}
            assert places <= {"callers", "cli", "crypto"}, code
        elif known:
            assert entry.status in known, code
        else:
            # Put together from pieces, or with whatever 4xx the framework refused.
            assert code.startswith("unknown_") or code == "bad_request", code


def test_each_code_has_a_title_a_reason_and_a_remedy_in_both_languages() -> None:
    for code, entry in PROBLEMS.items():
        assert entry.fr[0] != entry.en[0] or code in ("silence",), code
        for text in (*entry.fr, *entry.en):
            assert text == text.strip(), code
            assert "'" not in text, f"{code}: write ’"
        for told in (entry.fr, entry.en):
            assert not told[0].endswith("."), code
            assert all(text.endswith((".", "…", "+33…")) or text[-1].isalnum() for text in told[1:]), code


def test_titles_tell_codes_apart() -> None:
    for language in LANGUAGES:
        titles = [entry.told(language).title for entry in PROBLEMS.values()]
        assert len(titles) == len(set(titles))


def test_every_coarse_reason_says_what_to_do() -> None:
    assert {entry.coarse for entry in REASONS.values()} == COARSE.keys()


def test_the_words_have_the_same_blanks_in_both_languages() -> None:
    for name, text in WORDS.items():
        assert set(re.findall(r"{(\w+)}", text.fr)) == set(re.findall(r"{(\w+)}", text.en)), name


# --- the pages


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_problem_has_its_page_in_each_language(
    browser: httpx.AsyncClient, language: Language
) -> None:
    for code, entry in PROBLEMS.items():
        answer = await browser.get(f"/problems/{code}", headers={"accept-language": language})
        assert answer.status_code == 200
        assert answer.headers["content-language"] == language
        told = entry.told(language)
        for text in (code, told.title, told.why, told.remedy):
            assert text in answer.text
        shown = re.search(r"application/problem\+json\n\n(.*?)</code>", answer.text, re.DOTALL)
        assert (shown is not None) is (entry.status is not None)
        if shown:
            example = msgspec.json.decode(html.unescape(shown[1]))
            assert (example["code"], example["status"]) == (code, entry.status)
            assert (example["type"], example["title"]) == (f"/problems/{code}", told.title)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_catalogue_lists_every_code_and_the_reasons_every_reason(
    browser: httpx.AsyncClient, language: Language
) -> None:
    listed = (await browser.get("/problems", params={"lang": language})).text
    assert set(re.findall(r'href="/problems/(\w+)\?', listed)) == PROBLEMS.keys()
    reasons = (await browser.get("/reasons", params={"lang": language})).text
    assert set(re.findall(r'<tr id="(\w+)">', reasons)) == REASONS.keys()
    for meaning, remedy in COARSE.values():
        assert meaning(language) in reasons
        assert remedy(language) in reasons
    assert ("GDPR" in reasons, "RGPD" in reasons) == (language == "en", language == "fr")


async def test_promise_16_no_code_is_put_into_a_page_as_it_came(browser: httpx.AsyncClient) -> None:
    for code in ("nothing", "<script>", "..%2F..%2Fetc", "{{7*7}}", "%00", "not_json%0a"):
        answer = await browser.get(f"/problems/{code}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert "<script>" not in answer.text


@pytest.mark.parametrize("address", ["/problems", "/problems/invalid_body", "/reasons"])
async def test_the_pages_take_nothing_from_elsewhere_and_have_no_script(
    browser: httpx.AsyncClient, address: str
) -> None:
    answer = await browser.get(address)
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert "http://" not in answer.text.replace("HTTP/1.1", "")
    assert "https://" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    for own in re.findall(r'href="(/(?:problems|reasons)[^"]*)"', answer.text)[:40]:
        assert (await browser.get(own)).status_code == 200


# --- problems, as they are answered


async def test_a_problem_leads_to_its_page_and_has_its_title_in_the_callers_language(
    http: httpx.AsyncClient,
) -> None:
    for accepted, title in [
        ("fr", "Rien à cette adresse"),
        ("fr;q=0.2, en", "Nothing at this address"),
        ("de, fr;q=0.5, en;q=0.1", "Rien à cette adresse"),
        ("", "Nothing at this address"),
    ]:
        problem = (await http.get("/v1/nowhere", headers={"accept-language": accepted})).json()
        assert (problem["type"], problem["title"]) == ("/problems/no_such_address", title)
        assert problem["detail"] == "There is nothing at this address: see /openapi.json."


async def test_what_the_edge_refuses_is_told_in_the_callers_language_too(http: httpx.AsyncClient) -> None:
    twice = [("accept-language", "fr"), ("content-type", "a/b"), ("content-type", "c/d")]
    problem = (await http.get("/health/live", headers=twice)).json()
    assert problem["title"] == "Un en-tête vient deux fois"


async def test_a_code_without_an_entry_still_is_a_problem(service: Service, http: httpx.AsyncClient) -> None:
    problem = (await http.get("/v1/full")).json()
    assert (problem["code"], problem["title"]) == ("disk_full", "Service Unavailable")
