"""A real server on a socket of its own, and a small service behind it with one POST that has an effect."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from typing import Annotated, NoReturn

import msgspec
import sqlalchemy as sa
import uvicorn
from litestar import Litestar, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from consentd.base import clock
from consentd.base.ids import new_id
from consentd.base.settings import Settings, from_environment
from consentd.callers import service
from consentd.callers.access import KNOWN, PUBLIC, needs
from consentd.callers.api import routes as caller_routes
from consentd.callers.model import Scope
from consentd.callers.service import NewSystem
from consentd.callers.tokens import Tokens
from consentd.crypto.keyring import Keyring
from consentd.db.tables.log import log_entries
from consentd.db.unit import Database, Unit
from consentd.evidence import recorder
from consentd.evidence.model import OPERATOR, SERVICE
from consentd.kernel.errors import StorageUnavailable
from consentd.kernel.ids import BatchId
from consentd.web.application import Application, build
from consentd.web.call import Call
from consentd.web.health import Readiness
from consentd.web.health import routes as health_routes
from consentd.web.idempotency import Repeats, remember, remembered
from consentd.web.limits import Limits
from consentd.web.lines import Lines
from consentd.web.refusals import Refusals
from consentd.web.server import config

PUBLIC_URL = "http://consentd.test"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: str
    count: int = 1


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    note: str
    lines: tuple[Line, ...] = ()


class Done(msgspec.Struct, frozen=True):
    id: str
    again: bool


class Service:
    """What the tests hold in their hands: the parts, and counters of what happened."""

    def __init__(self, database: Database, keyring: Keyring, limits: Limits | None = None) -> None:
        self.database = database
        self.keyring = keyring
        self.settings = from_environment(
            {"CONSENTD_PUBLIC_URL": PUBLIC_URL, "CONSENTD_MAX_BODY_BYTES": "65536"}
        )
        self.tokens = Tokens(database, keyring, issuer=PUBLIC_URL, seconds=600, clock=clock.now)
        self.refusals = Refusals(database, keyring)
        self.held = asyncio.Event()
        self.held.set()
        self.entered = asyncio.Event()
        self.readiness = Readiness()
        self.answers = StringIO()
        self.app = self._build(limits or Limits())

    async def add_system(self, name: str = "till", *scopes: str) -> NewSystem:
        wanted = scopes or ("check", "consent:write")
        return await self.database.change(
            lambda unit: service.add_system(
                unit, self.keyring, name, wanted, [], [], "Europe/Paris", OPERATOR
            )
        )

    async def token(self, name: str = "till", *scopes: str) -> str:
        """An access token of a new system."""
        made = await self.add_system(name, *scopes)
        return await self.token_of(made)

    async def token_of(self, made: NewSystem) -> str:
        caller = await self.database.read(
            lambda connection: service.authenticate(connection, str(made.id), made.secret)
        )
        return self.tokens.issue(caller, caller.scopes).access_token

    async def actions(self) -> list[str]:
        """What the audit log says was done, in order."""
        return await self.database.read(
            lambda connection: list(
                connection.execute(sa.select(log_entries.c.action).order_by(log_entries.c.id)).scalars()
            )
        )

    def _build(self, limits: Limits) -> Application:
        repeats = Repeats(self.keyring)

        @post("/v1/acts", opt=needs(Scope.CONSENT_WRITE))
        async def act(data: JSONBody[Act], request: Call) -> Done:
            """Do something once."""
            repeat = await repeats.of(request)

            def work(unit: Unit) -> tuple[BatchId, bool]:
                service.assert_live(unit.connection, request.caller)
                earlier = remembered(unit, repeat)
                if earlier is not None:
                    return earlier, True
                recorder.begin(unit, action="act.done", actor=SERVICE, key=self.keyring.audit()).close({})
                batch = BatchId(new_id())
                remember(unit, repeat, batch, 201)
                return batch, False

            async with repeats.alone(repeat):
                self.entered.set()
                await self.held.wait()
                batch, again = await self.database.change(work)
            return Done(str(batch), again)

        @post("/v1/acts/{name:str}", opt=needs(Scope.CONSENT_WRITE))
        async def named(name: FromPath[str], data: JSONBody[Act]) -> Done:
            """Do something to someone."""
            return Done(name, False)

        @get("/v1/pages", opt=KNOWN)
        async def pages(limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=9)]] = 3) -> dict[str, int]:
            """List something."""
            return {"limit": limit}

        @get("/v1/reading", opt=needs(Scope.CONSENT_READ))
        async def reading() -> None:
            """Read something."""

        @get("/v1/broken", opt=PUBLIC)
        async def broken() -> None:
            """Fail."""
            fail("jean.dupont@example.org")

        @get("/v1/full", opt=PUBLIC)
        async def full() -> None:
            """Find the disk full."""
            raise StorageUnavailable("disk_full", "The disk is full.")

        return build(
            [
                act,
                named,
                pages,
                reading,
                broken,
                full,
                *caller_routes(self.database, self.keyring, self.tokens, PUBLIC_URL),
                *health_routes(self.readiness),
            ],
            settings=self.settings,
            tokens=self.tokens,
            limits=limits,
            lines=Lines(self.answers),
            refusal=self.readiness.refusal,
            after_exception=[self.refusals.note],
        )


class Nobody:
    """Stands where tokens are known, for what asks nobody who they are."""

    def known(self, token: bytes) -> None:
        return None

    async def admit(self, token: bytes) -> NoReturn:
        raise AssertionError

    async def confirm(self, caller: object) -> NoReturn:
        raise AssertionError


def fail(secret: str) -> NoReturn:
    raise RuntimeError(f"cannot handle {secret}")


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The tests' own process keeps its signals."""
        yield


@contextlib.asynccontextmanager
async def served(app: Litestar, settings: Settings) -> AsyncIterator[int]:
    """The port it listens on at 127.0.0.1."""
    server = _Server(config(msgspec.structs.replace(settings, host="127.0.0.1", port=0), app))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if running.done():
            running.result()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running
