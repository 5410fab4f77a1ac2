"""Receipts and records as whole documents (TS 27560 §6.3 and §6.4, after the W3C's guide dpv-27560).

A *record* is what is kept of one person's choice for one purpose on one channel, with its events. A
*receipt* is the copy handed out of what one act recorded, with the signature and the proof.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

from consentd.consent.answers import EventWritten
from consentd.consent.dpv.context import RECEIPT_PROFILE, RECORD_PROFILE, Node, context, own
from consentd.consent.dpv.parties import CONTROLLER, exercised_at, parties
from consentd.consent.dpv.processing import About, process, until, until_event
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.instants import Instant, to_text
from consentd.kernel.states import GRANTS, NEUTRAL, ConsentState

STATUSES = {
    ConsentState.UNKNOWN: "dpv:ConsentUnknown",
    ConsentState.REQUESTED: "dpv:ConsentRequested",
    ConsentState.REQUEST_DEFERRED: "dpv:ConsentRequestDeferred",
    ConsentState.REFUSED: "dpv:ConsentRefused",
    ConsentState.GIVEN: "dpv:ConsentGiven",
    ConsentState.RENEWED: "dpv:RenewedConsentGiven",
    ConsentState.EXPIRED: "dpv:ConsentExpired",
    ConsentState.INVALIDATED: "dpv:ConsentInvalidated",
    ConsentState.REVOKED: "dpv:ConsentRevoked",
    ConsentState.WITHDRAWN: "dpv:ConsentWithdrawn",
}
"""Each of our states is one of DPV's own."""
_BY_THE_CONTROLLER = {ConsentState.REQUESTED, ConsentState.REVOKED, ConsentState.INVALIDATED}


class Told(NamedTuple):
    """An event that may be told, and what is needed to say it."""

    event: EventWritten
    subject: UUID
    """The id by which the call names the person."""
    territory: str | None
    compiled: CompiledPolicy
    """The policy that the event names."""

    @property
    def about(self) -> About:
        row = self.event.row
        return About(row["purpose"], row["channel"], row["contact_point_id"])


def receipt_document(batch: UUID, issued_at: str, told: Sequence[Told], signed: Node) -> Node:
    """A receipt: one record for each key that the act spoke of. `signed`: the signature and the proof."""
    return {
        "@context": context(told[0].compiled.policy.controller.log_origin),
        "@id": _urn(batch),
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": RECEIPT_PROFILE,
        "dct:identifier": str(batch),
        "dct:issued": issued_at,
        "dct:publisher": CONTROLLER,
        "dpv:hasRecordOfActivity": _records(told),
        "dpv:hasEntity": _entities(one.compiled for one in told),
        **signed,
    }


def records_document(active: CompiledPolicy, subject: UUID, told: Sequence[Told], more: Node) -> Node:
    """A person's records. `more`: what else the call tells, under names of the context; None is left out."""
    return {
        "@context": context(active.policy.controller.log_origin),
        "@type": "dcat:Catalog",
        "dct:publisher": CONTROLLER,
        "dpv:hasDataSubject": _person(subject),
        "dcat:resource": _records(told),
        # Whom to ask is told to a person of whom there is nothing, too.
        "dpv:hasEntity": _entities([active, *(one.compiled for one in told)]),
        **{name: value for name, value in more.items() if value is not None},
    }


def _records(told: Iterable[Told]) -> list[Node]:
    """One record for each person and key, its events in the order in which they come."""
    found: dict[tuple[UUID, About], list[Told]] = {}
    for one in told:
        found.setdefault((one.subject, one.about), []).append(one)
    return [_record(subject, about, events) for (subject, about), events in found.items()]


def _record(subject: UUID, about: About, events: Sequence[Told]) -> Node:
    latest = max(events, key=lambda one: (one.event.row["effective"], one.event.row["arrived"]))
    # Of random ids and words of the policy alone: the same record has the same id in every answer.
    id_ = uuid5(subject, f"{about.purpose} {about.channel} {about.contact_point}")
    policy, row = latest.compiled.policy, latest.event.row
    return {
        "@id": _urn(id_),
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": RECORD_PROFILE,
        "dct:identifier": str(id_),
        "dpv:hasDataSubject": _person(subject),
        "dpv:hasDataController": CONTROLLER,
        "dpv:hasJurisdiction": f"loc:{policy.controller.country}",
        "dpv:hasApplicableLaw": "eu-gdpr:GDPR",
        "dpv:hasNotice": _notices(events, latest),
        "dpv:hasProcess": process(latest.compiled, about, latest.territory, Instant(row["effective"])),
        "dpv:hasConsentStatus": [_status(one) for one in events],
    }


