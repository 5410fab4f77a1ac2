"""A mapping proposed from a live schema: `policy check` takes it, it erases, and shows nobody's data."""

import re

import pytest
import sqlalchemy as sa

from consentd.kernel.connection import Verb
from consentd.kernel.errors import OperatorError
from consentd.kernel.policy import Policy
from consentd.systems.connectors.contract import Answer, Verdict
from consentd.systems.connectors.sql.scaffolding import Scaffolded, scaffold
from support import shop
from support.silo_orders import Copy, connector, counts, order, rows, run


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shop.policy_with()


@pytest.fixture
def made(policy: Policy, shop_url: sa.URL) -> Scaffolded:
    return scaffold(shop_url, "shop", policy)


def test_it_names_the_tables_marks_what_looks_personal_and_says_what_to_decide(made: Scaffolded) -> None:
    assert (made.tables, made.left_out) == (8, 1)
    for line in (
        "- { scheme: email, column: email }",
        "- { scheme: phone, column: phone, country: FR, shared: true }",
        "- { table: orders, columns: { order_id: id } }",
        "- { table: order_lines, columns: { order_id: order_id, line_no: line_no } }",
        "last_name: { erase: name }  # looks like: name",
        "password_hash: { erase: clear, copy: false }  # looks like: secret",
        "agent: { third_party: true }  # looks like: staff",
        "address: { erase: email }  # looks like: email",
        "# decide: how long, from which day, and by which article must this be kept?",
        "#   notes: decide: whose are owner_type and owner_id? A path with 'where' leads to them",
    ):
        assert line in made.yaml, line


def test_no_value_of_the_database_is_in_it(made: Scaffolded) -> None:
    assert not re.search(r"exemple\.fr|Ana|Diaz|Bruno|0624|06 24|rue Basse|Savon", made.yaml)


async def test_policy_check_takes_it_and_it_erases(made: Scaffolded, shop_url: sa.URL) -> None:
    proposed = shop.policy_with(made.yaml)
    silo = connector(proposed, shop_url)
    assert (await silo.test()).ok
    answer = await silo.carry_out(order(Verb.ERASE), Copy())
    assert isinstance(answer, Answer)
    assert answer.verdict == Verdict.DONE
    assert counts(answer)["invoices"] == (3, 1, 0, 2)
    confirmed = await silo.carry_out(order(Verb.CONFIRM), Copy())
    assert isinstance(confirmed, Answer)
    assert confirmed.verdict == Verdict.DONE
    assert "Ana" not in str(
        [rows(shop_url, name) for name in ("customers", "orders", "tickets", "addresses")]
    )


def test_names_that_are_no_words_are_quoted_and_circles_are_cut(policy: Policy, empty_url: sa.URL) -> None:
    quote = "`" if empty_url.drivername.startswith("mysql") else '"'
    run(
        empty_url,
        f"CREATE TABLE {quote}2024 Kunden{quote} ({quote}Kunden-Nr{quote} VARCHAR(20) NOT NULL PRIMARY KEY, "
        f"{quote}E-Mail{quote} VARCHAR(100), {quote}Straße: Nr.{quote} VARCHAR(100), chef VARCHAR(20))",
        "CREATE TABLE teams (id INTEGER PRIMARY KEY, lead_id INTEGER, email VARCHAR(100))",
        "CREATE TABLE people (id INTEGER PRIMARY KEY, team_id INTEGER, email VARCHAR(100), "
        "FOREIGN KEY (team_id) REFERENCES teams (id))",
        "CREATE TABLE no_key (email VARCHAR(100))",
    )
    if empty_url.drivername != "sqlite":
        run(empty_url, "ALTER TABLE teams ADD FOREIGN KEY (lead_id) REFERENCES people (id)")
    made = scaffold(empty_url, "shop", policy)
    tables = shop.policy_with(made.yaml).systems["shop"].connection
    assert tables is not None
    assert tables.sql is not None
    assert set(tables.sql.tables) == {"t_2024_kunden", "teams", "people"}
    assert "no_key: it has no primary key" in made.yaml


def test_a_database_without_people_is_told(policy: Policy, empty_url: sa.URL) -> None:
    run(empty_url, "CREATE TABLE articles (id INTEGER PRIMARY KEY, label VARCHAR(40))")
    with pytest.raises(OperatorError, match="No table of this database"):
        scaffold(empty_url, "shop", policy)
