"""Forgetting requests that are over: what they held of the person goes with their content key (GDPR 5(1)(e)).

The register stays: dates, right, steps, silos, counts and certificates name nobody. An erasure that every
silo did is forgotten in the unit that answers it: keeping who asked to be erased would undo it. Whatever is
to be sent to the person is handed over before.
"""

from uuid import UUID

from consentd.crypto import request_keys
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.dsr import store
from consentd.dsr.states import OPEN
from consentd.evidence.model import SERVICE
from consentd.evidence.recorder import begin
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import DAY

KEPT_DAYS = 30
"""After closing: the month in which an answer is questioned, and a refusal's reasons are asked for again."""
_MANY = 200


def forget(unit: Unit, keyring: Keyring, request: UUID, subject: UUID | None) -> bool:
    """Destroys the content key; False where it is gone already."""
    if not request_keys.destroy(unit, request, "content"):
        return False
    entry = begin(
        unit,
        keyring,
        action="request.forgotten",
        actor=SERVICE,
        subject_id=None if subject is None else SubjectId(subject),
        key=keyring.audit(),
    )
    entry.close({"request": str(request)})
    return True


def forget_due(unit: Unit, keyring: Keyring) -> int:
    """Forgets those whose time is over, some at a time; how many. For a change unit."""
    before = unit.now - KEPT_DAYS * DAY
    due = store.forgettable(unit.connection, [state.value for state in OPEN], before, _MANY)
    return sum(forget(unit, keyring, row["id"], row["subject_id"]) for row in due)
