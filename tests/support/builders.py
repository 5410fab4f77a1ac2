"""A whole company on a real database: its keys, rules, systems and people, in the words of the field.

    company = await open_company(url, folder)
    await company.gives("email:ana@exemple.fr")
    assert await company.allows("email:ana@exemple.fr")

Its clock stands until it is moved, and every act comes one minute after the one before.
"""

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from consentd.base.clock import now
from consentd.callers import service as callers
from consentd.callers.model import Caller
from consentd.check.answers import Answer
from consentd.check.attempts import AttemptRecorded, AttemptReported, report
from consentd.check.questions import CheckAsked
from consentd.check.service import BatchAsked, CheckService
from consentd.check.store import gatherer
from consentd.consent.answers import ConsentsRecorded
from consentd.consent.erasure import Certificate, erase
from consentd.consent.merging import merge, unmerge
from consentd.consent.objecting import ObjectionsRecorded
from consentd.consent.requests import ConsentEvent
from consentd.consent.service import ConsentService
from consentd.consent.verifying import state_check
from consentd.crypto.keyring import Keyring, create_keyring, load_keyring
from consentd.crypto.root import root_key
from consentd.crypto.subject_keys import purge_due
from consentd.db.engine import open_database
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.log import log_entries
from consentd.db.unit import Unit
from consentd.evidence import journal, outside
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.evidence.runner import Sequencer
from consentd.evidence.verifier import Finding, verify
from consentd.kernel.errors import CallerError
from consentd.kernel.ids import GroupId, SubjectId
from consentd.kernel.instants import DAY, MINUTE, Instant, to_instant, to_text
from consentd.kernel.policy import Policy
from consentd.policy.loader import Loaded, load_whole
from consentd.policy.service import PolicyBook, activate, active_hash
from consentd.subjects.doing import Doing
from consentd.subjects.requests import Name
from consentd.subjects.service import look_up
from consentd.subjects.stating import FactsRecorded
from consentd.web.idempotency import Repeat
from support import builders_requests as requests

POLICIES = Path(__file__).parents[2] / "policies"
ROOT = root_key(bytes(range(32)))
PARIS = ZoneInfo("Europe/Paris")
WEDNESDAY = to_instant(dt.datetime(2026, 11, 18, 11, 0, tzinfo=PARIS))
"""An hour at which calls are lawful in metropolitan France."""
EVERYTHING = ("consent:write", "consent:read", "check", "reasons")
NEWSLETTER = ("newsletter", "email")


@cache
def demo_policy() -> Policy:
    return demo_whole().policy


@cache
def demo_whole() -> Loaded:
    """With the files that it names, which a fresh database lacks."""
    return load_whole(POLICIES)


