"""Making copies beside the service: outside any transaction, in flat memory, resumed after a kill.

Whoever holds the lease of a copy's row makes it: gathers what consentd holds, once for a review, and writes
the archive under a name and a key of its own; that it is done is one unit which proves the lease. One that is
killed leaves a lease that runs out; the next begins anew, and what the first had written opens no more.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import structlog

from consentd.base.i18n import choose
from consentd.base.ids import new_id
from consentd.crypto import request_keys
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.crypto.secrets import Key
from consentd.crypto.wrapping import draw_key
from consentd.db import leases
from consentd.db.leases import LostLease
from consentd.db.unit import Database, Unit
from consentd.dsr.cases import RequestCase
from consentd.dsr.copies import SealedCopies
from consentd.dsr.copying import eyes, releasing, rounds, silos, store
from consentd.dsr.copying.eyes import Marks
from consentd.dsr.copying.places import Gathered, archive_of
from consentd.dsr.package.about import About, Kind, Outcome
from consentd.dsr.package.files import Collected
from consentd.dsr.package.making import Made, make
from consentd.dsr.package.own import gather
from consentd.dsr.package.own_model import OWN, Own
from consentd.dsr.package.records import Gathering
from consentd.dsr.rights import Right
from consentd.dsr.states import State
from consentd.evidence import service as evidence
from consentd.evidence.model import SERVICE
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import ConsentdError, Unavailable
from consentd.kernel.ids import EntryId
from consentd.kernel.instants import SECOND, Instant
from consentd.kernel.request_rules import released_by_itself
from consentd.policy.service import PolicyBook

IDLE_SECONDS = 2.0
MOST_ATTEMPTS = 5
_LASTING = frozenset({"redaction_meets_nothing", "export_gone", "records_too_varied", "request_forgotten"})
"""What no other try mends: staff have to do something first."""
_BLOCK = 1 << 16
_log = structlog.get_logger()
Row = Any
"""Any: a row mapping of `package_work`."""


class NotProvenYet(Unavailable):
    """The log's next checkpoint covers what the copy tells: usually within a second."""


class _Begun(msgspec.Struct, frozen=True):
    """What one making works with."""

    compiled: CompiledPolicy
    right: Right
    subject: UUID | None
    language: Any  # Any: a Language
    systems: tuple[Any, ...]
    empty: set[str]
    redactions: tuple[Any, ...]
    gathered: Key
    own: UUID | None
    archive: UUID
    key: Key
    now: Instant


