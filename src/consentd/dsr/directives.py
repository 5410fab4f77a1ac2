"""Directives for after death (loi Informatique et Libertés 85): what somebody wants done with their data when
they are gone, and to whom one is to turn.

They are left, changed and taken back by the person alone, by a request of their own with their own proof
(promise 12); the last one counts. What they say lies sealed under the person's content key, and goes with it.
When heirs ask, it is looked at: what it forbids is carried out on no approval that does not name it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.secrets import Key
from consentd.dsr import store
from consentd.dsr.cases import RequestCase
from consentd.dsr.directive_store import DIRECTIVES, directives_of
from consentd.dsr.rights import Right
from consentd.dsr.shapes import Approve, Directive, Release, RequestAsked
from consentd.evidence.model import SERVICE, Actor
from consentd.kernel.canonical import Scalar, canonical
from consentd.kernel.errors import Conflict, NotFound, Unprocessable, wrong
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import Instant, to_text
from consentd.subjects import service as subjects
from consentd.subjects import whole
from consentd.subjects.likeness import name_key

HEIRS = frozenset({Right.POST_MORTEM, Right.POST_MORTEM_ERASURE})
FOUND = "directive"
_LEFT = msgspec.json.Decoder(Directive)


class Left(msgspec.Struct, frozen=True):
    """What somebody left, opened. It does not print: it names people."""

    id: UUID
    at: Instant
    directive: Directive

    def __repr__(self) -> str:
        return "Left(…)"


def check(asked: RequestAsked) -> None:
    """Whether a request may bring what it brings. Raises Unprocessable."""
    if asked.right is not Right.DIRECTIVES:
        if asked.directive is not None:
            raise wrong(
                "directive_not_here", "/directive", "Only a request of the right `directives` leaves any."
            )
        return
    if asked.directive is None:
        raise Unprocessable(
            "directive_missing", "Say in `directive` what is to be done with the data, or that it is revoked."
        )
    if asked.agent is not None:
        raise wrong(
            "agent_not_here", "/agent", "Directives are the person’s own: nobody leaves them for them."
        )
    if asked.directive.wish == "hand_over" and asked.directive.to is None:
        raise wrong("directive_missing", "/directive/to", "Say to whom a copy is to be handed.")
    if asked.directive.wish == "revoke" and asked.directive.to is not None:
        raise wrong("directive_not_here", "/directive/to", "What is taken back names nobody.")


def keep(case: RequestCase, actor: Actor) -> None:
    """Writes down what the person left, once it is proven that they did."""
    directive, subject = case.content().asked.directive, SubjectId(case.row["subject_id"])
    assert directive is not None
    key = whole.keys_of(case.unit.connection, case.keyring, [subject])[subject]
    id_ = new_id()
    entry = case.entry("directive.left", actor)
    entry.insert(
        DIRECTIVES,
        {
            "id": id_,
            "subject_id": subject,
            "request_id": case.id,
            "at": case.unit.now,
            "key_id": key.id,
            "sealed": seal(key, canonical(directive), Place("directives", "sealed", id_)),
        },
    )
    entry.close({"request": str(case.id), "directive": str(id_)})


def require_somebody(case: RequestCase) -> None:
    """Raises Unprocessable where directives would be left by somebody of whom there is no record."""
    if case.right is Right.DIRECTIVES and case.row["subject_id"] is None:
        raise Unprocessable(
            "nobody_named", "Directives are kept with the person’s record: say who it is by `subject_id`."
        )


def all_left(connection: Any, keys: Mapping[SubjectId, Key]) -> list[Left]:
    """Any: a database connection. Everything that people with these content keys left, oldest first."""
    return [_opened(keys[row["subject_id"]], row) for row in directives_of(connection, keys)]


def _opened(key: Key, row: Any) -> Left:  # Any: a row mapping
    content = unseal(key, row["sealed"], Place("directives", "sealed", row["id"]))
    return Left(row["id"], row["at"], _LEFT.decode(content))


def records(connection: Any, keys: Mapping[SubjectId, Key]) -> Iterator[dict[str, Scalar]]:
    """Any: a database connection. The same as a copy of the person's data tells it."""
    left = all_left(connection, keys)
    for one in left:
        to = one.directive.to
        yield {
            "wish": one.directive.wish,
            "name": None if to is None else to.name,
            "contact": None if to is None else to.contact,
            "words": one.directive.words,
            "left_at": to_text(one.at),
            "stands": one is left[-1] and one.directive.wish != "revoke",
        }


def standing(connection: Any, keyring: Keyring, members: Sequence[SubjectId]) -> Left | None:
    """Any: a database connection. What counts of it; None where nothing was left, or it was taken back."""
    left = all_left(connection, whole.keys_of(connection, keyring, members))
    return left[-1] if left and left[-1].directive.wish != "revoke" else None


def of_case(case: RequestCase) -> Left | None:
    """What the person left whose heirs ask."""
    if case.right not in HEIRS or case.row["subject_id"] is None:
        return None
    try:
        members = subjects.person_by_id(case.unit.connection, case.row["subject_id"]).members
    except NotFound:
        # Erased since: what they left went with it.
        return None
    return standing(case.unit.connection, case.keyring, members)


def in_the_way(directive: Directive, asked: RequestAsked) -> tuple[str, ...]:
    """What of it stands against what heirs ask."""
    found = []
    if asked.right is Right.POST_MORTEM and directive.wish == "erase":
        found.append("to_be_erased")
    if asked.right is Right.POST_MORTEM_ERASURE and directive.wish == "keep":
        found.append("to_be_kept")
    if asked.right is Right.POST_MORTEM_ERASURE and directive.wish == "hand_over":
        found.append("to_be_handed_over")
    if directive.to is not None and (asked.agent is None or not _alike(directive.to.name, asked.agent.name)):
        found.append("another_is_named")
    return tuple(found)


def _alike(one: str, other: str) -> bool:
    """Two writings of one name, as far as a program can tell; staff look at it all the same."""
    keys = [name_key(None, None, name) for name in (one, other)]
    return None not in keys and keys[0] == keys[1]


def look(case: RequestCase) -> None:
    """Says in the request's steps that the person left something, and what of it stands in the way."""
    left = of_case(case)
    if left is None:
        return
    against = in_the_way(left.directive, case.content().asked) or ("agrees",)
    because = " ".join((f"{FOUND}:{left.id}", *against))
    said = [step["because"] for step in store.steps(case.unit.connection, case.id) if step["event"] == FOUND]
    if because not in said[-1:]:
        case.note(FOUND, case.state, SERVICE, clear={"because": because})


def require_named(case: RequestCase, step: Approve | Release) -> Mapping[str, str] | None:
    """What the step that decides says of a directive. Raises Conflict where one stands in the way and the
    decision does not name it, NotFound where it names another.
    """
    left = of_case(case)
    if step.directive is not None and (left is None or step.directive != left.id):
        raise no_directive()
    if left is None:
        return None
    if in_the_way(left.directive, case.content().asked) and (step.directive is None or step.note is None):
        raise Conflict(
            "directive_in_the_way",
            "The person left directives that say otherwise: read them at GET "
            "/v1/requests/{id}/directive. A decision against them names them by `directive`, and says why in "
            "`note`.",
        )
    return None if step.directive is None else {"because": f"{FOUND}:{left.id}"}


def no_directive() -> NotFound:
    return NotFound("no_directive", "The person left no directives, took them back, or left others since.")
