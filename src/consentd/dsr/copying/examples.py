"""What is asked and told of copies, for the description of the API. Everyone in it is invented."""

from typing import Any

from consentd.dsr.examples import REQUEST, STAFF

ID = {"request_id": REQUEST}
CODE_ASKED: dict[str, Any] = {"again": {}}  # Any: JSON
PROOF: dict[str, Any] = {"code": {"code": "48213097"}}
GROUNDS: dict[str, Any] = {
    "at_the_counter": {"by": STAFF, "grounds": "Came to the shop with the loyalty card; signature compared."}
}
LINK: dict[str, Any] = {
    "url": "https://privacy.maison-lavande.example/v1/packages/"
    "AZKjwA8efFKaO11-j5ASNFVuZ29vZC1leGFtcGxlLW5vdC1hLXNlY3JldC0wMTIz",
    "expires_at": "2026-11-22T10:00:00Z",
}
COPY: dict[str, Any] = {
    "state": "made",
    "code": None,
    "size": 48213,
    "records": 159,
    "withheld": 1,
    "made_at": "2026-11-21T10:00:00Z",
    "released_at": None,
    "expires_at": None,
    "gathered": [
        {
            "system": "webshop",
            "outcome": "answered",
            "categories": [{"what": "orders", "records": 12, "fields": ["number", "total", "gift_for"]}],
        }
    ],
    "redactions": [
        {
            "id": "01a2a3c2-0f1e-7c52-9a3b-5d7e8f905678",
            "by": STAFF,
            "system": "webshop",
            "what": "orders",
            "record": 3,
            "field": "gift_for",
            "reason": "the name of another customer",
            "lapsed": False,
        }
    ],
}
RECORDS: dict[str, Any] = {
    "records": [
        {
            "number": 3,
            "record": {"number": "A-17", "total": "12.50", "gift_for": "Bruno Lemaire"},
            "held": ["gift_for"],
        }
    ],
    "next": None,
}
ASKED_FOR: dict[str, Any] = {
    **ID,
    "by": STAFF,
    "system": "webshop",
    "what": "orders",
    "after": 2,
    "limit": 50,
}