def _status(told: Told) -> Node:
    """The event section: what was chosen, when, by whom, and how long it holds."""
    row, detail = told.event.row, told.event.detail
    state = ConsentState(row["state"])
    by = [CONTROLLER if state in _BY_THE_CONTROLLER else _urn(told.subject)]
    node: Node = {
        "@id": _urn(row["id"]),
        "@type": [STATUSES[state], _kind(told, state)],
        "dct:identifier": str(row["id"]),
        "dpv:isIndicatedAtTime": to_text(row["effective"]),
        "dct:dateSubmitted": to_text(row["arrived"]),
        "dpv:isIndicatedBy": [*by, {"@type": "dpv:ParentOfDataSubject"}] if row["parental"] else by,
        "dpv:hasDuration": _lasts(told, state),
        "own:proof": row["proof"],
        "own:policy": row["policy"],
        "own:logEntry": str(row["entry_id"]),
    }
    if row["happened"] != row["happened_last"]:
        node["dct:temporal"] = f"{to_text(row['happened'])}/{to_text(row['happened_last'])}"
    if row["claim"] is not None:
        node["own:claim"] = row["claim"]
    if detail.get("method") is not None:
        node["dpv:hasIndicationMethod"] = detail["method"]
    if detail.get("notice") is not None:
        node["dpv:hasNotice"] = _shown(told, detail["notice"])["@id"]
    return node


def _kind(told: Told, state: ConsentState) -> str:
    """The kind of consent that it is about. What is unknown or only asked for has none yet."""
    if state in NEUTRAL:
        return "dpv:Consent"
    purpose = told.compiled.purposes[told.about.purpose]
    explicit = told.event.row["explicit"] or purpose.special_category
    return "dpv:ExplicitlyExpressedConsent" if explicit else "dpv:ExpressedConsent"


def _lasts(told: Told, state: ConsentState) -> Node:
    if state not in GRANTS:
        return until_event("a later choice")
    return until(told.compiled, told.about, told.territory, Instant(told.event.row["effective"]))


def _notices(events: Sequence[Told], latest: Told) -> list[Node]:
    """The texts that were shown; where none was told, the newest ones that the policy has for the purpose."""
    shown = [_shown(one, one.event.detail["notice"]) for one in events if one.event.detail.get("notice")]
    if shown:
        return list({notice["@id"]: notice for notice in shown}.values())
    policy = latest.compiled.policy
    languages = list(policy.controller.languages)
    known = [
        (id_, policy.notices[id_][-1])
        for id_ in policy.purposes[latest.about.purpose].notices
        if policy.notices.get(id_)
    ]
    if not known:
        # Nothing was written for it: whom to ask is all that can be said.
        return [
            {
                "@type": "dpv:PrivacyNotice",
                "dct:language": languages,
                "schema:url": exercised_at(policy.controller),
            }
        ]
    return [
        {
            "@id": own("notice", id_, version.version),
            "@type": "dpv:PrivacyNotice",
            "dct:identifier": id_,
            "schema:version": version.version,
            "dct:language": sorted(version.texts),
            "dct:title": version.titles,
        }
        for id_, version in known
    ]


def _shown(told: Told, notice: dict[str, str]) -> Node:
    id_, version, language = notice["id"], notice["version"], notice["language"]
    node: Node = {
        "@id": own("notice", id_, version, language),
        "@type": "dpv:ConsentNotice",
        "dct:identifier": id_,
        "schema:version": version,
        "dct:language": language,
    }
    if "sha256" in notice:
        node["schema:sha256"] = notice["sha256"]
    for known in told.compiled.policy.notices.get(id_, ()):
        if known.version == version:
            node["dct:title"] = known.titles
    return node


def _entities(named: Iterable[CompiledPolicy]) -> list[Node]:
    """Every party that these policies name, once."""
    policies = {one.hash: one.policy for one in named}
    return list({party["@id"]: party for policy in policies.values() for party in parties(policy)}.values())


def _person(subject: UUID) -> Node:
    return {"@id": _urn(subject), "@type": "dpv:DataSubject", "dct:identifier": str(subject)}


def _urn(id_: object) -> str:
    return f"urn:uuid:{id_}"
