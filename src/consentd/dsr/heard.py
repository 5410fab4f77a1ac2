"""What was last heard of people, with what their requests say: whom retention may look at, and whom not."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.consent.signs import Heard, heard_of, heard_of_one
from consentd.crypto.keyring import Keyring
from consentd.dsr import store
from consentd.dsr.states import OPEN
from consentd.kernel.ids import GroupId
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Keeping, Policy
from consentd.kernel.retention import Standing, standing


def page(connection: Any, keyring: Keyring, after: UUID, limit: int) -> list[Heard]:
    """Any: a database connection. The next people in the order of their groups' ids; empty at the end."""
    return [_with_requests(connection, heard, None) for heard in heard_of(connection, keyring, after, limit)]


def one(connection: Any, keyring: Keyring, group: GroupId, besides: UUID | None = None) -> Heard | None:
    """Any: a database connection. None where there is nobody (any more). `besides`: a request that holds
    nobody back.
    """
    heard = heard_of_one(connection, keyring, group)
    return None if heard is None else _with_requests(connection, heard, besides)


def due_under(policy: Policy, heard: Heard, now: Instant) -> Keeping | None:
    """The first rule under which this person is due, if one is."""
    zone = ZoneInfo(policy.controller.zone)
    for rule in policy.controller.keeping:
        if standing(rule, heard.signs, now, zone) is Standing.DUE:
            return rule
    return None


def _with_requests(connection: Any, heard: Heard, besides: UUID | None) -> Heard:
    open_ = {one for member in heard.members for one in store.open_of(connection, member, OPEN)}
    # Who asked for a right, and showed who they are, was there.
    told = (heard.signs.last, store.last_proven(connection, heard.members))
    last = max((Instant(one) for one in told if one is not None), default=None)
    signs = msgspec.structs.replace(heard.signs, open_request=bool(open_ - {besides}), last=last)
    return msgspec.structs.replace(heard, signs=signs)
