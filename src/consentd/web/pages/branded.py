"""How a page of the portal or the console is made: docs/pages.md. Upholds promise 16: templates escape all.

A room has its templates beside it and makes `Pages("consentd.portal")` once. They extend `portal.html`, and
use the components of `parts.html`. Sentences are English in the templates, as `{{ _("…") }}`.
"""

from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec
from jinja2 import BytecodeCache, ChoiceLoader, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.status_codes import HTTP_200_OK

from consentd.base.i18n import LANGUAGES, Language, choose
from consentd.web import exchange, headers
from consentd.web.pages import packing
from consentd.web.pages import speech as spoken
from consentd.web.pages.brand import Brand
from consentd.web.pages.speech import Speech

LANGUAGE_COOKIE = "lang"
_YEAR = 365 * 24 * 3600


class SignedIn(msgspec.Struct, frozen=True):
    """That somebody is: `csrf` goes with every form; `leave` is where the button in the head posts to."""

    csrf: str
    leave: str = "/my/leave"


def language_of(request: Request[Any, Any, Any]) -> Language:
    """`?lang=`, else what was chosen before (a cookie that holds nothing but "fr" or "en"), else what the
    browser asks for.
    """
    asked = request.query_params.get("lang")
    if asked not in LANGUAGES:
        asked = request.cookies.get(LANGUAGE_COOKIE)
    return choose(asked, request.headers.get("accept-language"))


class _Compiled(BytecodeCache):
    """Templates as they were compiled once in this process, for both languages and all rooms: their sentences
    are looked up when a page is made.
    """

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


class Pages:
    """The pages of a room; `package` has a folder `templates`, and `long` names those that take longest to
    read.
    """

    def __init__(self, package: str, long: Collection[str] = ()) -> None:
        self._environments = {language: environment(language, package) for language in LANGUAGES}
        # What every page needs is read now, and not while the first visitor waits (bench/portal.py).
        for made in self._environments.values():
            for shared in ("base.html", "portal.html", "parts.html", *long):
                made.get_template(shared)

    def render(self, template: str, speech: Speech, brand: Brand, here: str = "", **values: object) -> str:
        """`here`: the address of the page, by which the other language is reached."""
        other = next(one for one in LANGUAGES if one != speech.language)
        found = self._environments[speech.language].get_template(template)
        known = {
            "speech": speech,
            "brand": brand,
            "language": speech.language,
            "other": other,
            "switch": _switched(here, other),
            "signed_in": None,
        }
        return found.render(**{**known, **values})

    def page(
        self,
        request: Request[Any, Any, Any],
        template: str,
        speech: Speech,
        brand: Brand,
        *,
        status: int = 200,
        here: str | None = None,
        signed_in: SignedIn | None = None,
        **values: object,
    ) -> Response[bytes]:
        """A page as an answer. `here`: the address that shows it by GET, where that is not this request's own
        (a form's answer). `values`: what the template names.
        """
        exchange.of(request.scope).shield = headers.PAGE
        address = here if here is not None else _own(request)
        text = self.render(template, speech, brand, address, signed_in=signed_in, **values)
        said: dict[str, str] = {"content-language": speech.language}
        content = text.encode()
        if status == HTTP_200_OK and packing.is_safe(request) and packing.is_read(request):
            content = packing.packed(content)
            said |= packing.ENCODING
        answer = Response(content, status_code=status, media_type="text/html", headers=said)
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(
                Cookie(
                    LANGUAGE_COOKIE,
                    value=speech.language,
                    path="/",
                    max_age=_YEAR,
                    httponly=True,
                    samesite="lax",
                )
            )
        return answer


def environment(language: Language, package: str) -> Environment:
    """One for each language, so that a sentence is looked up once and macros speak it too."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("consentd.web.pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=_compiled,
    )
    spoken.prepare(language)
    # What the extension adds to an environment is known to no type.
    installed: Any = made
    installed.install_gettext_callables(
        lambda message: spoken.gettext(language, message),
        lambda one, many, number: spoken.ngettext(language, one, many, number),
        newstyle=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    return made


def _own(request: Request[Any, Any, Any]) -> str:
    asked = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in asked if name != "lang"]
    return request.url.path + (f"?{urlencode(kept)}" if kept else "")


def _switched(here: str, language: Language) -> str:
    """A path of this service alone: never another's, whatever it was called with."""
    parts = urlsplit(here)
    path = "/" + quote(parts.path.lstrip("/"), safe="/%") if here else ""
    return f"{path}?{parts.query}&lang={language}" if parts.query else f"{path}?lang={language}"
