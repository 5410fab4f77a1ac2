"""The shapes of recording calls, exactly as they come in. What is not in them is refused, never guessed."""

from typing import Annotated, Literal

import msgspec

from consentd.subjects.requests import Identifier, Short, SubjectNamed, Time, Word

Scalar = str | int | bool | None
OnIncomplete = Literal["refuse", "keep_as_claim"]
RecordedState = Literal[
    "given",
    "renewed",
    "refused",
    "withdrawn",
    "requested",
    "request_deferred",
    "unknown",
    "invalidated",
    "revoked",
    "expired",
]


class NoticeShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text that was shown: which, in what version and language. `sha256` is checked if given."""

    id: Word
    version: Short
    language: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")] | None = None


class Parental(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of the holder of parental authority (GDPR 8): who, and by which act."""

    holder: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    method: Short

    def __repr__(self) -> str:
        return "Parental(…)"


class Slot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hours of the person's own choice to be called at, in their own time."""

    days: Annotated[
        str, msgspec.Meta(pattern=r"^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$")
    ]
    start: Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    end: Annotated[str, msgspec.Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


class ConsentEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    purpose: Word
    channel: Word
    state: RecordedState
    occurred_at: Time | None = None
    """Needed for a yes; for anything that restricts, the time of arrival counts if it is left out."""
    contact_point: Identifier | None = None
    """The address or number the choice is about; without it, the whole channel."""
    source_event_id: Short | None = None
    notice: NoticeShown | None = None
    method: Short | None = None
    """How the person acted: checkbox, button, signed_form, spoken, recording, double_opt_in, …"""
    collector: Short | None = None
    collection_point: Short | None = None
    evidence: Annotated[dict[str, Scalar], msgspec.Meta(max_length=50)] | None = None
    """Kept sealed. `wording`, `form`, `recording`, … : what would convince a judge."""
    proof: Literal["held", "cited"] | None = None
    """Whether the evidence itself is here, or only its number. Paper and recordings are cited if not told."""
    explicit: bool = False
    """An explicit consent, GDPR 9(2)(a): its own statement, not a box among others."""
    parental: Parental | None = None
    hours: Annotated[tuple[Slot, ...], msgspec.Meta(max_length=14)] = ()
    on_incomplete: OnIncomplete | None = None
    confirm: Literal["email"] | None = None
    """`email`: a yes that waits until the person presses a button on the page that a mail leads to."""


class RecordConsents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: SubjectNamed
    events: Annotated[tuple[ConsentEvent, ...], msgspec.Meta(min_length=1, max_length=100)]
    on_incomplete: OnIncomplete = "refuse"
    """`keep_as_claim`: an incomplete yes is kept as `unknown`, and the answer says what it lacks."""


class RecordObjection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An objection (GDPR 21). With nothing but the subject: all marketing, on every channel, at once."""

    subject: SubjectNamed
    ground: Literal["marketing", "particular"] = "marketing"
    purposes: Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)] = ()
    channels: Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)] = ()
    contact_point: Identifier | None = None
    occurred_at: Time | None = None
    source_event_id: Short | None = None
    method: Short | None = None
    collector: Short | None = None
    reason: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    """The person's own words. Kept sealed."""
