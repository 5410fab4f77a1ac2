"""Bodies of calls, about people who exist for one test only.

Every identifier holds CANARY, so that one search shows whether any was written where it must not be.
"""

import itertools
import secrets
from typing import Any

CANARY = "quetsche"
_session = secrets.token_hex(4)
_numbers = itertools.count(1)

Body = dict[str, Any]


def new_email() -> str:
    return f"Nadia.{CANARY}.{_session}.{next(_numbers)}@exemple.fr"


def new_card() -> str:
    return f"{CANARY}-{_session}-{next(_numbers)}"


def email(value: str) -> Body:
    return {"scheme": "email", "value": value}


def person(*identifiers: Body) -> Body:
    return {"identifiers": list(identifiers) or [email(new_email())], "territory": "FR"}


def given(address: str | None = None, **changed: Any) -> Body:
    """A proven yes to the newsletter by e-mail."""
    event = {
        "purpose": "newsletter",
        "channel": "email",
        "state": "given",
        "occurred_at": "2026-11-20T10:15:00+01:00",
        "notice": {"id": "newsletter", "version": "3", "language": "fr"},
        "method": "checkbox",
        "collector": "till-2",
    } | changed
    return event | {"contact_point": email(address)} if address else event


def recording(address: str | None = None, **changed: Any) -> Body:
    """The body of a recording call: a new person's yes to the newsletter."""
    address = address or new_email()
    return {"subject": person(email(address)), "events": [given(address, **changed)]}


def question(address: str, **changed: Any) -> Body:
    return {"subject": email(address), "purpose": "newsletter", "channel": "email"} | changed


def evaluation(address: str, **changed: Any) -> Body:
    """The same question by AuthZEN."""
    asked = {
        "subject": {"type": "email", "id": address},
        "action": {"name": "newsletter"},
        "resource": {"type": "channel", "id": "email"},
    }
    return asked | changed
