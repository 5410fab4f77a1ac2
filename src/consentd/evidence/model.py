"""Who acted: what an entry of the log says of its author."""

from enum import StrEnum
from uuid import UUID

import msgspec


class ActorKind(StrEnum):
    SYSTEM = "system"
    """A connected silo."""
    STAFF = "staff"
    OPERATOR = "operator"
    """Whoever runs the service, at the command line."""
    SUBJECT = "subject"
    """The person themself, in the portal or by a link."""
    SERVICE = "service"
    """consentd by itself: a purge date that came, a worker."""


class Actor(msgspec.Struct, frozen=True):
    kind: ActorKind
    id: UUID | None = None
    """Random, as all ids are: never a name or an address."""


SERVICE = Actor(ActorKind.SERVICE)
OPERATOR = Actor(ActorKind.OPERATOR)
