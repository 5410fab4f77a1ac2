"""What a browser is shown while nothing can be answered: no rules are at hand, so in nobody's name."""

from functools import cache

from litestar import Request
from litestar.types import Scope

from consentd.base.i18n import Language, Text
from consentd.web.pages.branded import language_of
from consentd.web.pages.shell import render

_WORDS = {
    "title": Text("Revenez dans un instant", "Come back in a moment"),
    "why": Text(
        "Notre service ne peut pas répondre pour l’instant : il a trop à faire, ou il redémarre.",
        "Our service cannot answer at the moment: it has too much to do, or it is starting.",
    ),
    "remedy": Text(
        "Rien n’a été modifié. Réessayez dans une minute.", "Nothing was changed. Try again in a minute."
    ),
}


def shown_to(headers: dict[bytes, bytes]) -> bool:
    """Whether whoever asks is somebody at a browser: programs do not ask for HTML."""
    return b"text/html" in headers.get(b"accept", b"")


def page(scope: Scope) -> bytes:
    return _page(language_of(Request(scope)))


@cache
def _page(language: Language) -> bytes:
    return render("busy.html", language, _WORDS).encode()
