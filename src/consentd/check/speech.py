"""How a text speaks to people: in one language, by the company's own names of things, in its time zone."""

import datetime as dt
from zoneinfo import ZoneInfo

from consentd.base.dates import day_in_words, time_in_words
from consentd.base.i18n import Language
from consentd.base.printing import one_line
from consentd.kernel.policy import Policy, in_words


class Speech:
    def __init__(self, policy: Policy, language: Language, zone: ZoneInfo) -> None:
        self._policy = policy
        self._language = language
        self._zone = zone

    def about(self, purpose: str, channel: str) -> str:
        return f"{self.purpose(purpose)}, {self.channel(channel)}"

    def purpose(self, id_: str) -> str:
        found = self._policy.purposes.get(id_)
        name = id_ if found is None else in_words(found.label, self._language, id_)
        return self.quoted(name)

    def channel(self, id_: str) -> str:
        found = self._policy.channels.get(id_)
        return id_ if found is None else in_words(found.label, self._language, id_)

    def tool(self, name: str | None) -> str:
        return self.said("inconnu", "unknown") if name is None else self.quoted(one_line(name))

    def quoted(self, text: str) -> str:
        return self.said(f"« {text} »", f"“{text}”")

    def times(self, text: str) -> str:
        """One instant; or, of a time known only to the day, that day; or the two that it lies between."""
        first, *last = (dt.datetime.fromisoformat(part).astimezone(self._zone) for part in text.split("/"))
        if last and first.date() == last[0].date() and first.time() == dt.time():
            day = day_in_words(first.date(), self._language)
            return self.said(f"{day} (heure inconnue)", f"{day} (time of day unknown)")
        return " – ".join(time_in_words(one, self._language) for one in (first, *last))

    def time(self, text: str) -> str:
        return time_in_words(dt.datetime.fromisoformat(text).astimezone(self._zone), self._language)

    def said(self, french: str, english: str) -> str:
        return french if self._language == "fr" else english
