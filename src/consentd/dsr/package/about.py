"""What a package is about, as whoever makes it says: the request, the person's language, and who answered."""

from enum import StrEnum

import msgspec

from consentd.base.i18n import Language
from consentd.dsr.package.own_model import Own
from consentd.dsr.package.redacting import Redaction
from consentd.kernel.instants import Instant


class Kind(StrEnum):
    ACCESS = "access"
    """GDPR 15: everything, and the letter."""
    PORTABILITY = "portability"
    """GDPR 20: what the person provided under consent or contract, for another to read. No letter."""


class Outcome(StrEnum):
    """What came of asking one system."""

    ANSWERED = "answered"
    """It sent what it holds, or that it holds nothing."""
    PARTIAL = "partial"
    """It sent a part, and said that there is more."""
    SILENT = "silent"
    """Nothing came from it: it did not answer in time, could not, or is not connected and was not asked. The
    answer names it as a gap (docs/law.md 28)."""


class SystemAsked(msgspec.Struct, frozen=True):
    id: str
    """As the policy names it."""
    outcome: Outcome
    because: str | None = None
    """Why a part or everything is missing, in the person's language. Without content."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """One package. Nothing in it names the person: the request's number does."""

    kind: Kind
    request: str
    """The number that the person knows their request by."""
    language: Language
    made_at: Instant
    systems: tuple[SystemAsked, ...]
    """Those that were asked, in the order in which they are to be shown. Any other of the policy's is named
    behind them, as one that did not answer."""
    own: Own
    redactions: tuple[Redaction, ...] = ()
    left_out: frozenset[tuple[str, str]] = frozenset()
    """Of portability: (system, category) of what the person did not provide, a score say."""
    territory: str | None = None
