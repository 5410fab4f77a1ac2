"""A caller that proved who it is, and what it may do."""

from enum import StrEnum

import msgspec

from consentd.kernel.errors import Forbidden
from consentd.kernel.ids import SecretId, SystemId


class Scope(StrEnum):
    CONSENT_WRITE = "consent:write"
    CONSENT_READ = "consent:read"
    PEOPLE_WRITE = "people:write"
    """To decide who is one person with whom, and to see by what."""
    CHECK = "check"
    REASONS = "reasons"
    """To be told the precise reason and not only the coarse one (docs/law.md 10)."""
    REQUESTS_WRITE = "requests:write"
    """To take in people's requests, and to carry codes for them."""
    REQUESTS_READ = "requests:read"
    REQUESTS_DECIDE = "requests:decide"
    """To act for staff: to identify, approve, refuse, extend, release."""
    TASKS = "tasks"
    """To take tasks about people and answer them, for the silo whose name the system has."""
    REPLICA = "replica"
    """To keep a copy of what decisions about its own people rest on (docs/replica.md)."""


class Caller(msgspec.Struct, frozen=True):
    """A connected system whose token was verified. Empty `purposes` or `channels`: not limited."""

    system_id: SystemId
    secret_id: SecretId
    name: str
    scopes: frozenset[str]
    purposes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    zone: str = "UTC"
    """Where its times are, when it knows only the day."""

    def may_use(self, purpose: str, channel: str) -> bool:
        return (not self.purposes or purpose in self.purposes) and (
            not self.channels or channel in self.channels
        )

    def may_know(self, purpose: str | None, channel: str | None) -> bool:
        """Whether what is said of these bears on what this system was given. None stands for all of them."""
        return (not self.purposes or purpose is None or purpose in self.purposes) and (
            not self.channels or channel is None or channel in self.channels
        )

    def require(self, scope: Scope) -> None:
        """Raises Forbidden, naming the scope that is missing."""
        if scope not in self.scopes:
            raise Forbidden(
                "insufficient_scope",
                f"This call needs the scope {scope.value}, which the token does not have. "
                f"Ask whoever runs consentd to add the system with --scope {scope.value}.",
            )
