"""Connecting systems: what they are called, their two secrets, and taking access away."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from consentd.callers import service
from consentd.callers.model import Caller
from consentd.callers.service import NewSystem
from consentd.crypto.keyring import Keyring
from consentd.db.tables.callers import system_secrets
from consentd.db.tables.log import log_entries
from consentd.db.unit import Database
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import Conflict, NotFound, Unauthenticated, Unprocessable
from consentd.kernel.ids import SecretId, SystemId


class Systems:
    """The use cases, each in a unit of its own."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self.database = database
        self.keyring = keyring

    async def add(
        self, name: str = "till", scopes: tuple[str, ...] = ("check",), zone: str = "UTC"
    ) -> NewSystem:
        return await self.database.change(
            lambda unit: service.add_system(
                unit, self.keyring, name, scopes, ["newsletter"], ["email"], zone, OPERATOR
            )
        )

    async def rotate(self, system: SystemId, *, retire_old: bool = False) -> NewSystem:
        return await self.database.change(
            lambda unit: service.rotate(unit, self.keyring, system, OPERATOR, retire_old=retire_old)
        )

    async def revoke(self, system: SystemId, secret: SecretId | None = None) -> None:
        await self.database.change(
            lambda unit: service.revoke(unit, self.keyring, system, OPERATOR, secret_id=secret)
        )

    async def authenticate(self, client: object, secret: str) -> Caller:
        return await self.database.read(
            lambda connection: service.authenticate(connection, str(client), secret)
        )

    async def actions(self) -> list[str]:
        return await self.database.read(
            lambda connection: list(
                connection.execute(sa.select(log_entries.c.action).order_by(log_entries.c.id)).scalars()
            )
        )


@pytest.fixture
def systems(database: Database, keyring: Keyring) -> Systems:
    return Systems(database, keyring)


async def test_a_system_proves_itself_by_its_secret_and_has_its_limits(systems: Systems) -> None:
    made = await systems.add(zone="Europe/Paris")
    caller = await systems.authenticate(made.id, made.secret)
    assert (caller.system_id, caller.secret_id) == (made.id, made.secret_id)
    assert caller.scopes == {"check"}
    assert caller.may_use("newsletter", "email")
    assert not caller.may_use("newsletter", "sms")
    assert caller.zone == "Europe/Paris"


async def test_promise_18_a_secret_is_kept_as_its_hash_and_prints_nowhere(systems: Systems) -> None:
    made = await systems.add()
    rows = await systems.database.read(
        lambda connection: repr([tuple(row) for row in connection.execute(sa.select(system_secrets))])
    )
    assert made.secret.startswith("cs_")
    assert len(made.secret) == 46
    assert made.secret not in rows
    assert made.secret not in repr(made)


async def test_promise_13_unknown_and_wrong_are_refused_in_the_same_words(systems: Systems) -> None:
    made, other = await systems.add(), await systems.add("shop")
    refusals = []
    for client, secret in [
        (made.id, "cs_wrong"),
        (made.id, other.secret),
        (UUID(int=7), made.secret),
        (str(made.id).upper() + " ", made.secret),
        ("{" + str(made.id) + "}", made.secret),
        ("", ""),
        ("\ud800", "\ud800"),
    ]:
        with pytest.raises(Unauthenticated) as caught:
            await systems.authenticate(client, secret)
        refusals.append((caught.value.code, caught.value.message))
    assert len(set(refusals)) == 1


async def test_two_secrets_live_side_by_side_so_that_one_rotates_without_downtime(systems: Systems) -> None:
    first = await systems.add()
    second = await systems.rotate(first.id)
    for made in (first, second):
        assert (await systems.authenticate(first.id, made.secret)).secret_id == made.secret_id
    with pytest.raises(Conflict, match="two live secrets"):
        await systems.rotate(first.id)


async def test_rotating_may_retire_the_older_secret(systems: Systems) -> None:
    first = await systems.add()
    second = await systems.rotate(first.id)
    third = await systems.rotate(first.id, retire_old=True)
    with pytest.raises(Unauthenticated):
        await systems.authenticate(first.id, first.secret)
    for made in (second, third):
        assert await systems.authenticate(first.id, made.secret)


async def test_promise_5_a_revoked_secret_or_system_is_no_longer_live(systems: Systems) -> None:
    first = await systems.add()
    second = await systems.rotate(first.id)
    callers = [await systems.authenticate(first.id, made.secret) for made in (first, second)]
    await systems.revoke(first.id, first.secret_id)
    with pytest.raises(Unauthenticated, match="revoked"):
        await systems.database.read(lambda connection: service.assert_live(connection, callers[0]))
    await systems.database.read(lambda connection: service.assert_live(connection, callers[1]))
    await systems.revoke(first.id)
    for caller in callers:
        with pytest.raises(Unauthenticated) as caught:
            await systems.database.read(
                lambda connection, caller=caller: service.assert_live(connection, caller)
            )
        assert caught.value.code == "token_revoked"
    with pytest.raises(Unauthenticated):
        await systems.authenticate(first.id, second.secret)
    with pytest.raises(NotFound):
        await systems.rotate(first.id)


async def test_promise_8_each_change_is_in_the_log_and_what_changes_nothing_is_not(systems: Systems) -> None:
    first = await systems.add()
    second = await systems.rotate(first.id)
    await systems.revoke(first.id, second.secret_id)
    await systems.revoke(first.id, second.secret_id)
    await systems.revoke(first.id)
    await systems.revoke(first.id)
    assert (await systems.actions())[1:] == [
        "system.added",
        "system.secret_added",
        "system.secret_revoked",
        "system.revoked",
    ]


async def test_a_secret_of_another_system_cannot_be_revoked_through_this_one(systems: Systems) -> None:
    till, shop = await systems.add(), await systems.add("shop")
    with pytest.raises(NotFound):
        await systems.revoke(till.id, shop.secret_id)
    assert await systems.authenticate(shop.id, shop.secret)


@pytest.mark.parametrize("name", ["", "Till", "till 1", "-till", "till\n", "t" * 64, "tïll", "../x"])
async def test_a_name_that_cannot_be_is_refused(systems: Systems, name: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        await systems.add(name)
    assert caught.value.code == "bad_name"


async def test_a_name_is_never_used_twice(systems: Systems) -> None:
    made = await systems.add()
    await systems.revoke(made.id)
    with pytest.raises(Conflict, match="already a system named till"):
        await systems.add()


async def test_an_unknown_scope_is_refused_with_the_known_ones(systems: Systems) -> None:
    with pytest.raises(Unprocessable, match=r"No such scope: admin. Known: .*check"):
        await systems.add(scopes=("check", "admin"))


@pytest.mark.parametrize("zone", ["Paris", "../etc/passwd", "", "Europe/Paris\0"])
async def test_a_zone_that_is_none_is_refused(systems: Systems, zone: str) -> None:
    with pytest.raises(Unprocessable, match="No such time zone"):
        await systems.add(zone=zone)


async def test_systems_are_listed_by_name_with_their_secrets(systems: Systems) -> None:
    till, shop = await systems.add(), await systems.add("shop")
    await systems.rotate(till.id)
    listed = await systems.database.read(service.list_systems)
    assert [(one.system.name, len(one.secrets)) for one in listed] == [("shop", 1), ("till", 2)]
    assert await systems.database.read(lambda connection: service.by_name(connection, "shop")) == shop.id
