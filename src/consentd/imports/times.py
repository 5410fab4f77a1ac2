"""Reading the times of an export: a column in one of a few formats, in the zone of its system (pure).

A format without hours knows the day alone, and a bare day is what the API is told. A local time that a clock
showed twice counts as the earlier for what permits and as the later for what restricts, as a day does. A year
in which nobody lived who is alive is what tools write where they know no time (1/1/1, Excel's 30/12/1899,
31/12/9999): it is none.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from consentd.consent.admission import CLOCK_SKEW
from consentd.kernel.instants import Instant, parse_moment
from consentd.kernel.layout import TimeSource

_PARTS = {
    "Y": r"([0-9]{4})",
    "y": r"([0-9]{2})",
    "f": r"([0-9]{1,6})",
    "p": r"([AaPp][Mm])",
    "z": r"(Z|[+-][0-9]{2}:?[0-9]{2})",
} | dict.fromkeys("mdHIMS", r"([0-9]{1,2})")

EARLIEST, LATEST = 1900, 2199
"""Years. What lies between today and the last of them is told as a time to come."""


def require_past(exported_at: str, zone: ZoneInfo, now: Instant) -> None:
    """Raises ValueError for what no export was written at: what bears no time of its own counts from it."""
    moment = parse_moment(exported_at, zone).first
    if moment > now + CLOCK_SKEW:
        raise ValueError("The file cannot have been exported at a time to come.")
    if int(exported_at[:4]) < EARLIEST:
        raise ValueError(f"No file was exported before {EARLIEST}.")


class Told(NamedTuple):
    """A time as the API takes it: where it stands for two instants, the first and the last."""

    first: str
    last: str
    day: str
    """The local day; only a year for a format that knows no more."""

    @property
    def text(self) -> str:
        return self.first


_UNREAD = Told("", "", "")


class TimeReader:
    """`columns`: where the cells are; the first that is filled counts."""

    def __init__(self, source: TimeSource, columns: Sequence[int], zone: ZoneInfo) -> None:
        self._columns = columns
        self._names = source.columns
        self._formats = [_compiled(format_) for format_ in source.formats]
        self._zone = ZoneInfo(source.zone) if source.zone is not None else zone
        self._known: dict[str, Told | None] = {}

    def column(self, cells: Sequence[str]) -> str:
        """The column that counts in this row."""
        for number, name in zip(self._columns, self._names, strict=True):
            if cells[number]:
                return name
        return self._names[0]

    def read(self, cells: Sequence[str]) -> Told | None:
        """None for an empty cell, and for what is no time in any of the formats."""
        for number in self._columns:
            if text := cells[number]:
                break
        else:
            return None
        known = self._known.get(text, _UNREAD)
        if known is _UNREAD:
            if len(self._known) > 10_000:
                self._known.clear()
            known = self._known[text] = self._read(text)
        return known

    def _read(self, text: str) -> Told | None:
        for parse in self._formats:
            found = parse(text)
            if found is None:
                continue
            if isinstance(found, str):
                return Told(found, found, found)
            if not isinstance(found, dt.datetime):
                day = found.isoformat()
                return Told(day, day, day)
            if found.tzinfo is not None:
                told = found.isoformat()
                return Told(told, told, found.astimezone(self._zone).date().isoformat())
            first, last = (found.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1))
            if first.astimezone(dt.UTC) > last.astimezone(dt.UTC):
                # An hour that no clock showed: in spring the fold turns it round.
                first, last = last, first
            return Told(first.isoformat(), last.isoformat(), found.date().isoformat())
        return None


def _compiled(format_: str) -> Callable[[str], dt.datetime | dt.date | str | None]:
    letters = re.findall(r"%(.)", format_)
    literal = re.split(r"%.", format_)
    pattern = re.escape(literal[0])
    for letter, after in zip(letters, literal[1:], strict=True):
        pattern += _PARTS[letter] + re.escape(after)
    shape = re.compile(pattern)

    def parse(text: str) -> dt.datetime | dt.date | str | None:
        found = shape.fullmatch(text)
        if found is None:
            return None
        said = dict(zip(letters, found.groups(), strict=True))
        year = int(said["Y"]) if "Y" in said else 2000 + int(said["y"])
        if not EARLIEST <= year <= LATEST:
            return None
        if "m" not in said:
            return f"{year:04}"
        try:
            if "H" not in said and "I" not in said:
                return dt.date(year, int(said["m"]), int(said["d"]))
            return dt.datetime(
                year,
                int(said["m"]),
                int(said["d"]),
                _hour(said),
                int(said.get("M", 0)),
                int(said.get("S", 0)),
                int(said.get("f", "0").ljust(6, "0")),
                # Where the text names none, whoever asked puts one to it.
                _zone(said["z"]) if "z" in said else None,
            )
        except (ValueError, KeyError):
            return None

    return parse


def _hour(said: Mapping[str, str]) -> int:
    """Raises ValueError for an hour that no clock of twelve hours shows."""
    if "I" not in said:
        return int(said["H"])
    hour = int(said["I"])
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if said["p"].casefold() == "pm" else 0)


def _zone(text: str) -> dt.timezone:
    """Raises ValueError for more than a day."""
    if text == "Z":
        return dt.UTC
    digits = text[1:].replace(":", "")
    away = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-away if text[0] == "-" else away)
