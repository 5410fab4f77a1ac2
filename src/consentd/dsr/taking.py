"""Taking in an answer that comes later than at once: from whoever signed it, or by the link of a mail."""

from consentd.dsr.cases import RequestCase
from consentd.dsr.handing import Row
from consentd.dsr.running import RUNS, answered, answered_alike
from consentd.dsr.spelled import spelled
from consentd.evidence.model import SERVICE
from consentd.kernel.errors import Conflict, Unprocessable
from consentd.systems.connectors.contract import Answer, Verdict

_OPEN = ("waiting", "running", "asked", "silent")
"""The states in which a silo that was told may answer: also while another try is under way."""


def taken(case: RequestCase, row: Row, said: Answer, *, fresh: bool = True) -> bool:
    """Whether it counts as new: one that was given before is answered alike, and changes nothing.

    `row`: locked. `fresh`: False where this very message was taken before. Raises Conflict where the task was
    answered otherwise, is asked anew, or is not asked now.
    """
    if row["state"] == "ended":
        if not answered_alike(case, row, spelled(case.compiled.policy, said)):
            raise Conflict(
                "answered_otherwise", "This task is over, with another answer: nothing was changed."
            )
        return False
    if not fresh:
        raise Conflict(
            "answer_replayed",
            "This very answer was taken before, and the task is asked anew since: answer it anew, signed "
            "now.",
        )
    if case.state not in RUNS or row["state"] not in _OPEN:
        raise Conflict("not_asked_now", f"The request is {case.state.value}: its silos are not asked now.")
    answered(case, row, said, SERVICE)
    return True


def require_records(said: Answer) -> None:
    """Silent success would be a copy that says it is whole and has nothing in it. Raises Unprocessable."""
    if said.verdict in (Verdict.DONE, Verdict.PARTIAL) and any(part.found for part in said.parts):
        raise Unprocessable(
            "records_missing",
            "The answer says that something was found, but no record of the copy came with it: send the "
            "records with the answer.",
        )
