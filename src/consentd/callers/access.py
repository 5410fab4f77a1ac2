"""What a route asks of whoever calls it, written at the route: `opt=PUBLIC`, `opt=KNOWN`, `opt=needs(…)`.

Upholds promise 8: a route that says none of these stops the start (`web.application`).
"""

from enum import Enum
from typing import Any

from consentd.callers.model import Scope

ASKS = "asks"

ALSO_ASKS = "also_asks"
"""Further scopes, all of which are needed."""

BODY = "body"
"""A route that reads its body by itself (a form, lines) describes it here: {media type: JSON Schema}."""


class Door(Enum):
    OPEN = "open"
    KNOWN = "known"
    LINK = "link"
    SESSION = "session"


SIGNED = "signed"
"""A route that a silo may call without a token too, by signing what it sends; its service verifies that."""

# Any: the framework's options hold values of every kind.
PUBLIC: dict[str, Any] = {ASKS: Door.OPEN}
"""Anyone may call."""

LINK: dict[str, Any] = {ASKS: Door.LINK}
"""Whoever has a link that holds, which the route's service verifies before anything else."""

SESSION: dict[str, Any] = {ASKS: Door.SESSION}
"""Whoever got in by the customers' pages: the session in their cookie is read in the unit that serves them.
"""

KNOWN: dict[str, Any] = {ASKS: Door.KNOWN}
"""Any system whose access is not revoked, which the guard reads: such a route has no unit to do so."""


def needs(scope: Scope, *more: Scope) -> dict[str, Any]:
    """A token with this scope, and with all others given. The route's service reads whether it was revoked
    (`assert_live`).
    """
    return {ASKS: scope} | ({ALSO_ASKS: more} if more else {})
