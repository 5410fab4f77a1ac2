"""A law pack: what one country's law allows, as dated rules (data under `policies/law/`).

Every number that a country sets is here and never in code. Each rule carries its articles, its source and
how sure it is, so that a DPO can judge it. `since` is inclusive and `until` exclusive; both are local dates
where the person is.
"""

import datetime as dt
from typing import Literal

import msgspec

Mark = Literal["C", "S", "M"]
"""C: read in the text itself. S: several secondary texts agree. M: from memory, to be checked."""
Kind = Literal["direct_marketing", "profiling", "tracking", "service", "legal", "research"]
Capacity = Literal["consumer", "professional"]
Basis = Literal[
    "consent",
    "explicit_consent",
    "contract",
    "legal_obligation",
    "vital_interests",
    "public_task",
    "legitimate_interest",
    "eprivacy_13_2",
]
Anchor = Literal["grant", "last_use", "end"]

MARKETING_KINDS: frozenset[str] = frozenset({"direct_marketing", "profiling", "tracking"})
"""What an objection under 21(2) and the do-not-contact list end; tracking counts as profiling for it."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What every rule says of itself, and when it applies. An empty list means: all."""

    id: str
    cites: tuple[str, ...]
    mark: Mark
    source: str
    since: dt.date | None = None
    until: dt.date | None = None
    kinds: tuple[Kind, ...] = ()
    channels: tuple[str, ...] = ()
    capacity: Capacity | None = None

    def applies(self, day: dt.date, kind: str, channel: str, capacity: str) -> bool:
        return (
            (self.since is None or self.since <= day)
            and (self.until is None or day < self.until)
            and (not self.kinds or kind in self.kinds)
            and (not self.channels or channel in self.channels)
            and (self.capacity is None or self.capacity == capacity)
        )


class BasisRule(Rule, frozen=True, kw_only=True):
    """The legal bases that may carry a contact; a purpose chooses among them."""

    allowed: tuple[Basis, ...]


class ValidityRule(Rule, frozen=True, kw_only=True):
    """A consent lasts at most `months`."""

    months: int


class SectorBan(Rule, frozen=True, kw_only=True):
    """No contact for these sectors, consent or not."""

    sectors: tuple[str, ...]
    except_contract: bool = False
    """Lifted within a contract in progress that the contact is about."""


class Window(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """`start` inclusive, `end` exclusive, local wall time: "10:00" to "13:00" on "mon-fri"."""

    days: str
    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")


class HoursRule(Rule, frozen=True, kw_only=True):
    windows: tuple[Window, ...]
    no_holidays: bool = False
    slots_by_consent: bool = False
    """Other hours where the person expressly agreed to them; never on a holiday where those are denied."""


class CapRule(Rule, frozen=True, kw_only=True):
    """At most `attempts` in any `days` rolling days, and silence after a refusal."""

    attempts: int
    days: int
    silence_days: int = 0


class AgeRule(Rule, frozen=True, kw_only=True):
    """The age from which a person consents alone (GDPR 8). Without a country: wherever no rule names it."""

    country: str | None = None
    years: int
    joint: bool = False
    """Below it the child and a holder of parental authority agree together; else the latter agrees."""


class SoftOptInRule(Rule, frozen=True, kw_only=True):
    """What must be shown before writing to an existing customer without consent (ePrivacy 13(2))."""

    sale: bool = True
    from_person: bool = True
    similar_products: bool = True
    refusal_offered: bool = True


class ProofRule(Rule, frozen=True, kw_only=True):
    """How long the proof of a consent is kept: `years` from the latest of the anchors."""

    years: int
    anchors: tuple[Anchor, ...] = msgspec.field(name="from")


class InactivityRule(Rule, frozen=True, kw_only=True):
    """After `years` without contact from the person, these bases carry nothing any more."""

    years: int
    bases: tuple[Basis, ...]


class RetentionRule(Rule, frozen=True, kw_only=True):
    """Periods that jobs and pages use, not decisions."""

    attempts_years: int | None = None
    no_reasking_months: int | None = None
    suppression_years: int | None = None


class DeadlineRule(Rule, frozen=True, kw_only=True):
    """Until when a request is answered (GDPR 12(3)): months from its receipt."""

    months: int
    extended_months: int
    pauses: bool = False
    """Whether the clock stops while identity is asked for on reasonable doubt."""


class Holiday(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One of: the same day each year ("05-01"), or days after Easter Sunday (1: Easter Monday)."""

    name: str
    date: str | None = None
    easter: int | None = None


class Territory(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A place with its own clock or holidays. `holidays` come on top of the pack's."""

    id: str
    name: str
    zones: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    holidays: tuple[Holiday, ...] = ()


class Pack(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """The law of one country, or of the Union (`eu`), which applies where a national pack is silent."""

    id: str
    version: str
    countries: tuple[str, ...]
    """ISO 3166-1 codes; a pack `eu` names every country for which it is the fallback."""
    note: str = ""
    territories: tuple[Territory, ...] = ()
    excluded: tuple[str, ...] = ()
    """Codes of places under the same flag whose law this pack does not know."""
    holidays: tuple[Holiday, ...] = ()
    bases: tuple[BasisRule, ...] = ()
    validity: tuple[ValidityRule, ...] = ()
    sector_bans: tuple[SectorBan, ...] = ()
    hours: tuple[HoursRule, ...] = ()
    caps: tuple[CapRule, ...] = ()
    ages: tuple[AgeRule, ...] = ()
    soft_opt_in: tuple[SoftOptInRule, ...] = ()
    proof: tuple[ProofRule, ...] = ()
    inactivity: tuple[InactivityRule, ...] = ()
    retention: tuple[RetentionRule, ...] = ()
    deadlines: tuple[DeadlineRule, ...] = ()

    @property
    def label(self) -> str:
        """How decisions name it: "fr@2026-08-11"."""
        return f"{self.id}@{self.version}"
