"""What problems and reasons mean: /problems, a page for each code, and /reasons.

A problem's `type` leads here, so that whoever meets one reads what happened, why, and what to do. Upholds
promise 16 (a code is looked up in the catalogue, and never put into a page as it came) and 18 (the pages
know nothing of any request).
"""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from consentd.base.i18n import Language, choose
from consentd.callers.access import PUBLIC
from consentd.kernel.errors import NotFound
from consentd.kernel.reasons import REASONS
from consentd.web.catalogue import Entry, groups, problems
from consentd.web.pages.catalogue_words import COARSE, WORDS
from consentd.web.pages.shell import page


def routes() -> list[HTTPRouteHandler]:
    @get("/problems", opt=PUBLIC, include_in_schema=False)
    async def catalogue(request: Request[Any, Any, Any], lang: FromQuery[str | None] = None) -> Response[str]:
        language = _language(request, lang)
        return page(
            request,
            "problems.html",
            language,
            WORDS,
            groups={
                name: [(code, entry.status, entry.told(language)) for code, entry in group.items()]
                for name, group in groups().items()
            },
        )

    @get("/problems/{code:str}", opt=PUBLIC, include_in_schema=False)
    async def problem(
        request: Request[Any, Any, Any], code: FromPath[str], lang: FromQuery[str | None] = None
    ) -> Response[str]:
        entry = problems().get(code)
        if entry is None:
            raise NotFound("no_such_address", "There is no problem of this code: see /problems.")
        language = _language(request, lang)
        return page(
            request,
            "problem.html",
            language,
            WORDS,
            code=code,
            told=entry.told(language),
            status=entry.status,
            phrase=HTTPStatus(entry.status).phrase if entry.status else "",
            example=example_of(code, entry, language),
        )

    @get("/reasons", opt=PUBLIC, include_in_schema=False)
    async def reasons(request: Request[Any, Any, Any], lang: FromQuery[str | None] = None) -> Response[str]:
        language = _language(request, lang)
        return page(
            request,
            "reasons.html",
            language,
            WORDS,
            groups={
                coarse: (why(language), remedy(language), _reasons_of(coarse, language))
                for coarse, (why, remedy) in COARSE.items()
            },
        )

    return [catalogue, problem, reasons]


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
        (code, entry.fr if language == "fr" else entry.en, ", ".join(entry.cites))
        for code, entry in REASONS.items()
        if entry.coarse == coarse
    ]


def _language(request: Request[Any, Any, Any], asked: str | None) -> Language:
    return choose(asked, request.headers.get("accept-language"))
