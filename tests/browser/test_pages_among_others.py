"""The customers' pages in a browser that has other sites open too: their forms and frames; the way back."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.browser import Waited
from support.customers import Customers, said
from support.installation import Serving
from support.visitor import Visitor

OTHER_SITE = "http://elsewhere.example/"
FORM = """<!doctype html><title>Elsewhere</title>
<form method="post" action="{action}"><input name="csrf" value="guess"><input name="contact" value="a@b.fr">
<button>Win a prize</button></form>"""
FRAME = '<!doctype html><title>Elsewhere</title><iframe src="{action}" width="300" height="300"></iframe>'


@pytest.fixture
def visitor(browser: Waited, service: Serving, customers: Customers) -> Iterator[Visitor]:
    """Somebody who came in, and who looks at other sites too."""
    one = Visitor(browser, service.address, language="en")
    address = customers.new()
    one.opens("/my")
    one.page.get_by_label(said("en", "Your email address")).fill(address)
    one.presses(said("en", "Send me a code"))
    one.page.get_by_label(said("en", "Code of eight digits")).fill(customers.code(address))
    one.presses(said("en", "Go on"))
    yield one
    one.context.close()


def shows(visitor: Visitor, page: str, path: str) -> None:
    """Another site's page, which uses this address of ours."""

    def answer(route: Any) -> Any:
        return route.fulfill(body=page.format(action=visitor.address + path), content_type="text/html")

    visitor.context.route(OTHER_SITE, answer)
    visitor.page.goto(OTHER_SITE)


def is_in(visitor: Visitor) -> bool:
    visitor.opens("/my/proof")
    return bool(visitor.control(said("en", "Sign out")).count())


@pytest.mark.parametrize("path", ["/my/leave", "/my/proof", "/my", "/my/code"])
def test_a_button_of_another_site_presses_none_of_ours(visitor: Visitor, path: str) -> None:
    shows(visitor, FORM, path)
    visitor.presses("Win a prize")
    assert visitor.status == 403
    assert is_in(visitor)


def test_another_site_cannot_put_the_pages_into_its_own(visitor: Visitor) -> None:
    shows(visitor, FRAME, "/my/proof")
    _, framed = visitor.page.frames
    assert framed.url.startswith("chrome-error:")
    assert framed.locator("form").count() == 0


def test_the_way_back_shows_nothing_to_who_comes_next(visitor: Visitor) -> None:
    assert is_in(visitor)
    visitor.presses(said("en", "Sign out"))
    visitor.page.go_back()
    assert visitor.control(said("en", "Sign out")).count() == 0
    assert not is_in(visitor)
