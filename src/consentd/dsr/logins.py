"""Logins as proof of who asks: what a connected system signed about somebody logged in at it (promise 12).

It proves the person only where the policy lets this system's logins prove, and where its account is held by
exactly the one person whom the request is about, who is known by it from more than having been named beside
somebody. Anything else leaves the request waiting, in the same words as for somebody unknown (promise 13).

A login that is none (of no live key, over, used, for another request) is refused and counted, and each
refusal is in the log: a system that sends such has a defect, or somebody tries.
"""

from collections.abc import Callable
from uuid import UUID

import msgspec

from consentd.base.counts import Cell
from consentd.callers import logins
from consentd.callers.logins import Login, Vouched
from consentd.callers.model import Caller
from consentd.callers.service import assert_live
from consentd.crypto.keyring import with_fresh_keys
from consentd.db.unit import Unit
from consentd.dsr import store, views
from consentd.dsr.cases import RequestCase
from consentd.dsr.identity import members_of, proven
from consentd.dsr.rights import Proof
from consentd.dsr.states import State
from consentd.dsr.views import RequestReceived
from consentd.evidence.model import Actor, ActorKind
from consentd.evidence.recorder import begin
from consentd.kernel import policy as rules
from consentd.kernel.errors import Conflict, Unprocessable
from consentd.kernel.ids import BatchId, SubjectId
from consentd.kernel.instants import DAY, MINUTE
from consentd.subjects import service as subjects
from consentd.subjects.doing import Doing
from consentd.subjects.requests import Identifier, spell
from consentd.subjects.spelling import Named
from consentd.web.idempotency import Repeat, remember, remembered

MOST_REFUSED = 10
"""Of one request, in a day; then none is looked at, so that nobody fills the log."""
_REFUSED = "login_refused"
_UNSIGNED = "No live key of a connected system signed this as a login, or its access was revoked."
_SUBJECT = Actor(ActorKind.SUBJECT)


class _Not(msgspec.Struct, frozen=True):
    """What is wrong, in words that name nobody."""

    why: str


class Logins:
    """All methods raise kernel errors only. `wake`: told when there is something to carry to the silos."""

    def __init__(self, doing: Doing, public_url: str, wake: Callable[[], None] = lambda: None) -> None:
        self._doing = doing
        self._audience = public_url
        self._wake = wake

    async def prove(
        self, caller: Caller, id_: UUID, token: str, repeat: Repeat | None = None
    ) -> RequestReceived:
        """Takes in a login. The answer is the same whether it proved anything.

        Raises NotFound for a request that there is none, Unprocessable for a login that is none, Conflict
        where the request waits for no proof, or had too many such for a day.
        """
        # Outside the unit: whoever sends rubbish must not keep others from writing.
        found = await logins.vouched(self._doing.database, token)

        def work(unit: Unit) -> RequestReceived | _Not:
            assert_live(unit.connection, caller)
            before = remembered(unit, repeat)
            if before is not None:
                return views.received(store.request(unit.connection, before))
            case = RequestCase.locked(
                unit, self._doing.keyring, self._doing.policies.active(unit.connection), id_
            )
            if _refused_today(case) >= MOST_REFUSED:
                return _Not("")
            told = self._judged(case, found)
            if isinstance(told, _Not):
                _note_refusal(case, told, found, Actor(ActorKind.SYSTEM, caller.system_id))
                return told
            assert found is not None
            _prove(case, found, told)
            remember(unit, repeat, BatchId(case.id), 200)
            return views.received(case.row)

        database = self._doing.database
        answer = await with_fresh_keys(self._doing.keyring, database, lambda: database.change(work))
        if isinstance(answer, _Not):
            # Raised only now: what was noted of it has to stay.
            self._doing.counts.add(Cell.LOGINS_REFUSED)
            if not answer.why:
                raise _too_many()
            raise Unprocessable("wrong_login", answer.why)
        self._wake()
        return answer

    def _judged(self, case: RequestCase, found: Vouched | None) -> Login | _Not:
        """Spends it too: last of all, so that what is refused for another reason can be sent again mended."""
        unit = case.unit
        if found is None or not logins.is_live(unit.connection, found):
            return _Not(_UNSIGNED)
        told = logins.judge(found.claims, self._audience, case.id, unit.now)
        if isinstance(told, str):
            return _Not(told)
        rule = _rule(case, found)
        if rule is not None and told.signed_in < unit.now - rule.within_minutes * MINUTE:
            return _Not(f"The person signed in more than {rule.within_minutes} minutes ago: let them again.")
        if rule is not None and not {*rule.methods} <= {*told.methods}:
            return _Not(f"amr of the login lacks what the policy asks for: {', '.join(rule.methods)}.")
        if not logins.spend(unit, found, told):
            return _Not("The login was used before: sign a new one, with a jti of its own, each time.")
        return told


