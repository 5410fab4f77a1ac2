"""Coming in with a browser, and what every page is looked at for."""

from urllib.parse import urlsplit

from consentd.portal.reach import Reach
from support.customers import Customers, said, signed_in
from support.installation import Serving
from support.visitor import LOOKS, MOST_BYTES, Look, Visitor, Visits


def examines(visitor: Visitor, name: str) -> None:
    """What axe says, where it can run: the page is the same without scripts."""
    assert visitor.weight() <= MOST_BYTES
    if visitor.script:
        visitor.examines(name)


def at(visitor: Visitor) -> str:
    return urlsplit(visitor.page.url).path


def asks(visitor: Visitor, contact: str) -> None:
    """For a code, at the door."""
    visitor.page.get_by_label(said(visitor.language, "Your email address")).fill(contact)
    visitor.presses(said(visitor.language, "Send me a code"))


def enters(visitor: Visitor, code: str) -> None:
    visitor.page.get_by_label(said(visitor.language, "Code of eight digits")).fill(code)
    visitor.presses(said(visitor.language, "Go on"))


def comes_in(visitor: Visitor, customers: Customers, address: str) -> None:
    """To the choices, by one code."""
    visitor.opens("/my")
    asks(visitor, address)
    enters(visitor, customers.code(address))


def proves(visitor: Visitor, customers: Customers, address: str) -> None:
    """Who they are, by a second code to the same address."""
    visitor.opens("/my/proof")
    hidden = address[0] + "•••" + address[address.index("@") :]
    visitor.presses(said(visitor.language, "To %(contact)s", contact=hidden))
    enters(visitor, customers.code(address, 2))


def comes(
    visits: Visits, service: Serving, subject: str, language: str, reach: Reach, *, look: Look = LOOKS[0]
) -> Visitor:
    """By a cookie that was opened beside the service."""
    visitor = visits(language=language, look=look)
    browser = visitor.page.evaluate("navigator.userAgent")
    cookie = signed_in(service.installation, browser, subject, reach)
    visitor.context.add_cookies([{"name": "my", "value": cookie, "url": visitor.address}])
    return visitor
