"""A task by its link, for the description of the API. Everyone in it is invented."""

from typing import Any

from consentd.dsr.task_examples import ID

TOKEN = "AQGYAA" + "A" * 92

TOLD: dict[str, Any] = {  # Any: JSON
    "id": ID,
    "verb": "erase",
    "tool": "Classeur de la boutique",
    "state": "open",
    "due_on": "2026-11-27",
    "steps": {"fr": ["Cherchez sa fiche.", "Effacez-la."], "en": ["Look for their file.", "Delete it."]},
    "categories": ["purchases"],
    "adds": {},
}
CUSTOMER: dict[str, Any] = {
    "identifiers": [
        {"scheme": "email", "value": "ana.diaz@exemple.fr", "label": {"fr": "E-mail", "en": "Email"}}
    ],
    "changes": {},
    "stops": [],
}
ANSWER: dict[str, Any] = {
    "done": {"verdict": "done", "parts": [{"what": "purchases", "found": 2, "deleted": 2}]},
    "copy": {
        "verdict": "done",
        "parts": [{"what": "purchases", "found": 1}],
        "records": [{"what": "purchases", "record": {"on": "2026-11-01", "total": "12.50"}}],
    },
}
ANSWERED: dict[str, Any] = {"id": ID, "verdict": "done"}
