"""Bodies of AuthZEN calls to begin with, for the description of the API. Everyone in them is invented."""

from typing import Any

from consentd.check.examples import ANSWER

_ANA = {"type": "email", "id": "ana.diaz@exemple.fr"}
_NEWSLETTER = {"name": "newsletter"}
_EMAIL = {"type": "channel", "id": "email"}
_ONE: dict[str, Any] = {"subject": _ANA, "action": _NEWSLETTER, "resource": _EMAIL}  # Any: JSON

EVALUATION: dict[str, Any] = {
    "by_address": _ONE,
    "by_card": {
        "subject": {"type": "loyalty", "id": "ML100007"},
        "action": _NEWSLETTER,
        "resource": _EMAIL,
        "context": {"contact_point": _ANA},
    },
}

EVALUATIONS: dict[str, Any] = {
    "one_person": {
        "subject": _ANA,
        "evaluations": [
            {"action": _NEWSLETTER, "resource": _EMAIL},
            {"action": {"name": "promotions"}, "resource": {"type": "channel", "id": "phone"}},
        ],
    },
    "until_one_may": {
        "action": _NEWSLETTER,
        "resource": _EMAIL,
        "evaluations": [{"subject": _ANA}, {"subject": {"type": "email", "id": "nobody@exemple.fr"}}],
        "options": {"evaluations_semantic": "permit_on_first_permit"},
    },
    "without_array": _ONE,
}

SUBJECT: dict[str, Any] = {
    "whom_to_write_to": {
        "subject": {"type": "email"},
        "action": _NEWSLETTER,
        "resource": _EMAIL,
        "page": {"limit": 10},
    }
}

RESOURCE: dict[str, Any] = {
    "which_channels": {"subject": _ANA, "action": _NEWSLETTER, "resource": {"type": "channel"}}
}

ACTION: dict[str, Any] = {"which_purposes": {"subject": _ANA, "resource": _EMAIL}}

DECISION: dict[str, Any] = {
    "decision": True,
    "context": {name: value for name, value in ANSWER.items() if name != "allow"},
}
_ALL = {"next_token": "", "count": 1}

DECISIONS: dict[str, Any] = {"evaluations": [DECISION]}
CONTACTS: dict[str, Any] = {"results": [_ANA], "page": _ALL}
CHANNELS: dict[str, Any] = {"results": [_EMAIL], "page": _ALL}
PURPOSES: dict[str, Any] = {"results": [_NEWSLETTER], "page": _ALL}
