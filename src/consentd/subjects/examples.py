"""Questions about people and their answers, for the description of the API. Everyone in them is invented."""

from typing import Any

PERSON = "01a201c9-b786-7292-990f-152d1a868819"

LOOKUP: dict[str, Any] = {  # Any: JSON
    "by_address": {"identifiers": [{"scheme": "email", "value": "ana.diaz@exemple.fr"}]}
}
FOUND: dict[str, Any] = {"subjects": [{"id": PERSON, "territory": "FR"}]}

CANDIDATE = "01a2017d-3d1c-70c7-905f-3d1c2352923c"
_TWO = ["01a2017d-3cf4-766a-a96d-e259ed829356", "01a2017d-3d1a-7073-8053-1b136d399d55"]
_SHARED = "01a2017d-3d19-7c4e-9d0f-0d7c8a2b1f65"

CANDIDATES: dict[str, Any] = {
    "candidates": [
        {
            "id": CANDIDATE,
            "status": "open",
            "subjects": _TWO,
            "reason": "same_name",
            "reasons": [
                {
                    "code": "same_name",
                    "text": "The same name, and a contact detail in common.",
                    "identifiers": [_SHARED],
                },
                {
                    "code": "shared_contact",
                    "text": "A contact detail in common, and nothing says that it is one customer: "
                    "a couple, an office…",
                    "identifiers": [_SHARED],
                },
            ],
            "identifiers": [
                {"id": _SHARED, "scheme": "phone", "held_by": _TWO, "proven_by": [], "value": None}
            ],
            "in_common": ["phone"],
            "found_at": "2026-11-22T04:21:54.569586Z",
        }
    ],
    "next": None,
}
_ENTRY = "01a2017e-1f0a-7a51-8c0b-6a0f5c1d2e3f"
APPROVED: dict[str, Any] = {
    "id": CANDIDATE,
    "status": "approved",
    "subjects": _TWO,
    "people": _TWO[:1],
    "entry_id": _ENTRY,
}
REFUSED: dict[str, Any] = APPROVED | {"status": "refused", "people": _TWO}
UNDONE: dict[str, Any] = APPROVED | {"status": "open", "people": _TWO}
