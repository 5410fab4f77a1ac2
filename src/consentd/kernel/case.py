"""What `decide` is given and what it answers: values only, gathered by whoever asks.

The server gathers them in one statement, the replica from its own file, the policy tests from a table.
"""

import datetime as dt
from uuid import UUID

import msgspec

from consentd.kernel.fold import Objection, State
from consentd.kernel.instants import Instant


class Birth(msgspec.Struct, frozen=True):
    """A birth date as known: a day, or only its year (then a minor until 31 December, docs/law.md 6)."""

    year: int
    month: int | None = None
    day: int | None = None

    def born_by(self) -> dt.date:
        """The latest day on which the person can have been born."""
        if self.month is None or self.day is None:
            return dt.date(self.year, 12, 31)
        return dt.date(self.year, self.month, self.day)


class Sale(msgspec.Struct, frozen=True):
    """A sale, and what it shows towards the soft opt-in (docs/law.md 13)."""

    at: Instant
    product: str | None = None
    refusal_offered: bool = False
    """Refusal was offered when the address was collected."""
    from_person: bool = False
    """The address came from the person themself."""
    contact_point: UUID | None = None
    """The address collected at the sale; None where the sale did not say."""


class Contract(msgspec.Struct, frozen=True):
    """A contract in progress from `start` (inclusive) to `end` (exclusive; None: open)."""

    start: Instant
    end: Instant | None
    subject_matter: str


class Facts(msgspec.Struct, frozen=True):
    births: tuple[Birth, ...] = ()
    """More than one where sources disagree: the youngest counts."""
    sales: tuple[Sale, ...] = ()
    contracts: tuple[Contract, ...] = ()
    last_contact: Instant | None = None
    """The last contact that came *from* the person."""


NO_FACTS = Facts()


class Person(msgspec.Struct, frozen=True):
    """One person: a group of merged subjects, already folded. States are those of the channel asked."""

    id: UUID
    named: bool
    """False for one who only shares a contact point with those who were named."""
    territory: str | None = None
    restricted: bool = False
    states: tuple[State, ...] = ()
    objections: tuple[Objection, ...] = ()
    facts: Facts = NO_FACTS


class Point(msgspec.Struct, frozen=True):
    """A contact point on the channel asked, that would be used."""

    id: UUID
    holders: tuple[UUID, ...]
    """Ids of the people, named or not, who hold it."""
    professional: bool = False
    unreachable: bool = False


class Suppression(msgspec.Struct, frozen=True):
    """An entry of the do-not-contact list that matches one point of the case; `point` None: all."""

    since: Instant
    purpose: str | None = None
    """None: all direct marketing."""
    channel: str | None = None
    point: UUID | None = None


class Attempt(msgspec.Struct, frozen=True):
    """A contact attempt for direct marketing on the channel asked; unanswered ones count too."""

    at: Instant
    refused: bool = False
    until: Instant | None = None
    """Where it is only reserved by a permit: when that ends. Unused, it counts no longer."""


class Case(msgspec.Struct, frozen=True):
    """Everything known that bears on one question."""

    people: tuple[Person, ...] = ()
    """Empty: nobody known by those identifiers."""
    points: tuple[Point, ...] = ()
    """Those that must all be free of a no; empty where the person has none on this channel."""
    chosen: bool = False
    """The asker named the point to be used, by `contact_point` or by an address of the channel."""
    suppressions: tuple[Suppression, ...] = ()
    attempts: tuple[Attempt, ...] = ()


class Question(msgspec.Struct, frozen=True):
    """May the people of the case be contacted for `purpose` through `channel` at `at`?"""

    purpose: str
    channel: str
    at: Instant


class Reason(msgspec.Struct, frozen=True):
    """Why, as a stable code. `coarse` is all that a caller without the scope `reasons` is told."""

    code: str
    coarse: str
    cites: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """The answer. `reasons` is never empty; the first is the one that decided."""

    allow: bool
    eligible: bool
    """May in principle: `allow` also asks whether hours and caps permit it at the instant asked."""
    reasons: tuple[Reason, ...]
    basis: str | None
    """The legal basis relied on; None where nothing allows."""
    next_allowed_at: Instant | None
    """Where eligible but not at that instant: the first instant at which it is allowed."""
    valid_until: Instant | None
    """When this answer changes by itself; None: only when something is recorded."""
    policy: str
    packs: tuple[str, ...] = ()
    """The law packs applied, with their versions: ("fr@2026-08-11",)."""

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("a decision without a reason")
