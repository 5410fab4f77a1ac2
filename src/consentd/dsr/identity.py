"""Who asks: codes sent to known contact details, and what they prove (promises 12 to 14).

A code goes to a contact detail that is on record for the person, never to one that came with the request. It
proves that somebody reads what is sent there; of the person only if the detail is theirs alone and well
known to be. Whoever asks is not told which of the two it was, nor whether there is anybody at all.
"""

import secrets
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.dsr import directives, store, telling
from consentd.dsr.cases import RequestCase
from consentd.dsr.rights import Proof, proof_by_code
from consentd.dsr.running import begin_running
from consentd.dsr.states import Event, State
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.errors import Conflict, Unprocessable
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import DAY, MINUTE
from consentd.subjects import service as subjects
from consentd.subjects.model import Contact

CODE_MINUTES = 15
MOST_TRIES = 5
"""Of one code; a guess then has a chance of one in twenty million."""
MOST_CODES = 5
"""Of one request, in a day."""
_DIGITS = 8
_SUBJECT = Actor(ActorKind.SUBJECT)


class Sending(msgspec.Struct, frozen=True):
    """A code, and where it goes. It exists in clear here alone."""

    to: str
    code: str
    language: str

    def __repr__(self) -> str:
        return "Sending(…)"


def make_code(case: RequestCase, scheme: str) -> Sending | None:
    """A code for a contact detail of this scheme; None where there is none to send it to, which whoever asked
    is not told. Raises Conflict where the request waits for no proof, or had its codes for a day.
    """
    if case.state not in (State.RECEIVED, State.IDENTIFYING):
        raise Conflict("not_now", "This request waits for no proof of identity.")
    require_codes_left(case)
    case.move(Event.PROOF_ASKED, _SUBJECT)
    contact = _contact(case, scheme)
    # Where nobody is, a code is made that goes nowhere: the same work, the same answers.
    code = new_code(case, contact.id if contact else new_id())
    return None if contact is None else Sending(contact.named.value, code, case.row["language"])


def require_codes_left(case: RequestCase) -> None:
    """Raises Conflict where the request had its codes for a day."""
    unit = case.unit
    made = [row for row in store.codes(unit.connection, case.id) if row["created_at"] > unit.now - DAY]
    if len(made) >= MOST_CODES:
        raise Conflict(
            "too_many_codes", "This request had its codes for a day: go on tomorrow, or in another way."
        )


def new_code(case: RequestCase, identifier: UUID) -> str:
    """A code for this contact detail; it exists in clear in what is returned alone."""
    unit = case.unit
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    store.add_code(
        unit,
        {
            "id": new_id(),
            "request_id": case.id,
            "identifier_id": identifier,
            "digest": _digest(case.keyring, case.id, code),
            "tries": 0,
            "created_at": unit.now,
            "expires_at": unit.now + CODE_MINUTES * MINUTE,
        },
    )
    return code


def _contact(case: RequestCase, scheme: str) -> Contact | None:
    """The person's contact detail of this scheme: the one that the request names, or else the best known."""
    subject = case.row["subject_id"]
    if subject is None:
        return None
    named = set(case.content().named)
    found = [
        contact
        for contact in subjects.contacts_of(
            case.unit.connection, case.keyring, members_of(case, SubjectId(subject))
        )
        if contact.named.scheme == scheme
    ]
    order = {"verified": 0, "asserted": 1, "weak": 2}
    found.sort(
        key=lambda one: ((one.named.scheme, one.named.value) not in named, order[one.strength], one.id)
    )
    return found[0] if found else None


def members_of(case: RequestCase, subject: SubjectId) -> tuple[SubjectId, ...]:
    return subjects.person_by_id(case.unit.connection, subject).members


def count_try(unit: Unit, keyring: Keyring, request: UUID, code: str) -> Any:  # Any: a row, or None
    """Counts a try before it is judged, so that no two processes give one more; the code that it opens.

    To be committed by itself: a guess that fails must count too. What it opens is used up by `use_up`.
    """
    if not (len(code) == _DIGITS and code.isascii() and code.isdigit()):
        raise wrong_code()
    rows = store.codes(unit.connection, request, lock=True)
    live = [row for row in rows if row["used_at"] is None and row["expires_at"] > unit.now][:1]
    digest = _digest(keyring, request, code)
    for row in live:
        if row["tries"] >= MOST_TRIES:
            return None
        store.change_code(unit, row["id"], {"tries": row["tries"] + 1})
        if secrets.compare_digest(bytes(row["digest"]), digest):
            return row
    return None


def use_up(unit: Unit, code: Any) -> None:  # Any: the row that `count_try` gave
    """In the unit of what it proves, so that one that is undone, or dies, costs nobody their code. Raises
    Unprocessable where another was first.
    """
    if not store.use_code(unit, code["id"]):
        raise wrong_code()


def prove_by_code(case: RequestCase, identifier: UUID) -> None:
    """Takes in that somebody read the code sent to this contact detail."""
    subject = case.row["subject_id"]
    contact = None
    if subject is not None:
        contact = next(
            (
                one
                for one in subjects.contacts_of(
                    case.unit.connection, case.keyring, members_of(case, SubjectId(subject))
                )
                if one.id == identifier
            ),
            None,
        )
    if contact is None:
        raise wrong_code()
    named = contact.named
    holders = subjects.holders_of(case.unit.connection, case.keyring, [named]).get(named, set())
    proof = proof_by_code(alone=len(holders) == 1, verified=contact.strength != "weak")
    reached = max(proof, Proof(case.row["proof"]))
    values: dict[str, Any] = {}
    if proof is Proof.PERSON:
        # Only where nobody else reads it: what is told there names what was asked and what came of it.
        answer_to = (contact.named.scheme, contact.named.value)
        content = msgspec.structs.replace(case.content(), answer_to=answer_to)
        values["sealed"] = case.put_content(content)
    proven(case, reached, _SUBJECT, {"by": "code"}, **values)


def proven(case: RequestCase, reached: Proof, actor: Actor, detail: object, **values: Any) -> None:
    """Takes in a proof: the request goes on if it is enough, and else waits for another one."""
    if reached < Proof(case.row["proof_needed"]):
        case.note("proof_given", State.IDENTIFYING, actor, detail, proof=reached.value, **values)
        return
    directives.require_somebody(case)
    case.move(Event.PROVEN, actor, detail, proof=reached.value, **values)
    directives.look(case)
    telling.receipt(case)
    dates = case.due_again(extended=case.row["extended"])
    if dates.legal.isoformat() != case.row["legal_due"]:
        # The clock stood still while there was doubt.
        case.note(
            "clock_resumed",
            case.state,
            actor,
            safe_due=dates.safe.isoformat(),
            legal_due=dates.legal.isoformat(),
        )
    if case.state is State.RUNNING:
        begin_running(case)


def wrong_code() -> Unprocessable:
    """In the same words whatever was wrong: the code, its age, or that there is nobody."""
    return Unprocessable(
        "wrong_code", "This code is wrong, was used, or is over. After five tries a new one is needed."
    )


def _digest(keyring: Keyring, request: UUID, code: str) -> bytes:
    return keyring.digest("identity-code", request.bytes + code.encode())
