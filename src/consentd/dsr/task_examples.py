"""Tasks, and what is answered to them, for the description of the API. Everyone in it is invented."""

from typing import Any

ID = "01a2009b-6fb8-7583-bf03-b3a2b494654c"
LEASE = "01a2009b-7111-7c3f-8a53-0d1f6d3f2b7e"

WAITING: dict[str, Any] = {  # Any: JSON
    "tasks": [{"id": ID, "verb": "erase", "due_at": "2026-11-27T09:15:00Z"}]
}
CLAIM: dict[str, Any] = {"one": {}, "several": {"limit": 5, "seconds": 300}}
CLAIMED: dict[str, Any] = {
    "tasks": [
        {
            "id": ID,
            "lease": LEASE,
            "verb": "erase",
            "identifiers": [
                {"scheme": "email", "value": "ana.diaz@exemple.fr"},
                {"scheme": "loyalty", "value": "ML100007"},
            ],
            "changes": {},
            "lift": False,
            "preferences": [],
            "attempt": 1,
            "due_at": "2026-11-27T09:15:00Z",
            "lease_until": "2026-11-20T09:16:00Z",
        }
    ]
}
HEARTBEAT: dict[str, Any] = {"another_minute": {"lease": LEASE, "seconds": 60}}
RENEWED: dict[str, Any] = {"id": ID, "lease_until": "2026-11-20T09:17:00Z"}
ANSWER: dict[str, Any] = {
    "done": {
        "lease": LEASE,
        "verdict": "done",
        "parts": [
            {
                "what": "cards",
                "found": 1,
                "deleted": 1,
                "kept": [
                    {
                        "count": 2,
                        "because": "Code de commerce L.123-22: invoices",
                        "until": "2036-12-31",
                    }
                ],
            }
        ],
    },
    "failed": {
        "lease": LEASE,
        "verdict": "failed",
        "code": "card_locked",
        "detail": "The card is in use at a till.",
    },
}
ANSWERED: dict[str, Any] = {"id": ID, "verdict": "done"}
_RECORDS = (
    '{"what": "cards", "record": {"number": "ML100007", "points": 120}}\n'
    '{"what": "sales", "record": {"on": "2026-11-01", "total": "12.50"}}\n'
)
RECORDS: dict[str, Any] = {
    "application/x-ndjson": {
        "type": "string",
        "description": "Lines of JSON, one for each record: its category, and its fields.",
        "examples": [_RECORDS],
    }
}
TAKEN: dict[str, Any] = {"id": ID, "records": 2}
RELEASE: dict[str, Any] = {
    "not_done": {"lease": LEASE},
    "try_failed": {"lease": LEASE, "code": "till_closed", "detail": "The till’s database did not answer."},
}
RELEASED: dict[str, Any] = {"id": ID, "lease_until": None}
