"""The processing section: what a choice is about, by the policy that it was recorded under (TS 27560 §6.3.4).

Storage, recipients and periods are what the company says in its policy; nothing is made up. What the law
sets (how long a yes lasts, how long its proof is kept) comes from the packs of that same policy.
"""

from typing import NamedTuple
from uuid import UUID

from consentd.consent.dpv.context import Node, own
from consentd.consent.dpv.parties import AUTHORITY, CONTROLLER, exercised_at, recipient_id, recipients
from consentd.kernel.calendar import local_date
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.grounds import expires
from consentd.kernel.instants import Instant, to_text
from consentd.kernel.law import ProofRule
from consentd.kernel.policy import Policy, Purpose
from consentd.kernel.regime import first

_PURPOSES = {
    "direct_marketing": "dpv:DirectMarketing",
    "profiling": "dpv:Personalisation",
    "tracking": "dpv:Marketing",
    "service": "dpv:ServiceProvision",
    "legal": "dpv:FulfilmentOfObligation",
    "research": "dpv:ResearchAndDevelopment",
}
_BASES = {
    "consent": "eu-gdpr:A6-1-a",
    "explicit_consent": "eu-gdpr:A6-1-a-explicit-consent",
    "contract": "eu-gdpr:A6-1-b",
    "legal_obligation": "eu-gdpr:A6-1-c",
    "vital_interests": "eu-gdpr:A6-1-d",
    "public_task": "eu-gdpr:A6-1-e",
    "legitimate_interest": "eu-gdpr:A6-1-f",
    # A basis of its own beside GDPR 6 (docs/law.md 7): the GDPR's vocabulary has no word for it.
    "eprivacy_13_2": own("eprivacy", "13", "2"),
}
_ALWAYS = ("A13", "A15", "A16", "A18", "A77")
_WHERE_OPEN = ("A14", "A17", "A22")
_DATA = {"email": "pd:EmailAddress", "phone": "pd:TelephoneNumber", "account": "pd:AccountIdentifier"}


class About(NamedTuple):
    """What one record is about."""

    purpose: str
    channel: str
    contact_point: UUID | None


def process(compiled: CompiledPolicy, about: About, territory: str | None, at: Instant) -> Node:
    """The processing that a choice of `at` allows or forbids, as the policy describes it."""
    policy = compiled.policy
    purpose = policy.purposes[about.purpose]
    # Those of the policy that the law allows. A choice where none is left is about consent all the same.
    bases = compiled.regime(about.purpose, about.channel, territory, False, at).bases or ("consent",)
    controller = policy.controller
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": _purpose(purpose),
        "dpv:hasContext": {
            "@type": "dpv:Context",
            "dct:identifier": about.channel,
            "dct:title": policy.channels[about.channel].label,
        },
        "dpv:hasLegalBasis": [_basis(purpose, basis) for basis in bases],
        "dpv:hasPersonalData": _data(policy, purpose, about),
        "dpv:hasProcessing": ["dpv:Collect", "dpv:Store", "dpv:Use"],
        "dpv:hasDataSource": "dpv:DataSubjectDataSource",
        "dpv:hasStorageCondition": _storage(compiled, about, territory, at),
        "dpv:hasDataController": CONTROLLER,
        "dpv:hasRecipient": _recipients(policy, about),
        "dpv:hasJurisdiction": f"loc:{controller.country}",
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": exercised_at(controller),
        },
        "dpv:hasRight": [f"eu-gdpr:{right}" for right in rights(bases)],
        "dpv:hasAuthority": AUTHORITY,
    }


def until(compiled: CompiledPolicy, about: About, territory: str | None, given: Instant) -> Node:
    """How long a yes lasts by law and policy: to an instant, or until it is withdrawn."""
    regime = compiled.regime(about.purpose, about.channel, territory, False, given)
    if regime.months is None:
        return until_event("withdrawal")
    return {"@type": "dpv:UntilTimeDuration", "rdf:value": to_text(expires(given, regime))}


def until_event(what: str) -> Node:
    return {"@type": "dpv:UntilEventDuration", "rdf:value": what}


