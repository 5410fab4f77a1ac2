"""Bodies to begin with and their answers, for the description of the API. Everyone in them is invented."""

from importlib import resources
from typing import Any

import msgspec

from consentd.subjects.examples import PERSON

_ANA: dict[str, Any] = {  # Any: JSON
    "identifiers": [
        {"scheme": "email", "value": "Ana.Diaz@exemple.fr"},
        {"scheme": "loyalty", "value": "ML100007"},
    ],
    "territory": "FR",
}

CONSENTS: dict[str, Any] = {
    "given": {
        "subject": _ANA,
        "events": [
            {
                "purpose": "newsletter",
                "channel": "email",
                "state": "given",
                "occurred_at": "2026-11-20T10:15:00+01:00",
                "contact_point": {"scheme": "email", "value": "Ana.Diaz@exemple.fr"},
                "source_event_id": "till-2-000123",
                "notice": {"id": "newsletter", "version": "3", "language": "fr"},
                "method": "checkbox",
                "collector": "till-2",
                "evidence": {
                    "form": "loyalty-form-7",
                    "wording": "Je veux recevoir la lettre de Maison Lavande.",
                },
            }
        ],
    },
    "withdrawn": {
        "subject": _ANA,
        "events": [
            {"purpose": "newsletter", "channel": "email", "state": "withdrawn", "method": "spoken"},
        ],
    },
}

OBJECTIONS: dict[str, Any] = {
    "everything": {"subject": _ANA},
    "narrowed": {"subject": _ANA, "channels": ["phone"], "method": "spoken", "collector": "call-centre"},
}

FACTS: dict[str, Any] = {
    "sale": {
        "subject": _ANA,
        "facts": [
            {
                "kind": "sale",
                "occurred_at": "2026-10-03T15:20:00+02:00",
                "product": "home_fragrance",
                "refusal_offered": True,
                "address_from_person": True,
                "contact_point": {"scheme": "email", "value": "Ana.Diaz@exemple.fr"},
                "reference": "ticket-88121",
            }
        ],
    }
}

_STATE: dict[str, Any] = {
    "subject_id": PERSON,
    "purpose": "newsletter",
    "channel": "email",
    "contact_point_id": "01a201c9-b782-72ac-bc96-a09410ede877",
    "state": "given",
    "since": "2026-11-20T09:15:00Z",
    "proof": "held",
}
_EVENT: dict[str, Any] = {
    "id": "01a201ca-0ea7-72a1-8eb7-a9a25e5987c5",
    "subject_id": PERSON,
    "purpose": "newsletter",
    "channel": "email",
    "contact_point_id": "01a201c9-b782-72ac-bc96-a09410ede877",
    "state": "given",
    "claim": None,
    "missing": [],
    "occurred_at": "2026-11-20T09:15:00Z",
    "recorded_at": "2026-11-22T05:45:48.960324Z",
    "duplicate": False,
}
_OBJECTION: dict[str, Any] = {
    "purpose": None,
    "channel": None,
    "contact_point_id": None,
    "ground": "marketing",
    "since": "2026-11-22T04:23:25.942052Z",
}

RECORDED: dict[str, Any] = {
    "receipt_id": "01a201ca-0ea5-70d2-8512-5b3b4277fc4b",
    "subject_id": PERSON,
    "events": [_EVENT],
    "states": [_STATE],
    "receipt": "eyJ…",
}
OBJECTED: dict[str, Any] = {
    "receipt_id": "01a2017e-a1f6-7547-ae62-f2334a085bc9",
    "objections": [
        {
            "id": "01a2017e-a1f7-77af-84ba-19dd3a8f5fbb",
            "subject_id": PERSON,
            **_OBJECTION,
            "duplicate": False,
        }
    ],
}
STATED: dict[str, Any] = {
    "facts": [
        {
            "id": "01a2017e-a2ff-7161-bb90-83a380902307",
            "kind": "sale",
            "subject_id": PERSON,
            "duplicate": False,
        }
    ]
}
STANDING: dict[str, Any] = {
    "subject_id": PERSON,
    "restricted": False,
    "states": [_STATE],
    "objections": [_OBJECTION],
}
HISTORY: dict[str, Any] = {
    "subject_id": PERSON,
    "events": [
        {
            "event": _EVENT,
            "method": "checkbox",
            "collector": "till-2",
            "notice": {"id": "newsletter", "language": "fr", "version": "3"},
            "proof": "held",
            "policy": "sha256:f0c8b9f4959e42746d8fd894767f2668dd952207f573c4f2e29ebfc03387b8eb",
            "entry_id": "01a201ca-0ea8-760d-a911-a1e3b9e538f2",
        }
    ],
    "next": None,
}

_HERE = resources.files("consentd.consent")
RECEIPT: dict[str, Any] = msgspec.json.decode(_HERE.joinpath("example_receipt.json").read_bytes())
LINKED_RECEIPT: dict[str, Any] = msgspec.json.decode(_HERE.joinpath("example_receipt.jsonld").read_bytes())
LINKED_HISTORY: dict[str, Any] = {
    "@context": LINKED_RECEIPT["@context"],
    "@type": "dcat:Catalog",
    "dct:publisher": LINKED_RECEIPT["dct:publisher"],
    "dpv:hasDataSubject": LINKED_RECEIPT["dpv:hasRecordOfActivity"][0]["dpv:hasDataSubject"],
    "dcat:resource": LINKED_RECEIPT["dpv:hasRecordOfActivity"],
    "dpv:hasEntity": LINKED_RECEIPT["dpv:hasEntity"],
}
LINKED_STANDING: dict[str, Any] = LINKED_HISTORY | {"own:restricted": False, "own:objections": []}
