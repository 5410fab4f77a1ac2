"""May an event be recorded, and as what? Pure rules (docs/law.md).

A yes needs its whole proof (GDPR 7(1)); what restricts is never refused for want of a form. An incomplete
yes is refused, or kept as a claim where the caller asks for it; a yes that is none in law is always
refused, with its own reason.
"""

from functools import lru_cache

import msgspec

from consentd.consent.requests import ConsentEvent
from consentd.kernel.ending import on_consent
from consentd.kernel.instants import MINUTE, Instant, Moment
from consentd.kernel.policy import NoticeVersion, Policy
from consentd.kernel.states import GRANTS, NOES, OWN_ACT_METHODS, ConsentState, Proof

CLOCK_SKEW = 5 * MINUTE

METHODS = frozenset(
    {
        "button",
        "checkbox",
        "double_opt_in",
        "form",
        "portal",
        "recording",
        "reply",
        "signed_form",
        "spoken",
        "toggle",
    }
)
"""Affirmative acts (GDPR 4(11))."""
_ELSEWHERE = frozenset({"recording", "signed_form", "spoken"})
"""What proves these lies outside the call that reports them: cited, unless the caller holds it."""

_NO_CONSENT = {
    "prechecked": "A box that was already ticked is no consent (GDPR 4(11), recital 32; CJEU C-673/17).",
    "silence": "Silence or inactivity is no consent (GDPR recital 32).",
    "terms_of_sale": "Accepting terms of sale is no consent to anything else (GDPR 7(2), 7(4)).",
    "transferred_list": "A clause in the contract of a bought list is no proof: each person's own is needed.",
}
_ALIASES = {
    "default": "silence",
    "implied": "silence",
    "inactivity": "silence",
    "no_objection": "silence",
    "opt_out": "silence",
    "pre_checked": "prechecked",
    "pre_ticked": "prechecked",
    "prechecked_box": "prechecked",
    "preticked": "prechecked",
    "preticked_box": "prechecked",
    "pre_ticked_box": "prechecked",
    "terms": "terms_of_sale",
    "terms_accepted": "terms_of_sale",
    "terms_and_conditions": "terms_of_sale",
    "terms_of_service": "terms_of_sale",
    "terms_of_use": "terms_of_sale",
    "tos": "terms_of_sale",
    "cgv": "terms_of_sale",
    "bought_list": "transferred_list",
    "contract_clause": "transferred_list",
    "purchased_list": "transferred_list",
}


class Fault(msgspec.Struct, frozen=True):
    """Why an event is not taken as it is. `pointer` is below the event."""

    code: str
    pointer: str
    detail: str


class Admitted(msgspec.Struct, frozen=True):
    """What will be recorded. A claim's `missing` says what a proven yes would have needed."""

    state: ConsentState
    happened: Moment
    effective: Instant
    proof: Proof
    own_act: bool
    explicit: bool
    parental: bool
    notice: NoticeVersion | None
    claim: str | None = None
    missing: tuple[str, ...] = ()


def refusals(policy: Policy, event: ConsentEvent, happened: Moment | None, now: Instant) -> list[Fault]:
    """What can never be recorded, not even as a claim."""
    faults = []
    if event.purpose not in policy.purposes:
        faults.append(_unknown("purpose", sorted(policy.purposes)))
    if event.channel not in policy.channels:
        faults.append(_unknown("channel", sorted(policy.channels)))
    if event.state == "expired":
        faults.append(
            Fault("expired_not_recorded", "/state", "Expiry is worked out at each check and never recorded.")
        )
    if happened is not None and happened.first > now + CLOCK_SKEW:
        faults.append(
            Fault(
                "future_time",
                "/occurred_at",
                "The time lies in the future. Check the clock and the zone of the system that reports it.",
            )
        )
    if event.state in GRANTS and (sham := sham_of(event)) is not None:
        faults.append(Fault(sham, "/method", _NO_CONSENT[sham]))
    if event.confirm is not None and event.state not in GRANTS:
        faults.append(
            Fault(
                "nothing_to_confirm",
                "/confirm",
                "Only a yes can wait for its confirmation: given or renewed.",
            )
        )
    point = event.contact_point
    channel = policy.channels.get(event.channel)
    if point is not None and channel is not None and point.scheme not in channel.schemes:
        fit = ", ".join(channel.schemes) or "none"
        faults.append(
            Fault(
                "contact_point_mismatch",
                "/contact_point/scheme",
                f"A contact point of this channel is one of: {fit}.",
            )
        )
    return faults


def sham_of(event: ConsentEvent) -> str | None:
    """The reason for which a method, or a flag in the evidence, makes a yes none at all."""
    if event.method is not None and (sham := _sham(event.method)) is not None:
        return sham
    for flag, value in (event.evidence or {}).items():
        if value is True and (sham := _sham(flag)) is not None:
            return sham
    return None


@lru_cache(maxsize=1024)
def _sham(word: str) -> str | None:
    """What makes a yes none, as the word names it; None for any other word."""
    named = word.strip().casefold().replace("-", "_").replace(" ", "_")
    named = _ALIASES.get(named, named)
    return named if named in _NO_CONSENT else None


