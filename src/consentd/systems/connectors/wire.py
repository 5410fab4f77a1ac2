"""What is said between consentd and a silo's own program: tasks out, answers in.

Upholds promise 12: an answer counts only if the silo signed it, for this task, now, and if it is of this form
and no other. What is wrong with one is told by its place, and never repeated (promise 18).

A task names the person, since the silo must find them: unlike the webhooks that tell what happened, which
name nobody. It goes to the silo alone, over TLS.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from consentd.crypto import webhooks
from consentd.crypto.secrets import Secret
from consentd.kernel.connection import Verb
from consentd.kernel.errors import Unauthenticated
from consentd.kernel.instants import Instant
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Answer, Kept, Order, Part, Preference, Verdict
from consentd.web.strict import StrictDecoder

MOST_DETAIL = 500
NOT_SIGNED = (
    "The answer is not signed for this task: webhook-id is the task’s number, webhook-timestamp within five "
    "minutes of now, and webhook-signature made over them and the body with the silo’s secret."
)

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Code = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
_Day = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class _Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Identifier(_Wire, frozen=True, kw_only=True):
    scheme: _Word
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=320)]

    def __repr__(self) -> str:
        return f"Identifier({self.scheme})"


class PreferenceOnWire(_Wire, frozen=True, kw_only=True):
    purpose: _Word
    channel: _Word
    state: _Word


class TaskSent(_Wire, frozen=True, kw_only=True):
    """One order. Members that the verb has no use for are left out."""

    task: UUID
    """The same in every try, and the webhook-id."""
    verb: Verb
    identifiers: tuple[Identifier, ...] = ()
    changes: dict[str, str] = {}
    lift: bool = False
    preference: PreferenceOnWire | None = None
    answer_url: str | None = None
    """Where an answer is posted that comes later than at once."""


class Ping(_Wire, frozen=True, kw_only=True):
    """Tries the connection out: nobody is meant, nothing is to be done."""

    task: UUID
    verb: Literal["test"] = msgspec.field(default="test")

    def encoded(self) -> bytes:
        return msgspec.json.encode({"task": self.task, "verb": self.verb})


class KeptSent(_Wire, frozen=True, kw_only=True):
    count: _Count
    because: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    until: _Day | None = None


class PartSent(_Wire, frozen=True, kw_only=True):
    what: _Word
    found: _Count = 0
    deleted: _Count = 0
    changed: _Count = 0
    kept: Annotated[tuple[KeptSent, ...], msgspec.Meta(max_length=50)] = ()


class AnswerSent(_Wire, frozen=True, kw_only=True):
    """As `contract.Answer`. Counts, categories and articles; no content of the silo."""

    verdict: Verdict
    code: _Code | None = None
    detail: Annotated[str, msgspec.Meta(max_length=MOST_DETAIL)] | None = None
    parts: Annotated[tuple[PartSent, ...], msgspec.Meta(max_length=200)] = ()
    identifiers: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=100)] = ()
    preferences: Annotated[tuple[PreferenceOnWire, ...], msgspec.Meta(max_length=500)] = ()


class Accepted(_Wire, frozen=True, kw_only=True):
    """The body of a 202, where there is one."""

    reference: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class ExportEnd(_Wire, frozen=True, kw_only=True):
    """What is signed at the end of a copy: `sha256` is of every byte before the last line."""

    records: _Count
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    answer: AnswerSent


_answers = StrictDecoder(AnswerSent)
_ends = StrictDecoder(ExportEnd)


def sent(order: Order, answer_url: str | None) -> bytes:
    """The body of a task."""
    return msgspec.json.encode(
        TaskSent(
            task=order.task,
            verb=order.verb,
            identifiers=tuple(Identifier(scheme=one.scheme, value=one.value) for one in order.identifiers),
            changes=order.changes,
            lift=order.lift,
            preference=_preference(order.preference),
            answer_url=answer_url,
        )
    )


def _preference(said: Preference | None) -> PreferenceOnWire | None:
    if said is None:
        return None
    return PreferenceOnWire(purpose=said.purpose, channel=said.channel, state=said.state)


def verify_answer(
    secrets: Sequence[Secret], task_id: UUID, headers: Mapping[str, str], body: bytes, now: Instant
) -> Answer:
    """The silo's answer to this task: signed by its secret, for this task's number, within five minutes.

    `headers`: by names in small letters. Identifiers are as the silo spells them: whoever takes them in
    normalises them. That a task is answered once is for whoever keeps the tasks to see to. Raises
    Unauthenticated (bad_signature), Malformed and Unprocessable.
    """
    _verify(secrets, task_id, headers, body, now)
    return _answer(_answers.decode(body))


def verify_end(
    secrets: Sequence[Secret], task_id: UUID, headers: Mapping[str, str], text: str, now: Instant
) -> tuple[ExportEnd, Answer]:
    """The same for the last line of a copy; the caller holds it against what it read."""
    body = text.encode()
    _verify(secrets, task_id, headers, body, now)
    end = _ends.decode(body)
    return end, _answer(end.answer)


def _verify(
    secrets: Sequence[Secret], task_id: UUID, headers: Mapping[str, str], body: bytes, now: Instant
) -> None:
    if not webhooks.is_signed(secrets, task_id, headers, body, now):
        raise Unauthenticated("bad_signature", NOT_SIGNED)


def _answer(told: AnswerSent) -> Answer:
    return Answer(
        verdict=told.verdict,
        code=told.code,
        detail=told.detail,
        parts=tuple(
            Part(
                what=part.what,
                found=part.found,
                deleted=part.deleted,
                changed=part.changed,
                kept=tuple(Kept(one.count, one.because, one.until) for one in part.kept),
            )
            for part in told.parts
        ),
        identifiers=tuple(Named(one.scheme, one.value) for one in told.identifiers),
        preferences=tuple(Preference(one.purpose, one.channel, one.state) for one in told.preferences),
    )
