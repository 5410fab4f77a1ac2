"""The grid of one person: for each use by each contact method, may it be, why, and what can be done. Pure.

What is shown is what `decide` answers, with everyone who counts; what can be done depends on the person's own
side of it alone. So nobody learns here what somebody chose who shares a contact detail with them.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from consentd.check.everything import Everything
from consentd.kernel.bases import Carried
from consentd.kernel.case import Case, Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.decide import decide
from consentd.kernel.ending import on_consent
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant, to_datetime
from consentd.kernel.layers import by_point
from consentd.kernel.person import Verdict, assess
from consentd.kernel.places import Gazetteer
from consentd.kernel.policy import Purpose
from consentd.kernel.states import GRANTS, NOES, ConsentState
from consentd.portal.choices import supposing
from consentd.portal.choices.model import Cell, Control, Grid, Part, Why
from consentd.portal.choices.notices import notice_for
from consentd.portal.choices.reading import why_of

_PENDING = frozenset({ConsentState.REQUESTED, ConsentState.REQUEST_DEFERRED})
_ELSEWHERE = Why("elsewhere")


def grid_of(compiled: CompiledPolicy, known: Everything, now: Instant, *, apart: bool = False) -> Grid:
    """`apart`: each contact detail has a part of its own, also where all stand alike."""
    cells = tuple(
        cell_of(compiled, known, purpose, channel, now, apart=apart)
        for purpose in compiled.purposes.values()
        for channel in compiled.channels
        if channel in purpose.bases
    )
    used = {cell.channel for cell in cells}
    chosen = {state.key.channel for state in known.person.states}
    near = [
        id_
        for id_, channel in compiled.channels.items()
        if id_ in used and (not channel.schemes or known.points(channel.schemes) or id_ in chosen)
    ]
    far = [id_ for id_ in compiled.channels if id_ in used and id_ not in near]
    return Grid(cells, tuple(near), tuple(far))


def cell_of(
    compiled: CompiledPolicy,
    known: Everything,
    purpose: Purpose,
    channel: str,
    now: Instant,
    *,
    apart: bool = False,
) -> Cell:
    """A part for each contact detail, or one for all where they stand alike."""
    points = [one.id for one in known.points(compiled.channels[channel].schemes)]
    if len(points) < 2:
        return Cell(purpose.id, channel, (_part(compiled, known, purpose, channel, points, now, whole=True),))
    parts = [_part(compiled, known, purpose, channel, [one], now, whole=False) for one in points]
    if not apart and _alike(parts):
        parts = [_part(compiled, known, purpose, channel, points, now, whole=True)]
    return Cell(purpose.id, channel, tuple(parts))


def _alike(parts: Iterable[Part]) -> bool:
    return len({(one.allowed, one.why, one.control, one.opens) for one in parts}) == 1


def _part(
    compiled: CompiledPolicy,
    known: Everything,
    purpose: Purpose,
    channel: str,
    points: Sequence[UUID],
    now: Instant,
    *,
    whole: bool,
) -> Part:
    schemes = compiled.channels[channel].schemes
    question = Question(purpose.id, channel, now)
    own = known.alone(schemes, points)
    mine = assess(compiled, question, own, known.person, now)
    case = known.case(schemes, points)
    allowed = mine.carried is not None
    if len(case.people) > 1:
        allowed = decide(compiled, question, case).eligible
    why = why_of(compiled, known.person, question, own, mine, points)
    if allowed != (mine.carried is not None):
        why = _ELSEWHERE
    control, opens = _control(compiled, known, purpose, question, own, mine, points, whole=whole)
    return Part(tuple(points), whole, allowed, why, control, opens)


def _control(
    compiled: CompiledPolicy,
    known: Everything,
    purpose: Purpose,
    question: Question,
    own: Case,
    mine: Verdict,
    points: Sequence[UUID],
    *,
    whole: bool,
) -> tuple[Control, Instant | None]:
    if mine.carried is not None:
        stops = _stops(compiled, known, purpose, question, own, mine.carried)
        return (Control.STOP if stops else Control.NONE), None
    if _stands(known, purpose, question.channel, points, mine):
        return Control.STOP, None
    keys = supposing.agreed_at(purpose, question.channel, points, whole=whole)
    if _would_allow(compiled, known, purpose, question, own, keys):
        return Control.AGREE, None
    # A no that is known only to the day counts to the day's end: nothing said before can be later than it.
    after = _latest_no(known, own, purpose.id, question.channel)
    if after is not None and after >= question.at:
        later = Question(purpose.id, question.channel, Instant(after + 1))
        if _would_allow(compiled, known, purpose, later, own, keys):
            return Control.NONE, later.at
    return Control.NONE, None


def _stops(
    compiled: CompiledPolicy,
    known: Everything,
    purpose: Purpose,
    question: Question,
    own: Case,
    carried: Carried,
) -> bool:
    """Whether what carries it is the person's to end: what a contract or the law requires is not, and may be
    what carries it then.
    """
    channel = question.channel
    at = supposing.stops_at(known.person, purpose.id, channel, question.at)
    after = supposing.stopped(own, known.person, purpose, channel, NOBODY, at)
    person = next(one for one in after.people if one.id == known.person.id)
    verdict = assess(compiled, Question(purpose.id, channel, at), after, person, at)
    return verdict.carried is None or verdict.carried.basis != carried.basis


def _stands(known: Everything, purpose: Purpose, channel: str, points: Sequence[UUID], mine: Verdict) -> bool:
    """Whether there is a yes to take back although nothing is allowed at the moment: it waits to be
    confirmed, the data are frozen, mail comes back.
    """
    codes = {denial.code for denial in mine.denials}
    if codes & _FALLEN:
        return False
    states = by_point(known.person.states, purpose.id, channel)
    live = GRANTS | _PENDING if "requested" in codes else GRANTS
    standing = [states[key] for key in (*points, NOBODY) if key in states]
    return any(one.state in live and one.event not in known.lapsed for one in standing)


_FALLEN = frozenset(
    {
        "objected",
        "suppressed",
        "unproven",
        "cited_proof_not_accepted",
        "not_explicit",
        "notice_outdated",
        "expired",
        *(state.value for state in NOES),
    }
)
"""What a yes no longer counts for: it is to be renewed, if anything."""


def _would_allow(
    compiled: CompiledPolicy,
    known: Everything,
    purpose: Purpose,
    question: Question,
    own: Case,
    keys: Sequence[UUID],
) -> bool:
    channel, policy = question.channel, compiled.policy
    text = None
    if on_consent(purpose, channel):
        day = to_datetime(question.at, Gazetteer.home(policy)).date()
        notice = notice_for(policy, purpose, channel, day, "en")
        if notice is None:
            return False
        text = (notice.id, notice.version)
    after = supposing.agreed(own, known.person, purpose, channel, keys, text, question.at)
    person = next(one for one in after.people if one.id == known.person.id)
    return assess(compiled, question, after, person, question.at).carried is not None


def _latest_no(known: Everything, own: Case, purpose: str, channel: str) -> Instant | None:
    states = by_point(known.person.states, purpose, channel).values()
    said = [one.effective for one in states if one.state in NOES]
    said += [
        one.since
        for one in known.person.objections
        if one.purpose in (None, purpose) and one.channel in (None, channel)
    ]
    said += [one.since for one in own.suppressions]
    return max(said, default=None)
