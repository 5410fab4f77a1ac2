"""What is said between consentd and a silo's own program: tasks out, answers in.

Upholds promise 12: an answer counts only if the silo signed it, for this task, now, and if it is of this form
and no other. What is wrong with one is told by its place, and never repeated (promise 18). The form is the
one that a silo answers in which comes for its tasks (`kernel.tasks`).

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
from consentd.kernel.tasks import TaskAnswer, TaskIdentifier, TaskPreference
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Answer, Kept, Order, Part, Preference
from consentd.web.strict import StrictDecoder

NOT_SIGNED = (
    "The answer is not signed for this task: webhook-id is the task’s number, webhook-timestamp within five "
    "minutes of now, and webhook-signature made over them and the body with the silo’s secret."
)


class _Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class TaskSent(_Wire, frozen=True, kw_only=True):
    """One order. Members that the verb has no use for are left out."""

    task: UUID
    """The same in every try, and the webhook-id."""
    verb: Verb
    identifiers: tuple[TaskIdentifier, ...] = ()
    changes: dict[str, str] = {}
    lift: bool = False
    preferences: tuple[TaskPreference, ...] = ()
    answer_url: str | None = None
    """Where an answer is posted that comes later than at once."""


class Ping(_Wire, frozen=True, kw_only=True):
    """Tries the connection out: nobody is meant, nothing is to be done."""

    task: UUID
    verb: Literal["test"] = msgspec.field(default="test")

    def encoded(self) -> bytes:
        return msgspec.json.encode({"task": self.task, "verb": self.verb})


class Accepted(_Wire, frozen=True, kw_only=True):
    """The body of a 202, where there is one."""

    reference: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class ExportEnd(_Wire, frozen=True, kw_only=True):
    """What is signed at the end of a copy: `sha256` is of every byte before the last line."""

    records: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    answer: TaskAnswer


_answers = StrictDecoder(TaskAnswer)
_ends = StrictDecoder(ExportEnd)


def sent(order: Order, answer_url: str | None) -> bytes:
    """The body of a task."""
    return msgspec.json.encode(
        TaskSent(
            task=order.task,
            verb=order.verb,
            identifiers=tuple(
                TaskIdentifier(scheme=one.scheme, value=one.value) for one in order.identifiers
            ),
            changes=order.changes,
            lift=order.lift,
            preferences=tuple(
                TaskPreference(purpose=one.purpose, channel=one.channel, state=one.state)
                for one in order.preferences
            ),
            answer_url=answer_url,
        )
    )


def verify_answer(
    secrets: Sequence[Secret], task_id: UUID, headers: Mapping[str, str], body: bytes, now: Instant
) -> Answer:
    """The silo's answer to this task: signed by its secret, for this task's number, within five minutes.

    `headers`: by names in small letters. Identifiers are as the silo spells them: whoever takes them in
    normalises them. That a task is answered once is for whoever keeps the tasks to see to. Raises
    Unauthenticated (bad_signature), Malformed and Unprocessable.
    """
    _verify(secrets, task_id, headers, body, now)
    return answer_of(_answers.decode(body))


def verify_end(
    secrets: Sequence[Secret], task_id: UUID, headers: Mapping[str, str], text: str, now: Instant
) -> tuple[ExportEnd, Answer]:
    """The same for the last line of a copy; the caller holds it against what it read."""
    body = text.encode()
    _verify(secrets, task_id, headers, body, now)
    end = _ends.decode(body)
    return end, answer_of(end.answer)


def _verify(
    secrets: Sequence[Secret], task_id: UUID, headers: Mapping[str, str], body: bytes, now: Instant
) -> None:
    if not webhooks.is_signed(secrets, task_id, headers, body, now):
        raise Unauthenticated("bad_signature", NOT_SIGNED)


def answer_of(told: TaskAnswer) -> Answer:
    """As the rest of consentd knows it. Identifiers are as the silo spells them."""
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
