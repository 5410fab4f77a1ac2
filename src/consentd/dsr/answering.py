"""Taking in what a silo answers that came for its task.

Upholds promise 2 (an answer that was given unheard is given again, and counts once) and 12: what was done is
as the silo says, and a copy of which nothing was sent is no success.
"""

from uuid import UUID

import msgspec

from consentd.callers.model import Caller
from consentd.db.unit import Unit
from consentd.dsr.handing import Handing, Row, actor_of
from consentd.dsr.running import answered, answered_alike
from consentd.dsr.task_shapes import AnswerAsked, TaskAnswered
from consentd.kernel.connection import Verb
from consentd.kernel.errors import Conflict, Unprocessable
from consentd.kernel.policy import Policy
from consentd.kernel.tasks import TaskAnswer
from consentd.subjects.requests import Identifier, spell
from consentd.systems.connectors import wire
from consentd.systems.connectors.contract import Answer, Verdict


async def answer(handing: Handing, caller: Caller, id_: UUID, asked: AnswerAsked) -> TaskAnswered:
    """Raises NotFound, Conflict where another holds the task or it was answered otherwise, Unprocessable."""

    def work(unit: Unit) -> bool:
        case, row = handing.locked(unit, caller, id_)
        said = answer_of(case.compiled.policy, asked)
        if row["state"] == "ended":
            if not answered_alike(case, row, said):
                raise Conflict(
                    "answered_otherwise", "This task is over, with another answer: nothing was changed."
                )
            return False
        case, row = handing.held(unit, caller, id_, asked.lease)
        _require_records(row, said)
        answered(case, row, said, actor_of(caller))
        return True

    if await handing.change(work):
        handing.wake()
    return TaskAnswered(id_, asked.verdict.value)


def _require_records(row: Row, said: Answer) -> None:
    """Silent success would be a copy that says it is whole and has nothing in it."""
    claims = said.verdict in (Verdict.DONE, Verdict.PARTIAL) and any(part.found for part in said.parts)
    if row["verb"] == Verb.EXPORT.value and claims and not int(row["reference"] or 0):
        raise Unprocessable(
            "records_missing",
            "The answer says that something was found, but no record of the copy was sent: send them to "
            "/records first.",
        )


def answer_of(policy: Policy, asked: TaskAnswer) -> Answer:
    return msgspec.structs.replace(
        wire.answer_of(asked),
        identifiers=tuple(
            spell(policy, Identifier(one.scheme, one.value), None, f"/identifiers/{number}")
            for number, one in enumerate(asked.identifiers)
        ),
    )
