"""What goes out by AuthZEN 1.0: the decision, and beside it all that the native check tells this caller."""

from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from consentd.check.answers import Answer, ReasonTold

_OUTSIDE = (
    "Ce système ne peut pas interroger cette finalité ou ce canal.",
    "This system may not ask about this purpose or channel.",
)


class AccessError(msgspec.Struct, frozen=True):
    """Why one evaluation could not be decided. It denies."""

    status: int
    code: str
    """Stable, for programs."""
    message: str
    pointer: str = ""
    """Where, within the evaluation."""


class AccessDecisionContext(msgspec.Struct, frozen=True):
    """As `POST /v1/check` tells them: see there. `error` stands alone."""

    reasons: tuple[ReasonTold, ...] | UnsetType = UNSET
    eligible: bool | UnsetType = UNSET
    cites: tuple[str, ...] | UnsetType = UNSET
    basis: str | UnsetType | None = UNSET
    next_allowed_at: str | UnsetType | None = UNSET
    valid_until: str | UnsetType | None = UNSET
    policy: str | UnsetType = UNSET
    law: tuple[str, ...] | UnsetType = UNSET
    decision_id: UUID | UnsetType = UNSET
    error: AccessError | UnsetType = UNSET


class AccessDecision(msgspec.Struct, frozen=True):
    decision: bool
    """Whether contact is allowed at the instant asked about. The only member that permits anything."""
    context: AccessDecisionContext


class AccessDecisions(msgspec.Struct, frozen=True):
    """`evaluations` in the order asked; or, where only one question came, its decision."""

    decision: bool | UnsetType = UNSET
    context: AccessDecisionContext | UnsetType = UNSET
    evaluations: tuple[AccessDecision, ...] | UnsetType = UNSET


class AccessPageTold(msgspec.Struct, frozen=True):
    next_token: str
    """Pass it as `page.token`, with the same query, for what follows; empty at the end."""
    count: int
    """How many results this answer holds: perhaps none, though more follow."""


class FoundContext(msgspec.Struct, frozen=True):
    error: AccessError | UnsetType = UNSET
    """Why nothing could be found."""


class FoundSubject(msgspec.Struct, frozen=True):
    type: str
    id: str

    def __repr__(self) -> str:
        return f"FoundSubject({self.type})"


class FoundResource(msgspec.Struct, frozen=True):
    type: str
    id: str


class FoundAction(msgspec.Struct, frozen=True):
    name: str


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    page: AccessPageTold
    context: FoundContext | UnsetType = UNSET


class ContactsFound(_Found, frozen=True):
    results: tuple[FoundSubject, ...]


class ResourcesFound(_Found, frozen=True):
    results: tuple[FoundResource, ...]


class ActionsFound(_Found, frozen=True):
    results: tuple[FoundAction, ...]


def told(answer: Answer) -> AccessDecision:
    """The native answer in the standard's words."""
    return AccessDecision(
        answer.allow,
        AccessDecisionContext(
            answer.reasons,
            answer.eligible,
            answer.cites,
            answer.basis,
            answer.next_allowed_at,
            answer.valid_until,
            answer.policy,
            answer.law,
            answer.decision_id,
        ),
    )


def undecided(error: AccessError) -> AccessDecision:
    return AccessDecision(False, AccessDecisionContext(error=error))


def outside_limits(language: str) -> AccessDecision:
    """What this system may not ask about is denied, whoever it is about."""
    french, english = _OUTSIDE
    reason = ReasonTold("outside_limits", french if language == "fr" else english)
    return AccessDecision(False, AccessDecisionContext((reason,), eligible=False))
