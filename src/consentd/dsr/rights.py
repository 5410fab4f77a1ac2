"""Which rights there are, and what each takes: as one table (GDPR 12–22, docs/requests.md). Pure.

A right that only restricts is open to whoever may be the person: it needs no proof, and is done at once. One
that shows, changes or erases needs proof first (promise 12).
"""

from enum import IntEnum

import msgspec

from consentd.kernel.connection import Verb
from consentd.kernel.request_rules import Right as Right


class Proof(IntEnum):
    """How well it is known who asks. Ordered: what is enough for more is enough for less."""

    NONE = 0
    CONTACT = 1
    """They read what is sent to a contact detail."""
    PERSON = 2
    """They are the one: the contact detail is theirs alone and verified, a login, a decision of staff."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What a right takes."""

    article: str
    proof: Proof
    """Before anything leaves, changes or is erased."""
    verbs: tuple[Verb, ...] = ()
    """What silos are asked, one after the other, once they were located."""
    reviewed: bool = False
    """Whether a member of staff looks at the result before it is released."""
    told_to_recipients: bool = False
    """Whether everybody who received the data is told (GDPR 19)."""

    @property
    def erases(self) -> bool:
        return Verb.ERASE in self.verbs


NEEDS: dict[Right, Need] = {
    Right.ACCESS: Need(article="GDPR 15", proof=Proof.PERSON, verbs=(Verb.EXPORT,), reviewed=True),
    Right.PORTABILITY: Need(article="GDPR 20", proof=Proof.PERSON, verbs=(Verb.EXPORT,), reviewed=True),
    Right.RECTIFICATION: Need(
        article="GDPR 16",
        proof=Proof.CONTACT,
        verbs=(Verb.RECTIFY,),
        told_to_recipients=True,
    ),
    Right.ERASURE: Need(
        article="GDPR 17",
        proof=Proof.PERSON,
        verbs=(Verb.ERASE, Verb.CONFIRM),
        told_to_recipients=True,
    ),
    Right.RESTRICTION: Need(
        article="GDPR 18", proof=Proof.NONE, verbs=(Verb.RESTRICT,), told_to_recipients=True
    ),
    # Told before it is lifted, 18(3).
    Right.LIFTING: Need(article="GDPR 18(3)", proof=Proof.PERSON, verbs=(Verb.RESTRICT,)),
    Right.MARKETING_OBJECTION: Need(article="GDPR 21(2)", proof=Proof.NONE, verbs=(Verb.WRITE_PREFERENCE,)),
    # Suspended while staff examine it: that is the review.
    Right.OBJECTION: Need(article="GDPR 21(1)", proof=Proof.NONE, verbs=(Verb.RESTRICT,), reviewed=True),
    Right.WITHDRAWAL: Need(article="GDPR 7(3)", proof=Proof.NONE, verbs=(Verb.WRITE_PREFERENCE,)),
    Right.POST_MORTEM: Need(article="LIL 85", proof=Proof.PERSON, verbs=(Verb.EXPORT,), reviewed=True),
    Right.POST_MORTEM_ERASURE: Need(
        article="LIL 85",
        proof=Proof.PERSON,
        verbs=(Verb.ERASE, Verb.CONFIRM),
        told_to_recipients=True,
    ),
    # Kept by consentd alone, for the day on which heirs ask.
    Right.DIRECTIVES: Need(article="LIL 85", proof=Proof.PERSON),
    # Nobody asks: it begins with the person that the policy names, and who is known by that.
    Right.RETENTION: Need(
        article="GDPR 5(1)(e)",
        proof=Proof.PERSON,
        verbs=(Verb.ERASE, Verb.CONFIRM),
        told_to_recipients=True,
    ),
}


SAID_WHEN_ASKED = frozenset(
    right for right, need in NEEDS.items() if need.proof is Proof.NONE and not need.reviewed
)
"""Rights that only restrict, and need nobody's look: done, and said so, when they are asked."""


def proof_by_code(*, alone: bool, verified: bool) -> Proof:
    """What a code sent to a contact detail proves: of the person, only where it is theirs alone and known to
    be; a code proves control of a contact detail, and no more (promise 12).
    """
    return Proof.PERSON if alone and verified else Proof.CONTACT
