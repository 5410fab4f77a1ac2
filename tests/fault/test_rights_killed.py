"""DESIGN §9: whoever carries a request out may die at any point, and another takes over. The end is the same
as if nobody had died: nothing is lost, nothing is done twice where anybody could see, and the log verifies.
"""

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from carrying import Carrier, Place, policy_of
from mortal import Assignment, Mortals, mortals
from points import Point

from consentd.db.leases import LEASE_SECONDS
from consentd.dsr import store
from consentd.dsr.certifying import certificates_of
from consentd.kernel.connection import Verb
from consentd.kernel.errors import NotFound
from support import shop
from support.builders import Clock, Company, open_company
from support.rights import RIGHTS, Rights
from support.silo_orders import everything
from support.silo_program import Program, program
from support.smtp import Sink, smtp_sink

ANA, ADDRESS = "email:ana.diaz@exemple.fr", "ana.diaz@exemple.fr"
SIGKILL = 9
ASKS: dict[str, tuple[Verb, dict[str, Any]]] = {
    "erasure": (Verb.ERASE, {}),
    "access": (Verb.EXPORT, {}),
    "portability": (Verb.EXPORT, {}),
    "rectification": (Verb.RECTIFY, {"changes": {"first_name": "Anna"}}),
    "restriction": (Verb.RESTRICT, {}),
    "lifting": (Verb.RESTRICT, {}),
    "objection": (Verb.RESTRICT, {}),
    "upheld": (Verb.RESTRICT, {}),
    "refused": (Verb.RESTRICT, {}),
    "withdrawal": (Verb.WRITE_PREFERENCE, {}),
    "marketing_objection": (Verb.WRITE_PREFERENCE, {}),
}
"""What silos are asked; `upheld` and `refused`: the end of the freeze, after staff examined an objection."""
UNPROVEN = ("restriction", "objection", "withdrawal", "marketing_objection")
ALWAYS = (
    Point.CLAIMED,
    Point.BEFORE_ASKING,
    Point.TRIED,
    Point.DONE,
    Point.ANSWERED,
    Point.FOLLOWED,
    Point.SETTLED,
)
COPIES = (Point.MIDWAY, Point.COPIED)
ERASING = (Point.ABOUT_TO, Point.BEFORE_CERTIFICATE, Point.AFTER_CERTIFICATE, Point.FORGOTTEN)
BY_HAND = (Point.DONE, Point.ASKED)
CASES = [
    *itertools.product(("erasure",), ("shop",), (*ALWAYS, *ERASING)),
    *itertools.product(("erasure",), ("mailing",), (Point.DONE, Point.ANSWERED)),
    *itertools.product(("access",), ("shop",), (*ALWAYS, *COPIES)),
    *itertools.product(("access",), ("mailing",), (Point.DONE, *COPIES)),
    *itertools.product(("portability",), ("shop",), (Point.MIDWAY,)),
    *itertools.product(("rectification", "restriction"), ("shop", "mailing"), (Point.DONE, Point.ANSWERED)),
    ("rectification", "shop", Point.FOLLOWED),
    ("restriction", "mailing", Point.SETTLED),
    ("lifting", "shop", Point.DONE),
    ("lifting", "mailing", Point.LIFTED),
    ("objection", "shop", Point.ANSWERED),
    ("objection", "mailing", Point.SETTLED),
    ("upheld", "mailing", Point.LIFTED),
    ("refused", "shop", Point.ANSWERED),
    ("withdrawal", "mailing", Point.DONE),
    ("withdrawal", "shop", Point.ANSWERED),
    ("marketing_objection", "mailing", Point.DONE),
]


@pytest.fixture(scope="module")
def dying() -> Iterator[Mortals]:
    with mortals() as running:
        yield running


