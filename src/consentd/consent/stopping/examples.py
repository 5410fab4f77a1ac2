"""A body to begin with and its answer, for the description of the API. Everyone in them is invented."""

from typing import Any

_URL = (
    "https://consent.example/stop/AQGiAJtd93v9o4_CFRKrELsBogCbb7h1g78Ds6K0lGVMAABRJQpuZXdzbGV0dGVyBWVtYWlsK7xW"
    "4c1nX0yM0b8Gq1bT7dQv6kKpJm2cHf3lYw5uE9o"
)

# Any: JSON
LINKS: dict[str, Any] = {
    "two_recipients": {
        "purpose": "newsletter",
        "channel": "email",
        "recipients": [
            {"subject": {"scheme": "email", "value": "ana.diaz@exemple.fr"}},
            {
                "subject": [{"scheme": "loyalty", "value": "ML100099"}],
                "contact_point": {"scheme": "email", "value": "nobody@exemple.fr"},
            },
        ],
    }
}
TOLD: dict[str, Any] = {
    "links": [
        {
            "url": _URL,
            "headers": {
                "List-Unsubscribe": f"<{_URL}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            "code": None,
        },
        {"url": None, "headers": None, "code": "unknown_person"},
    ],
    "last_day": "2029-11-22",
}
