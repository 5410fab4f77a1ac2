"""The frame of every use case about people: one unit of work, the caller still may, logged.

Upholds promises 2 (a call that was made before gets its answer again), 3, 5 (the caller's revocation is read
in the transaction) and 8 (a reading that cannot be logged is not answered).
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from consentd.base.counts import Counts
from consentd.base.ids import new_id
from consentd.callers.model import Caller
from consentd.callers.service import assert_live
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.crypto.subject_keys import open_keys
from consentd.db.unit import Database, Unit
from consentd.evidence.model import Actor, ActorKind
from consentd.evidence.recorder import begin
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import BatchId, SubjectId
from consentd.policy.service import PolicyBook
from consentd.subjects.acts import Act
from consentd.web.idempotency import Repeat, remember, remembered

A = TypeVar("A")


class Doing:
    """What use cases work with. `wake`: told after each change, so that the log need not wait."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        policies: PolicyBook,
        wake: Callable[[], None] = lambda: None,
        counts: Counts | None = None,
    ) -> None:
        self.counts = counts or Counts()
        self.database = database
        self.keyring = keyring
        self.policies = policies
        self.wake = wake

    async def act(
        self,
        caller: Caller,
        repeat: Repeat | None,
        action: str,
        write: Callable[[Act, CompiledPolicy], A],
        rebuild: Callable[[Any, BatchId], A],
    ) -> tuple[int, A]:
        """What all recording calls share: the caller still may, the call was not made before, one entry."""

        def work(unit: Unit, compiled: CompiledPolicy, actor: Actor) -> tuple[BatchId | None, A]:
            batch = BatchId(new_id())
            act = Act(unit, self.keyring, compiled.policy, batch, action=action, caller=caller, actor=actor)
            answer = write(act, compiled)
            entries = act.close()
            # Without one everything was reported before: nothing changed, and asked again it will be told
            # again.
            return batch if entries else None, answer

        changed, answer = await self._once(caller, repeat, work, rebuild)
        return 201 if changed else 200, answer

    async def decide(
        self,
        caller: Caller,
        repeat: Repeat | None,
        write: Callable[[Unit, Actor], tuple[BatchId, A]],
        rebuild: Callable[[Any, BatchId], A],
    ) -> A:
        """A change about people that records no choice. `write` returns the number by which `rebuild` makes
        its answer again, and the answer; it records its own entries.
        """

        def work(unit: Unit, compiled: CompiledPolicy, actor: Actor) -> tuple[BatchId | None, A]:
            return write(unit, actor)

        return (await self._once(caller, repeat, work, rebuild))[1]

    async def _once(
        self,
        caller: Caller,
        repeat: Repeat | None,
        work: Callable[[Unit, CompiledPolicy, Actor], tuple[BatchId | None, A]],
        rebuild: Callable[[Any, BatchId], A],
    ) -> tuple[bool, A]:
        """Runs `work` unless this call was made before; whether it changed something, now or then, and the
        answer. The number that `work` returns is remembered; None: nothing changed.
        """

        def run(unit: Unit) -> tuple[bool, A]:
            assert_live(unit.connection, caller)
            before = remembered(unit, repeat)
            if before is not None:
                return True, rebuild(unit.connection, before)
            compiled = self.policies.active(unit.connection)
            batch, answer = work(unit, compiled, Actor(ActorKind.SYSTEM, caller.system_id))
            if batch is None:
                return False, answer
            remember(unit, repeat, batch, 201)
            return True, answer

        answer = await with_fresh_keys(self.keyring, self.database, lambda: self.database.change(run))
        self.wake()
        return answer

    async def read(
        self,
        caller: Caller,
        action: str,
        read: Callable[[Any, CompiledPolicy], tuple[Sequence[SubjectId], A]],
        **detail: str | int,
    ) -> A:
        """Runs `read`, which returns whom it is about (nobody, one or several) and the answer, and logs it.

        `detail`: what the entry says beside the caller's name, sealed in it. If it cannot be logged, nothing
        is answered (promise 8).
        """

        def work(unit: Unit) -> A:
            assert_live(unit.connection, caller)
            compiled = self.policies.active(unit.connection)
            about, answer = read(unit.connection, compiled)
            actor = Actor(ActorKind.SYSTEM, caller.system_id)
            told = {"caller": caller.name, **detail}
            log_reading(unit, self.keyring, action, actor, about, compiled.hash, told)
            return answer

        answer = await with_fresh_keys(self.keyring, self.database, lambda: self.database.change(work))
        self.wake()
        return answer


def log_reading(
    unit: Unit,
    keyring: Keyring,
    action: str,
    actor: Actor,
    about: Sequence[SubjectId],
    policy: str,
    detail: object = None,
) -> None:
    """An entry about each of these people: whoever asks later who looked at them, finds it under each."""
    keys = open_keys(unit.connection, keyring, about) if about else {}
    for subject in about or (None,):
        proof = keys[subject].proof if subject is not None else None
        begin(
            unit,
            keyring,
            action=action,
            actor=actor,
            subject_id=subject if proof is not None else None,
            key=proof or keyring.audit(),
            policy=policy,
        ).close(detail)
