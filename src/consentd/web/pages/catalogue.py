"""What problems and reasons mean: /problems, a page for each code, and /reasons.

A problem's `type` leads here, so that whoever meets one reads what happened, why, and what to do. Upholds
promise 16 (a code is looked up in the catalogue, and never put into a page as it came) and 18 (the pages
know nothing of any request).
"""

from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from consentd.base.i18n import Language, article, choose
from consentd.callers.access import PUBLIC
from consentd.kernel.errors import NotFound
from consentd.kernel.reasons import REASONS
from consentd.web.catalogue import Entry, groups, problems
from consentd.web.pages.catalogue_words import COARSE, WORDS
from consentd.web.pages.shell import render, shown


def routes() -> list[HTTPRouteHandler]:
    @get("/problems", opt=PUBLIC, include_in_schema=False)
    async def catalogue(request: Request[Any, Any, Any], lang: FromQuery[str | None] = None) -> Response[str]:
        language = _language(request, lang)
        return shown(request, _catalogue(language), language)

    @get("/problems/{code:str}", opt=PUBLIC, include_in_schema=False)
    async def problem(
        request: Request[Any, Any, Any], code: FromPath[str], lang: FromQuery[str | None] = None
    ) -> Response[str]:
        if code not in problems():
            raise NotFound("no_such_address", "There is no problem of this code: see /problems.")
        language = _language(request, lang)
        return shown(request, _problem(code, language), language)

    @get("/reasons", opt=PUBLIC, include_in_schema=False)
    async def reasons(request: Request[Any, Any, Any], lang: FromQuery[str | None] = None) -> Response[str]:
        language = _language(request, lang)
        return shown(request, _reasons(language), language)

    return [catalogue, problem, reasons]


# Each page is made once: nothing in it depends on who asks, and checks wait while one is made.


@cache
def _catalogue(language: Language) -> str:
    told = {
        name: [(code, entry.status, entry.told(language)) for code, entry in group.items()]
        for name, group in groups().items()
    }
    return render("problems.html", language, WORDS, groups=told)


@cache
def _problem(code: str, language: Language) -> str:
    entry = problems()[code]
    return render(
        "problem.html",
        language,
        WORDS,
        code=code,
        told=entry.told(language),
        status=entry.status,
        phrase=HTTPStatus(entry.status).phrase if entry.status else "",
        example=example_of(code, entry, language),
    )


@cache
def _reasons(language: Language) -> str:
    told = {
        coarse: (why(language), remedy(language), _reasons_of(coarse, language))
        for coarse, (why, remedy) in COARSE.items()
    }
    return render("reasons.html", language, WORDS, groups=told)


def example_of(code: str, entry: Entry, language: Language) -> str | None:
    """The answer as it arrives; None for what never arrives under its own code."""
    if entry.status is None:
        return None
    shown = {
        "type": f"/problems/{code}",
        "title": entry.told(language).title,
        "status": entry.status,
        "code": code,
        "detail": entry.told("en").why,
        "instance": "019a2009-6fb8-7583-bf03-b3a2b494654c",
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()


def _reasons_of(coarse: str, language: Language) -> list[tuple[str, str, str]]:
    """Code, words and articles."""
    return [
        (
            code,
            entry.fr if language == "fr" else entry.en,
            ", ".join(article(one, language) for one in entry.cites),
        )
        for code, entry in REASONS.items()
        if entry.coarse == coarse
    ]


def _language(request: Request[Any, Any, Any], asked: str | None) -> Language:
    return choose(asked, request.headers.get("accept-language"))
