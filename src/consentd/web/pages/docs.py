"""The API explained to people at /docs: the description that programs read, in a page of our own.

No host beside this one is needed or allowed. Without its script the page says everything; the script adds
sending. Upholds promises 16 (the page escapes what it shows, and its script puts answers in as text) and 18
(a token that is pasted stays in the page: it is sent to this service, and kept nowhere).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from consentd.base.i18n import Language, choose
from consentd.callers.access import PUBLIC
from consentd.web import headers
from consentd.web.pages import described
from consentd.web.pages.docs_words import TAGS, WORDS
from consentd.web.pages.shell import render, shown


def routes(describe_all: Callable[[], described.Document]) -> list[HTTPRouteHandler]:
    @cache
    def text(language: Language) -> str:
        # Made once, with the description itself: it takes a tenth of a second, in which checks would wait.
        document = describe_all()
        found = described.by_tag(document)
        # In the order of the words; a tag that has none comes last, under its own name.
        order = [tag for tag in dict.fromkeys((*TAGS, *found)) if tag in found]
        return render(
            "docs.html",
            language,
            WORDS,
            version=document["info"]["version"],
            server=document["servers"][0]["url"],
            tags={tag: (TAGS[tag](language) if tag in TAGS else tag, found[tag]) for tag in order},
            schemas=described.schemas(document),
        )

    @get("/docs", opt=PUBLIC, include_in_schema=False)
    async def docs(request: Request[Any, Any, Any], lang: FromQuery[str | None] = None) -> Response[str]:
        language = choose(lang, request.headers.get("accept-language"))
        return shown(request, text(language), language, headers.PAGE_WITH_SCRIPT)

    return [docs]