class Maker:
    """One for a process."""

    def __init__(
        self, database: Database, keyring: Keyring, policies: PolicyBook, copies: SealedCopies
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._policies = policies
        self._copies = copies
        self._holder = new_id()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                worked = await self.step()
            except ConsentdError as error:
                _log.warning("copies_interrupted", code=error.code)
                worked = False
            except Exception as error:
                _log.error("copies_failed", kind=type(error).__name__)
                worked = False
            if not worked:
                await asyncio.sleep(IDLE_SECONDS)

    async def step(self) -> bool:
        """Makes one copy, if one waits; whether one did."""
        row = await self._database.housekeep(lambda unit: store.claim(unit, self._holder))
        if row is None:
            return False
        try:
            async with self._held(row):
                await self._make(row)
        except LostLease:
            pass
        except NotProvenYet:
            await self._put_back(row, {"next_at": self._seconds(1)})
        except ConsentdError as error:
            await self._later(row, error.code)
        except asyncio.CancelledError:
            await asyncio.shield(self._put_back(row, {}))
            raise
        except Exception as error:
            # A defect of ours: the kind alone, for a message may hold what is personal.
            _log.error("copy_failed", kind=type(error).__name__)
            await self._later(row, "defect")
        return True

    async def _make(self, row: Row) -> None:
        begun = await self._change(lambda unit: self._begin(unit, row))
        if begun is None:
            return
        folder = self._copies.folder(row["id"])
        own = begun.own or new_id()
        files = Gathered(folder, row["id"], begun.gathered, own, archive_of(folder, begun.archive, begun.key))
        if begun.own is None:
            await self._gather(begun, files)
            await self._database.housekeep(lambda unit: self._require(unit, row, {"own_id": own}))
        told, proven = await self._proven(files)
        about = About(
            kind=Kind.PORTABILITY if begun.right is Right.PORTABILITY else Kind.ACCESS,
            request=str(row["id"]),
            language=begun.language,
            made_at=begun.now,
            systems=begun.systems,
            own=told,
            redactions=begun.redactions,
            territory=begun.compiled.policy.controller.country,
        )
        made, digest, marks = await self._beside(files, partial(self._written, files, begun, about, proven))
        await self._change(lambda unit: self._finish(unit, row, begun, made, digest, marks))

    def _begin(self, unit: Unit, row: Row) -> _Begun | None:
        """Logged before anything is read (promise 8)."""
        case = RequestCase.locked(unit, self._keyring, self._policies.active(unit.connection), row["id"])
        gathered = request_keys.open_key(unit.connection, self._keyring, case.id, "package")
        if case.state is not State.REVIEWING or gathered is None:
            self._require(unit, row, {"state": "ended", **leases.RELEASED})
            rounds.begin_entry(case, "request.copy_not_made", SERVICE).close({"request": str(case.id)})
            return None
        archive, key = new_id(), draw_key()
        live = {one["id"] for one in store.packages(unit.connection, case.id)}
        if row["making_id"] is not None and row["making_id"] not in live:
            # Somebody began it and did not come to its end.
            request_keys.destroy_archive(unit, case.id, row["making_id"])
        self._require(unit, row, {"making_id": archive})
        request_keys.put(unit, self._keyring, case.id, "archive", key, of=archive)
        rounds.begin_entry(case, "request.copy_begun", SERVICE).close({"request": str(case.id)})
        language = choose(case.row["language"], None)
        held = tuple(one.redaction for one in rounds.standing(case) if not one.lapsed)
        return _Begun(
            compiled=case.compiled,
            right=case.right,
            subject=case.row["subject_id"],
            language=language,
            systems=silos.asked(case, language),
            empty=silos.empty(case),
            redactions=held,
            gathered=gathered,
            own=row["own_id"],
            archive=archive,
            key=key,
            now=unit.now,
        )

    async def _gather(self, begun: _Begun, files: Gathered) -> None:
        """What consentd itself holds; nothing, where the person is not on record."""

        def read(connection: Any) -> Own:  # Any: a connection
            with Gathering(files, OWN) as records:
                if begun.subject is None:
                    return Own((), False, False, (), (), ())
                return gather(
                    connection, self._keyring, begun.compiled, begun.subject, begun.language, records
                )

        own = await with_fresh_keys(self._keyring, self._database, lambda: self._database.read(read))
        with files.about.writing() as file:
            file.add(msgspec.json.encode(own))

    async def _proven(self, files: Gathered) -> tuple[Own, evidence.Proven | None]:
        """Raises NotProvenYet: a copy without the proofs of what it tells is not made."""
        with files.about.open() as file:
            own = msgspec.json.decode(file.read(), type=Own)
        entries = [EntryId(one) for one in own.entries]
        proven = await self._database.read(lambda connection: evidence.prove(connection, entries))
        if proven is None and entries:
            raise NotProvenYet("not_ready", "The log's next checkpoint is waited for.")
        return own, proven

    def _written(
        self, files: Gathered, begun: _Begun, about: About, proven: evidence.Proven | None
    ) -> tuple[Made, bytes, Marks | None]:
        """In a thread: the archive, its digest as it will be handed out, and what in it calls for eyes."""
        for system in begun.empty:
            if files.collected(system) is None:
                files.keep(Collected(system))
        made = make(files, begun.compiled, self._keyring.signer("receipt"), about, proven)
        digest = hashlib.sha256()
        with files.archive.open() as content:
            while block := content.read(_BLOCK):
                digest.update(block)
        return made, digest.digest(), _marks(files, begun)

    async def _beside(self, files: Gathered, work: Callable[[], Any]) -> Any:  # Any: what the work gives
        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # The thread ends at its next record: the process must not wait for a whole archive.
            files.stopped = True
            with contextlib.suppress(Exception):
                await running
            raise

    def _finish(
        self, unit: Unit, row: Row, begun: _Begun, made: Made, digest: bytes, marks: Marks | None
    ) -> None:
        case = RequestCase.locked(unit, self._keyring, self._policies.active(unit.connection), row["id"])
        self._require(unit, row, {"state": "made", "code": None, "attempts": 0, **leases.RELEASED})
        before = [one for one in store.packages(unit.connection, case.id) if one["released_at"] is None]
        entry = rounds.begin_entry(case, "request.copy_made", SERVICE)
        entry.insert(
            store.PACKAGES,
            {
                "id": begun.archive,
                "request_id": case.id,
                "size": made.size,
                "sha256": digest,
                "records": made.records,
                "withheld": made.withheld,
                "made_at": unit.now,
            },
        )
        entry.close({"request": str(case.id), "package": str(begun.archive), "withheld": made.withheld})
        if before:
            rounds.destroy(case, [one["id"] for one in before], SERVICE)
        releasing.decide(case, marks)

    async def _later(self, row: Row, code: str) -> None:
        attempts = row["attempts"] + 1
        if attempts >= MOST_ATTEMPTS or code in _LASTING:
            await self._put_back(row, {"state": "failed", "attempts": attempts, "code": code})
            return
        wait = {"next_at": self._seconds(leases.backoff(attempts))}
        await self._put_back(row, {"attempts": attempts, "code": code, **wait})

    async def _put_back(self, row: Row, values: dict[str, Any]) -> None:
        def work(unit: Unit) -> None:
            told = {name: value(unit) if callable(value) else value for name, value in values.items()}
            leases.keep(
                unit, store.WORK, row["id"], self._holder, {"state": "waiting", **leases.RELEASED} | told
            )

        with contextlib.suppress(ConsentdError):
            await self._database.housekeep(work)

    @staticmethod
    def _seconds(wait: float) -> Callable[[Unit], int]:
        return lambda unit: unit.now + int(wait * SECOND)

    def _held(self, row: Row) -> AbstractAsyncContextManager[None]:
        """For as long as it takes: the lease is renewed."""
        return leases.renewing(
            lambda: self._database.housekeep(lambda unit: self._require(unit, row, {})),
            lambda error: _log.warning("copy_lease_not_renewed", code=error.code),
        )

    def _require(self, unit: Unit, row: Row, values: dict[str, Any]) -> None:
        """Writes to the row and renews the lease. Raises LostLease if it is not this process's any more."""
        renewed = {"lease_until": Instant(leases.until(unit))} | values
        if not leases.keep(unit, store.WORK, row["id"], self._holder, renewed):
            raise LostLease("lost_lease", "Another process took over this copy.")

    async def _change(self, work: Callable[[Unit], Any]) -> Any:  # Any: what the work gives
        return await with_fresh_keys(self._keyring, self._database, lambda: self._database.change(work))


def _marks(files: Gathered, begun: _Begun) -> Marks | None:
    """Looked for only where the policy lets copies go: it reads every record."""
    policy = begun.compiled.policy
    if not released_by_itself(policy.requests, begun.right):
        return None
    answered = [one.id for one in begun.systems if one.outcome is Outcome.ANSWERED]
    return eyes.marks(files, policy, begun.right, answered)