def _rule(case: RequestCase, found: Vouched) -> rules.Logins | None:
    """What the policy says of this system's logins; None: they prove nothing."""
    system = case.compiled.policy.systems.get(found.system.name)
    return system.logins if system else None


def _prove(case: RequestCase, found: Vouched, login: Login) -> None:
    if case.state not in (State.RECEIVED, State.IDENTIFYING):
        raise Conflict("not_now", "This request waits for no proof of identity.")
    rule = _rule(case, found)
    accepted = rule is not None and login.scheme in rule.schemes
    named = _named(case, login) if accepted else None
    theirs = named is not None and _is_theirs(case, named)
    reached = max(Proof.PERSON if theirs else Proof.NONE, Proof(case.row["proof"]))
    # Why it did not prove is not even noted clear: the request's own key seals it.
    detail = {
        "by": "login",
        "system": found.system.name,
        "accepted": accepted,
        "theirs": theirs,
        "signed_in": login.signed_in,
        "methods": list(login.methods),
    }
    proven(case, reached, _SUBJECT, detail)


def _named(case: RequestCase, login: Login) -> Named | None:
    """The account in its one spelling; None for what cannot be one."""
    try:
        one = Identifier(login.scheme, login.account)
        return spell(case.compiled.policy, one, case.content().asked.territory, "/token")
    except (Unprocessable, msgspec.ValidationError):
        return None


def _is_theirs(case: RequestCase, named: Named) -> bool:
    """Whether exactly the one person whom the request is about holds it, and not merely by its having been
    named beside somebody: who opens an account under another's address is not that other.
    """
    connection, subject = case.unit.connection, case.row["subject_id"]
    mine = None if subject is None else subjects.group_of(connection, SubjectId(subject))
    holders = subjects.holders_of(connection, case.keyring, [named]).get(named, set())
    if mine is None or holders != {mine}:
        return False
    contacts = subjects.contacts_of(connection, case.keyring, members_of(case, SubjectId(subject)))
    return any(one.named == named and one.strength != "weak" for one in contacts)


def _refused_today(case: RequestCase) -> int:
    """Counted in the database: several processes give no more."""
    since = case.unit.now - DAY
    steps = store.steps(case.unit.connection, case.id)
    return sum(step["event"] == _REFUSED and step["at"] > since for step in steps)


def _note_refusal(case: RequestCase, told: _Not, found: Vouched | None, actor: Actor) -> None:
    detail = {"why": told.why, "system": found.system.name if found else None}
    if case.open:
        case.note(_REFUSED, case.state, actor, detail)
        return
    # Of a request that is over the course is over; the log alone has it.
    entry = begin(
        case.unit,
        case.keyring,
        action=f"request.{_REFUSED}",
        actor=actor,
        key=case.keyring.audit(),
        policy=case.compiled.hash,
    )
    entry.close({"request": str(case.id), **detail})


def _too_many() -> Conflict:
    return Conflict(
        "too_many_logins", "Too many logins for this request were wrong today: go on tomorrow, or otherwise."
    )
