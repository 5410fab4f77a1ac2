"""What silos' own tables kept long enough is erased by runs that survive kills, are bounded, and told."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from consentd.cli.retention_tables_words import begun, previewed, reported
from consentd.dsr.expiring.beginning import begin, begin_planned
from consentd.dsr.expiring.carrying import TableWorker
from consentd.dsr.expiring.previewing import TablesPreview, preview
from consentd.dsr.expiring.reporting import TablesReport, report
from consentd.evidence.details import details_of
from consentd.evidence.model import OPERATOR
from consentd.kernel.connection import Connection, Manual
from consentd.kernel.instants import DAY, Instant, parse_moment
from consentd.kernel.policy import Policy, System, sealed
from consentd.systems.connectors.contract import Connector, Expired, Expiry, Foretold, SiloUnavailable
from consentd.systems.connectors.sql.connector import SqlConnector
from support import shop
from support.builders import PARIS, Company, demo_policy
from support.silo_orders import everything, rows
from support.silos_simulated import OWNER, Silo, system

MARCH = parse_moment("2029-03-02T12:00:00+01:00", PARIS).first
"""By then four tickets and two invoices of the shop are due."""


@pytest.fixture
def url(tmp_path: Path) -> sa.URL:
    (tmp_path / "shop.db").touch()
    made = sa.make_url(f"sqlite:///{tmp_path / 'shop.db'}")
    shop.build(made)
    return made


def shop_system(rows_a_day: int = 0) -> System:
    system = shop.policy_with().systems["shop"]
    assert system.connection is not None
    assert system.connection.sql is not None
    sql = msgspec.structs.replace(system.connection.sql, rows_a_day=rows_a_day)
    joined = msgspec.structs.replace(system.connection, sql=sql)
    return msgspec.structs.replace(system, connection=joined)


class Tables:
    """A company on a day in 2029, and its silos."""

    def __init__(self, company: Company, url: sa.URL, others: Mapping[str, Connector]) -> None:
        self.company = company
        self.url = url
        self.others = others

    @classmethod
    async def of(
        cls,
        company: Company,
        url: sa.URL,
        *,
        rows_a_day: int = 0,
        others: Mapping[str, tuple[System, Connector]] | None = None,
    ) -> "Tables":
        company.clock.now = MARCH
        more = others or {}
        systems = {"shop": shop_system(rows_a_day), **{name: one for name, (one, _) in more.items()}}
        await company.activate(sealed(msgspec.structs.replace(demo_policy(), systems=systems)))
        return cls(company, url, {name: connector for name, (_, connector) in more.items()})

    def connector(self, system: System, policy: Policy) -> Connector:
        if system.id in self.others:
            return self.others[system.id]
        return SqlConnector(system, policy.identifiers, self.url, self.company.clock)

    def worker(self, connector: Callable[[System, Policy], Connector] | None = None) -> TableWorker:
        company = self.company
        return TableWorker(company.database, company.keyring, company.policies, connector or self.connector)

    async def begins(self, most: int = 1000) -> tuple[str, ...]:
        company = self.company
        return await begin(company.database, company.keyring, company.policies, OPERATOR, most)

    async def planned(self) -> tuple[str, ...]:
        return await begin_planned(self.company.database, self.company.keyring, self.company.policies)

    async def looks(self) -> TablesPreview:
        company = self.company
        return await preview(company.database, company.keyring, company.policies, self.connector, OPERATOR)

    async def told(self) -> dict[str, TablesReport]:
        since = Instant(self.company.clock.now - 30 * DAY)
        found = await self.company.database.read(lambda connection: report(connection, since))
        return {one.system: one for one in found}

    def bodies(self) -> int:
        """Tickets that still say what was written."""
        return len({row["body"] for row in rows(self.url, "tickets")} - {self.erased_text()})

    def erased_text(self) -> str:
        return "Texte effacé, sa durée de conservation étant passée (RGPD, art. 5)."


def counts(report: TablesReport) -> dict[str, tuple[int, int]]:
    return {one.table: (one.deleted, one.changed) for one in report.tables}


async def test_a_run_erases_what_is_due_once_and_is_told(company: Company, url: sa.URL) -> None:
    tables = await Tables.of(company, url)
    assert await tables.begins() == ("shop",)
    # One at a time in each silo.
    assert await tables.begins() == ()
    assert (await tables.told())["shop"].under_way == 1
    await tables.worker().settled()
    told = (await tables.told())["shop"]
    assert (told.answers, told.codes, told.under_way, told.uncertain) == ({"done": 1}, {}, 0, 0)
    assert counts(told) == {"invoices": (2, 0), "tickets": (0, 4)}
    after = everything(url)
    await tables.begins()
    await tables.worker().settled()
    assert everything(url) == after
    assert counts((await tables.told())["shop"]) == {"invoices": (2, 0), "tickets": (0, 4)}
    assert (await company.actions()).count("retention.tables_begun") == 2
    assert (await company.actions()).count("retention.tables") == 2
    await company.verify_everything()


async def test_the_log_has_counts_and_nothing_of_anybody(company: Company, url: sa.URL) -> None:
    tables = await Tables.of(company, url)
    await tables.begins()
    await tables.worker().settled()
    (detail,) = await company.database.read(
        lambda connection: list(details_of(connection, company.keyring, "retention.tables"))
    )
    assert detail.content is not None
    assert (detail.content["system"], detail.content["verdict"], detail.content["rows"]) == (
        "shop",
        "done",
        6,
    )
    text = str(detail.content)
    assert not any(word in text for word in ("Diaz", "exemple.fr", "F2015", "ML1001"))


async def test_a_run_is_bounded_and_the_next_one_goes_on(company: Company, url: sa.URL) -> None:
    tables = await Tables.of(company, url)
    for left in (2, 0):
        await tables.begins(most=2)
        await tables.worker().settled()
        assert tables.bodies() == left
    assert (await tables.told())["shop"].answers == {"partial": 2}
    await tables.begins(most=2)
    await tables.worker().settled()
    assert (await tables.told())["shop"].answers == {"partial": 2, "done": 1}


async def test_by_itself_the_service_erases_so_many_rows_a_day_and_none_by_default(
    company: Company, url: sa.URL
) -> None:
    tables = await Tables.of(company, url)
    assert await tables.planned() == ()
    tables = await Tables.of(company, url, rows_a_day=3)
    assert await tables.planned() == ("shop",)
    await tables.worker().settled()
    assert tables.bodies() == 1
    assert await tables.planned() == ()
    company.clock.move(days=1, minutes=1)
    assert await tables.planned() == ("shop",)
    await tables.worker().settled()
    assert tables.bodies() == 0
    assert {row["number"] for row in rows(url, "invoices")} == {"F2026-3", "F2026-4"}


class Stalls(SqlConnector):
    """Its process dies when the silo has committed, and before anybody hears of it."""

    committed: asyncio.Event

    async def expire(self, order: Expiry) -> Expired:
        await super().expire(order)
        self.committed.set()
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_kill_after_the_silos_commit_is_told_as_what_was_done(company: Company, url: sa.URL) -> None:
    tables = await Tables.of(company, url)
    committed = asyncio.Event()

    def stalling(system: System, policy: Policy) -> Connector:
        made = Stalls(system, policy.identifiers, url, company.clock)
        made.committed = committed
        return made

    await tables.begins(most=2)
    dead = asyncio.create_task(tables.worker(stalling).settled())
    await committed.wait()
    after = everything(url)
    # Its lease runs out, and another process takes over.
    company.clock.move(minutes=2)
    await tables.worker().settled()
    dead.cancel()
    await asyncio.gather(dead, return_exceptions=True)
    assert everything(url) == after
    told = (await tables.told())["shop"]
    assert (told.answers, told.uncertain) == ({"partial": 1}, 0)
    assert counts(told) == {"tickets": (0, 2)}
    await company.verify_everything()


async def test_a_kill_before_it_leaves_the_silo_and_the_run_comes_again(
    company: Company, url: sa.URL
) -> None:
    tables = await Tables.of(company, url)
    before = everything(url)

    class Dies(SqlConnector):
        async def expire(self, order: Expiry) -> Expired:
            async def about_to(told: Foretold) -> None:
                await order.about_to(told)
                raise SiloUnavailable("connection_lost", "Lost.")

            return await super().expire(msgspec.structs.replace(order, about_to=about_to))

    await tables.begins(most=2)
    await tables.worker(lambda system, policy: Dies(system, policy.identifiers, url, company.clock)).settled()
    assert everything(url) == before
    told = (await tables.told())["shop"]
    assert (told.under_way, told.codes) == (1, {"connection_lost": 1})
    company.clock.move(minutes=5)
    await tables.worker().settled()
    assert counts((await tables.told())["shop"]) == {"tickets": (0, 2)}


class Broken(Connector):
    """Not reached."""

    def __init__(self) -> None:
        self.asked = 0

    async def expire(self, order: Expiry) -> Expired:
        self.asked += 1
        raise SiloUnavailable("unreachable", "The silo’s database could not be reached.")


async def test_a_broken_silo_delays_only_itself_and_is_told_at_last(company: Company, url: sa.URL) -> None:
    broken = Broken()
    other = msgspec.structs.replace(shop_system(), id="branch")
    tables = await Tables.of(company, url, others={"branch": (other, broken)})
    assert await tables.begins() == ("branch", "shop")
    await tables.worker().settled()
    told = await tables.told()
    assert told["shop"].answers == {"done": 1}
    assert (told["branch"].under_way, told["branch"].codes) == (1, {"unreachable": 1})
    for _ in range(10):
        company.clock.move(hours=2)
        await tables.worker().settled()
    told = await tables.told()
    assert (told["branch"].answers, told["branch"].codes) == ({"failed": 1}, {"unreachable": 1})
    assert broken.asked == 8
    assert "branch, its own tables: 1 failed (unreachable)" in reported((told["branch"],), "en")
    # Another run can be begun.
    assert "branch" in await tables.begins()


async def test_what_a_silo_never_told_is_told_as_uncertain(company: Company, url: sa.URL) -> None:
    class Loses(SqlConnector):
        """Does it, and the answer never arrives."""

        async def expire(self, order: Expiry) -> Expired:
            await super().expire(order)
            raise SiloUnavailable("connection_lost", "Lost.")

    tables = await Tables.of(company, url)
    await tables.begins(most=2)
    worker = tables.worker(lambda system, policy: Loses(system, policy.identifiers, url, company.clock))
    for _ in range(10):
        await worker.settled()
        company.clock.move(hours=2)
    # However often it was tried, it was done once.
    assert tables.bodies() == 2
    told = (await tables.told())["shop"]
    assert (told.answers, told.codes, told.uncertain) == ({"failed": 1}, {"connection_lost": 1}, 2)
    assert "  2 rows: erased or not, the silo could not tell" in reported((told,), "en")


async def test_a_table_that_keeps_by_law_and_never_erases_is_named(company: Company, url: sa.URL) -> None:
    shop_ = shop_system()
    assert shop_.connection is not None
    assert shop_.connection.sql is not None
    tables = dict(shop_.connection.sql.tables)
    tables["invoices"] = msgspec.structs.replace(tables["invoices"], retention=None)
    sql = msgspec.structs.replace(shop_.connection.sql, tables=tables)
    joined = msgspec.structs.replace(shop_.connection, sql=sql)
    other = msgspec.structs.replace(shop_, id="branch", connection=joined)
    made = await Tables.of(company, url, others={"branch": (other, Silo())})
    found = {one.system: one for one in (await made.looks()).silos}
    assert found["branch"].without_rule == ("invoices",)
    lines = previewed(TablesPreview(silos=(found["branch"],), elsewhere=()), "en")
    assert "branch: invoices keeps rows by law, and nothing erases them afterwards" in lines


async def test_a_rule_that_is_gone_when_the_run_comes_erases_nothing(company: Company, url: sa.URL) -> None:
    tables = await Tables.of(company, url)
    await tables.begins()
    await company.activate(sealed(msgspec.structs.replace(demo_policy(), systems={})))
    before = everything(url)
    await tables.worker().settled()
    assert everything(url) == before
    assert (await tables.told())["shop"].codes == {"no_rule": 1}


async def test_the_preview_touches_nothing_and_names_what_consentd_cannot_carry_out(
    company: Company, url: sa.URL
) -> None:
    manual = Connection(by="manual", owner=OWNER, manual=Manual())
    inbox = msgspec.structs.replace(system("till"), retention_months=36)
    paper = System(id="paper", name="Paper", zone="Europe/Paris", retention_months=60, connection=manual)
    alone = System(id="alone", name="Alone", zone="Europe/Paris", retention={"fr": "Un an", "en": "A year"})
    silent = System(id="silent", name="Silent", zone="Europe/Paris")
    others = {one.id: (one, Silo()) for one in (inbox, paper, alone, silent)}
    tables = await Tables.of(company, url, others=others)
    before = everything(url)
    found = await tables.looks()
    assert everything(url) == before
    (silo,) = found.silos
    assert {one.what: one.due for one in silo.tables} == {"invoices": 2, "tickets": 4}
    assert (silo.verdict, silo.without_rule) == ("done", ())
    assert [(one.system, one.months, one.by, one.owner) for one in found.elsewhere] == [
        ("alone", None, None, None),
        ("paper", 60, "manual", "Inès Roche"),
        ("till", 36, "inbox", "Inès Roche"),
    ]
    english, french = (previewed(found, language) for language in ("en", "fr"))
    assert (
        "shop, invoices: 2 rows due, 120 months after issued_on, from before 1 January 2019 "
        "(Code de commerce L.123-22 : factures)" in english
    )
    assert (
        "shop, tickets : 4 lignes à effacer, 36 mois après opened_at, d’avant le 3 mars 2026 "
        "(Notre règle : trois ans après l’ouverture)" in french
    )
    assert (
        "paper, 60 months: consentd cannot erase there (worked by hand); to be done by: Inès Roche" in english
    )
    nobody = "personne n’est nommé (connection.owner dans systems/alone.yaml)"
    assert f"alone : consentd ne peut pas y effacer (non relié) ; à faire par : {nobody}" in french
    assert any(line.strip().startswith("DELETE FROM invoices") for line in english)
    assert begun((), "en") == []
    assert begun(("shop",), "fr") == ["Tables des outils, effacements commencés dans : shop."]
    assert (await company.actions())[-1] == "retention.tables_previewed"


async def test_a_silo_that_cannot_is_told_apart_from_one_with_nothing_due(
    company: Company, url: sa.URL
) -> None:
    other = msgspec.structs.replace(shop_system(), id="branch")
    tables = await Tables.of(company, url, others={"branch": (other, Silo())})
    found = {one.system: one for one in (await tables.looks()).silos}
    assert (found["branch"].verdict, found["branch"].code) == ("unsupported", "unsupported")
    await tables.begins()
    await tables.worker().settled()
    assert (await tables.told())["branch"].answers == {"unsupported": 1}
