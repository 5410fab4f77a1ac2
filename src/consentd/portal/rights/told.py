"""One request as its person is told of it: what happened, what is waited for, and tool by tool. Pure.

Of the steps those are left out that are the staff's own business. What a tool held and keeps is told with the
second proof alone.
"""

import datetime as dt

import msgspec

from consentd.dsr.plan import NOT_KNOWN_BY
from consentd.dsr.views import RequestTold, SiloTold, StepTold
from consentd.kernel.connection import Verb
from consentd.kernel.instants import Instant, to_instant
from consentd.systems.connectors.contract import Kept

SHOWN = frozenset(
    {
        "received",
        "proof_given",
        "proven",
        "doubted",
        "approved",
        "started",
        "settled",
        "released",
        "released_by_policy",
        "refused",
        "gaps_refused",
        "extended",
        "withdrawn",
        "lapsed",
        "silent",
        "retried",
        "copy_fetched",
        "copy_handed_over",
        "told_receipt",
        "told_extension",
        "told_refusal",
        "told_answer",
        "told_copy",
        "wrote_by_hand",
    }
)
"""Steps that the person is told of; the page has a sentence for each."""

_OF_TOOLS = frozenset({"started", "settled"})
"""Said only where a tool was asked at all."""
_NOBODY_ASKED = frozenset({"unconnected", "not_known_by", "not_asked"})

OUTCOMES = (
    "done",
    "nothing_held",
    "not_known_by",
    "waiting",
    "staff_look",
    "silent",
    "partial",
    "failed",
    "unsupported",
    "unchecked",
    "unconnected",
    "not_asked",
)
"""What is said of a tool; the page has a sentence for each."""


class Step(msgspec.Struct, frozen=True):
    event: str
    at: Instant
    on: dt.date | None
    """Of what staff told by hand: the day on which they did."""


class KeptThere(msgspec.Struct, frozen=True):
    what: str
    count: int
    article: str
    until: str | None


class ToolTold(msgspec.Struct, frozen=True):
    name: str
    outcome: str
    kept: tuple[KeptThere, ...]
    """What the law has it keep; empty without the second proof."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    steps: tuple[Step, ...]
    """Newest first."""
    tools: tuple[ToolTold, ...]
    due: dt.date
    extended: bool


def told(request: RequestTold, *, person: bool) -> Told:
    """`person`: whether the second proof was given."""
    asked = any(silo.tasks and outcome(silo) not in _NOBODY_ASKED for silo in request.silos)
    over = request.state in ("refused", "withdrawn", "lapsed")
    return Told(
        steps=tuple(
            Step(
                one.event,
                to_instant(dt.datetime.fromisoformat(one.at)),
                None if one.on is None else dt.date.fromisoformat(one.on),
            )
            for one in reversed(request.steps)
            if one.event in SHOWN and (one.event not in _OF_TOOLS or asked) and not _is_one_voice(one)
        ),
        tools=tuple(
            ToolTold(one.name, outcome(one, over=over), _kept(one) if person else ()) for one in request.silos
        ),
        due=dt.date.fromisoformat(request.legal_due),
        extended=request.extended,
    )


def _is_one_voice(step: StepTold) -> bool:
    """Each colleague's agreement is noted; the request goes on by a step of its own, once they are enough."""
    return step.event == "approved" and step.state == "approving"


def outcome(silo: SiloTold, *, over: bool = False) -> str:
    """The least that is true of a tool. `over`: the request ended before it was carried out."""
    asked = [task for task in silo.tasks if task.code != "request_over"]
    if not asked:
        return "not_asked"
    codes = {task.code for task in asked}
    if NOT_KNOWN_BY in codes:
        return NOT_KNOWN_BY
    if "unconnected" in codes:
        # Nobody sees to anything there once it is refused.
        return "not_asked" if over else "unconnected"
    states = {task.state for task in asked}
    if "silent" in states:
        return "silent"
    verdicts = {task.verdict for task in asked if task.state == "ended"}
    if "failed" in verdicts:
        return "failed"
    unable = {task.verb for task in asked if task.verdict == "unsupported"}
    if unable - {Verb.CONFIRM.value}:
        return "unsupported"
    if "partial" in verdicts:
        return "partial"
    if unable:
        # It erased, and was asked in vain whether anything is left.
        return "unchecked"
    if "approving" in states:
        return "staff_look"
    if states != {"ended"}:
        return "not_asked" if over else "waiting"
    if all(task.verb == Verb.LOCATE.value for task in asked):
        found = sum(part.found for task in asked for part in task.parts)
        # Between a look-up that found something and what follows there is a moment.
        return "waiting" if found else "nothing_held"
    return "done"


def _kept(silo: SiloTold) -> tuple[KeptThere, ...]:
    last = {task.verb: task.parts for task in silo.tasks}
    found: list[tuple[str, Kept]] = [
        (part.what, one) for part in last.get(Verb.ERASE.value, ()) for one in part.kept
    ]
    return tuple(KeptThere(what, one.count, one.because, one.until) for what, one in found)
