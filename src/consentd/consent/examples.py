"""Bodies to begin with, for the description of the API. Everyone in them is invented."""

from typing import Any

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
