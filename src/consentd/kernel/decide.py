"""May these people be contacted for this purpose, through this channel, at this instant?

One pure function, run by the service, the client's replica and the mail gate alike. It fails closed:
what is unknown, unproven or contradictory denies (docs/law.md 10, 12). The plain yes, one person with
one address and a proven consent without an end, costs about ten microseconds; `bench/` watches it.
"""

from collections.abc import Sequence

import msgspec

from consentd.kernel import layers
from consentd.kernel.bases import CONTESTABLE, Carried
from consentd.kernel.case import Case, Decision, Person, Question, Reason
from consentd.kernel.compiled import CompiledPolicy, compile_policy
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import DAY, Instant
from consentd.kernel.person import Verdict, assess, bars, refusals
from consentd.kernel.reasons import reason
from consentd.kernel.regime import NEVER
from consentd.kernel.trail import Trail

__all__ = ["CompiledPolicy", "compile_policy", "decide", "decide_until"]

SEARCH = 400 * DAY
"""How far ahead `next_allowed_at` is looked for."""
_STEPS = 64

# The order in which denials of several people are told: as the law orders the questions.
_ORDER = ("blocked", "objected", "no_consent", "not_now")


class _Outcome(msgspec.Struct, frozen=True):
    """The answer at one instant, without what follows from looking ahead."""

    reasons: tuple[Reason, ...]
    carried: Carried | None
    allow: bool
    until: Instant
    opens: Instant | None
    packs: tuple[str, ...]


def decide(compiled: CompiledPolicy, question: Question, case: Case) -> Decision:
    """The decision, its reasons, and how long it stands if nothing new is recorded.

    Attempts and hours decide `allow` alone; everything else decides `eligible` too.
    """
    return decide_until(compiled, question, case)[0]


def decide_until(compiled: CompiledPolicy, question: Question, case: Case) -> tuple[Decision, Instant]:
    """The same, and until when it is the same to the letter, reasons and all: for whoever keeps decisions
    beside what they rest on. `valid_until` is later where only the reasons change.
    """
    now = _outcome(compiled, question, case, question.at)
    eligible = now.carried is not None
    opens: Instant | None = None
    if eligible and not now.allow:
        opens = _opening(compiled, question, case, now)
    if opens is not None:
        changes: Instant | None = opens
    elif now.until >= NEVER:
        changes = None
    else:
        changes = _change(compiled, question, case, now)
    decision = Decision(
        now.allow,
        eligible,
        now.reasons,
        now.carried.basis if now.carried is not None else None,
        opens,
        changes,
        compiled.hash,
        now.packs,
    )
    return decision, now.until


def _outcome(compiled: CompiledPolicy, question: Question, case: Case, at: Instant) -> _Outcome:
    refused = _unanswerable(compiled, question, case)
    if refused is not None:
        return _Outcome((reason(refused),), None, False, NEVER, None, ())
    named = [person for person in case.people if person.named]
    verdicts = [assess(compiled, question, case, person, at) for person in named]
    if len(case.people) > len(named):
        others = [person for person in case.people if not person.named]
        contestable = any(v.carried is not None and v.carried.basis in CONTESTABLE for v in verdicts)
        verdicts += [
            _co_holder(compiled, question, case, person, at, contestable=contestable) for person in others
        ]
    return _of_one(verdicts[0]) if len(verdicts) == 1 else _of_all(verdicts)


def _unanswerable(compiled: CompiledPolicy, question: Question, case: Case) -> str | None:
    purpose = compiled.purposes.get(question.purpose)
    if purpose is None:
        return "unknown_purpose"
    if question.channel not in compiled.channels:
        return "unknown_channel"
    if question.channel not in purpose.bases:
        return "purpose_not_on_channel"
    if not any(person.named for person in case.people):
        return "unknown_person"
    return None


