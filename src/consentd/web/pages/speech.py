"""What a page says, in the reader's language: sentences by gettext, dates, numbers and lists by CLDR.

English sentences are the source; `locale/<language>/LC_MESSAGES/consentd.po` holds the others, as text that a
translator edits, read once. A sentence without a translation is said in English: tests/web/test_messages.py
finds it before a reader does. Dates and times are told in the controller's zone.
"""

import datetime as dt
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale, dates, lists, numbers
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from consentd.base.dates import day_in_words
from consentd.base.i18n import Language
from consentd.kernel.instants import to_datetime

_BEFORE = re.compile(" (?=[;:!?»])")
_AFTER = re.compile("(?<=«) ")
_LOCALES = {"fr": Locale("fr", "FR"), "en": Locale("en", "GB")}


def N_(message: str) -> str:  # noqa: N802 — the name by which tools find messages
    """Marks a sentence that is said elsewhere: `speech.gettext(found)`. Returns it as it is."""
    return message


@cache
def catalogue(language: Language) -> Catalog:
    """The translations into a language; of the language that the source is written in, none."""
    if language == "en":
        return Catalog(locale="en")
    path = resources.files("consentd.web.pages") / "locale" / language / "LC_MESSAGES" / "consentd.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="consentd", abort_invalid=True)


@cache
def _said(language: Language) -> dict[tuple[str, str | None], str | tuple[str, ...]]:
    found: dict[tuple[str, str | None], str | tuple[str, ...]] = {}
    for message in catalogue(language):
        if not message.id or not message.string or message.fuzzy:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        said = message.string
        if isinstance(said, str):
            found[key, message.context] = typeset(language, said)
        else:
            found[key, message.context] = tuple(typeset(language, one) for one in said)
    return found


def prepare(language: Language) -> None:
    """Reads the catalogue, so that no reader waits for it. Once in a process."""
    _said(language)


def typeset(language: Language, text: str) -> str:
    """With the spaces that French is printed with: none before a sign may end a line."""
    if language != "fr":
        return text
    return _BEFORE.sub("\u202f", _AFTER.sub("\u202f", text))


def gettext(language: Language, message: str) -> str:
    """The sentence in the language, its blanks not yet filled."""
    found = _said(language).get((message, None))
    return found if isinstance(found, str) else message


def ngettext(language: Language, one: str, many: str, number: int) -> str:
    """The form for a number, by the language's own rule of plurals: French says 0 in the singular."""
    found = _said(language).get((one, None))
    if not isinstance(found, tuple):
        return one if number == 1 else many
    form = _LOCALES[language].plural_form(number)
    return found[0] if form == "one" else found[-1]


class Speech(msgspec.Struct, frozen=True):
    """One reader's language, and the zone that times are told in."""

    language: Language
    zone: ZoneInfo

    def gettext(self, message: str, **blanks: object) -> str:
        """`speech.gettext("You agreed on %(day)s.", day=…)`."""
        found = gettext(self.language, message)
        return found % blanks if blanks else found

    def ngettext(self, one: str, many: str, number: int, **blanks: object) -> str:
        """The number itself is the blank `%(num)s`, written in the reader's way."""
        found = ngettext(self.language, one, many, number)
        return found % {"num": self.number(number), **blanks}

    def date(self, when: dt.date | int) -> str:
        """3 mars 2025 · 3 March 2025, of a day or of an instant."""
        return day_in_words(self._day(when), self.language)

    def weekday(self, when: dt.date | int) -> str:
        """lundi 3 mars 2025 · Monday 3 March 2025."""
        day = self._day(when)
        return f"{dates.format_date(day, 'EEEE', locale=self._locale)} {day_in_words(day, self.language)}"

    def time(self, instant: int) -> str:
        """14:05."""
        return dates.format_time(to_datetime(instant, self.zone), "HH:mm", locale=self._locale)

    def moment(self, instant: int) -> str:
        """3 mars 2025 à 14:05 · 3 March 2025 at 14:05."""
        return self.gettext("%(day)s at %(time)s", day=self.date(instant), time=self.time(instant))

    def iso(self, when: dt.date | int) -> str:
        """For `<time datetime>`: the day, or the instant with its offset."""
        return when.isoformat() if isinstance(when, dt.date) else to_datetime(when, self.zone).isoformat()

    def number(self, number: float) -> str:
        return numbers.format_decimal(number, locale=self._locale)

    def list(self, items: Sequence[str]) -> str:
        """a, b et c · a, b and c."""
        return lists.format_list(items, "standard", locale=self._locale)

    def either(self, items: Sequence[str]) -> str:
        """a, b ou c · a, b or c."""
        return lists.format_list(items, "or", locale=self._locale)

    @property
    def _locale(self) -> Locale:
        return _LOCALES[self.language]

    def _day(self, when: dt.date | int) -> dt.date:
        return when if isinstance(when, dt.date) else to_datetime(when, self.zone).date()
