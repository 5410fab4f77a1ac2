"""Facts: sourced, dated statements, and their fold into what a decision needs (docs/data.md).

Pure: the shapes that callers send, the sealed payload, and `fold_facts`.
"""

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.case import Birth, Contract, Facts, Sale
from consentd.kernel.instants import Instant, parse_moment
from consentd.subjects.requests import Identifier, Short, Time, Word


class _Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    source_event_id: Short | None = None


class SaleFact(_Fact, tag="sale", frozen=True, kw_only=True):
    """A sale: with `refusal_offered` and `address_from_person`, evidence for the soft opt-in."""

    occurred_at: Time
    product: Word | None = None
    """A product category of the policy's purposes."""
    refusal_offered: bool = False
    address_from_person: bool = False
    contact_point: Identifier | None = None
    reference: Short | None = None


class ContractFact(_Fact, tag="contract", frozen=True, kw_only=True):
    start: Time
    end: Time | None = None
    """Exclusive; without it the contract is open. To end one, send it again with its start and its end."""
    subject_matter: Word
    reference: Short | None = None


class BirthFact(_Fact, tag="birth_date", frozen=True, kw_only=True):
    value: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}(-[0-9]{2}-[0-9]{2})?$")]
    """A day, "2013-05-04", or only the year, "2013"."""


class ProfessionalFact(_Fact, tag="professional", frozen=True, kw_only=True):
    """Whether a contact detail is one of a profession (docs/law.md 14): about the detail, not the person."""

    contact_point: Identifier
    professional: bool = True


class LastContactFact(_Fact, tag="last_contact", frozen=True, kw_only=True):
    """The person wrote, called, came or clicked. An opened e-mail is none."""

    occurred_at: Time


class UnreachableFact(_Fact, tag="unreachable", frozen=True, kw_only=True):
    """A contact detail bounces: neither consent nor refusal. `unreachable` false: it works again."""

    occurred_at: Time
    contact_point: Identifier
    unreachable: bool = True


Fact = SaleFact | ContractFact | BirthFact | ProfessionalFact | LastContactFact | UnreachableFact


def contact_point_of(fact: Fact) -> Identifier | None:
    return getattr(fact, "contact_point", None)


class Payload(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed of one fact: enough to fold it again."""

    kind: Literal["sale", "contract", "birth_date", "professional", "last_contact", "unreachable"]
    id: UUID
    first: Instant
    last: Instant
    end: Instant | None = None
    product: str | None = None
    refusal_offered: bool = False
    from_person: bool = False
    contact_point: UUID | None = None
    subject_matter: str | None = None
    birth: Birth | None = None
    yes: bool = True
    reference: str | None = None


def payload(fact: Fact, id_: UUID, point: UUID | None, now: Instant, zone: ZoneInfo) -> Payload:
    """Raises ValueError, fit for the caller, for a time or birth date that cannot be."""
    match fact:
        case SaleFact():
            when = parse_moment(fact.occurred_at, zone)
            return Payload(
                kind="sale",
                id=id_,
                first=when.first,
                last=when.last,
                product=fact.product,
                refusal_offered=fact.refusal_offered,
                from_person=fact.address_from_person,
                contact_point=point,
                reference=fact.reference,
            )
        case ContractFact():
            start = parse_moment(fact.start, zone)
            end = parse_moment(fact.end, zone).first if fact.end else None
            if end is not None and end < start.first:
                raise ValueError("the contract ends before it starts")
            return Payload(
                kind="contract",
                id=id_,
                first=start.first,
                last=start.last,
                end=end,
                subject_matter=fact.subject_matter,
                reference=fact.reference,
            )
        case BirthFact():
            return Payload(kind="birth_date", id=id_, first=now, last=now, birth=_birth(fact.value))
        case ProfessionalFact():
            return Payload(
                kind="professional", id=id_, first=now, last=now, contact_point=point, yes=fact.professional
            )
        case LastContactFact():
            when = parse_moment(fact.occurred_at, zone)
            return Payload(kind="last_contact", id=id_, first=when.first, last=when.last)
        case UnreachableFact():
            when = parse_moment(fact.occurred_at, zone)
            return Payload(
                kind="unreachable",
                id=id_,
                first=when.first,
                last=when.last,
                contact_point=point,
                yes=fact.unreachable,
            )


def _birth(text: str) -> Birth:
    birth = Birth(int(text)) if len(text) == 4 else Birth(*map(int, text.split("-")))
    born = birth.born_by()
    if not 1900 <= born.year <= 2100:
        raise ValueError("the birth date lies outside 1900 to 2100")
    return birth


KINDS = {"birth_date": 1, "sale": 2, "contract": 4, "last_contact": 8}
"""What `fact_states.kinds` adds up of the kinds that a person's folded facts are of."""
BEHIND = {"births": 1, "sales": 2, "contracts": 4, "last_contact": 2 + 8}
"""Of which kinds a fact must be to show in this field of `Facts`."""
ALL_KINDS = sum(KINDS.values())


def kinds_of(payloads: Iterable[Payload]) -> int:
    return sum({KINDS.get(fact.kind, 0) for fact in payloads})


def fold_facts(payloads: Iterable[Payload]) -> Facts:
    """What a decision needs of a person's facts. In any order the same facts fold alike."""
    births: set[tuple[int, int | None, int | None]] = set()
    sales: dict[UUID, Sale] = {}
    contracts: dict[tuple[Instant, str], Contract] = {}
    last_contact: Instant | None = None
    for fact in payloads:
        match fact.kind:
            case "birth_date" if fact.birth is not None:
                births.add((fact.birth.year, fact.birth.month, fact.birth.day))
            case "sale":
                sales[fact.id] = Sale(
                    fact.first, fact.product, fact.refusal_offered, fact.from_person, fact.contact_point
                )
            case "contract" if fact.subject_matter is not None:
                key = (fact.first, fact.subject_matter)
                known = contracts.get(key)
                # The same contract told again: the earlier end counts, an open end never reopens it.
                ends = [e for e in (fact.end, known.end if known else None) if e is not None]
                contracts[key] = Contract(fact.first, min(ends, default=None), fact.subject_matter)
            case _:
                pass
        if fact.kind in ("sale", "last_contact"):
            last_contact = max(fact.first, last_contact or fact.first)
    return Facts(
        births=tuple(Birth(*b) for b in sorted(births, key=str)),
        sales=tuple(sorted(sales.values(), key=lambda s: (s.at, s.product or ""))),
        contracts=tuple(sorted(contracts.values(), key=lambda c: (c.start, c.subject_matter))),
        last_contact=last_contact,
    )
