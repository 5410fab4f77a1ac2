"""A list and its answers, for the description of the API. Everyone in it is invented."""

import json
from typing import Any

_ROWS = '{"email": "ana.diaz@exemple.fr"}\n{"email": "nobody@exemple.fr"}\n'
_TABLE = "Name,Email\nAna,ana.diaz@exemple.fr\nNobody,nobody@exemple.fr\n"
_LEAVES = ("5b" * 32, "c0" * 32)

PARAMETERS: dict[str, Any] = {  # Any: JSON
    "purpose": "newsletter",
    "channel": "email",
    "scheme": "email",
    "territory": "FR",
    "column": "email",
}

BODY: dict[str, Any] = {
    "application/x-ndjson": {
        "type": "string",
        "description": "Lines of JSON: an object with the identifier as a member, or the identifier alone.",
        "examples": [_ROWS],
    },
    "text/csv": {
        "type": "string",
        "description": "A header, and a row for each person (RFC 4180).",
        "examples": [_TABLE],
    },
}

_SUMMARY: dict[str, Any] = {
    "list_id": "01a2009b-6fb8-7583-bf03-b3a2b494654c",
    "complete": True,
    "rows": 2,
    "allowed": 1,
    "eligible": 1,
    "reasons": {"consent_given": 1, "unknown_person": 1},
    "at": "2026-11-20T09:15:00Z",
    "purpose": "newsletter",
    "channel": "email",
    "scheme": "email",
    "for_sending": False,
    "policy": "sha256:" + "7d" * 32,
    "root": "e4" * 32,
    "entry_id": "01a2009b-7111-7c3f-8a53-0d1f6d3f2b7e",
}


def _row(number: int, allow: bool, code: str, text: str) -> dict[str, Any]:
    return {
        "row": number,
        "allow": allow,
        "eligible": allow,
        "reasons": [{"code": code, "text": text}],
        "next_allowed_at": None,
        "valid_until": None,
        "leaf": _LEAVES[number - 1],
    }


_ANSWERS = (
    _row(1, True, "consent_given", "The customer has consented."),
    _row(2, False, "unknown_person", "No customer is known by these details."),
)
ANSWERED = "".join(json.dumps(one) + "\n" for one in (*_ANSWERS, {"summary": _SUMMARY}))

_TABLE_TOLD = (
    "row,allow,eligible,reasons,text,next_allowed_at,valid_until,leaf\r\n"
    f"1,true,true,consent_given,The customer has consented.,,,{_LEAVES[0]}\r\n"
    f"2,false,false,unknown_person,No customer is known by these details.,,,{_LEAVES[1]}\r\n"
    'summary,1,1,,"' + json.dumps(_SUMMARY).replace('"', '""') + '",,,\r\n'
)
FORMS: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}, "example": _TABLE_TOLD}}
