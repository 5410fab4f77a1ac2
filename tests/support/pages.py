"""What any page of the portal or the console must be, read from its HTML alone: `checked(text)`.

A browser finds more (tests/browser); this finds most, at once, for a page in whatever state.
"""

from html.parser import HTMLParser

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
MOST_BYTES = 60_000
"""Of a page with its style sheets and the logo."""


class Element:
    def __init__(self, name: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.name = name
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element] = []
        self.texts: list[str] = []

    @property
    def text(self) -> str:
        return " ".join(" ".join([*self.texts, *(child.text for child in self.children)]).split())

    def all(self, *names: str) -> "list[Element]":
        found = [self] if self.name in names or not names else []
        return found + [one for child in self.children for one in child.all(*names)]

    def within(self, *names: str) -> bool:
        return self.parent is not None and (self.parent.name in names or self.parent.within(*names))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {}, None)
        self.at = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        one = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(one)
        if tag not in VOID:
            self.at = one

    def handle_endtag(self, tag: str) -> None:
        assert self.at.name == tag, f"</{tag}> ends <{self.at.name}>"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.texts.append(data)


def read(text: str) -> Element:
    """The page as a tree. AssertionError where tags do not nest."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.at is reader.root, f"<{reader.at.name}> is never closed"
    return reader.root


def checked(text: str, language: str | None = None) -> Element:
    """The page, which holds to every rule below; AssertionError that says which it breaks."""
    page = read(text)
    (html,) = page.all("html")
    assert html.attributes.get("lang") in ("fr", "en")
    assert language in (None, html.attributes["lang"])
    (title,) = [one for one in page.all("title") if one.within("head")]
    assert title.text, "the page has no title"
    for landmark in ("header", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1, f"there must be one <{landmark}>"
    _headings(page)
    _references(page)
    for control in page.all("input", "select", "textarea"):
        assert control.attributes.get("type") == "hidden" or _labelled(page, control), control.attributes
    for one in page.all("button", "a"):
        named = (
            one.text
            or one.attributes.get("aria-label")
            or any(p.attributes.get("alt") for p in one.all("img"))
        )
        assert named, f"a <{one.name}> has no name: {one.attributes}"
    for picture in page.all("img"):
        assert {"alt", "width", "height"} <= picture.attributes.keys()
    for table in page.all("table"):
        assert all(head.attributes.get("scope") for head in table.all("th")), "a <th> says no scope"
    for form in page.all("form"):
        assert form.attributes.get("method") in ("get", "post")
        # Without one it goes to the page that it stands on.
        assert form.attributes.get("action", "?").startswith(("/", "?")), "a form goes elsewhere"
    _nothing_from_elsewhere(page)
    return page


def _headings(page: Element) -> None:
    last = 0
    for one in page.all("h1", "h2", "h3", "h4"):
        level = int(one.name[1])
        assert level <= last + 1, f"<{one.name}> {one.text!r} comes after <h{last}>"
        assert one.text, "a heading says nothing"
        last = level


def _references(page: Element) -> None:
    ids = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
    assert len(ids) == len(set(ids)), f"an id stands twice: {sorted(i for i in ids if ids.count(i) > 1)}"
    for one in page.all():
        for name in ("aria-describedby", "aria-labelledby", "for"):
            for wanted in one.attributes.get(name, "").split():
                assert wanted in ids, f"{name} names {wanted!r}, which is not there"
        target = one.attributes.get("href", "")
        assert not target.startswith("#") or target[1:] in ids, f"{target} leads nowhere"


def _labelled(page: Element, control: Element) -> bool:
    labels = page.all("label")
    own = control.attributes.get("id")
    return (
        any(own and label.attributes.get("for") == own and label.text for label in labels)
        or (control.within("label"))
        or bool(control.attributes.get("aria-label") or control.attributes.get("aria-labelledby"))
    )


def _nothing_from_elsewhere(page: Element) -> None:
    for one in page.all():
        assert one.name not in ("style", "iframe", "object", "embed"), one.name
        assert one.name != "script" or one.attributes.get("src", "").startswith("/static/")
        assert not any(name.startswith("on") or name == "style" for name in one.attributes), one.attributes
        if one.name in ("img", "link", "script"):
            address = one.attributes.get("src") or one.attributes.get("href", "")
            assert address.startswith("/"), f"{address} is not of this service"
            assert not address.startswith("//"), f"{address} is not of this service"
