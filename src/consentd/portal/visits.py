"""The frame of every use case of a page: one unit of work, the session is still live, logged.

What `subjects.Doing` is to systems. Upholds promises 3, 5 and 8: a change commits with its entry or not at
all, the session is read in the transaction that it acts in, and nothing is shown that could not be logged.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from consentd.base.ids import new_id
from consentd.crypto.keyring import with_fresh_keys
from consentd.db.unit import Unit
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import BatchId, SubjectId
from consentd.portal import sessions, store
from consentd.portal.sessions import Session
from consentd.subjects.acts import Act
from consentd.subjects.doing import Doing, log_reading

A = TypeVar("A")

THEMSELVES = Actor(ActorKind.SUBJECT)


class Visits:
    """All methods raise kernel errors only; SessionOver where the session ended meanwhile."""

    def __init__(self, doing: Doing) -> None:
        self.doing = doing
        self.keyring = doing.keyring
        self.policies = doing.policies

    async def find(self, cookie: str | None, browser: str) -> tuple[Session | None, CompiledPolicy]:
        """The live session of a cookie, None where there is none; and the rules in force."""
        database = self.doing.database

        def read(unit: Unit) -> tuple[Session | None, CompiledPolicy]:
            found = sessions.find(unit.connection, self.keyring, cookie, browser, unit.now)
            if found is not None:
                sessions.note_seen(unit, found)
            return found, self.policies.active(unit.connection)

        return await database.housekeep(read)

    async def end(self, session: Session) -> None:
        """Signs out."""
        await self.doing.database.housekeep(lambda unit: store.end_session(unit, session.id))

    async def read(
        self,
        session: Session,
        action: str,
        read: Callable[[Any, CompiledPolicy], tuple[Sequence[SubjectId], A]],
        **detail: str | int,
    ) -> A:
        """Runs `read`, which returns whom it is about and the answer; if it cannot be logged, nothing is
        answered.
        """

        def work(unit: Unit, compiled: CompiledPolicy) -> A:
            about, answer = read(unit.connection, compiled)
            told = {"by": "portal", **detail}
            log_reading(unit, self.keyring, action, THEMSELVES, about, compiled.hash, told)
            return answer

        return await self.change(session, work)

    async def act(
        self, session: Session, action: str, write: Callable[[Act, CompiledPolicy], A]
    ) -> tuple[BatchId, A]:
        """One recording act of the person; its number, which is that of its receipt, and the answer."""

        def work(unit: Unit, compiled: CompiledPolicy) -> tuple[BatchId, A]:
            batch = BatchId(new_id())
            act = Act(
                unit, self.keyring, compiled.policy, batch, action=action, caller=None, actor=THEMSELVES
            )
            answer = write(act, compiled)
            act.close()
            return batch, answer

        return await self.change(session, work)

    async def change(self, session: Session, work: Callable[[Unit, CompiledPolicy], A]) -> A:
        """A unit that records its own entries."""

        def run(unit: Unit) -> A:
            sessions.assert_live(unit.connection, session, unit.now)
            return work(unit, self.policies.active(unit.connection))

        database = self.doing.database
        answer = await with_fresh_keys(self.keyring, database, lambda: database.change(run))
        self.doing.wake()
        return answer
