"""What programs ask, and what they are told. Values only."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec


class Identifier(msgspec.Struct, frozen=True):
    """One way in which a person is known: a scheme of the policy, and the value as it was typed.

    It is personal data: `repr` shows its scheme only.
    """

    scheme: str
    value: str

    def __repr__(self) -> str:
        return f"Identifier({self.scheme})"


Named: TypeAlias = Identifier | str
"""An identifier, or the same as one text: "email:ana@exemple.fr"."""
Who: TypeAlias = Named | Sequence[Named]
"""A person, by one identifier or by several."""
When: TypeAlias = dt.datetime | str
"""An aware datetime, or RFC 3339 with an offset."""


class Question(msgspec.Struct, frozen=True):
    """May this person be contacted for `purpose` through `channel`, now or at a planned instant?"""

    subject: Who
    purpose: str
    channel: str
    contact_point: Named | None = None
    at: When | None = None


class Reason(msgspec.Struct, frozen=True):
    """`code` is stable and for programs; `text` says the same in words."""

    code: str
    text: str = ""


class Bound(msgspec.Struct, frozen=True):
    """How old what an answer rests on can be: nothing acknowledged up to `as_of` is missing from it."""

    as_of: dt.datetime
    max_age: dt.timedelta
    """Past this age the replica denies."""


class Decision(msgspec.Struct, frozen=True):
    """The answer to a question. It is true exactly where contact is allowed: `if client.check(…):`."""

    allow: bool
    """The only member that permits anything."""
    eligible: bool
    """Allowed in principle, hours and caps aside."""
    reasons: tuple[Reason, ...]
    cites: tuple[str, ...] = ()
    basis: str | None = None
    next_allowed_at: dt.datetime | None = None
    valid_until: dt.datetime | None = None
    """When this answer changes by itself. No licence to keep it."""
    policy: str = ""
    law: tuple[str, ...] = ()
    decision_id: UUID | None = None
    permit: str | None = None
    permit_id: UUID | None = None
    bound: Bound | None = None
    """Of a replica's answer; None where the service itself was asked."""

    def __bool__(self) -> bool:
        return self.allow

    @property
    def reason(self) -> str:
        """The code of the reason that decided."""
        return self.reasons[0].code if self.reasons else ""


WORDS = {
    "unavailable": "consentd cannot be reached: nothing was decided, so there is no contact.",
    "timeout": "consentd did not answer in time: nothing was decided, so there is no contact.",
    "overloaded": "consentd asks to wait longer than this call may take: there is no contact.",
    "unauthorised": "consentd does not accept this system's credentials: there is no contact.",
    "forbidden": "This system may not ask this: there is no contact.",
    "invalid_question": "The question cannot be read: there is no contact.",
    "unreadable_answer": "What answered is not consentd: there is no contact.",
    "failed": "The question failed inside the client: there is no contact.",
    "stale_replica": "The replica is older than it may be: there is no contact.",
    "damaged_replica": "The replica's file was altered or damaged: there is no contact.",
    "ask_service": "The replica cannot decide this alone: ask the service.",
}
"""Why nothing was decided. Beside them stand the reasons of decisions (/reasons of the service)."""


def denial(code: str, bound: Bound | None = None) -> Decision:
    """A no for want of an answer (docs/law.md 10: any error denies)."""
    return Decision(False, False, (Reason(code, WORDS[code]),), bound=bound)


State: TypeAlias = Literal[
    "given",
    "renewed",
    "refused",
    "withdrawn",
    "requested",
    "request_deferred",
    "unknown",
    "invalidated",
    "revoked",
]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A choice: the members of an event of `POST /v1/consents` (docs/recording.md)."""

    purpose: str
    channel: str
    state: State
    occurred_at: When | None = None
    """A yes needs it. For anything that restricts the time of arrival counts if it is left out."""
    contact_point: Named | None = None
    source_event_id: str | None = None
    """The system's own number of it: reported twice under one number, it counts once, for ever."""
    notice: Mapping[str, str] | None = None
    """The text that was shown: {"id": …, "version": …, "language": …}."""
    method: str | None = None
    collector: str | None = None
    collection_point: str | None = None
    evidence: Mapping[str, str | int | bool | None] | None = None
    proof: Literal["held", "cited"] | None = None
    explicit: bool = False
    parental: Mapping[str, str] | None = None
    hours: Sequence[Mapping[str, str]] = ()
    on_incomplete: Literal["refuse", "keep_as_claim"] | None = None
    confirm: Literal["email"] | None = None
    """`email`: the yes waits until the person presses a button on the page that a mail leads to."""


class Recipient(msgspec.Struct, frozen=True):
    """Somebody to whom a message is about to go, and where it goes; without `contact_point`, the first of the
    channel's among `subject`.
    """

    subject: Who
    contact_point: Named | None = None


class StopLink(msgspec.Struct, frozen=True):
    """By which a recipient stops such messages. It is true where there is one."""

    url: str | None = None
    headers: Mapping[str, str] | None = None
    """The two fields to put into the message: `List-Unsubscribe`, `List-Unsubscribe-Post`."""
    code: str | None = None
    """Why there is none: `unknown_person`, `ambiguous_subject`, `invalid_identifier`."""

    def __bool__(self) -> bool:
        return self.url is not None


class PortalLink(msgspec.Struct, frozen=True):
    """Where the customers’ pages open for one person, once. Keep it in no log: whoever has it is let in."""

    url: str
    expires_at: dt.datetime

    def __repr__(self) -> str:
        return f"PortalLink(…, expires_at={self.expires_at!r})"


class Receipt(msgspec.Struct, frozen=True):
    """What recording answers. `answer` is all of it, as docs/recording.md shows it."""

    receipt_id: UUID
    duplicate: bool
    """Whether all of it had been recorded before: nothing changed."""
    answer: dict[str, Any]  # Any: JSON


class Attempted(msgspec.Struct, frozen=True):
    """What reporting an attempt answers."""

    id: UUID
    subject_ids: tuple[UUID, ...] = ()
    withdrawn: bool = False
    duplicate: bool = False
