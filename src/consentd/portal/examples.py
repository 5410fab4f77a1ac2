"""Examples of the portal's calls, for the API's description. Whoever is in them is invented."""

from typing import Any

LOGIN: dict[str, Any] = {"logged_in": {"token": "eyJ…"}}
LINK: dict[str, Any] = {
    "url": "https://consent.maison-lavande.example/my/in/9hT2xB7kQm4WcVfYz1R8sLdNpEaGuJoXiKb5v0C3rMw",
    "expires_at": "2026-11-20T10:02:00Z",
}
