"""What somebody does about their own requests in a session of the customers' pages (docs/portal.md).

Who asks was shown before: by a code to a contact detail that is theirs alone, or better. So the proof is
taken in with the request, in one unit, and what is proven well enough runs at once (promise 12). A request of
somebody else is not found, in the words of one that there is not (promise 13).
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.dsr import identity, store, views
from consentd.dsr.cases import RequestCase, unknown_request
from consentd.dsr.certifying import CertificateTold, certificates_of
from consentd.dsr.copying import rounds
from consentd.dsr.copying import store as copy_store
from consentd.dsr.registering import Shown, register
from consentd.dsr.rights import NEEDS, Proof, Right
from consentd.dsr.shapes import Directive, RequestAsked
from consentd.dsr.states import OPEN, Event, State
from consentd.dsr.suspending import ended
from consentd.dsr.views import RequestBrief, RequestReceived, RequestTold
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy
from consentd.subjects import service as subjects
from consentd.subjects.model import Contact
from consentd.subjects.requests import Identifier
from consentd.subjects.service import Found
from consentd.subjects.spelling import Named

MOST_NAMED = 20
_THEMSELVES = Actor(ActorKind.SUBJECT)
_TOLD = tuple(right.value for right in Right if right is not Right.RETENTION)
"""Nobody asked for the other, and nobody is told of it."""

_GONE = (State.REFUSED.value, State.WITHDRAWN.value, State.LAPSED.value)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked; of whom, the session knows."""

    right: Right
    language: str
    words: str | None = None
    changes: Mapping[str, str] = {}
    purposes: tuple[str, ...] = ()
    directive: Directive | None = None
    keep_suppression: bool = False

    def __repr__(self) -> str:
        return f"Wish({self.right.value})"


def ask(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    person: Found,
    proof: Proof,
    by: UUID | None,
    wish: Wish,
    *,
    done: bool = False,
) -> RequestReceived:
    """Takes a request in, with the proof that there is. `by`: the contact detail that a code proved. `done`:
    what it does here at once was done in this unit before.

    Raises what `register` does. Names what is theirs alone, so that what only restricts meets nobody else.
    """
    contacts = subjects.contacts_of(unit.connection, keyring, person.members)
    alone = _alone(unit.connection, keyring, compiled.policy, person, contacts)
    named = dict.fromkeys(one.named for one in contacts if one.named.scheme in compiled.policy.identifiers)
    names = alone or tuple(named)
    asked = RequestAsked(
        right=wish.right,
        identifiers=tuple(Identifier(one.scheme, one.value) for one in names[:MOST_NAMED]),
        territory=person.territory,
        came_by="portal",
        language=wish.language,
        words=wish.words,
        changes={**wish.changes},
        purposes=wish.purposes,
        directive=wish.directive,
        keep_suppression=wish.keep_suppression,
    )
    shown = Shown(person.id, _answer_to(compiled.policy, contacts, alone, by))
    done_for = (person.group,) if done else None
    case = register(unit, keyring, compiled, _THEMSELVES, asked, shown, done_for=done_for)
    if NEEDS[wish.right].proof is not Proof.NONE:
        identity.proven(case, proof, _THEMSELVES, {"by": "portal"})
    return views.received(case.row)


def _alone(
    connection: Any, keyring: Keyring, policy: Policy, person: Found, contacts: Collection[Contact]
) -> tuple[Named, ...]:  # Any: a database connection
    """Of what the person is known by, what nobody else has; what the policy no longer knows is left out."""
    names = dict.fromkeys(one.named for one in contacts if one.named.scheme in policy.identifiers)
    holders = subjects.holders_of(connection, keyring, names)
    return tuple(name for name in names if holders.get(name) == {person.group})


def _answer_to(
    policy: Policy, contacts: Collection[Contact], alone: Collection[Named], by: UUID | None
) -> tuple[str, str] | None:
    """Where the answer goes: the address that a code just proved, else one that a code proved before; none
    that somebody else reads, and none that nobody ever showed to be theirs.
    """
    reached = [
        one
        for one in contacts
        if one.named in alone
        and policy.identifiers[one.named.scheme].kind == "email"
        and (one.id == by or one.strength == "verified")
    ]
    reached.sort(key=lambda one: (one.id != by, one.id))
    return (reached[0].named.scheme, reached[0].named.value) if reached else None


def own(connection: Any, policy: Policy, members: Collection[UUID]) -> tuple[RequestBrief, ...]:
    """Any: a database connection. All about these, the newest first."""
    rows = store.of_rights(connection, members, _TOLD)[::-1]
    steps = store.steps_of(connection, [row["id"] for row in rows])
    return tuple(views.brief(row, steps[row["id"]], policy) for row in rows)


def open_one(connection: Any, members: Collection[UUID], right: Right) -> UUID | None:
    """Any: a database connection. The latest of a right that is not over yet; None where there is none."""
    rows = store.of_rights(connection, members, (right.value,))
    return next((UUID(int=row["id"].int) for row in reversed(rows) if State(row["state"]) in OPEN), None)


def owned(connection: Any, policy: Policy, members: Collection[UUID], id_: UUID) -> RequestTold:
    """Any: a database connection. One of them. Raises NotFound."""
    return views.told(connection, policy, _own_row(connection, members, id_))


def certificates(connection: Any, members: Collection[UUID], id_: UUID) -> tuple[CertificateTold, ...]:
    """Any: a database connection. Of an erasure, each that there is; the last one stands. Raises NotFound."""
    _own_row(connection, members, id_)
    return certificates_of(connection, id_)


def take_back(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, members: Collection[UUID], id_: UUID
) -> None:
    """Raises NotFound, and Conflict where silos are at it already, or it is over."""
    _own_row(unit.connection, members, id_)
    case = RequestCase.locked(unit, keyring, compiled, id_)
    case.move(Event.WITHDRAWN, _THEMSELVES)
    ended(case, _THEMSELVES)
    rounds.closed(case, _THEMSELVES)


def can_be_taken_back(state: str) -> bool:
    return State(state) in (State.RECEIVED, State.IDENTIFYING, State.APPROVING)


def copy_until(connection: Any, request: RequestTold, now: int) -> Instant | None:
    """Any: a database connection. Until when the copy of a request can be fetched; None where none can."""
    if request.state in _GONE:
        return None
    found = [
        row["expires_at"]
        for row in copy_store.packages(connection, request.id)
        if row["released_at"] is not None and now < row["expires_at"]
    ]
    return Instant(max(found)) if found else None


def require_own(connection: Any, members: Collection[UUID], id_: UUID) -> None:
    """Any: a database connection. Raises NotFound."""
    _own_row(connection, members, id_)


def _own_row(connection: Any, members: Collection[UUID], id_: UUID) -> Any:  # Any: a connection, a row
    row = store.request(connection, id_)
    if row is None or row["subject_id"] not in members or row["right"] not in _TOLD:
        raise unknown_request()
    return row
