"""Bodies to begin with and their answers, for the description of the API. Everyone in them is invented."""

from importlib import resources
from typing import Any

import msgspec

_QUESTION: dict[str, Any] = {  # Any: JSON
    "subject": {"scheme": "email", "value": "ana.diaz@exemple.fr"},
    "purpose": "newsletter",
    "channel": "email",
}

CHECK: dict[str, Any] = {
    "by_address": _QUESTION,
    "by_card": {
        "subject": [{"scheme": "loyalty", "value": "ML100007"}],
        "purpose": "newsletter",
        "channel": "email",
        "contact_point": {"scheme": "email", "value": "ana.diaz@exemple.fr"},
    },
    "with_a_permit": _QUESTION | {"permit": True},
}

BATCH: dict[str, Any] = {"two": {"items": [CHECK["by_address"], CHECK["by_card"]]}}

ATTEMPT: dict[str, Any] = {
    "unanswered_call": {
        "subject": {"identifiers": [{"scheme": "loyalty", "value": "ML100007"}]},
        "purpose": "promotions",
        "channel": "phone",
        "occurred_at": "2026-11-20T10:15:00+01:00",
        "outcome": "unanswered",
    }
}

USED: dict[str, Any] = {
    "answered_call": {"outcome": "answered", "occurred_at": "2026-11-20T10:15:00+01:00"},
}

PROOF: dict[str, Any] = {
    "a_message": {"contact_point": {"scheme": "email", "value": "ana.diaz@exemple.fr"}, "on": "2026-11-20"}
}

ANSWER: dict[str, Any] = {
    "allow": True,
    "eligible": True,
    "reasons": [{"code": "consent_given", "text": "The customer has consented."}],
    "cites": ["GDPR 6(1)(a)"],
    "basis": "consent",
    "next_allowed_at": None,
    "valid_until": "2029-11-20T09:15:00Z",
    "policy": "sha256:f0c8b9f4959e42746d8fd894767f2668dd952207f573c4f2e29ebfc03387b8eb",
    "law": ["fr@2026-08-11", "eu@2026-01-01"],
    "decision_id": "01a2017e-a3e1-7719-9d17-96ce27fc1bd7",
}
ANSWERS: dict[str, Any] = {"answers": [ANSWER, ANSWER]}

REPORTED: dict[str, Any] = {
    "id": "01a2017e-a5ba-753f-9ca6-b3b479de2ce3",
    "subject_ids": ["01a2017d-3b69-77b9-9992-a4e31384d1b5"],
    "withdrawn": False,
    "duplicate": False,
}
PERMIT = "01a201ca-0eb7-77ba-8410-51a4c8b39e73"
PROVED: dict[str, Any] = msgspec.json.decode(
    resources.files("consentd.check").joinpath("example_proof.json").read_bytes()
)
