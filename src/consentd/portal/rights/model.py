"""What the pages of rights are told. Codes and days: the words stand in the pages."""

import datetime as dt
from typing import Literal

import msgspec

from consentd.dsr.rights import Right
from consentd.dsr.views import RequestTold
from consentd.kernel.instants import Instant
from consentd.portal.reach import Reach

Way = Literal["ask", "details", "choices", "write", "authority"]
"""How one comes to it: by a form of its own, at the contact details, at the choices, by writing to the
officer, or with the authority."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One right, as it stands for somebody today."""

    code: str
    """A right of requests, or `recipients` (19), `human` (22), `complaint` (77)."""
    article: str
    way: Way
    right: Right | None
    """What is asked where the way is to ask."""
    reach: Reach
    """How well who asks has to be known."""
    at_once: bool
    """Whether it is done when it is asked."""
    due: dt.date | None
    """The last lawful day for the answer, were it asked today; None where nothing is waited for."""
    uses: tuple[str, ...]
    """The purposes whose legal grounds bring this right; empty: it is about everything."""


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    offers: tuple[Offer, ...]
    restricted: bool
    """Whether the use of their data is frozen."""
    asked: int
    """How many of their requests are open."""


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """One of somebody's requests."""

    told: RequestTold
    copy_until: Instant | None
    """Until when a copy can be fetched; None where none can."""
    can_be_taken_back: bool


class Stays(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure leaves, because the law has it kept."""

    kind: Literal["log", "proof", "do_not_contact", "ledger", "requests", "tool"]
    article: str
    until: dt.date | None
    """None: no day is set, or each piece has its own."""
    months: int | None = None
    """Of a tool: for so long from a day of its own, as an invoice's."""
    tool: str | None = None
    what: str | None = None
    """Of a tool: the category of data."""


class ErasurePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure would do, said before it is asked."""

    due: dt.date
    goes: tuple[str, ...]
    """The tools in which the person's data are looked for and erased, by name."""
    not_connected: tuple[str, ...]
    """Tools that no request reaches by itself: they will be named as missing."""
    stays: tuple[Stays, ...]
    copies_days: int
    """After how many days the last backup of consentd's own is unreadable."""
