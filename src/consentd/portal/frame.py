"""What every page of the customers' has in common: who looks, in which language, and that a form is ours.

Upholds promises 13 and 14, and 16: nothing that comes in leads anywhere but to a page of this service.
Cookies are for the session alone: HttpOnly, bound to this host, and Secure wherever the service has an
address with https. A form counts if the browser says that it comes from here, and where there is a session,
if it holds what only a page of this session was given; whoever has no session has nothing that another site
could use.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie

from consentd.base.i18n import Language
from consentd.base.places import Network, place_of
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Forbidden
from consentd.portal.reach import Reach
from consentd.portal.sessions import Session, SessionOver
from consentd.portal.visits import Visits
from consentd.web.call import Call
from consentd.web.pages.brand import brand_of
from consentd.web.pages.branded import Pages, SignedIn, language_of
from consentd.web.pages.speech import Speech

MOST_BYTES = 64 * 1024
_OWN_PATH = re.compile(r"/my(/[a-z0-9-]+){0,4}")
_TOKEN_BYTES = 16
_SIGNED_IN = "portal_signed_in"
_LONG = ("choices.html", "rights.html", "right.html")


class Visit(msgspec.Struct, frozen=True):
    """One look at a page, or one press of a button."""

    call: Call
    language: Language
    compiled: CompiledPolicy
    session: Session | None
    form_token: str
    """What forms of this session hold; empty without one."""
    proxies: tuple[Network, ...] = ()
    """Who is believed about where others call from."""

    @property
    def speech(self) -> Speech:
        return Speech(self.language, ZoneInfo(self.compiled.policy.controller.zone))

    def __repr__(self) -> str:
        return "Visit(…)"

    def require(self, reach: Reach) -> Session:
        """Raises SessionOver without a session, NeedsMore where it does not reach that far."""
        if self.session is None:
            raise SessionOver()
        self.session.require(reach)
        return self.session

    @property
    def source(self) -> str:
        """From where on the network."""
        client = self.call.scope.get("client")
        forwarded = ",".join(self.call.headers.getall("x-forwarded-for", []))
        return place_of(client[0], forwarded, self.proxies) if client else ""


class Frame:
    def __init__(self, visits: Visits, public_url: str, proxies: tuple[Network, ...] = ()) -> None:
        self._proxies = proxies
        self.visits = visits
        self.public_url = public_url
        self._secure = public_url.startswith("https://")
        self._host = urlsplit(public_url).netloc
        prefix = "__Host-" if self._secure else ""
        self._session_cookie, self._way_cookie = (f"{prefix}{name}" for name in ("my", "way"))
        self._pages = Pages("consentd.portal", _LONG)
        self._last: CompiledPolicy | None = None

    async def ready(self) -> None:
        """Reads the rules before anybody came."""
        self._last = await self.visits.doing.database.read(self.visits.policies.active)

    async def visit(self, call: Call) -> Visit:
        """Who looks; nobody known, where there is no live session."""
        session, compiled = await self.visits.find(call.cookies.get(self._session_cookie), browser_of(call))
        self._last = compiled
        token = "" if session is None else self._form_token(session)
        # For the page that says what went wrong later on: one signs out there too.
        call.scope.setdefault("state", {})[_SIGNED_IN] = token
        return Visit(call, language_of(call), compiled, session, token, self._proxies)

    async def posted(self, call: Call) -> tuple[Visit, Mapping[str, list[str]]]:
        """The same, and what a form said. Raises Forbidden for a form that is none of ours."""
        self._require_from_here(call)
        visit = await self.visit(call)
        form = await call.form()
        said: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            if isinstance(value, str):
                said.setdefault(name, []).append(value)
        if visit.session is not None:
            sent = first(said, "csrf")
            if not hmac.compare_digest(sent.encode(), visit.form_token.encode()):
                raise _not_ours()
        return visit, said

    def show(
        self, visit: Visit, template: str, *, status: int = 200, here: str | None = None, **values: Any
    ) -> Response[bytes]:
        """A page as an answer. `here`: the address that shows it by GET, where it answers a form. Any: what
        the template names.
        """
        return self._pages.page(
            visit.call,
            template,
            visit.speech,
            brand_of(visit.compiled.policy),
            status=status,
            here=here,
            signed_in=SignedIn(visit.form_token) if visit.session else None,
            visit=visit,
            **values,
        )

    def sorry(self, call: Request[Any, Any, Any], status: int, code: str) -> Response[bytes] | None:
        """The page that says what went wrong; None where there are no rules yet."""
        if self._last is None:
            return None
        speech = Speech(language_of(call), ZoneInfo(self._last.policy.controller.zone))
        brand = brand_of(self._last.policy)
        token = call.scope.get("state", {}).get(_SIGNED_IN)
        return self._pages.page(
            call,
            "sorry.html",
            speech,
            brand,
            status=status,
            here="/my",
            signed_in=SignedIn(token) if token else None,
            code=code,
            status_code=status,
        )

    def to(self, path: str, *cookies: Cookie) -> Response[None]:
        """On to a page of ours, by GET."""
        if not is_own_path(path.partition("?")[0]):
            raise ValueError("a page leads to pages of this service alone")
        return Response(None, status_code=303, headers={"location": path}, cookies=list(cookies))

    def session_cookie(self, content: str) -> Cookie:
        return self._cookie(self._session_cookie, content, "lax")

    def way_cookie(self, way: UUID) -> Cookie:
        return self._cookie(self._way_cookie, str(way), "strict")

    def without_session(self) -> list[Cookie]:
        names = (self._session_cookie, self._way_cookie)
        return [self._cookie(name, "", "lax", max_age=0) for name in names]

    def way_of(self, call: Call) -> UUID | None:
        try:
            return UUID(call.cookies.get(self._way_cookie, ""))
        except ValueError:
            return None

    def require_way(self, call: Call, way: UUID | None) -> None:
        """Raises Forbidden for a form of a link that this browser was never shown, where the browser does not
        say whose form it is: somebody else would sign it in as themselves. Ours are shown with a cookie that
        no form of another site brings along.
        """
        silent = "sec-fetch-site" not in call.headers and call.headers.get("origin") == "null"
        if silent and way is not None and self.way_of(call) != way:
            raise _not_ours()

    def _cookie(
        self, name: str, content: str, same_site: Literal["lax", "strict"], max_age: int | None = None
    ) -> Cookie:
        return Cookie(
            key=name,
            value=content,
            path="/",
            httponly=True,
            secure=self._secure,
            samesite=same_site,
            max_age=max_age,
        )

    def _form_token(self, session: Session) -> str:
        mac = self.visits.keyring.digest("portal-form", session.id.bytes)[:_TOKEN_BYTES]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def _require_from_here(self, call: Call) -> None:
        """By what browsers say by themselves, and no page can: where the form was."""
        site = call.headers.get("sec-fetch-site")
        if site is not None and site not in ("same-origin", "none"):
            raise _not_ours()
        origin = call.headers.get("origin")
        # Our pages tell nobody where they are, so that browsers say "null" of them.
        if site is None and origin is not None and origin != "null":
            try:
                host = urlsplit(origin).netloc
            except ValueError:
                raise _not_ours() from None
            if host not in (self._host, call.headers.get("host")):
                raise _not_ours()


def first(said: Mapping[str, list[str]], name: str) -> str:
    """What a field of a form says; empty where there is none."""
    return said[name][0] if said.get(name) else ""


def browser_of(call: Request[Any, Any, Any]) -> str:
    return call.headers.get("user-agent", "")[:500]


def is_own_path(path: str) -> bool:
    """Whether it is a page of the portal, and nothing that a browser reads as another server."""
    return _OWN_PATH.fullmatch(path) is not None


def _not_ours() -> Forbidden:
    return Forbidden("form_not_ours", "This form was not sent from a page of this session: open it again.")