class Scene:
    """A request under way at silos that are asked by whoever comes along."""

    def __init__(
        self, company: Company, rights: Rights, place: Place, mailing: Program | None, mailbox: Sink
    ) -> None:
        self.company = company
        self.rights = rights
        self.place = place
        self.mailing = mailing
        self.mailbox = mailbox
        self._original = everything(sa.make_url(place.shop))

    async def asks(self, right: str) -> Any:
        if right in ("upheld", "refused"):
            return await self._examined(right)
        _, more = ASKS[right]
        if right == "lifting":
            await self.rights.asks("restriction", ANA)
            await self.carries_out()
        asked = await self.rights.asks(right, ANA, **more)
        if right not in UNPROVEN:
            await self.rights.proves(asked.id, await self.rights.code(asked.id) or "")
        if right in ("rectification", "lifting"):
            await self.rights.step(asked.id, "approve", await self.rights.hire())
        return asked.id

    async def _examined(self, how: str) -> Any:
        """The lifting that follows from an objection."""
        asked, who = await self.rights.asks("objection", ANA), await self.rights.hire()
        await self.carries_out()
        if how == "upheld":
            await self.rights.step(asked.id, "uphold", who)
        else:
            why = {"reasons": "Procès en cours.", "article": "GDPR 21(1)"}
            await self.rights.step(asked.id, "refuse", who, **why)
        (lifting,) = await self.company.database.read(lambda c: _following(c, asked.id))
        if how == "refused":
            await self.rights.step(lifting, "approve", who)
        return lifting

    async def carries_out(self) -> None:
        carrier = Carrier(self.company, self.place)
        await carrier.worker().settled()
        await carrier.close()

    def told(self, point: Point, system: str, verb: Verb) -> Assignment:
        place = msgspec.structs.replace(self.place, now=self.company.clock.now)
        return Assignment(place, point, system, verb)

    async def came_of(self, request: Any) -> dict[str, Any]:
        """All that anybody could see of it, but for numbers and times."""
        told = await self.rights.told(request)
        certificates = await self.company.database.read(lambda c: certificates_of(c, request))
        content = [
            (
                one.content.complete,
                one.content.silos,
                [(who.system, who.told, who.told_on, who.told_by) for who in one.content.recipients],
                one.content.own is not None,
            )
            for one in certificates
        ]
        return {
            "state": told.state,
            "gaps": told.gaps,
            "silos": [
                (silo.system, task.verb, task.state, task.verdict, task.code, task.parts)
                for silo in told.silos
                for task in silo.tasks
            ],
            "steps": [step.event for step in told.steps],
            "certificates": content,
            "shop": _beside(self._original, everything(sa.make_url(self.place.shop))),
            "mailing": None
            if self.mailing is None
            else (self.mailing.known, self.mailing.frozen, self.mailing.stopped),
            "check": await self.company.why(ANA),
            "choices": await self._choices(),
            "followed": len(await self.company.database.read(lambda c: _following(c, request))),
            "effects": None if self.mailing is None else dict(self.mailing.effects),
            "copy": await self._copy(request),
            "mail": len({one.message["Message-ID"] for one in self.mailbox.taken}),
        }

    async def _choices(self) -> Any:
        known = await self.company.people(ANA)
        return set((await self.company.states(ANA)).values()) if known else None

    async def _copy(self, request: Any) -> Any:
        try:
            files = await self.rights.copies.files(request)
        except NotFound as error:
            return error.code
        found = []
        for system in ("mailing", "shop"):
            collected = files.collected(system)
            for one in collected.categories if collected else ():
                with files.records(system, one.what).open() as lines:
                    found.append((system, one.what, lines.read()))
        return found


def _following(connection: Any, request: Any) -> list[Any]:  # Any: a connection
    c = store.REQUESTS.c
    return list(connection.execute(sa.select(c.id).where(c.follows == request)).scalars())


def _beside(original: dict[str, Any], rows: dict[str, Any]) -> dict[str, Any]:
    """What an erasure makes up is another each time: of each value, whether it is the one that was there."""
    found: dict[str, Any] = {}
    for table, its in rows.items():
        before = {next(iter(row.values())): row for row in original[table]}
        found[table] = [
            {
                column: value if value in (None, before[id_][column]) else "changed"
                for column, value in row.items()
            }
            for row in its
            for id_ in [next(iter(row.values()))]
        ]
    return found


