"""What a check answers.

Who lacks the scope `reasons` is told the coarse reason and nothing that betrays more: a vendor does not
learn from an article or a date that someone is a minor, or asked for restriction (docs/law.md 10).
"""

from functools import lru_cache
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from consentd.kernel.case import Decision, Reason
from consentd.kernel.instants import to_text
from consentd.kernel.reasons import REASONS

_COARSE = {
    "allowed": ("Le contact est autorisé.", "Contact is allowed."),
    "no_consent": ("Rien n’autorise ce contact.", "Nothing allows this contact."),
    "objected": ("Le client ne veut pas de ce contact.", "The customer does not want this contact."),
    "not_now": ("Pas maintenant.", "Not now."),
    "blocked": ("Ce contact n’est pas possible.", "This contact is not possible."),
}


class ReasonTold(msgspec.Struct, frozen=True):
    code: str
    """Stable, for programs."""
    text: str
    """The same in words."""


class Answer(msgspec.Struct, frozen=True):
    allow: bool
    """Whether contact is allowed at the instant asked about. The only member that permits anything."""
    eligible: bool
    """Whether it is allowed in principle, hours and caps aside."""
    reasons: tuple[ReasonTold, ...]
    cites: tuple[str, ...]
    """The articles that the reasons rest on."""
    basis: str | None
    next_allowed_at: str | None
    valid_until: str | None
    """When this answer changes by itself. No licence to keep it: anything recorded may change it before."""
    policy: str
    law: tuple[str, ...]
    """The law packs applied, with their versions."""
    decision_id: UUID
    permit: str | UnsetType = UNSET
    """Where one was asked for and contact is allowed: a compact JWS of the type `contact-permit+jwt` (EdDSA,
    keys at /.well-known/jwks.json), good for five minutes at most. It names nobody.
    """
    permit_id: UUID | UnsetType = UNSET
    """The permit's number, by which its use is reported."""


def answer(decision: Decision, decision_id: UUID, *, detailed: bool, language: str = "en") -> Answer:
    reasons, cites = told(decision.reasons, detailed, language)
    # What is blocked by something personal has dates of its own, a birthday say: they stay here too.
    open_about_time = detailed or decision.eligible
    return Answer(
        decision.allow,
        decision.eligible,
        reasons,
        cites,
        decision.basis,
        _text(decision.next_allowed_at) if open_about_time else None,
        _text(decision.valid_until) if open_about_time else None,
        decision.policy,
        decision.packs,
        decision_id,
    )


@lru_cache(maxsize=2048)
def told(
    reasons: tuple[Reason, ...], detailed: bool, language: str
) -> tuple[tuple[ReasonTold, ...], tuple[str, ...]]:
    if detailed:
        told = tuple(ReasonTold(reason.code, words_of(reason.code, language)) for reason in reasons)
        return told, tuple(dict.fromkeys(cite for reason in reasons for cite in reason.cites))
    coarse = tuple(dict.fromkeys(reason.coarse for reason in reasons))
    # Only one: that a second reason exists says something too.
    french, english = _COARSE[coarse[0]]
    text = french if language == "fr" else english
    allowed = [cite for reason in reasons if reason.coarse == "allowed" for cite in reason.cites]
    return (ReasonTold(coarse[0], text),), tuple(dict.fromkeys(allowed))


def words_of(code: str, language: str) -> str:
    """Of a reason's code."""
    entry = REASONS[code]
    return entry.fr if language == "fr" else entry.en


@lru_cache(maxsize=4096)
def _text(instant: int | None) -> str | None:
    return None if instant is None else to_text(instant)