def missing(policy: Policy, event: ConsentEvent, happened: Moment | None, *, child: bool) -> list[Fault]:
    """What a yes lacks to be a proven one."""
    faults = []
    if happened is None:
        faults.append(Fault("time_missing", "/occurred_at", "A yes needs the time at which it was given."))
    if event.method is None:
        faults.append(Fault("method_missing", "/method", "A yes needs the act by which it was given."))
    elif event.method not in METHODS:
        known = ", ".join(sorted(METHODS))
        faults.append(Fault("unknown_method", "/method", f"Not an affirmative act; known are: {known}."))
    if event.collector is None:
        faults.append(Fault("collector_missing", "/collector", "A yes needs who or what collected it."))
    if _lifts(policy, event):
        return faults
    faults.extend(_notice_faults(policy, event))
    purpose = policy.purposes[event.purpose]
    if purpose.special_category and not event.explicit:
        faults.append(
            Fault(
                "not_explicit",
                "/explicit",
                "This purpose uses special categories of data: it needs an explicit consent (GDPR 9(2)(a)).",
            )
        )
    if child and event.parental is None:
        faults.append(
            Fault(
                "parental_missing",
                "/parental",
                "A child's consent needs the part of a holder of parental authority (GDPR 8).",
            )
        )
    return faults


def _lifts(policy: Policy, event: ConsentEvent) -> bool:
    """Whether it is no consent, but the person's own act by which an objection of theirs ends: on their
    page, about a use that never rests on consent, and so has no text to agree to (docs/law.md 24).
    """
    purpose = policy.purposes[event.purpose]
    return event.method == "portal" and event.notice is None and not on_consent(purpose, event.channel)


def _notice_faults(policy: Policy, event: ConsentEvent) -> list[Fault]:
    shown = event.notice
    if shown is None:
        return [
            Fault("notice_missing", "/notice", "A yes needs the text that was shown: id, version, language.")
        ]
    versions = policy.notices.get(shown.id)
    if versions is None:
        return [Fault("unknown_notice", "/notice/id", "The policy has no such notice.")]
    version = next((v for v in versions if v.version == shown.version), None)
    if version is None:
        known = ", ".join(v.version for v in versions)
        return [Fault("unknown_notice_version", "/notice/version", f"Known versions are: {known}.")]
    if event.purpose not in version.purposes:
        return [Fault("notice_not_for_purpose", "/notice/id", "This notice does not speak of this purpose.")]
    if shown.language not in version.texts:
        known = ", ".join(version.texts)
        return [Fault("unknown_notice_language", "/notice/language", f"It exists in: {known}.")]
    if shown.sha256 is not None and shown.sha256 != version.texts[shown.language]:
        return [
            Fault(
                "notice_differs",
                "/notice/sha256",
                "The text that was shown is not the one published under this version.",
            )
        ]
    return []


def notice_of(policy: Policy, event: ConsentEvent) -> NoticeVersion | None:
    """The version that was shown, where it names one that the policy has."""
    if event.notice is None:
        return None
    found = policy.notices.get(event.notice.id, ())
    return next((v for v in found if v.version == event.notice.version), None)


def admit(
    policy: Policy, event: ConsentEvent, happened: Moment | None, lacks: list[Fault], now: Instant
) -> Admitted:
    """What is recorded of an event without refusals. `lacks` makes a yes a claim; a no lacks nothing."""
    state = ConsentState(event.state)
    when = happened or Moment(now, now)
    if state in GRANTS and lacks:
        return Admitted(
            state=ConsentState.UNKNOWN,
            happened=when,
            effective=when.first,
            proof=Proof.NONE,
            own_act=False,
            explicit=event.explicit,
            parental=event.parental is not None,
            notice=notice_of(policy, event),
            claim=event.state,
            missing=tuple(fault.code for fault in lacks),
        )
    if event.confirm is not None:
        return Admitted(
            state=ConsentState.REQUESTED,
            happened=when,
            effective=when.first,
            proof=Proof.NONE,
            own_act=False,
            explicit=event.explicit,
            parental=event.parental is not None,
            notice=notice_of(policy, event),
            claim=event.state,
        )
    given = state in GRANTS
    return Admitted(
        state=state,
        happened=when,
        # A day without a time is its first instant for a grant, its last for what restricts.
        effective=when.last if state in NOES else when.first,
        # Should the use rest on consent one day, what was said without a text does not count as one.
        proof=_proof(event) if given and not _lifts(policy, event) else Proof.NONE,
        # A renewal answers a question of ours, and so is no act of their own accord.
        own_act=state is ConsentState.GIVEN and event.method in OWN_ACT_METHODS,
        explicit=event.explicit,
        parental=event.parental is not None,
        notice=notice_of(policy, event),
        claim="given" if state is ConsentState.UNKNOWN else None,
    )


def _proof(event: ConsentEvent) -> Proof:
    if event.proof is not None:
        return Proof(event.proof)
    return Proof.CITED if event.method in _ELSEWHERE else Proof.HELD


def _unknown(what: str, known: list[str]) -> Fault:
    return Fault(
        f"unknown_{what}", f"/{what}", f"The policy has no such {what}. It knows: {', '.join(known)}."
    )