@asynccontextmanager
async def scene(url: str, folder: Path, *, by_hand: bool = False) -> AsyncIterator[Scene]:
    folder.mkdir(exist_ok=True)
    shop_url = f"sqlite:///{folder / 'shop.db'}"
    shop.build(sa.make_url(shop_url))
    async with (
        smtp_sink() as mailbox,
        program(ADDRESS, "bruno@exemple.fr") as mailing,
        open_company(url, folder, Clock()) as company,
    ):
        await company.gives(ANA)
        await company.activate(policy_of(None if by_hand else mailing.server.url()))
        await company.add_system("desk", scopes=RIGHTS)
        rights = Rights(company, {}, mailbox)
        place = Place(url, str(folder), company.clock.now, shop_url, mailbox.port)
        yield Scene(company, rights, place, None if by_hand else mailing, mailbox)


_undisturbed: dict[str, dict[str, Any]] = {}


async def undisturbed(right: str, url: str, folder: Path) -> dict[str, Any]:
    """What comes of it where nobody dies. Made once for each right: it is the same on both databases."""
    if right not in _undisturbed:
        async with scene(url, folder) as quiet:
            request = await quiet.asks(right)
            await quiet.carries_out()
            _undisturbed[right] = await quiet.came_of(request)
    return _undisturbed[right]


@pytest.mark.parametrize(("right", "system", "point"), CASES)
async def test_the_end_is_the_same_as_if_nobody_had_died(
    right: str,
    system: str,
    point: Point,
    database_url: str,
    sqlite_template: Path,
    tmp_path: Path,
    dying: Mortals,
) -> None:
    quiet = tmp_path / "quiet.db"
    quiet.write_bytes(sqlite_template.read_bytes())
    expected = await undisturbed(right, f"sqlite:///{quiet}", tmp_path / "quiet")
    async with scene(database_url, tmp_path / "killed") as under:
        request = await under.asks(right)
        if point is Point.TRIED:
            assert under.mailing is not None
            under.mailing.refuses, system = 1, "mailing"
        verb = Verb.LOCATE if point is Point.TRIED else ASKS[right][0]
        assert await dying.dies(under.told(point, system, verb)) == SIGKILL
        before = await under.rights.told(request)
        # Its leases run out, and another process comes.
        under.company.clock.move(seconds=LEASE_SECONDS + 1)
        await under.carries_out()
        under.company.clock.move(minutes=5)
        await under.carries_out()
        found = await under.came_of(request)
        assert found == expected, before
        reviewed = right in ("access", "portability", "objection")
        assert found["state"] == ("reviewing" if reviewed else "answered")
        await under.company.verify_everything()


@pytest.mark.parametrize("point", BY_HAND)
async def test_a_colleague_gets_one_mail_whoever_died_while_sending_it(
    point: Point, database_url: str, tmp_path: Path, dying: Mortals
) -> None:
    async with scene(database_url, tmp_path / "killed", by_hand=True) as under:
        request = await under.asks("erasure")
        sent = len(under.mailbox.taken)
        assert await dying.dies(under.told(point, "mailing", Verb.LOCATE)) == SIGKILL
        assert len(under.mailbox.taken) == sent + 1
        under.company.clock.move(seconds=LEASE_SECONDS + 1)
        await under.carries_out()
        mails = under.mailbox.taken[sent:]
        # Sent again where nobody can know that it was taken; by its number mail programs show it once.
        assert len(mails) == (1 if point is Point.ASKED else 2)
        assert len({one.message["Message-ID"] for one in mails}) == 1
        states = {task.state for silo in (await under.rights.told(request)).silos for task in silo.tasks}
        assert "asked" in states
        await under.company.verify_everything()
