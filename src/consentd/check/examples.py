"""Bodies to begin with, for the description of the API. Everyone in them is invented."""

from typing import Any

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
