"""The library that channel systems import: to ask, to record, and to decide from a copy of their own.

    from consentd.client import Client, Event, Question

    with Client("https://consent.example", client_id, client_secret) as consent:
        decision = consent.check("email:ana@exemple.fr", "newsletter", "email")
        if decision:
            send()
        else:
            print(decision.reason)

Stands on the kernel, msgspec and httpx alone: `pip install consentd`. docs/client.md is its tutorial.
"""

from consentd.client.aio import AsyncClient
from consentd.client.aio_tasks import AsyncTaskRunner
from consentd.client.errors import (
    ClientError,
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    Overloaded,
    Refused,
    TimedOut,
    Unauthorised,
    Unavailable,
    Unreadable,
)
from consentd.client.model import (
    Attempted,
    Bound,
    Decision,
    Event,
    Identifier,
    PortalLink,
    Question,
    Reason,
    Receipt,
    Recipient,
    StopLink,
)
from consentd.client.orders import (
    Answer,
    AsyncHandlers,
    Handlers,
    Kept,
    Order,
    Part,
    done,
    failed,
    partial,
    unsupported,
)
from consentd.client.replica import Refusal, Replica, ReplicaError
from consentd.client.sync import Client
from consentd.client.tasks import TaskRunner

__all__ = [
    "Answer",
    "AsyncClient",
    "AsyncHandlers",
    "AsyncTaskRunner",
    "Attempted",
    "Bound",
    "Client",
    "ClientError",
    "Conflict",
    "Decision",
    "Event",
    "Fault",
    "Forbidden",
    "Handlers",
    "Identifier",
    "Invalid",
    "Kept",
    "NotFound",
    "Order",
    "Overloaded",
    "Part",
    "PortalLink",
    "Question",
    "Reason",
    "Receipt",
    "Recipient",
    "Refusal",
    "Refused",
    "Replica",
    "ReplicaError",
    "StopLink",
    "TaskRunner",
    "TimedOut",
    "Unauthorised",
    "Unavailable",
    "Unreadable",
    "done",
    "failed",
    "partial",
    "unsupported",
]
