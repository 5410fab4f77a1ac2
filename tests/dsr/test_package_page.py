"""Whatever silos and staff wrote, the page shows it as text and is the page that we made (promise 16)."""

from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from consentd.base.printing import one_line
from consentd.dsr.package import page as pages
from consentd.dsr.package.about import About, Kind, Outcome
from consentd.dsr.package.own_model import Own
from consentd.dsr.package.redacting import Held
from consentd.dsr.package.shapes import Field
from consentd.kernel.instants import Instant
from support.builders import demo_policy

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "div"),
    *("h1", "h2", "h3", "p", "a", "span", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("dl", "dt", "dd", "br"),
}
NAMES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "href", "aria-labelledby", "aria-label"),
    *("id", "role", "tabindex", "scope"),
}
HTML = (
    "<script>",
    "</td>",
    "</style>",
    "-->",
    '" onload="x',
    "' x='",
    "&lt;",
    "&#60;",
    "{{ x }}",
    "{% x %}",
    "]]>",
)
nasty = some.lists(some.sampled_from(HTML) | some.text(max_size=8), min_size=1, max_size=4).map("".join)


class Read(HTMLParser):
    """As a browser reads it, for what matters here."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, list[str]] = {}
        self.text: list[str] = []
        self.stray: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.stray.append(data)

    handle_pi = handle_comment


def read(what: str, field: str, value: str, said: str) -> Read:
    about = About(
        kind=Kind.ACCESS,
        request=said,
        language="en",
        made_at=Instant(0),
        systems=(),
        own=Own((), False, False, (), (), ()),
    )
    category = pages.CategoryShown(
        what, "data/a/b", 1, (Field(field, ("text",), True),), [{field: value}], Held(1, 0, (said,))
    )
    listed = pages.Listed(what, "data-a", Outcome.PARTIAL, 1)
    system = pages.SystemShown(what, "data-a", Outcome.PARTIAL, said, 1, iter([category]))
    found = Read()
    found.feed(b"".join(pages.page(demo_policy(), about, [listed], iter([system]), [])).decode())
    found.close()
    return found


@settings(deadline=None)
@given(what=nasty, field=nasty, value=nasty, said=nasty)
def test_promise_16_no_text_becomes_a_part_of_the_page(what: str, field: str, value: str, said: str) -> None:
    found = read(what, field, value, said)
    plain = read("orders", "number", "1", "because")
    assert found.tags == plain.tags <= TAGS
    assert set(found.attributes) == set(plain.attributes) <= NAMES
    assert {name: len(values) for name, values in found.attributes.items()} == {
        name: len(values) for name, values in plain.attributes.items()
    }
    assert found.attributes["href"] == plain.attributes["href"]
    assert found.stray == plain.stray == []
    # And what it says is there, to be read.
    assert one_line(value) in "".join(found.text)


@settings(deadline=None)
@given(value=some.text(min_size=300))
def test_a_long_text_is_cut_short_on_the_page(value: str) -> None:
    found = read("orders", "note", value, "because")
    assert one_line(value)[: pages.LONGEST - 1] + "…" in "".join(found.text)
    assert one_line(value) not in "".join(found.text)
