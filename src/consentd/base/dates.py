"""Days and times as people write them: the month in letters, so that nobody takes it for the day."""

import datetime as dt

from consentd.base.i18n import Language

_MONTHS: dict[Language, tuple[str, ...]] = {
    "fr": (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}


def day_in_words(day: dt.date, language: Language) -> str:
    """“1er mars 2026”, “1 March 2026”."""
    number = "1er" if language == "fr" and day.day == 1 else str(day.day)
    return f"{number} {_MONTHS[language][day.month - 1]} {day.year}"


def last_day(until: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The last day, by the clock there, of what lasts until an instant that is itself no part of it."""
    return (until - dt.timedelta(microseconds=1)).astimezone(zone).date()


def time_in_words(when: dt.datetime, language: Language) -> str:
    """To the second, by the clock that `when` was told by: “1er mars 2026 à 09:30:00”, “… at 09:30:00”."""
    joined = "à" if language == "fr" else "at"
    return f"{day_in_words(when.date(), language)} {joined} {when:%H:%M:%S}"