class Clock:
    """Stands until it is moved."""

    def __init__(self, start: Instant = WEDNESDAY) -> None:
        self.now = start

    def __call__(self) -> Instant:
        return self.now

    def move(self, **by: float) -> None:
        self.now = Instant(self.now + dt.timedelta(**by) // dt.timedelta(microseconds=1))


class RealClock(Clock):
    """The machine's, which several processes share. It cannot be moved."""

    def __call__(self) -> Instant:
        return now()

    def move(self, **by: float) -> None:
        self.now = now()


class Company:
    """The demo company. People are named by "scheme:value"; the system `till` acts if none is told."""

    def __init__(
        self, database: SqliteDatabase | PostgresDatabase, keyring: Keyring, clock: Clock, folder: Path
    ) -> None:
        self.database = database
        self.keyring = keyring
        self.clock = clock
        self.folder = folder
        self.policies = PolicyBook()
        self.doing = Doing(database, keyring, self.policies)
        self.consent = ConsentService(self.doing)
        self.checks = CheckService(database, gatherer(database), keyring, self.policies, clock)
        self.systems: dict[str, Caller] = {}
        self.secrets: dict[str, str] = {}

    # --- systems

    async def add_system(
        self, name: str, *, scopes: tuple[str, ...] = EVERYTHING, zone: str = "Europe/Paris", **limits: Any
    ) -> Caller:
        made = await self.database.change(
            lambda unit: callers.add_system(
                unit,
                self.keyring,
                name,
                scopes,
                limits.get("purposes", ()),
                limits.get("channels", ()),
                zone,
                OPERATOR,
            )
        )
        self.secrets[name] = made.secret
        return await self.system_of(name)

    async def system_of(self, name: str) -> Caller:
        """A connected system, whichever process connected it."""

        def read(connection: sa.Connection) -> Caller:
            (found,) = [one for one in callers.list_systems(connection) if one.system.name == name]
            return callers.caller_of(connection, found.system.id, found.secrets[-1].id)

        self.systems[name] = await self.database.read(read)
        return self.systems[name]

    async def revoke(self, name: str) -> None:
        system = self.systems[name].system_id
        await self.database.change(lambda unit: callers.revoke(unit, self.keyring, system, OPERATOR))

    # --- recording

    def at(self, minutes_ago: float = 0) -> str:
        return to_text(Instant(self.clock.now - int(minutes_ago * MINUTE)))

    async def send(
        self,
        who: tuple[str, ...],
        *events: ConsentEvent,
        by: str = "till",
        repeat: Repeat | None = None,
        territory: str | None = "FR",
        name: Name | str | None = None,
        **other: Any,
    ) -> tuple[int, ConsentsRecorded]:
        """Records events as they are; status and answer."""
        self.clock.move(minutes=1)
        request = requests.consents(requests.subject(*who, territory=territory, name=name), *events, **other)
        return await self.consent.record(self.systems[by], request, repeat)

    async def gives(
        self,
        *who: str,
        purpose: str = "newsletter",
        channel: str = "email",
        at: str | None = None,
        by: str = "till",
        territory: str | None = "FR",
        **event: Any,
    ) -> ConsentsRecorded:
        """A yes with its whole proof, now unless told."""
        said = requests.yes(purpose, channel, at or to_text(self.clock.now + MINUTE), **event)
        return (await self.send(who, said, by=by, territory=territory))[1]

    async def claims(self, *who: str, **event: Any) -> ConsentsRecorded:
        """A yes without any proof, kept as what it is."""
        nothing = {"method": None, "collector": None, "notice": None}
        return await self.gives(*who, **(nothing | {"on_incomplete": "keep_as_claim"} | event))

    async def says(
        self,
        state: str,
        *who: str,
        purpose: str = "newsletter",
        channel: str = "email",
        at: str | None = None,
        by: str = "till",
        **event: Any,
    ) -> ConsentsRecorded:
        """Anything but a yes, without any formality."""
        said = requests.event(purpose, channel, state=state, occurred_at=at, **event)
        return (await self.send(who, said, by=by))[1]

    async def withdraws(self, *who: str, **event: Any) -> ConsentsRecorded:
        return await self.says("withdrawn", *who, **event)

    async def objects(
        self, *who: str, at: str | None = None, by: str = "till", **narrowed: Any
    ) -> ObjectionsRecorded:
        """To all marketing by every channel, unless narrowed."""
        self.clock.move(minutes=1)
        request = requests.objection(requests.subject(*who), at, **narrowed)
        return (await self.consent.object(self.systems[by], request))[1]

    async def told(self, kind: str, *who: str, by: str = "till", **members: Any) -> FactsRecorded:
        """A fact about somebody."""
        self.clock.move(minutes=1)
        request = requests.fact(requests.subject(*who), kind, **members)
        return (await self.consent.record_facts(self.systems[by], request))[1]

    async def tried(
        self,
        *who: str,
        outcome: str = "unanswered",
        purpose: str = "promotions",
        channel: str = "phone",
        **other: Any,
    ) -> AttemptRecorded:
        """A reported contact attempt."""
        self.clock.move(minutes=1)
        request = AttemptReported(
            subject=requests.subject(*who), purpose=purpose, channel=channel, outcome=outcome, **other
        )
        return (await report(self.doing, self.systems["till"], request, None))[1]

    # --- asking

    async def ask(self, asked: CheckAsked, by: str = "till") -> Answer:
        return await self.checks.check(self.systems[by], asked)

    async def ask_all(self, *asked: CheckAsked, by: str = "till") -> tuple[Answer, ...]:
        return (await self.checks.batch(self.systems[by], BatchAsked(asked))).answers

    async def check(
        self,
        *who: str,
        purpose: str = "newsletter",
        channel: str = "email",
        point: str | None = None,
        at: int | str | None = None,
        by: str = "till",
    ) -> Answer:
        return await self.ask(requests.question(who, purpose, channel, point=point, at=at), by)

    async def allows(self, *who: str, **asked: Any) -> bool:
        return (await self.check(*who, **asked)).allow

    async def why(self, *who: str, **asked: Any) -> str:
        """The code of the reason that decided."""
        return (await self.check(*who, **asked)).reasons[0].code

    async def states(self, *who: str, by: str = "till") -> dict[tuple[str, str], str]:
        """What stands for one person: (purpose, channel) → state; choices about one address are left out."""
        person = await self.person(*who)
        found = await self.consent.consents(self.systems[by], person)
        return {(s.purpose, s.channel): s.state for s in found.states if s.contact_point_id is None}

    # --- people

    async def people(self, *who: str) -> list[SubjectId]:
        """Everyone who holds any of these identifiers."""
        names = [requests.identifier(one) for one in who]
        policy = demo_policy()
        return [
            one.id
            for one in await self.database.read(
                lambda connection: look_up(connection, self.keyring, policy, names, "FR")
            )
        ]

    async def person(self, *who: str) -> SubjectId:
        (found,) = await self.people(*who)
        return found

    async def merge(self, a: str, b: str) -> GroupId:
        return await self.merge_ids(await self.person(a), await self.person(b))

    async def merge_ids(self, a: UUID, b: UUID) -> GroupId:
        self.clock.move(minutes=1)
        first, second = SubjectId(a), SubjectId(b)
        return await self.database.change(
            lambda unit: merge(unit, self.keyring, OPERATOR, first, second, "same_person").people[0]
        )

    async def unmerge_ids(self, a: UUID, b: UUID) -> list[GroupId]:
        self.clock.move(minutes=1)
        first, second = SubjectId(a), SubjectId(b)
        return await self.database.change(
            lambda unit: unmerge(unit, self.keyring, OPERATOR, first, second, "two_people").people
        )

    async def erase(self, who: str, *, keep_suppression: bool = False) -> Certificate:
        return await self.erase_id(await self.person(who), keep_suppression=keep_suppression)

    async def erase_id(self, subject: UUID, *, keep_suppression: bool = False) -> Certificate:
        self.clock.move(minutes=1)

        def work(unit: Unit) -> Certificate:
            compiled = self.policies.active(unit.connection)
            return erase(
                unit,
                self.keyring,
                compiled,
                OPERATOR,
                SubjectId(subject),
                keep_suppression=keep_suppression,
            )

        certificate = await self.database.change(work)
        assert await self.database.checkpoint_truncate()
        return certificate

    async def purge(self) -> list[SubjectId]:
        """Destroys the proof keys whose time is over, as `consentd keys purge` does."""

        def work(unit: Unit) -> list[SubjectId]:
            found = list(purge_due(unit, unit.now))
            begin(unit, self.keyring, action="keys.purged", actor=OPERATOR, key=self.keyring.audit()).close(
                len(found)
            )
            return found

        return await self.database.change(work)

    async def activate(self, policy: Policy) -> None:
        await self.database.change(lambda unit: activate(unit, self.keyring, policy, OPERATOR))

    async def actions(self) -> list[str]:
        """What the log says was done, in order, also what is not sequenced yet."""
        read = sa.select(log_entries.c.action).order_by(log_entries.c.id)
        return await self.database.read(lambda connection: list(connection.execute(read).scalars()))

    # --- the whole invariant

    async def verify_everything(self) -> None:
        """Sequences what waits; then the log, all that stands about people and the stop journal must hold."""
        assert await self.findings() == []
        kept = journal.read(self.folder / "stop-journal.jsonl", self.keyring)
        assert (kept.damaged, kept.torn) == ((), False)

    async def findings(self, *, sequenced: bool = True) -> list[Finding]:
        """What `consentd audit verify` finds, after what waits was sequenced unless told not to."""
        origin, file = demo_policy().controller.log_origin, self.folder / "checkpoint"
        sequencer = Sequencer(self.database, self.keyring, origin, file)
        while sequenced and await sequencer.step():
            pass
        await sequencer.release()
        note, keys = outside.read(file), self.keyring.public_keys("log")
        return await self.database.read(
            lambda connection: verify(
                connection,
                origin=origin,
                keys=keys,
                vouch=self.keyring.vouch,
                outside=note,
                fold_check=state_check(self.keyring),
            )
        )


@asynccontextmanager
async def open_company(url: str, folder: Path, clock: Clock | None = None) -> AsyncIterator[Company]:
    """The company on a migrated database: made if there is none yet, else as another process opens it."""
    clock = clock or Clock()
    stops = journal.Journal(folder / "stop-journal.jsonl")
    database = open_database(url, clock=clock, journal=stops.append)
    await database.open()
    try:
        if await database.read(active_hash) is None:
            keyring = await database.change(_install)
        else:
            keyring = await database.read(lambda connection: load_keyring(connection, ROOT))
        company = Company(database, keyring, clock, folder)
        if await database.read(callers.list_systems):
            await company.system_of("till")
        else:
            await company.add_system("till")
        yield company
    finally:
        await database.close()
        stops.close()


def _install(unit: Unit) -> Keyring:
    keyring = create_keyring(unit, ROOT)
    activate(unit, keyring, demo_policy(), OPERATOR, demo_whole().files)
    return keyring


@contextmanager
def refused(*codes: str) -> Iterator[list[str]]:
    """The block is refused, with exactly these named reasons. Yields where each of them points."""
    where: list[str] = []
    with pytest.raises(CallerError) as error:
        yield where
    found = [one["code"] for one in error.value.errors] or [error.value.code]
    assert sorted(found) == sorted(codes)
    assert error.value.code in codes
    where += [one.get("pointer", "") for one in error.value.errors]


def repeat_of(company: Company, key: str, body: bytes = b"body", route: str = "POST /v1/consents") -> Repeat:
    """What the web edge makes of an Idempotency-Key."""
    digest = company.keyring.digest
    return Repeat(
        company.systems["till"].system_id,
        route,
        digest("idempotency-key", key.encode()),
        digest("idempotency-body", body),
    )


def anybody() -> str:
    """Somebody nobody has heard of."""
    return f"email:{uuid4().hex[:12]}@exemple.fr"


def days_ago(clock: Clock, days: float) -> str:
    return to_text(Instant(int(clock.now - days * DAY)))
