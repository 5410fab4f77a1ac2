"""The context of every document: the prefixes and each property that is used, so that nothing is fetched.

A property that is not listed here means nothing to a reader of JSON-LD and would be dropped without a word;
a test expands documents and finds it. What the vocabularies have no word for stands in the namespace of the
log, which is the controller's own.
"""

from typing import Any
from urllib.parse import quote

Node = dict[str, Any]  # Any: JSON

RECORD_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
RECEIPT_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"

_PREFIXES = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "schema": "https://schema.org/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

_REFERENCES = (
    "dct:conformsTo",
    "dct:publisher",
    "dcat:resource",
    "dpv:hasApplicableLaw",
    "dpv:hasAuthority",
    "dpv:hasConsentControl",
    "dpv:hasConsentStatus",
    "dpv:hasContext",
    "dpv:hasDataController",
    "dpv:hasDataSource",
    "dpv:hasDataSubject",
    "dpv:hasDuration",
    "dpv:hasEntity",
    "dpv:hasJurisdiction",
    "dpv:hasLegalBasis",
    "dpv:hasLocation",
    "dpv:hasNotice",
    "dpv:hasPersonalData",
    "dpv:hasProcess",
    "dpv:hasProcessing",
    "dpv:hasPurpose",
    "dpv:hasRecipient",
    "dpv:hasRecordOfActivity",
    "dpv:hasRight",
    "dpv:hasStorageCondition",
    "dpv:isExercisedAt",
    "dpv:isIndicatedBy",
    "schema:address",
    "schema:contactPoint",
    "schema:url",
)
_TEXTS = (
    "dct:identifier",
    "dct:language",
    "dct:temporal",
    "dpv:hasIdentifier",
    "dpv:hasIndicationMethod",
    "dpv:hasName",
    "rdf:value",
    "schema:addressCountry",
    "schema:email",
    "schema:sha256",
    "schema:streetAddress",
    "schema:telephone",
    "schema:version",
)
_TIMES = ("dct:dateSubmitted", "dct:issued", "dpv:isIndicatedAtTime")
_IN_LANGUAGES = ("dct:description", "dct:title")
_OWN_TEXTS = (
    "own:claim",
    "own:logEntry",
    "own:policy",
    "own:proof",
    "own:restricted",
    "own:signature",
    "own:unproven",
)
_OWN_JSON = ("own:inclusion", "own:objections")


def namespace(origin: str) -> str:
    """Where the controller's own names stand: purposes, notices, systems, and words that DPV lacks."""
    return f"https://{quote(origin, safe='/:')}#"


def own(*parts: str) -> str:
    """The compact name of something of the controller's: own:notice-newsletter-3-fr."""
    return "own:" + "-".join(quote(part, safe="") for part in parts)


def context(origin: str) -> Node:
    """The whole `@context`."""
    terms: Node = {"@version": 1.1, **_PREFIXES, "own": namespace(origin)}
    terms |= {name: {"@id": name, "@type": "@id"} for name in _REFERENCES}
    terms |= {name: {"@id": name} for name in (*_TEXTS, *_OWN_TEXTS)}
    terms |= {name: {"@id": name, "@type": "xsd:dateTime"} for name in _TIMES}
    terms |= {name: {"@id": name, "@container": "@language"} for name in _IN_LANGUAGES}
    terms |= {name: {"@id": name, "@type": "@json"} for name in _OWN_JSON}
    # Where the next page is; relative to the address that was called.
    terms["next"] = {"@id": "http://www.w3.org/1999/xhtml/vocab#next", "@type": "@id"}
    return terms
