"""Leading by lease, with fencing: at most one holder's work counts, whatever the clocks say (docs/log.md).

The fence grows with every change of holder. Work is done in the transaction that renews the lease under
holder and fence, so a leader that slept while another took over changes nothing.
"""

from uuid import UUID

from consentd.db.unit import Unit
from consentd.evidence import store
from consentd.evidence.store import Lease
from consentd.kernel.errors import Unavailable
from consentd.kernel.instants import SECOND, Instant


class LostLease(Unavailable):
    """Another process leads by now; nothing was done."""


def take(unit: Unit, name: str, holder: UUID, seconds: int) -> Lease | None:
    """The lease, if it is free, over, or already the holder's; None where another holds it."""
    standing = store.lease(unit.connection, name)
    until = Instant(unit.now + seconds * SECOND)
    if standing is None:
        first = Lease(holder, 1, until)
        store.insert_lease(unit.connection, name, first)
        return first
    if standing.holder != holder and standing.until > unit.now:
        return None
    fence = standing.fence + (standing.holder != holder)
    taken = Lease(holder, fence, until)
    return taken if store.take_lease(unit.connection, name, standing, taken) else None


def renew(unit: Unit, name: str, held: Lease, seconds: int) -> Lease:
    """Extends the lease and locks it until the unit ends. Raises LostLease if another took it meanwhile."""
    renewed = held._replace(until=Instant(unit.now + seconds * SECOND))
    if not store.renew_lease(unit.connection, name, renewed):
        raise LostLease("lost_lease", f"Another process took over as {name}.")
    return renewed


def release(unit: Unit, name: str, held: Lease) -> None:
    """Lets another take over at once; without effect if it did already."""
    store.renew_lease(unit.connection, name, held._replace(until=unit.now))
