"""Carrying out what a stop link says: one unit for each press, for everyone whom the link is about.

Upholds promises 3, 5 (the next check denies; the stop is in the synced journal before it is acknowledged)
and 14: pressing again writes nothing, nor does pressing after an erasure.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from consentd.base.ids import new_id
from consentd.consent import states_store
from consentd.consent.objecting import record_objection
from consentd.consent.recording import record
from consentd.consent.requests import ConsentEvent, RecordConsents, RecordObjection
from consentd.consent.stopping.rules import Stops, Unended, ending, unended
from consentd.consent.stopping.tokens import StopLink, StopLinks
from consentd.crypto.keyring import with_fresh_keys
from consentd.db.unit import Unit
from consentd.evidence.model import Actor, ActorKind
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import BatchId
from consentd.kernel.instants import Instant, to_text
from consentd.kernel.policy import Policy
from consentd.subjects import holding
from consentd.subjects import service as subjects
from consentd.subjects.acts import Act
from consentd.subjects.doing import Doing
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import SubjectNamed

METHOD = "stop_link"

_UTC = ZoneInfo("UTC")
_THEMSELVES = Actor(ActorKind.SUBJECT)


class Stopping:
    """All methods raise kernel errors only."""

    def __init__(self, doing: Doing, public_url: str, now: Callable[[], Instant]) -> None:
        self._doing = doing
        self._links = StopLinks(doing.keyring, public_url)
        self._now = now

    def read(self, token: str) -> StopLink | None:
        """What a link is about; None where it does not hold."""
        return self._links.read(token, self._now())

    async def policy(self) -> Policy:
        return await self._doing.database.read(
            lambda connection: self._doing.policies.active(connection).policy
        )

    async def press(self, link: StopLink, stops: Stops) -> None:
        """Ends what is not ended yet. Returns alike whether anything was, and whoever there is."""

        def work(unit: Unit) -> None:
            compiled = self._doing.policies.active(unit.connection)
            wanted = ending(compiled.policy, link.purpose, link.channel, stops)
            if link.subject is not None:
                about = [link.subject]
            else:
                assert link.identifier is not None
                about = [one.subject for one in holding.holders(unit.connection, link.identifier)]
            for person in subjects.lock_present(unit, about):
                left = unended(
                    compiled.policy,
                    wanted,
                    link.purpose,
                    link.channel,
                    states_store.states(unit.connection, person.group),
                    states_store.objection_states(unit.connection, person.group),
                    unit.now,
                )
                if left.withdraws or left.objections:
                    self._write(unit, compiled, link, person, left)

        database = self._doing.database
        await with_fresh_keys(self._doing.keyring, database, lambda: database.change(work))
        self._doing.wake()

    def _write(
        self, unit: Unit, compiled: CompiledPolicy, link: StopLink, person: Known, left: Unended
    ) -> None:
        act = Act(
            unit,
            self._doing.keyring,
            compiled.policy,
            BatchId(new_id()),
            action="stop.recorded",
            caller=None,
            actor=_THEMSELVES,
        )
        contacts = subjects.contacts_of(unit.connection, self._doing.keyring, person.members)
        everyone = act.everyone([contact.named for contact in contacts])
        resolution = Resolution(everyone.named, (person,), everyone.holders)
        nobody, when = SubjectNamed(()), to_text(left.at)
        if left.withdraws:
            event = ConsentEvent(
                purpose=link.purpose,
                channel=link.channel,
                state="withdrawn",
                occurred_at=when,
                method=METHOD,
                evidence={"link_issued": link.issued.isoformat()},
            )
            record(act, compiled, RecordConsents(nobody, (event,)), _UTC, resolution)
        for one in left.objections:
            request = RecordObjection(
                subject=nobody,
                ground=one.ground.value,
                purposes=(one.purpose,) if one.purpose else (),
                channels=(one.channel,) if one.channel else (),
                occurred_at=when,
                method=METHOD,
            )
            record_objection(act, request, _UTC, resolution)
        act.close()
