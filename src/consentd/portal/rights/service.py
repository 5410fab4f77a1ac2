"""The use cases of rights: what there is to ask, asking it, following it, and fetching a copy.

Upholds promises 2 (a form that is sent twice asks once), 8 (each look is in the log before it is answered),
12 (what shows, changes or takes away needs the second proof) and 13 (somebody else's request is none).
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from consentd.base.clock import Clock
from consentd.base.dates import last_day
from consentd.consent.erasure import Kept, foreseen
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.dsr import by_session
from consentd.dsr.by_session import Wish
from consentd.dsr.cases import RequestCase, local_day
from consentd.dsr.certifying import CertificateTold
from consentd.dsr.copying.handing_out import Download, HandingOut
from consentd.dsr.rights import Right
from consentd.dsr.states import OPEN, State
from consentd.dsr.views import RequestBrief
from consentd.kernel.canonical import canonical
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Conflict
from consentd.kernel.ids import BatchId, SubjectId
from consentd.kernel.policy import Policy
from consentd.portal.choices.marketing import stop_marketing
from consentd.portal.person import members_of, person_of
from consentd.portal.reach import Reach
from consentd.portal.rights import rules
from consentd.portal.rights.model import ErasurePreview, Followed, Overview, Stays
from consentd.portal.sessions import Session, assert_live
from consentd.portal.visits import Visits
from consentd.web.idempotency import Repeat, remember, remembered

_ROUTE = "portal form"
_TRIES: Final = 50
_PAUSE: Final = 0.1


class RightsService:
    """All methods raise kernel errors only. `wake`: told when there is something to carry to the silos."""

    def __init__(
        self, visits: Visits, handing: HandingOut, clock: Clock, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._visits = visits
        self._clock = clock
        self._keyring: Keyring = visits.keyring
        self._handing = handing
        self._wake = wake

    def today(self, policy: Policy) -> dt.date:
        """The day where the company is, from which the time of a request would run."""
        return local_day(self._clock(), policy)

    async def overview(self, session: Session) -> Overview:
        session.require(Reach.CHOICES)

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[tuple[SubjectId, ...], Overview]:
            person = person_of(connection, session)
            today = local_day(self._clock(), compiled.policy)
            own = by_session.own(connection, compiled.policy, person.members)
            return person.members, Overview(
                offers=rules.offers(compiled.policy, today, restricted=person.restricted),
                restricted=person.restricted,
                asked=sum(State(one.state) in OPEN for one in own),
            )

        return await self._visits.read(session, "rights.read", read)

    async def erasure(self, session: Session) -> ErasurePreview:
        """What an erasure would do, before they ask for anything beside it. Raises NeedsMore."""
        session.require(Reach.PERSON)

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[tuple[SubjectId, ...], ErasurePreview]:
            person, policy, now = person_of(connection, session), compiled.policy, self._clock()
            kept = foreseen(connection, compiled, person, now, keep_suppression=False)
            zone = ZoneInfo(policy.controller.zone)
            register = Stays(kind="requests", article="GDPR 5(2)", until=None)
            own = (*(_stays(one, zone) for one in kept), register)
            return person.members, rules.erasure_preview(policy, local_day(now, policy), own)

        return await self._visits.read(session, "rights.read", read)

    async def ask(self, session: Session, form: str, wish: Wish) -> UUID:
        """The number of the request. `form`: the form's own number, which asks once however often it is sent.

        Raises NeedsMore, and what taking a request in does.
        """
        session.require(rules.reach_for(wish.right))
        repeat = self._repeat(session, form, wish)

        def work(unit: Unit, compiled: CompiledPolicy) -> UUID:
            before = remembered(unit, repeat)
            if before is not None:
                return UUID(int=before.int)
            if wish.right is Right.MARKETING_OBJECTION:
                # As the button of the same words does on the page of choices.
                taken = stop_marketing(unit, self._keyring, compiled, session, wish).request
            else:
                person, proof = person_of(unit.connection, session), rules.proof_of(session.reach)
                by = session.identifier
                taken = by_session.ask(unit, self._keyring, compiled, person, proof, by, wish).id
            remember(unit, repeat, BatchId(taken), 303)
            return taken

        for tried in range(_TRIES):
            try:
                asked = await self._visits.change(session, work)
                break
            except Conflict as conflict:
                # The same form was sent twice at once: its other half is at it.
                if conflict.code != "still_running" or tried == _TRIES - 1:
                    raise
                await asyncio.sleep(_PAUSE)
        self._wake()
        return asked

    async def asked_before(self, session: Session, form: str, wish: Wish) -> UUID | None:
        """The request that this very form made; None where it made none."""
        repeat = self._repeat(session, form, wish)

        def read(unit: Unit) -> UUID | None:
            assert_live(unit.connection, session, unit.now)
            before = remembered(unit, repeat)
            return None if before is None else UUID(int=before.int)

        return await self._visits.doing.database.housekeep(read)

    def _repeat(self, session: Session, form: str, wish: Wish) -> Repeat:
        assert session.subject is not None
        digest = self._keyring.digest
        key = digest("portal-asked", form.encode())
        return Repeat(session.subject, _ROUTE, key, digest("portal-asked-content", canonical(wish)))

    async def requests(self, session: Session) -> tuple[RequestBrief, ...]:
        """All of theirs, the newest first."""
        session.require(Reach.CHOICES)

        def read(
            connection: Any, compiled: CompiledPolicy
        ) -> tuple[tuple[SubjectId, ...], tuple[RequestBrief, ...]]:
            members = members_of(connection, session)
            return members, by_session.own(connection, compiled.policy, members)

        return await self._visits.read(session, "request.read", read)

    async def under_way(self, session: Session, right: Right) -> RequestBrief | None:
        """What they asked last by this right, if it is not over: a second one of the same is seldom meant."""
        found = await self.requests(session)
        return next((one for one in found if one.right == right and State(one.state) in OPEN), None)

    async def request(self, session: Session, id_: UUID) -> Followed:
        """Raises NotFound, the same for somebody else's as for none."""
        session.require(Reach.CHOICES)

        def read(connection: Any, compiled: CompiledPolicy) -> tuple[tuple[SubjectId, ...], Followed]:
            members = members_of(connection, session)
            told = by_session.owned(connection, compiled.policy, members, id_)
            return members, Followed(
                told=told,
                copy_until=by_session.copy_until(connection, told, self._clock()),
                can_be_taken_back=by_session.can_be_taken_back(told.state),
            )

        return await self._visits.read(session, "request.read", read, request=str(id_))

    async def certificates(self, session: Session, id_: UUID) -> tuple[CertificateTold, ...]:
        """Of an erasure; the last one stands. Raises NeedsMore, NotFound."""
        session.require(Reach.PERSON)

        def read(
            connection: Any, compiled: CompiledPolicy
        ) -> tuple[tuple[SubjectId, ...], tuple[CertificateTold, ...]]:
            members = members_of(connection, session)
            return members, by_session.certificates(connection, members, id_)

        return await self._visits.read(session, "certificate.read", read, request=str(id_))

    async def take_back(self, session: Session, id_: UUID) -> None:
        """Raises NotFound, and Conflict where silos are at it already, or it is over."""
        session.require(Reach.CHOICES)

        def work(unit: Unit, compiled: CompiledPolicy) -> None:
            members = members_of(unit.connection, session)
            by_session.take_back(unit, self._keyring, compiled, members, id_)

        await self._visits.change(session, work)
        self._wake()

    async def copy(self, session: Session, id_: UUID) -> Download:
        """A released copy, by a link that is made for this and used at once: so its own rules hold.

        Raises NeedsMore, NotFound; Conflict where none is released (any more), or too many were fetched.
        """
        session.require(Reach.PERSON)

        def work(unit: Unit, compiled: CompiledPolicy) -> str:
            members = members_of(unit.connection, session)
            by_session.require_own(unit.connection, members, id_)
            return self._handing.link_in(RequestCase.locked(unit, self._keyring, compiled, id_))

        return await self._handing.take(await self._visits.change(session, work))


def _stays(kept: Kept, zone: ZoneInfo) -> Stays:
    until = None
    if kept.until is not None:
        until = last_day(dt.datetime.fromisoformat(kept.until), zone)
    return Stays(kind=kept.kind, article=kept.because, until=until)