def _co_holder(
    compiled: CompiledPolicy,
    question: Question,
    case: Case,
    person: Person,
    at: Instant,
    *,
    contestable: bool,
) -> Verdict:
    """One who only shares a contact point: their no counts, the absence of their yes does not.

    `contestable`: the contact would rest on what an objection under 21(1) takes away.
    """
    trail = Trail(at)
    regime = compiled.regime(question.purpose, question.channel, person.territory, False, at)
    trail.until = regime.until
    points = [point.id for point in case.points if person.id in point.holders]
    points = points or [point.id for point in case.points] or [NOBODY]
    states = bars(person, points, question, regime, trail)
    refusals(states, points, regime, trail)
    if contestable and layers.contested(person, regime.purpose, question.channel, states, points, trail):
        trail.deny("objected")
    return Verdict(trail.denials, None, trail.until, None, ())


def _of_one(verdict: Verdict) -> _Outcome:
    carried = verdict.carried
    if carried is None or verdict.denials:
        reasons = tuple(verdict.denials)
        return _Outcome(reasons, carried, False, verdict.until, verdict.opens, verdict.packs)
    return _Outcome((carried.reason,), carried, True, verdict.until, None, verdict.packs)


def _of_all(verdicts: Sequence[Verdict]) -> _Outcome:
    """The least permissive of several people wins (docs/law.md 12). The first is of one who was named."""
    packs = tuple(dict.fromkeys(pack for verdict in verdicts for pack in verdict.packs))
    hard = [verdict for verdict in verdicts if _is_hard(verdict)]
    if hard:
        # As long as one of them stays denied the whole does: the last to change decides.
        until = max(verdict.until for verdict in hard)
        return _Outcome(_told(hard), None, False, until, None, packs)
    until = min(verdict.until for verdict in verdicts)
    carried = verdicts[0].carried
    assert carried is not None  # a named person without a hard denial is carried by something
    waits = [verdict for verdict in verdicts if verdict.denials]
    if not waits:
        return _Outcome((carried.reason,), carried, True, until, None, packs)
    known = [verdict.opens for verdict in waits if verdict.opens is not None]
    opens = max(known) if len(known) == len(waits) else None
    return _Outcome(_told(waits), carried, False, until, opens, packs)


def _is_hard(verdict: Verdict) -> bool:
    """Whether something else than the time is against it."""
    return verdict.carried is None and bool(verdict.denials)


def _told(verdicts: Sequence[Verdict]) -> tuple[Reason, ...]:
    """Each reason once, in the order in which they are told."""
    by_code: dict[str, Reason] = {}
    for verdict in verdicts:
        for denial in verdict.denials:
            by_code.setdefault(denial.code, denial)
    return tuple(sorted(by_code.values(), key=lambda denial: _ORDER.index(denial.coarse)))


def _opening(compiled: CompiledPolicy, question: Question, case: Case, now: _Outcome) -> Instant | None:
    """The first instant at which what is eligible is allowed too; None where it stops being eligible."""
    outcome = now
    for _ in range(_STEPS):
        if outcome.opens is None:
            return None
        # Whatever changes before may open it earlier: a grant that comes into force with hours of its own.
        at = min(outcome.opens, outcome.until)
        if at > question.at + SEARCH:
            return None
        outcome = _outcome(compiled, question, case, at)
        if outcome.allow:
            return at
        if outcome.carried is None:
            return None
    return None


def _change(compiled: CompiledPolicy, question: Question, case: Case, now: _Outcome) -> Instant | None:
    """The first instant at which allow or eligible becomes another.

    Goes from one instant at which anything changes to the next. Gives up early rather than late: after
    so many changes of no consequence it names the next one.
    """
    at = now.until
    for _ in range(_STEPS):
        if at >= NEVER:
            return None
        later = _outcome(compiled, question, case, at)
        if later.allow != now.allow or (later.carried is None) != (now.carried is None):
            return at
        at = later.until
    return at if at < NEVER else None
