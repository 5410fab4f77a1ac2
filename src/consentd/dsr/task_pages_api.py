"""The page of a link: GET shows the steps, a press of a button the customer, and a form answers.

Server-rendered and without script. No address but the link's own, which is never logged: only the route is.
"""

import datetime as dt

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from consentd.base.dates import day_in_words
from consentd.base.i18n import Language, choose
from consentd.callers.access import LINK
from consentd.dsr.by_link import ByLink
from consentd.dsr.link_shapes import LinkCustomer, LinkTold
from consentd.dsr.task_form import VERDICTS, FormWrong, answer_of_form
from consentd.dsr.task_page_words import WORDS
from consentd.kernel.connection import Verb
from consentd.kernel.errors import CallerError, NotFound
from consentd.kernel.policy import in_words
from consentd.web.call import Call
from consentd.web.pages.brand import Brand
from consentd.web.pages.shell import render, shown

MOST_BYTES = 16 << 20
_COUNTED: dict[Verb, tuple[tuple[str, str], ...]] = {
    Verb.LOCATE: (("found", "found"),),
    Verb.RECTIFY: (("changed", "changed"),),
    Verb.RESTRICT: (("changed", "changed"),),
    Verb.ERASE: (("deleted", "deleted"), ("changed", "changed"), ("kept", "kept"), ("because", "because")),
    Verb.CONFIRM: (("found", "left"),),
}
"""What is asked of each category, and in which words."""


def routes(by_link: ByLink) -> list[HTTPRouteHandler]:
    @get("/tasks/{token:str}", opt=LINK, include_in_schema=False)
    async def page(request: Call, token: FromPath[str], lang: FromQuery[str | None] = None) -> Response[str]:
        language, brand = _language(request, lang), await by_link.brand()
        try:
            return _page(request, language, brand, await by_link.look(token))
        except NotFound:
            return _page(request, language, brand, None)

    @post(
        "/tasks/{token:str}",
        status_code=200,
        opt=LINK,
        include_in_schema=False,
        request_max_body_size=MOST_BYTES,
    )
    async def pressed(
        request: Call, token: FromPath[str], lang: FromQuery[str | None] = None
    ) -> Response[str]:
        language, brand = _language(request, lang), await by_link.brand()
        try:
            told = await by_link.look(token)
        except NotFound:
            return _page(request, language, brand, None)
        form = await request.form()
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        if told.state != "open":
            return _page(request, language, brand, told)
        wrong: str | None = None
        if fields.get("do") == "answer":
            uploads = [one for _, one in form.multi_items() if isinstance(one, UploadFile) and one.filename]
            files = [(one.filename, await one.read()) for one in uploads]
            try:
                await by_link.answer(token, answer_of_form(told, fields, files))
                return _page(request, language, brand, await by_link.look(token))
            except FormWrong as error:
                wrong = error.code
            except CallerError as error:
                wrong = "form_copy" if error.code == "records_missing" else "refused"
        try:
            customer = await by_link.customer(token)
        except CallerError:
            return _page(request, language, brand, await by_link.look(token))
        return _page(request, language, brand, told, customer, wrong, fields)

    return [page, pressed]


def _page(
    request: Call,
    language: Language,
    brand: Brand,
    told: LinkTold | None,
    customer: LinkCustomer | None = None,
    wrong: str | None = None,
    fields: dict[str, str] | None = None,
) -> Response[str]:
    text = render(
        "task.html",
        language,
        WORDS,
        brand=brand,
        task=told,
        customer=customer,
        wrong=wrong,
        fields=fields or {},
        in_words=in_words,
        verdicts=_verdicts(Verb(told.verb)) if told else (),
        counted=_COUNTED.get(Verb(told.verb), ()) if told else (),
        day=day_in_words(dt.date.fromisoformat(told.due_on), language) if told else "",
    )
    answer = shown(request, text, language)
    answer.status_code = 404 if told is None else 422 if wrong else 200
    return answer


def _verdicts(verb: Verb) -> list[tuple[str, str]]:
    """What can be answered, and in which words."""
    own = {Verb.LOCATE: "done_locate", Verb.CONFIRM: "done_confirm"}
    found = {one: own.get(verb, one) if one == "done" else one for one in VERDICTS}
    if verb in (Verb.CONFIRM, Verb.WRITE_PREFERENCE):
        del found["nothing"]
    return list(found.items())


def _language(request: Call, asked: str | None) -> Language:
    return choose(asked, request.headers.get("accept-language"))
