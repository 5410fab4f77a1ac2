"""The states a consent can be in: the ten of the W3C Data Privacy Vocabulary 2.3 (docs/law.md).

Only Given and Renewed allow. Expired is how a lapsed grant is *shown*, never something that is recorded.
"""

from enum import StrEnum


class ConsentState(StrEnum):
    UNKNOWN = "unknown"
    REQUESTED = "requested"
    REQUEST_DEFERRED = "request_deferred"
    REFUSED = "refused"
    GIVEN = "given"
    RENEWED = "renewed"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


GRANTS = frozenset({ConsentState.GIVEN, ConsentState.RENEWED})
NOES = frozenset(
    {ConsentState.REFUSED, ConsentState.INVALIDATED, ConsentState.REVOKED, ConsentState.WITHDRAWN}
)
NEUTRAL = frozenset({ConsentState.UNKNOWN, ConsentState.REQUESTED, ConsentState.REQUEST_DEFERRED})
"""Neither lift a no nor weaken a yes: a claim without proof, a question without an answer."""


class Proof(StrEnum):
    """What stands behind a grant (docs/law.md 3)."""

    NONE = "none"
    CITED = "cited"
    """A reference only: the number of a paper form, the name of a recording kept elsewhere."""
    HELD = "held"
    """Kept here: the trace of the act itself."""


class Ground(StrEnum):
    """On what an objection rests (GDPR 21)."""

    MARKETING = "marketing"
    """21(2): ends direct marketing and profiling for it, at once, without a weighing of interests."""
    PARTICULAR = "particular"
    """21(1): suspends until compelling grounds are shown."""


OWN_ACT_METHODS = frozenset({"portal", "double_opt_in", "signed_form", "recording"})
"""Ways of consenting that can only be the person's own act: a later one may lift an objection."""
