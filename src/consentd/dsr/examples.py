"""Requests and their answers, for the description of the API. Everyone in them is invented."""

from typing import Any

from consentd.subjects.examples import PERSON

REQUEST = "01a2a3c0-0f1e-7c52-9a3b-5d7e8f901234"
STAFF = "01a2a3b0-5c6d-7e8f-9012-3456789abcde"
_TASK = "01a2a3c1-2233-7445-8667-788990011223"

ASKED: dict[str, Any] = {  # Any: JSON
    "erasure": {
        "right": "erasure",
        "identifiers": [{"scheme": "email", "value": "ana.diaz@exemple.fr"}],
        "territory": "FR",
        "language": "fr",
    },
    "by_letter": {
        "right": "access",
        "identifiers": [{"scheme": "customer", "value": "C-1042"}],
        "came_by": "letter",
        "received_on": "2026-11-18",
        "words": "Je souhaite recevoir une copie de mes données.",
    },
    "rectification": {
        "right": "rectification",
        "identifiers": [{"scheme": "email", "value": "ana.diaz@exemple.fr"}],
        "changes": {"family_name": "Diaz-Moreau"},
    },
    "directives": {
        "right": "directives",
        "identifiers": [{"scheme": "email", "value": "ana.diaz@exemple.fr"}],
        "directive": {
            "wish": "hand_over",
            "to": {"name": "Paul Diaz", "contact": "06 39 98 00 17"},
            "words": "Mes factures peuvent servir à mon fils.",
        },
    },
}
DIRECTIVE: dict[str, Any] = {
    "id": "01a2a3c3-0f1e-7c52-9a3b-5d7e8f905678",
    "wish": "hand_over",
    "to": {"name": "Paul Diaz", "contact": "06 39 98 00 17"},
    "words": "Mes factures peuvent servir à mon fils.",
    "left_at": "2026-11-21T10:00:00Z",
    "against": ["another_is_named"],
}
RECEIVED: dict[str, Any] = {
    "id": REQUEST,
    "right": "erasure",
    "received_on": "2026-11-20",
    "safe_due": "2026-12-20",
    "legal_due": "2026-12-21",
    "done_at_once": False,
}
CODE: dict[str, Any] = {"by_mail": {"scheme": "email"}}
CODE_SENT: dict[str, Any] = {"minutes": 15}
PROOF: dict[str, Any] = {"code": {"code": "48213097"}}
LOGIN: dict[str, Any] = {"handed_over": {"token": "eyJ…"}}
STEPS: dict[str, Any] = {
    "identify": {
        "step": "identify",
        "by": STAFF,
        "grounds": "Came to the shop with the loyalty card; signature compared.",
        "subject_id": PERSON,
    },
    "approve": {"step": "approve", "by": STAFF},
    "refuse": {
        "step": "refuse",
        "by": STAFF,
        "article": "GDPR 12(5)",
        "reasons": "The same copy was asked for every day of the month.",
    },
    "uphold": {"step": "uphold", "by": STAFF},
    "wrote_by_hand": {
        "step": "wrote_by_hand",
        "by": STAFF,
        "told": "refusal",
        "on": "2026-12-02",
        "how": "letter",
        "reference": "Courrier 2026/118",
    },
    "extend": {"step": "extend", "by": STAFF, "reasons": "Archives on paper in three shops."},
}
TOLD: dict[str, Any] = {
    "id": REQUEST,
    "right": "erasure",
    "article": "GDPR 17",
    "state": "partial",
    "waits_for": "silos",
    "came_by": "api",
    "language": "fr",
    "received_on": "2026-11-20",
    "safe_due": "2026-12-20",
    "legal_due": "2026-12-21",
    "extended": False,
    "follows": None,
    "answered_at": "2026-11-20T10:02:11Z",
    "closed_at": None,
    "answered_on": "2026-11-20",
    "in_time": True,
    "to_write": [],
    "gaps": ["mailing"],
    "silos": [
        {
            "system": "mailing",
            "name": "Mailchimp",
            "tasks": [
                {
                    "id": _TASK,
                    "verb": "erase",
                    "state": "ended",
                    "verdict": "failed",
                    "code": "connection_refused",
                    "attempts": 8,
                    "due_at": "2026-11-27T10:00:00Z",
                    "ended_at": "2026-11-20T10:02:11Z",
                    "parts": [],
                }
            ],
        },
        {
            "system": "webshop",
            "name": "Shopify",
            "tasks": [
                {
                    "id": "01a2a3c1-2233-7445-8667-788990011224",
                    "verb": "erase",
                    "state": "ended",
                    "verdict": "done",
                    "code": None,
                    "attempts": 0,
                    "due_at": "2026-11-27T10:00:00Z",
                    "ended_at": "2026-11-20T10:00:03Z",
                    "parts": [
                        {
                            "what": "orders",
                            "found": 3,
                            "deleted": 1,
                            "changed": 0,
                            "kept": [
                                {
                                    "count": 2,
                                    "because": "Code de commerce L.123-22",
                                    "until": "2036-03-31",
                                }
                            ],
                        }
                    ],
                }
            ],
        },
    ],
    "steps": [
        {
            "event": "received",
            "state": "received",
            "at": "2026-11-20T09:58:00Z",
            "by": "system",
            "by_id": "01a2a3a0-1111-7222-8333-444455556666",
            "tells": None,
            "on": None,
            "how": None,
            "because": [],
        },
        {
            "event": "proven",
            "state": "running",
            "at": "2026-11-20T10:00:00Z",
            "by": "subject",
            "by_id": None,
            "tells": None,
            "on": None,
            "how": None,
            "because": [],
        },
        {
            "event": "settled",
            "state": "partial",
            "at": "2026-11-20T10:02:11Z",
            "by": "service",
            "by_id": None,
            "tells": None,
            "on": None,
            "how": None,
            "because": [],
        },
    ],
}
LISTED: dict[str, Any] = {
    "requests": [
        {
            "id": REQUEST,
            "right": "erasure",
            "state": "partial",
            "received_on": "2026-11-20",
            "safe_due": "2026-12-20",
            "legal_due": "2026-12-21",
            "answered_on": "2026-11-20",
            "in_time": True,
            "to_write": [],
        }
    ],
    "next": None,
}
PLANNED: dict[str, Any] = {
    "id": REQUEST,
    "right": "erasure",
    "article": "GDPR 17",
    "state": "approving",
    "proven": True,
    "approvals_missing": 1,
    "reviewed": False,
    "safe_due": "2026-12-20",
    "legal_due": "2026-12-21",
    "silos": [
        {
            "system": "webshop",
            "name": "Shopify",
            "turn": 1,
            "after": [],
            "by": "sql",
            "owner": "Paul Serre",
            "due_at": None,
            "answers_within_days": 7,
            "asked_by": ["email", "phone"],
            "may_learn": [],
            "problem": None,
            "steps": [
                {"verb": "locate", "state": "planned", "needs_approval": False, "supported": True},
                {"verb": "erase", "state": "planned", "needs_approval": True, "supported": True},
                {"verb": "confirm", "state": "planned", "needs_approval": False, "supported": True},
            ],
            "would": [
                "-- customers: 1 row found",
                "SELECT customers.id FROM customers WHERE lower(customers.email) = :email_1;",
                "DELETE FROM customers WHERE customers.id = :id;",
            ],
            "not_told": None,
        },
        {
            "system": "till",
            "name": "Caisse et fidélité",
            "turn": 2,
            "after": ["webshop"],
            "by": "inbox",
            "owner": "Inès Roche",
            "due_at": None,
            "answers_within_days": 7,
            "asked_by": ["email"],
            "may_learn": ["loyalty"],
            "problem": None,
            "steps": [
                {"verb": "locate", "state": "planned", "needs_approval": False, "supported": True},
                {"verb": "erase", "state": "planned", "needs_approval": False, "supported": True},
                {"verb": "confirm", "state": "planned", "needs_approval": False, "supported": True},
            ],
            "would": [],
            "not_told": "not_its_turn",
        },
    ],
}
