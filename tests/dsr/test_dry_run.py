"""The dry run: it shows what a request would do, and nothing is touched but the log."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from msgspec import structs

from consentd.base.clock import now
from consentd.db.tables.metadata import metadata
from consentd.dsr.dry_run import DryRun
from consentd.dsr.foreseen import RequestPlanned, SiloPlanned
from consentd.kernel.connection import Verb
from consentd.kernel.errors import NotFound
from consentd.kernel.policy import Policy, System
from consentd.systems.connectors.contract import Connector, Order
from consentd.systems.connectors.sql.connector import SqlConnector
from support import shop
from support.builders import Company
from support.rights import Rights
from support.silo_orders import everything
from support.silos_simulated import Silo, system
from support.smtp import Sink

ANA = "email:ana.diaz@exemple.fr"


class Broken(Silo):
    async def preview(self, order: Order) -> tuple[str, ...]:
        raise AssertionError("a silo was contacted about somebody unproven")


class Scene:
    """A shop’s database, a till asked after it, a list that only knows cards, a tool not connected."""

    def __init__(self, rights: Rights, url: sa.URL) -> None:
        self.rights = rights
        self.url = url
        self.silos: dict[str, Connector] = {"till": Silo(), "calls": Silo()}
        self.dry_run = DryRun(rights.company.doing, self.connector)

    def connector(self, named: System, policy: Policy) -> Connector:
        if named.id == "shop":
            return SqlConnector(named, policy.identifiers, self.url, now)
        return self.silos[named.id]

    async def plan(self, request: UUID) -> RequestPlanned:
        return await self.dry_run.plan(self.rights.company.systems["desk"], request)

    async def proven(self, right: str, **other: Any) -> UUID:
        asked = await self.rights.asks(right, ANA, **other)
        await self.rights.proves(asked.id, await self.rights.code(asked.id) or "")
        return asked.id

    async def held(self) -> dict[str, Any]:
        """All of consentd's tables but the log, and of the silo's."""

        def read(connection: sa.Connection) -> dict[str, Any]:
            return {
                table.name: sorted(map(repr, connection.execute(sa.select(table)).all()))
                for table in metadata.sorted_tables
                if not table.name.startswith("log_")
            }

        return {**await self.rights.company.database.read(read), "shop": everything(self.url)}

    async def logged(self) -> list[str]:
        def read(connection: sa.Connection) -> list[str]:
            entries = metadata.tables["log_entries"]
            return [str(row.action) for row in connection.execute(sa.select(entries).order_by(entries.c.id))]

        return await self.rights.company.database.read(read)


@pytest.fixture
async def scene(company: Company, mailbox: Sink, tmp_path: Path) -> Scene:
    await company.gives(ANA)
    url = sa.make_url(f"sqlite:///{tmp_path / 'shop.db'}")
    shop.build(url)
    mapped = shop.policy_with().systems["shop"]
    silos: dict[str, tuple[System, Connector]] = {
        "shop": (mapped, Silo()),
        "till": (
            system("till", "customer", after=("shop",), needs_approval=(Verb.ERASE,), answers_within_days=3),
            Silo(),
        ),
        "calls": (system("calls", "loyalty"), Silo()),
        "notebook": (structs.replace(mapped, id="notebook", connection=None), Silo()),
    }
    return Scene(await Rights.of(company, silos, mailbox), url)


def silo(planned: RequestPlanned, name: str) -> SiloPlanned:
    return next(one for one in planned.silos if one.system == name)


async def test_it_says_who_is_asked_in_which_order_by_what_and_who_owns_it(scene: Scene) -> None:
    request = await scene.proven("erasure")
    planned = await scene.plan(request)
    assert (planned.proven, planned.approvals_missing, planned.state) == (True, 0, "running")
    assert [(one.system, one.turn) for one in planned.silos] == [
        ("calls", 1),
        ("notebook", 1),
        ("shop", 1),
        ("till", 2),
    ]
    till = silo(planned, "till")
    assert (till.after, till.may_learn, till.owner, till.answers_within_days) == (
        ("shop",),
        ("customer",),
        "Inès Roche",
        3,
    )
    assert [(one.verb, one.state, one.needs_approval) for one in till.steps] == [
        ("locate", "planned", False),
        ("erase", "planned", True),
        ("confirm", "planned", False),
    ]
    assert till.not_told == "not_its_turn"
    assert (silo(planned, "calls").problem, silo(planned, "notebook").problem) == (
        "not_known_by",
        "unconnected",
    )
    assert silo(planned, "shop").due_at is not None


async def test_a_database_says_which_rows_it_would_touch(scene: Scene) -> None:
    would = "\n".join(silo(await scene.plan(await scene.proven("erasure")), "shop").would)
    assert "-- customers: 1 row found" in would
    assert "UPDATE customers SET" in would
    assert "Code de commerce L.123-22" in would
    # Without a word about the person.
    assert "ana" not in would.lower()


@pytest.mark.parametrize("right", ["erasure", "access", "rectification"])
async def test_nothing_is_touched_but_the_log(scene: Scene, right: str) -> None:
    request = await scene.proven(right, **({"changes": {"first_name": "Anna"}} if right[0] == "r" else {}))
    before, logged = await scene.held(), await scene.logged()
    await scene.plan(request)
    await scene.plan(request)
    assert await scene.held() == before
    assert (await scene.logged())[len(logged) :] == ["request.plan_read"] * 2
    await scene.rights.company.verify_everything()


async def test_promise_12_no_silo_is_contacted_about_somebody_unproven(scene: Scene) -> None:
    scene.silos = {"till": Broken(), "calls": Broken()}
    scene.url = sa.make_url("sqlite:////nowhere/at/all.db")
    known = await scene.rights.asks("erasure", ANA)
    stranger = await scene.rights.asks("erasure", "email:nobody@exemple.fr")
    planned = await scene.plan(known.id)
    assert not planned.proven
    assert {one.not_told for one in planned.silos if one.problem is None} == {"identity_not_proven"}
    assert not any(one.would for one in planned.silos)
    # Promise 13: somebody unknown is shown the same.
    assert structs.replace(await scene.plan(stranger.id), id=known.id) == planned


async def test_what_waits_for_an_approval_is_shown_before_it_is_given(scene: Scene) -> None:
    who = await scene.rights.hire()
    asked = await scene.rights.asks("erasure", ANA, came_by="counter")
    await scene.rights.step(asked.id, "identify", who, grounds="Known at the counter.")
    planned = await scene.plan(asked.id)
    assert (planned.state, planned.approvals_missing) == ("approving", 2)
    assert "email" in silo(planned, "shop").asked_by
    assert silo(planned, "shop").would


async def test_a_silo_that_is_not_reached_says_so_and_delays_nobody(scene: Scene) -> None:
    request = await scene.proven("erasure")
    scene.url = sa.make_url("sqlite:////nowhere/at/all.db")
    planned = await scene.plan(request)
    shown = silo(planned, "shop")
    assert shown.not_told or shown.would
    assert "customers" not in " ".join(shown.would)


async def test_what_is_done_is_not_previewed_again(scene: Scene) -> None:
    request = await scene.proven("access")
    scene.rights.silos = {**scene.silos, "shop": scene.connector(*_shop(scene))}
    await scene.rights.carries_out()
    planned = await scene.plan(request)
    assert planned.state == "reviewing"
    assert [one.state for one in silo(planned, "shop").steps] == ["ended", "ended"]
    assert not silo(planned, "shop").would


def _shop(scene: Scene) -> tuple[System, Policy]:
    policy = shop.policy_with()
    return policy.systems["shop"], policy


async def test_an_unknown_request_has_no_plan(scene: Scene) -> None:
    with pytest.raises(NotFound):
        await scene.plan(UUID(int=7))
