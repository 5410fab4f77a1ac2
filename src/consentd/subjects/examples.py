"""Questions about people and their answers, for the description of the API. Everyone in them is invented."""

from typing import Any

PERSON = "01a201c9-b786-7292-990f-152d1a868819"

LOOKUP: dict[str, Any] = {  # Any: JSON
    "by_address": {"identifiers": [{"scheme": "email", "value": "ana.diaz@exemple.fr"}]}
}
FOUND: dict[str, Any] = {"subjects": [{"id": PERSON, "territory": "FR"}]}

CANDIDATES: dict[str, Any] = {
    "candidates": [
        {
            "id": "01a2017d-3d1c-70c7-905f-3d1c2352923c",
            "subjects": ["01a2017d-3cf4-766a-a96d-e259ed829356", "01a2017d-3d1a-7073-8053-1b136d399d55"],
            "reason": "shared_contact",
            "found_at": "2026-11-22T04:21:54.569586Z",
        }
    ],
    "next": None,
}
