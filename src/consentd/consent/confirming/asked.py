"""What makes a yes wait for its confirmation, as one part of the unit that records it.

The event stands as requested: it neither allows nor lifts a no. Beside it a row says until when it can be
confirmed, and another that a mail is to be sent, so that there is a mail exactly where there is an event
(promise 3). Nobody is written to twice within a day about the same, however often a form is sent.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from consentd.base.i18n import Language, choose
from consentd.base.ids import new_id
from consentd.base.mail_address import mail_address
from consentd.consent import states_store
from consentd.consent.admission import METHODS, Fault
from consentd.consent.confirming import confirm_store
from consentd.consent.confirming.rules import stopped_since
from consentd.consent.events import state_of
from consentd.consent.rebuilding import events_about
from consentd.consent.requests import ConsentEvent
from consentd.kernel.asking import may_be_asked
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Unavailable, Unprocessable
from consentd.kernel.ids import IdentifierId
from consentd.kernel.instants import DAY, Instant, Moment, to_text
from consentd.kernel.policy import Policy
from consentd.kernel.regime import NEVER
from consentd.subjects.acts import Act
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import Identifier, SubjectNamed, spell
from consentd.subjects.spelling import Named

OPEN_DAYS = 7
"""For how long a yes can be confirmed. Our own choice: no law sets it."""
_QUESTIONS = ("requested", "request_deferred")
"""Put off is asked too."""
ONCE_IN = DAY
"""Within it there is one mail for each person, address, purpose and channel."""


class Waiting(NamedTuple):
    """One event that was written and waits."""

    row: dict[str, Any]
    person: Known
    mailbox: IdentifierId
    language: Language


def require_mail(events: Sequence[ConsentEvent], *, sends: bool) -> None:
    """Raises Unavailable where a mail could never go: then nothing is recorded."""
    if not sends and any(event.confirm for event in events):
        raise Unavailable(
            "mail_not_configured",
            "This yes is to be confirmed by email, and no server takes mail: set CONSENTD_SMTP_URL and "
            "CONSENTD_MAIL_FROM.",
        )


def mailbox_of(policy: Policy, subject: SubjectNamed, event: ConsentEvent, index: int) -> Named:
    """The address that the mail goes to: the event's contact point if it is one, else the first that names
    the person. Raises Unprocessable.
    """
    candidates: list[Identifier] = [event.contact_point] if event.contact_point is not None else []
    for identifier in (*candidates, *subject.identifiers):
        scheme = policy.identifiers.get(identifier.scheme)
        if scheme is None or scheme.kind != "email":
            continue
        found = spell(policy, identifier, subject.territory, f"/events/{index}/confirm")
        try:
            mail_address(found.value)
        except ValueError:
            continue
        return found
    raise no_mailbox(index)


_NO_MAILBOX = Fault(
    "no_email_to_confirm",
    "/confirm",
    "No email address of this person is named to which the mail could go.",
)
_AMBIGUOUS = Fault(
    "ambiguous_subject",
    "/confirm",
    "The identifiers belong to several people: nobody can be asked to confirm.",
)
_SAID_NO_SINCE = Fault(
    "not_asked_again",
    "/confirm",
    "This person refused or objected after the time of this act: nobody writes to them about it.",
)


def no_mailbox(index: int) -> Unprocessable:
    return _refused(index, _NO_MAILBOX)


def ambiguous(index: int) -> Unprocessable:
    return _refused(index, _AMBIGUOUS)


def refuse_asking(
    act: Act,
    compiled: CompiledPolicy,
    events: Sequence[tuple[int, ConsentEvent, Moment | None]],
    people: Sequence[Known],
) -> None:
    """Raises Unprocessable where one of these events would be nagging: asking somebody who said no, or
    writing to somebody who said it after they asked (decision 0049).
    """
    for index, event, moment in events:
        asks = event.state in _QUESTIONS and event.method not in METHODS
        if not asks and not event.confirm:
            continue
        at = moment.first if moment is not None else act.unit.now
        for person in people:
            objections = states_store.objection_states(act.unit.connection, person.group)
            if asks:
                about = event.purpose, event.channel
                place = person.territory
                # What the company ended since does not hide that they said no themselves.
                said = map(state_of, events_about(act.unit.connection, person.members).choices)
                when = may_be_asked(compiled, said, objections, *about, place, at)
                if when > at:
                    raise _too_soon(index, when)
            else:
                purpose = compiled.purposes[event.purpose]
                states = states_store.states(act.unit.connection, person.group, [event.purpose])
                if stopped_since(purpose, event.channel, states.values(), objections, at):
                    raise _refused(index, _SAID_NO_SINCE)


def _too_soon(index: int, when: Instant) -> Unprocessable:
    if when >= NEVER:
        detail = "This person objected: they are not asked again, unless they come of their own accord."
    else:
        detail = f"This person said no: they are not to be asked again before {to_text(when)}."
    return _refused(index, Fault("not_asked_again", "/state", detail))


def _refused(index: int, fault: Fault) -> Unprocessable:
    error = {"pointer": f"/events/{index}{fault.pointer}", "code": fault.code, "detail": fault.detail}
    return Unprocessable(fault.code, fault.detail, errors=[error])


def held_mailbox(resolution: Resolution, person: Known, mailbox: Named, index: int) -> IdentifierId:
    """Its id, where it is the person's. Raises Unprocessable."""
    id_ = resolution.id_of(mailbox)
    if id_ is None or not resolution.holders[id_] & set(person.members):
        raise no_mailbox(index)
    return id_


def language_of(event: ConsentEvent) -> Language:
    """That of the text that was shown."""
    return choose(event.notice.language[:2] if event.notice else None, None)


def note(act: Act, waiting: Sequence[Waiting]) -> None:
    """Writes down that these wait, and what is to be sent. Their events are written."""
    for one in waiting:
        row, now = one.row, act.unit.now
        key = (one.mailbox, row["purpose"], row["channel"])
        if confirm_store.waits_since(act.unit.connection, one.person.members, *key, now - ONCE_IN):
            continue
        id_, expires = new_id(), Instant(now + OPEN_DAYS * DAY)
        act.entry(row["subject_id"]).insert(
            confirm_store.CONFIRMATIONS,
            {
                "id": id_,
                "event_id": row["id"],
                "subject_id": row["subject_id"],
                "identifier_id": one.mailbox,
                "purpose": row["purpose"],
                "channel": row["channel"],
                "created_at": now,
                "expires_at": expires,
            },
        )
        mail = {"id": id_, "language": one.language, "state": "waiting", "attempts": 0}
        confirm_store.add_mail(act.unit, {**mail, "next_at": now, "created_at": now})
