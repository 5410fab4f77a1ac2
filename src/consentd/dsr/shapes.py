"""The shapes in which requests come in, exactly. What is not in them is refused, never guessed."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from consentd.dsr.rights import Right
from consentd.subjects.requests import Identifier, Short, Territory

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=5000)]
CameBy = Literal["api", "portal", "letter", "phone", "counter", "email"]
STAFF_TOOK: frozenset[str] = frozenset({"letter", "phone", "counter", "email"})
"""Ways on which a member of staff typed in what somebody else asked."""


class Agent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who acts for the person, and by what mandate: a lawyer, an heir, a guardian, an association."""

    name: Short
    mandate: Words
    """What shows it: a signed letter of such a day, a court's decision. Kept sealed."""

    def __repr__(self) -> str:
        return "Agent(…)"


class Entrusted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom somebody wants their data to be entrusted to after their death."""

    name: Short
    contact: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    """How they are reached."""

    def __repr__(self) -> str:
        return "Entrusted(…)"


class Directive(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody wants done with their data after their death (LIL 85). Kept sealed."""

    wish: Literal["keep", "erase", "hand_over", "revoke"]
    """To keep them, to erase them, to hand a copy to who is named; or what was left before is taken back."""
    to: Entrusted | None = None
    """Whom to turn to; nobody else is then."""
    words: Words | None = None

    def __repr__(self) -> str:
        return "Directive(…)"


class RequestAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    right: Right
    identifiers: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1, max_length=20)]
    territory: Territory | None = None
    came_by: CameBy = "api"
    received_on: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    """The day on which the letter or the counter got it, from which the time runs; today if left out."""
    language: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}$")] = "fr"
    agent: Agent | None = None
    words: Words | None = None
    """What the person wrote or said. Kept sealed."""
    changes: Annotated[
        dict[Short, Annotated[str, msgspec.Meta(max_length=1000)]], msgspec.Meta(max_length=50)
    ] = {}
    """To rectify: which field, and what is right."""
    purposes: Annotated[tuple[Short, ...], msgspec.Meta(max_length=50)] = ()
    """Of an objection under 21(1): to which uses; if none is named, all that rest on interests."""
    directive: Directive | None = None
    """Of the right `directives`: what is left, or taken back."""
    keep_suppression: bool = False
    """With an erasure: whether the person also wants never to be contacted again."""

    def __repr__(self) -> str:
        return f"RequestAsked({self.right.value})"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="step"):
    """One thing done about a request by a member of staff, named by their id."""

    by: UUID


class Identify(Step, frozen=True, kw_only=True, tag="identify"):
    """Staff decide that whoever asks is the person, and on which grounds."""

    grounds: Words
    subject_id: UUID | None = None
    """Who it is, where several share what was named."""
    accepts_identifiers: bool = False
    """Whether all identifiers of the request are theirs, also those that consentd did not know."""


class AskProof(Step, frozen=True, kw_only=True, tag="ask_proof"):
    """Staff ask for identity on reasonable doubt, which may stop the clock."""

    doubt: Words


class Approve(Step, frozen=True, kw_only=True, tag="approve"):
    note: Words | None = None
    systems: tuple[Short, ...] = ()
    """Silos whose tasks wait for an approval of their own; empty: the request itself."""
    directive: UUID | None = None
    """What the person left for after their death, where it stands in the way: then `note` says why."""


class Refuse(Step, frozen=True, kw_only=True, tag="refuse"):
    """GDPR 12(4): the reasons; the authority and the courts are named beside them."""

    reasons: Words
    article: Short


class Extend(Step, frozen=True, kw_only=True, tag="extend"):
    reasons: Words


class Release(Step, frozen=True, kw_only=True, tag="release"):
    note: Words | None = None
    directive: UUID | None = None
    """As with `approve`."""


class Uphold(Step, frozen=True, kw_only=True, tag="uphold"):
    """An objection under 21(1) stands: no compelling grounds against it were found."""

    note: Words | None = None


class Retry(Step, frozen=True, kw_only=True, tag="retry"):
    """Ask silos again that failed or were silent; all of them if none is named."""

    systems: tuple[Short, ...] = ()


class Withdraw(Step, frozen=True, kw_only=True, tag="withdraw"):
    """The person takes the request back."""

    note: Words | None = None


class WroteByHand(Step, frozen=True, kw_only=True, tag="wrote_by_hand"):
    """Staff told the person what no mail could: where the step `write_by_hand` asked for it."""

    told: Literal["receipt", "extension", "refusal", "answer", "copy"]
    on: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    """The day on which it was written, or said: by it the answer is in time, or late."""
    how: Literal["letter", "telephone", "counter"]
    reference: Short | None = None
    """Where the letter or the note of the call is found. Kept sealed."""


class Redact(Step, frozen=True, kw_only=True, tag="redact"):
    """Hold back of a copy what is about somebody else (GDPR 15(4)): a record, or one value of it."""

    system: Short
    what: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """The category, as the silo calls it."""
    record: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    """The first of a category is 1."""
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """In words for the person, without what is held back."""
    field: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    """None: the whole record."""


class TakeBack(Step, frozen=True, kw_only=True, tag="take_back"):
    """What was held back goes out after all."""

    redaction: UUID


class MakeCopy(Step, frozen=True, kw_only=True, tag="make_copy"):
    """Make the copy again, where it failed."""


AnyStep = (
    Identify
    | AskProof
    | Approve
    | Refuse
    | Extend
    | Release
    | Uphold
    | Retry
    | Withdraw
    | WroteByHand
    | Redact
    | TakeBack
    | MakeCopy
)


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What a request's own key seals."""

    asked: RequestAsked
    named: tuple[tuple[str, str], ...]
    """The identifiers as they were given, each in its one spelling."""
    known: tuple[tuple[str, str], ...] = ()
    """Those that are the person's: what silos are asked about. Set once identity is proven."""
    answer_to: tuple[str, str] | None = None
    """The contact detail that a code proved to be the person's and nobody else's: where the answer goes."""

    def __repr__(self) -> str:
        return "Sealed(…)"
