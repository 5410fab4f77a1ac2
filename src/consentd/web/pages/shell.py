"""What every page of this room is made with. Upholds promise 16: templates escape whatever they are given."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response

from consentd.base.i18n import LANGUAGES, Language, Text
from consentd.web import exchange, headers
from consentd.web.exchange import Headers
from consentd.web.pages.brand import Brand
from consentd.web.pages.words import SHELL

_templates = Environment(
    loader=PackageLoader("consentd.web.pages", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    template: str,
    language: Language,
    words: Mapping[str, Text],
    brand: Brand | None = None,
    **values: object,
) -> str:
    """A page in the shell. `say(name, …)` in templates is the word of that name in the page's language.
    `brand`: the company in whose name it is; None for pages about the interface.
    """
    known = {**SHELL, **words}

    def say(name: str, **inserted: object) -> str:
        said: str = known[name](language)
        return said.format(**inserted)

    other = next(one for one in LANGUAGES if one != language)
    found = _templates.get_template(template)
    return found.render(say=say, language=language, other=other, brand=brand, **values)


def shown(
    request: Request[Any, Any, Any], text: str, language: Language, shield: Headers = headers.PAGE
) -> Response[str]:
    """A rendered page as an answer."""
    exchange.of(request.scope).shield = shield
    return Response(text, media_type="text/html", headers={"content-language": language})
