"""Objecting, and withdrawing every consent, on somebody's request (GDPR 21, 7(3))."""

from zoneinfo import ZoneInfo

from consentd.consent import states_store
from consentd.consent.objecting import record_objection
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents, RecordObjection
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import SubjectId
from consentd.kernel.states import GRANTS, ConsentState
from consentd.subjects.acts import Act
from consentd.subjects.requests import SubjectNamed

_CLAIM = ConsentState.UNKNOWN
_METHOD = "request"
_MOST = 100


def objected(act: Act, subject: SubjectNamed, words: str | None, zone: ZoneInfo) -> list[SubjectId]:
    """An objection to all marketing, on every channel. For whom it was recorded: whoever may be meant."""
    asked = RecordObjection(subject=subject, method=_METHOD, reason=words[:2000] if words else None)
    return [SubjectId(one.subject_id) for one in record_objection(act, asked, zone).objections]


def objected_to(
    act: Act, subject: SubjectNamed, purposes: tuple[str, ...], words: str | None, zone: ZoneInfo
) -> list[SubjectId]:
    """An objection on grounds of the person's own situation (21(1)) to these uses; if none is named, to all
    that rest on the company's interest or on a public task.
    """
    asked = RecordObjection(
        subject=subject,
        ground="particular",
        purposes=purposes,
        method=_METHOD,
        reason=words[:2000] if words else None,
    )
    return [SubjectId(one.subject_id) for one in record_objection(act, asked, zone).objections]


def withdrawn_of(
    act: Act, compiled: CompiledPolicy, subject: SubjectNamed, zone: ZoneInfo
) -> list[SubjectId]:
    """Withdraws whatever yes, proven or claimed, stands for whoever may be meant; for each whole channel.

    A yes that is not on record may come in later, from a silo: what the policy lets a consent carry is
    withdrawn too, so that an older claim does not outlive this.
    """
    resolution = act.resolve(subject, restricts=True)
    wanted = {
        (purpose.id, channel)
        for purpose in compiled.purposes.values()
        for channel, bases in purpose.bases.items()
        if {"consent", "explicit_consent"} & {*bases}
    }
    for person in resolution.restricted:
        for state in states_store.states(act.unit.connection, person.group).values():
            if state.state in GRANTS or state.state is _CLAIM:
                wanted.add((state.key.purpose, state.key.channel))
    events = tuple(
        ConsentEvent(purpose=purpose, channel=channel, state="withdrawn", method=_METHOD)
        for purpose, channel in sorted(wanted)
        if purpose in compiled.purposes and channel in compiled.channels
    )
    for first in range(0, len(events), _MOST):
        record(act, compiled, RecordConsents(subject, events[first : first + _MOST]), zone, resolution)
    return [SubjectId(person.group) for person in resolution.restricted]