def _purpose(purpose: Purpose) -> Node:
    return {
        "@id": own("purpose", purpose.id),
        "@type": _PURPOSES[purpose.kind],
        "dct:identifier": purpose.id,
        "dct:title": purpose.label,
        "dct:description": purpose.description,
    }


def _basis(purpose: Purpose, basis: str) -> str:
    if purpose.special_category and basis == "explicit_consent":
        return "eu-gdpr:A9-2-a"
    return _BASES[basis]


def _data(policy: Policy, purpose: Purpose, about: About) -> list[Node]:
    """The contact point by its random id, and the categories that the purpose uses."""
    kinds = {policy.identifiers[scheme].kind for scheme in policy.channels[about.channel].schemes}
    kind = kinds.pop() if len(kinds) == 1 else ""
    contact: Node = {"@type": _DATA.get(kind, "dpv:PersonalData")}
    if about.contact_point is not None:
        contact["dct:identifier"] = str(about.contact_point)
    category = "dpv:SpecialCategoryPersonalData" if purpose.special_category else "dpv:PersonalData"
    return [
        contact,
        *({"@type": category, "dct:title": {"@none": name}} for name in purpose.categories),
    ]


def _recipients(policy: Policy, about: About) -> list[str]:
    found = [recipient_id(system) for system in recipients(policy, about.purpose, about.channel)]
    return list(dict.fromkeys([CONTROLLER, *found]))


def rights(bases: tuple[str, ...]) -> list[str]:
    """Which rights follow from the bases (docs/law.md 8): "A15", "A7-3"."""
    found = set(_ALWAYS)
    for basis in bases:
        if basis == "legal_obligation":
            continue
        found.update(_WHERE_OPEN)
        if basis in ("legitimate_interest", "eprivacy_13_2"):
            found.add("A21")
        else:
            found.add("A20")
        if basis in ("consent", "explicit_consent"):
            found.add("A7-3")
    return sorted(found)


def proof_rule(
    compiled: CompiledPolicy, about: About, territory: str | None, at: Instant
) -> ProofRule | None:
    """How long the proof of such a choice is kept; None where no law says."""
    place = compiled.gazetteer.find(territory)
    day = local_date(at, place.zone)
    kind = compiled.purposes[about.purpose].kind
    return first([pack.proof for pack in place.packs], day, kind, about.channel, "consumer")


def _storage(compiled: CompiledPolicy, about: About, territory: str | None, at: Instant) -> list[Node]:
    controller = compiled.policy.controller
    found: list[Node] = [
        {"@type": "dpv:StorageLocation", "dpv:hasLocation": f"loc:{controller.country}"},
        {"@type": "dpv:StorageDuration", **_proof_kept(compiled, about, territory, at)},
    ]
    for system in recipients(compiled.policy, about.purpose, about.channel):
        named = {"dct:title": {"@none": system.name}}
        if system.location is not None:
            place = {"@type": "dpv:Location", "dct:title": {"@none": system.location}}
            found.append({"@type": "dpv:StorageLocation", **named, "dpv:hasLocation": place})
        if system.retention_months is not None:
            lasts = {"@type": "dpv:TemporalDuration", "rdf:value": f"P{system.retention_months}M"}
        elif system.retention:
            lasts = until_event(next(iter(system.retention.values())))
        else:
            continue
        described = {"dct:description": system.retention} if system.retention else {}
        found.append({"@type": "dpv:StorageDuration", **named, **described, "dpv:hasDuration": lasts})
    return found


def _proof_kept(compiled: CompiledPolicy, about: About, territory: str | None, at: Instant) -> Node:
    """How long the proof of the choice is kept here."""
    rule = proof_rule(compiled, about, territory, at)
    title = {"dct:title": {"en": "The proof of the choice", "fr": "La preuve du choix"}}
    if rule is None:
        return title | {"dpv:hasDuration": until_event("the end of the duty to prove it, GDPR 7(1)")}
    since = ", ".join(anchor.replace("_", " ") for anchor in rule.anchors)
    return title | {
        "dct:description": {"en": f"From the latest of: {since}"},
        "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": f"P{rule.years}Y"},
    }
