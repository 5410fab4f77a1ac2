"""The page that opens first: what was found where, in words that anyone reads, in the person's language.

Upholds promise 16: everything that comes from a silo is escaped, on one line and cut short; the page holds no
script, loads nothing, and says so in a policy of its own, which names its one style sheet by its hash.
Rendered piece by piece: of each category the first rows, never all.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from consentd.base.dates import day_in_words
from consentd.base.printing import one_line
from consentd.consent.words import method_in_words, state_in_words
from consentd.dsr.package import page_words as w
from consentd.dsr.package.about import About, Kind, Outcome
from consentd.dsr.package.letter import amount
from consentd.dsr.package.own_model import OWN
from consentd.dsr.package.redacting import WITHHELD, Held, Record
from consentd.dsr.package.shapes import Field
from consentd.dsr.package.words import RECORDS, WITHHELD_HERE, joined
from consentd.kernel.instants import parse_moment, to_datetime
from consentd.kernel.places import Gazetteer
from consentd.kernel.policy import Contact, Policy, in_words

ROWS, COLUMNS, LONGEST = 20, 12, 200
"""Shown of a category: rows, columns, and characters of a cell."""

_PLACE = "consentd.dsr.package"
_templates = Environment(
    loader=PackageLoader(_PLACE, "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class CategoryShown(msgspec.Struct, frozen=True):
    what: str
    path: str
    """Without its ending."""
    records: int
    """That are in the files."""
    fields: tuple[Field, ...]
    first: Sequence[Record]
    held: Held


class SystemShown(msgspec.Struct, frozen=True):
    id: str
    anchor: str
    outcome: Outcome
    because: str | None
    records: int
    """Before anything was held back."""
    categories: Iterator[CategoryShown]


class Listed(msgspec.Struct, frozen=True):
    """A system in the list at the top."""

    id: str
    anchor: str
    outcome: Outcome
    records: int


def page(
    policy: Policy,
    about: About,
    listed: Sequence[Listed],
    systems: Iterator[SystemShown],
    files: Sequence[str],
) -> Iterator[bytes]:
    """The page, piece by piece. `systems` is gone through once; `files`: names of those at the top."""
    template = _templates.get_template("index.html")
    showing = _Showing(policy, about)
    day = to_datetime(about.made_at, showing.zone).date()
    style = _style(policy.controller.accent)
    pieces = template.generate(
        say=showing.say,
        language=about.language,
        style=Markup(style),  # noqa: S704 - our own file, with a colour that was checked
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        access=about.kind is Kind.ACCESS,
        controller=policy.controller.name,
        number=about.request,
        day=day_in_words(day, about.language),
        listed=listed,
        systems=systems,
        files=files,
        shown=showing,
        own=OWN,
        dpo=_reached(policy.controller.dpo),
        authority=_reached(policy.controller.authority),
    )
    for piece in pieces:
        yield piece.encode("utf-8", "replace")


class _Showing:
    """How the template says things."""

    def __init__(self, policy: Policy, about: About) -> None:
        self._policy = policy
        self._about = about
        self._language = about.language
        self.zone = Gazetteer.home(policy)

    def say(self, name: str, **inserted: object) -> str:
        said = w.WORDS[name](self._language)
        return said.format(**inserted) if inserted else said

    def name(self, system: str) -> str:
        if system == OWN:
            return self.say("own")
        known = self._policy.systems.get(system)
        return system if known is None else known.name

    def description(self, system: str) -> str:
        if system == OWN:
            return self.say("own_why")
        known = self._policy.systems.get(system)
        return "" if known is None else in_words(known.description, self._language)

    def count(self, records: int) -> str:
        return RECORDS(records, self._language)

    def outcome(self, system: Listed) -> str:
        if system.outcome is Outcome.SILENT:
            return self.say("silent")
        found = self.count(system.records) if system.records else self.say("nothing")
        return f"{self.say('partial')}, {found}" if system.outcome is Outcome.PARTIAL else found

    def category(self, system: str, category: CategoryShown) -> str:
        own = w.OWN_CATEGORIES.get(category.what) if system == OWN else None
        return one_line(category.what)[:LONGEST] if own is None else own(self._language)

    def held(self, category: CategoryShown) -> str:
        reasons = joined(map(one_line, category.held.reasons), self._language)
        return f"{amount(category.held, self._language)} ({reasons})"

    def columns(self, system: str, category: CategoryShown) -> list[str]:
        """What is shown: of consentd's own what has a word; of a silo's the first ones."""
        names = [field.name for field in category.fields]
        if system != OWN:
            return names[:COLUMNS]
        filled = {name for record in category.first for name, value in record.items() if value is not None}
        # There nothing means all of them.
        filled |= {"purpose", "channel"}
        return [name for name in names if name in w.OWN_FIELDS and name in filled]

    def heading(self, system: str, column: str) -> str:
        own = w.OWN_FIELDS.get(column) if system == OWN else None
        return one_line(column)[:LONGEST] if own is None else own(self._language)

    def cell(self, system: str, column: str, record: Record) -> str:
        value = record.get(column)
        if value is WITHHELD:
            return WITHHELD_HERE(self._language)
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if system == OWN:
            value = self._own(column, value)
        if value is None:
            return ""
        text = one_line(str(value))
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"

    def _own(self, column: str, value: object) -> object:
        """A code in words, a time by the clock of the place."""
        if column == "purpose":
            return self._purpose(value)
        if column == "channel":
            return self._channel(value)
        if not isinstance(value, str):
            return value
        if column in ("at", "since") or column.endswith(("_at", "_since")):
            when = to_datetime(parse_moment(value, self.zone).first, self.zone)
            return f"{day_in_words(when.date(), self._language)}, {when:%H:%M}"
        if column == "state":
            return state_in_words(value, self._language)
        if column == "method":
            return method_in_words(value, self._language)
        if column == "kind" and (scheme := self._policy.identifiers.get(value)):
            return in_words(scheme.label, self._language, value)
        if column in ("kind", "outcome", "ground", "proof", "wish") and (known := w.VALUES.get(value)):
            return known(self._language)
        if column == "notice":
            return self._notice(value)
        return value

    def _purpose(self, value: object) -> object:
        if value is None:
            return w.EVERY_PURPOSE(self._language)
        return _labelled(self._policy.purposes, value, self._language)

    def _channel(self, value: object) -> object:
        if value is None:
            return w.EVERY_CHANNEL(self._language)
        return _labelled(self._policy.channels, value, self._language)

    def _notice(self, value: str) -> str:
        versions = self._policy.notices.get(value)
        return in_words(versions[-1].titles, self._language, value) if versions else value


def _labelled(known: Mapping[str, object], value: object, language: str) -> object:
    label = getattr(known.get(str(value)), "label", {})
    return in_words(label, language) or value


def _reached(contact: Contact) -> str:
    ways = (contact.email, contact.address, contact.url)
    return ", ".join([contact.name, *(way for way in ways if way)])


def _style(accent: str | None) -> str:
    """The style sheet. The policy's rules let nothing but #rrggbb be a colour."""
    sheet = (resources.files(_PLACE) / "templates" / "index.css").read_text(encoding="utf-8")
    return sheet.replace("/*accent*/", f"--accent: {accent};" if accent else "")
