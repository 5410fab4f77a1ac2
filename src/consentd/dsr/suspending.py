"""The freeze that a request brings at once, and how it ends (GDPR 18, 21(1); docs/requests.md).

An objection on somebody's own situation freezes while staff examine it: upheld, it stands and the freeze
ends; refused, the freeze ends once the person was told (18(3)). What another request froze stays frozen.
"""

from consentd.dsr import effects, telling
from consentd.dsr.cases import RequestCase
from consentd.dsr.freezing import freed
from consentd.dsr.registering import follow
from consentd.dsr.rights import NEEDS, Right
from consentd.dsr.states import Event, State
from consentd.evidence.model import Actor
from consentd.kernel.connection import Verb
from consentd.kernel.errors import Conflict


def uphold(case: RequestCase, actor: Actor, note: str | None) -> None:
    """Raises Conflict where nothing of the kind waits for it."""
    if case.right is not Right.OBJECTION or case.state is not State.REVIEWING:
        raise Conflict("not_now", "Only an objection under GDPR 21(1) that is being examined is upheld.")
    case.move(Event.RELEASED, actor, {"note": note})
    effects.upheld(case.unit, case.keyring, case.compiled, actor, case.content().asked)
    telling.outcome(case)
    if freed(case):
        # Whoever upheld it agreed to what follows from it.
        follow(case, Right.LIFTING, actor, approvals_needed=0)


def ended(case: RequestCase, actor: Actor) -> None:
    """After a request that froze was refused, taken back, or never proven."""
    if case.right not in effects.FREEZES or not (people := freed(case)):
        return
    if Verb.RESTRICT in NEEDS[case.right].verbs:
        # Staff agree to it when the person was told.
        follow(case, Right.LIFTING, actor, approvals_needed=1)
    else:
        effects.lifted(case.unit, case.keyring, case.compiled, actor, people)
