"""Identifiers that cannot be mistaken for one another.

All are random UUIDs (RFC 9562); which kind one is, is a matter of type, never of its digits. Making one
needs randomness and so lives in `base.ids`.
"""

from typing import NewType
from uuid import UUID

SubjectId = NewType("SubjectId", UUID)
GroupId = NewType("GroupId", UUID)
"""The id of a group of merged subjects: that of its first member. A lone subject is its own group."""
IdentifierId = NewType("IdentifierId", UUID)
EventId = NewType("EventId", UUID)
EntryId = NewType("EntryId", UUID)
KeyId = NewType("KeyId", UUID)
SystemId = NewType("SystemId", UUID)
SecretId = NewType("SecretId", UUID)
BatchId = NewType("BatchId", UUID)
"""One recording act: all rows that one call wrote together. It is also the number of its receipt."""

NOBODY = UUID(int=0)
"""Stands in key columns for "none": the whole channel, no contact point."""
