"""Pages of what a system's replica holds: everybody first, then whoever the log says has changed.

The cursor is an index of the log, with the leaf before it and the newest entry that the page could rest on:
of a database that was set back and has grown again, they are not there (docs/replica.md). A page is read
from one snapshot: whom the entries since the cursor are about, and whom those are about that are recorded but
not in the log yet; then all that stands about them now. So the last page of a round misses nothing that was
acknowledged before it was asked for, whether or not the log keeps up (promise 5).

Upholds promise 8: a page about people is in the log, with its keyed digest, before it is answered. One that
tells of nobody releases nothing and is not logged: a replica asks every few seconds.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec

from consentd.base.clock import Clock
from consentd.callers.model import Caller
from consentd.callers.service import assert_live
from consentd.crypto.keyring import with_fresh_keys
from consentd.feed import replica_store as store
from consentd.feed.replica_lines import Reader, gone, lines_about
from consentd.feed.replica_rules import extent
from consentd.kernel.errors import Conflict, Unprocessable
from consentd.kernel.ids import NOBODY
from consentd.kernel.policy import document
from consentd.kernel.replica import EndTold, GoneTold, HeadTold, Line, PersonTold, PolicyTold
from consentd.subjects.doing import Doing
from consentd.web.cursors import decode_cursor, encode_cursor

ACTION = "replica.told"
"""What the log calls it."""
ENTRIES = 2000
"""Entries of the log that one page goes through."""
MOST = 2000
_NAME = re.compile(r"[0-9a-f]{32}")
_encode = msgspec.json.Encoder().encode


class ReplicaAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`replica`: a random number that the replica made for itself, 32 hexadecimal digits."""

    replica: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
    cursor: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)] | None = None
    """Of the page before; none for a first page."""
    policy: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    """The policy that the replica has: another one in force comes with the page."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 500
    """People to look at."""


class _Position(msgspec.Struct, frozen=True, array_like=True):
    """`index`: entries before it are told; `leaf`: the last of them, as hexadecimal, "" before the first.
    `newest`: the last that was recorded when the page was read, in the log or not. `after`: while everybody
    is gone through, the last of them.
    """

    replica: str
    extent: str
    index: int
    leaf: str
    newest: UUID | None
    after: UUID | None


class _Page(msgspec.Struct, frozen=True):
    people: Sequence[PersonTold | GoneTold]
    position: _Position
    more: bool
    head: HeadTold
    policy: PolicyTold | None


class Replicas:
    def __init__(self, doing: Doing, clock: Clock) -> None:
        self._doing = doing
        self._clock = clock

    async def page(self, caller: Caller, asked: ReplicaAsked) -> list[bytes]:
        """Lines, each with its end. Raises Unprocessable for a cursor that is none, Conflict
        (replica_outdated) where it leads nowhere any more: the replica is to begin anew.
        """
        if not _NAME.fullmatch(asked.replica):
            raise Unprocessable("bad_cursor", "A replica's number is 32 hexadecimal digits.")
        position = decode_cursor(asked.cursor, _Position) if asked.cursor else None
        doing = self._doing

        def read(connection: Any) -> _Page:
            assert_live(connection, caller)
            return self._read(connection, caller, asked, position)

        page = await with_fresh_keys(doing.keyring, doing.database, lambda: doing.database.read(read))
        lines: list[Line] = [page.head]
        if page.policy is not None:
            lines.append(page.policy)
        lines += page.people
        lines.append(EndTold(encode_cursor(page.position), page.more, len(page.people)))
        content = [_encode(line) + b"\n" for line in lines]
        if not page.people and position is not None:
            return content
        digest = doing.keyring.digest("replica-page", b"".join(content)).hex()
        return await doing.read(
            caller,
            ACTION,
            lambda _connection, _compiled: ((), content),
            digest=digest,
            count=len(page.people),
            replica=asked.replica,
        )

    def _read(
        self, connection: Any, caller: Caller, asked: ReplicaAsked, position: _Position | None
    ) -> _Page:  # Any: a database connection
        compiled = self._doing.policies.active(connection)
        policy = compiled.policy
        held = extent(policy, caller.name, caller.purposes, caller.channels)
        name = hashlib.sha256(held.name().encode()).hexdigest()[:16]
        size = store.log_size(connection)
        key = self.key_of(caller, asked.replica)
        if position is not None and not (
            position.replica == asked.replica
            and position.extent == name
            and _goes_on(connection, position, size)
        ):
            raise Conflict(
                "replica_outdated",
                "What this replica may hold is another now, or the log was set back: begin anew, without a "
                "cursor.",
            )
        now = self._clock()
        reader = Reader(connection, self._doing.keyring, key, caller.system_id, held, now - held.reach, now)
        told = None
        if asked.policy != policy.hash:
            told = PolicyTold(policy.hash, document(policy).decode())
        head = HeadTold(
            base64.b64encode(key).decode() if position is None else None,
            policy.hash,
            tuple(sorted(held.schemes)),
            tuple(sorted(held.purposes)),
            tuple(sorted(held.channels)),
        )
        if position is None:
            position = _Position(asked.replica, name, size, store.leaf_before(connection, size), None, NOBODY)
        position = msgspec.structs.replace(position, newest=store.newest_entry(connection, size))
        if position.after is not None:
            people, following = _everybody(reader, position, asked.limit)
            return _Page(people, following, True, head, told)
        people, following, more = _changed(reader, position, size)
        return _Page(people, following, more, head, told)

    def key_of(self, caller: Caller, replica: str) -> bytes:
        """The key of one replica of one system: 32 bytes, the same each time it is asked for."""
        return self._doing.keyring.digest(f"replica/{caller.system_id}", replica.encode())


def _goes_on(connection: Any, position: _Position, size: int) -> bool:  # Any: a database connection
    """Whether the log still holds all that the replica was told from."""
    return (
        0 <= position.index <= size
        and store.leaf_before(connection, position.index) == position.leaf
        and (position.newest is None or store.has_entry(connection, position.newest))
    )


def _everybody(
    reader: Reader, position: _Position, limit: int
) -> tuple[list[PersonTold | GoneTold], _Position]:
    """Those who changed while everybody is gone through are told again behind it, from the index on."""
    assert position.after is not None
    groups = store.groups_after(reader.connection, position.after, limit)
    after = groups[-1] if len(groups) == limit else None
    return lines_about(reader, groups, gone=False), msgspec.structs.replace(position, after=after)


def _changed(
    reader: Reader, position: _Position, size: int
) -> tuple[list[PersonTold | GoneTold], _Position, bool]:
    connection = reader.connection
    found = store.changed(connection, position.index, ENTRIES)
    more = found.size < size
    parts = [found] if more else [found, store.waiting(connection)]
    subjects: set[UUID] = set()
    listed: set[UUID] = set()
    for part in parts:
        moved = store.regrouped(connection, part.first_at, part.last_at) if part.last_at >= 0 else set()
        for some in store.in_slices(part.subjects | moved):
            subjects |= store.ever_one(connection, some)
        if part.erased_on:
            # Whoever holds what was put onto the do-not-contact list with somebody's erasure.
            listed |= store.listed_on(connection, part.erased_on)
    groups_of: dict[UUID, UUID] = {}
    for some in store.in_slices(subjects):
        groups_of |= store.groups_of(connection, some)
    groups = set(groups_of.values())
    for some in store.in_slices(listed):
        groups |= {group for held in store.holders(connection, some).values() for group in held}
    people = lines_about(reader, sorted(groups), gone=True)
    # Erased, or one person with others under another's number.
    people += gone(reader, sorted(subjects - groups))
    index = max(found.size, position.index)
    leaf = store.leaf_before(connection, index)
    return people, msgspec.structs.replace(position, index=index, leaf=leaf), more
