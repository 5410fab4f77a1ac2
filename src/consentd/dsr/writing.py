"""Staff note that they told the person by hand what no mail could (docs/requests.md).

From then on nobody is told to write any more, and the day on which it was written says whether the answer was
in time. The reference may name somebody ("letter to Mrs Diaz"): the request's own key seals it.
"""

import datetime as dt

from consentd.dsr import mail_store, store, unwritten
from consentd.dsr.cases import RequestCase, local_day
from consentd.dsr.shapes import WroteByHand
from consentd.evidence.model import Actor
from consentd.kernel.errors import Conflict, wrong

WROTE = "wrote_by_hand"


def wrote(case: RequestCase, step: WroteByHand, actor: Actor) -> None:
    """Raises Unprocessable for a day that cannot be, or a reference that nothing can seal any more; Conflict
    where nothing of the kind was to be told by hand.
    """
    waiting = unwritten.by_hand(store.steps(case.unit.connection, case.id))
    due = [one for one in waiting if one.tells == step.told]
    if not due:
        raise Conflict(
            "nothing_to_write",
            f"No {step.told} of this request waits to be told by hand: mail tells it, staff noted it "
            "already, or it did not come to that.",
        )
    day = _day(case, step.on)
    moments = unwritten.ended_by(waiting, step.told, day, case.compiled.policy)
    if not moments:
        since = local_day(due[0].since, case.compiled.policy).isoformat()
        raise wrong("invalid_time", "/on", f"There was nothing of this to write before {since}.")
    if step.reference is not None and case.key() is None:
        raise wrong(
            "reference_not_kept",
            "/reference",
            "This request is over, and the key that would seal the reference is gone: leave it out.",
        )
    detail = None if step.reference is None else {"reference": step.reference}
    for moment in moments:
        clear = {"moment": moment, "on_day": step.on, "how": step.how}
        case.note(WROTE, case.state, actor, detail, clear=clear)
        # Whatever was to alert somebody to it, and did not leave yet, says what is no longer so.
        mail_store.drop(case.unit, case.id, (f"write:{moment}", f"unwritten:{moment}"))


def _day(case: RequestCase, text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise wrong("invalid_time", "/on", "There is no such day.") from None
    if day > local_day(case.unit.now, case.compiled.policy):
        raise wrong("invalid_time", "/on", "Nothing can have been written on a day that is still to come.")
    return day
