"""A copy of its own for one system, to decide from without asking (docs/replica.md)."""

from consentd.client.replica.opening import ReplicaError
from consentd.client.replica.replica import Refusal, Replica

__all__ = ["Refusal", "Replica", "ReplicaError"]
