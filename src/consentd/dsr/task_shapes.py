"""The shapes in which silos that poll ask for tasks and are told of them, beside orders and answers
themselves (`kernel.tasks`). What comes in is taken exactly, or refused.
"""

from typing import Annotated
from uuid import UUID

import msgspec

from consentd.kernel.tasks import Code, Detail, TaskAnswer, TaskOrder

LONGEST_WAIT = 20
MOST_LISTED = 100
MOST_CLAIMED = 10
_Seconds = Annotated[int, msgspec.Meta(ge=1, le=3600)]


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class ClaimAsked(_Asked, frozen=True, kw_only=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_CLAIMED)] = 1
    seconds: _Seconds = 60
    """How long each lease lasts, unless a heartbeat renews it."""


class HeartbeatAsked(_Asked, frozen=True, kw_only=True):
    lease: UUID
    seconds: _Seconds = 60


class AnswerAsked(TaskAnswer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lease: UUID


class ReleaseAsked(_Asked, frozen=True, kw_only=True):
    """Without a code the task goes back as if it had not been taken. With one, a try of it failed."""

    lease: UUID
    code: Code | None = None
    detail: Detail | None = None


class TaskWaiting(msgspec.Struct, frozen=True):
    """One task that can be claimed. Names nobody."""

    id: UUID
    verb: str
    due_at: str


class TasksWaiting(msgspec.Struct, frozen=True):
    tasks: tuple[TaskWaiting, ...]


class TasksClaimed(msgspec.Struct, frozen=True):
    tasks: tuple[TaskOrder, ...]


class LeaseTold(msgspec.Struct, frozen=True):
    id: UUID
    lease_until: str | None
    """Null: nobody holds it any more."""


class TaskAnswered(msgspec.Struct, frozen=True):
    id: UUID
    verdict: str


class RecordsTaken(msgspec.Struct, frozen=True):
    id: UUID
    records: int
