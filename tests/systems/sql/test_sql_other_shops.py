"""Schemas as one meets them: what they hold that the shop of the other tests does not. A proposal for each is
one that `policy check` takes, `system test` agrees to, and an erasure carries out.
"""

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from consentd.kernel.connection import Verb
from consentd.kernel.errors import PolicyError
from consentd.kernel.policy import Policy
from consentd.kernel.silo_sql import SqlSilo
from consentd.systems.connectors.contract import Answer, Verdict
from consentd.systems.connectors.sql.scaffolding import scaffold
from support import shop
from support.silo_orders import Copy, connector, order, rows, run

WHO = "ana.diaz@exemple.fr"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shop.policy_with()


def built(url: sa.URL, metadata: sa.MetaData, **filled: list[dict[str, Any]]) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        metadata.create_all(connection)
        for table in metadata.sorted_tables:
            if table.name in filled:
                connection.execute(table.insert(), filled[table.name])
    engine.dispose()


def mapping_of(policy: Policy) -> SqlSilo:
    connection = policy.systems["shop"].connection
    assert connection is not None
    assert connection.sql is not None
    return connection.sql


async def erased(url: sa.URL, policy: Policy) -> Policy:
    """The proposal carried out: the policy with it."""
    made = scaffold(url, "shop", policy)
    proposed = shop.policy_with(made.yaml)
    silo = connector(proposed, url)
    tried = await silo.test()
    assert tried.ok, tried.lines
    copied = await silo.carry_out(order(Verb.EXPORT), Copy())
    assert isinstance(copied, Answer)
    assert copied.verdict == Verdict.DONE, copied
    for verb in (Verb.ERASE, Verb.CONFIRM):
        answer = await silo.carry_out(order(verb), Copy())
        assert isinstance(answer, Answer)
        assert answer.verdict == Verdict.DONE, (answer, made.yaml)
    return proposed


def types(url: sa.URL) -> sa.MetaData:
    """Customers with a column of each kind that must not be null."""
    metadata = sa.MetaData()
    made = "firstName" if url.drivername.startswith("mysql") else '"firstName"'
    few = sa.Enum("Madame", "Monsieur", name="civility")
    more: list[sa.Column[Any]] = [sa.Column("settings", sa.JSON, nullable=True)]
    if url.drivername.startswith("postgresql"):
        more += [
            sa.Column("phones", postgresql.ARRAY(sa.String), nullable=False),
            sa.Column("last_ip", postgresql.INET, nullable=False),
            sa.Column("session_token", sa.Uuid, nullable=False),
            sa.Column("avatar_secret", sa.LargeBinary, nullable=False),
            sa.Column("login", sa.CHAR(40), nullable=False),
        ]
    if url.drivername.startswith("mysql"):
        more += [
            sa.Column("is_mobile", mysql.TINYINT(1), nullable=False),
            sa.Column("interests", mysql.SET("lavande", "miel"), nullable=False),
        ]
    sa.Table(
        "Customers",
        metadata,
        sa.Column("Id", sa.Integer, primary_key=True),
        sa.Column("Email", sa.String(190), nullable=False, unique=True),
        sa.Column("firstName", sa.CHAR(30), nullable=False),
        sa.Column("salutation", few, nullable=False),
        sa.Column("gender", few, nullable=False),
        sa.Column("birthDate", sa.Date, nullable=False),
        sa.Column("lastLoginIp_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mobile", sa.Integer, nullable=True),
        sa.Column("phone_secret", sa.Date, nullable=False),
        sa.Column("credit", sa.Numeric(12, 4), nullable=False),
        sa.Column("order", sa.String(20), nullable=True),
        sa.Column(
            "full_name", sa.String(80), sa.Computed(made, persisted=url.drivername.startswith("postgresql"))
        ),
        *more,
    )
    sa.Table(
        "order",
        metadata,
        sa.Column("shop_no", sa.Integer, primary_key=True),
        sa.Column("select", sa.Integer, primary_key=True),
        sa.Column("customer", sa.ForeignKey("Customers.Id"), nullable=False),
        sa.Column("group", sa.String(20)),
        sa.Column("delivery_note", sa.Text),
    )
    return metadata


async def test_columns_of_every_kind_and_names_that_are_words_of_sql(
    policy: Policy, empty_url: sa.URL
) -> None:
    customer: dict[str, Any] = {
        "Id": 1,
        "Email": "Ana.Diaz@Exemple.fr",
        "firstName": "Ana",
        "salutation": "Madame",
        "gender": "Madame",
        "birthDate": dt.date(1984, 5, 17),
        "phone_secret": dt.date(2020, 1, 1),
        "credit": 12,
        "settings": {"theme": "dark"},
        "mobile": 624686501,
    }
    if empty_url.drivername.startswith("postgresql"):
        customer |= {
            "phones": ["+33624686501"],
            "last_ip": "192.0.2.7",
            "session_token": uuid.uuid4(),
            "avatar_secret": b"x",
            "login": "ana",
        }
    if empty_url.drivername.startswith("mysql"):
        customer |= {"is_mobile": 1, "interests": {"miel"}}
    built(
        empty_url,
        types(empty_url),
        Customers=[customer],
        order=[{"shop_no": 1, "select": 7, "customer": 1, "group": "x", "delivery_note": "Chez Ana Diaz"}],
    )
    proposed = await erased(empty_url, policy)
    assert set(mapping_of(proposed).tables) == {"customers", "order"}
    quote = "`" if "mysql" in empty_url.drivername else '"'
    (left,) = rows(empty_url, f"{quote}Customers{quote}")
    assert "Ana" not in str(left)
    assert "ana" not in str(left).lower().replace("madame", "")
    (ordered,) = rows(empty_url, f"{quote}order{quote}")
    assert "Ana" not in str(ordered)


async def test_rows_that_point_to_others_of_their_own_table(policy: Policy, empty_url: sa.URL) -> None:
    """Who brought whom: a customer who brought another cannot be deleted, and is emptied."""
    run(
        empty_url,
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(100), brought_by INTEGER, "
        "FOREIGN KEY (brought_by) REFERENCES customers (id))",
        f"INSERT INTO customers VALUES (1, '{WHO}', NULL), (2, 'bruno@exemple.fr', 1)",
    )
    await erased(empty_url, policy)
    ana, bruno = rows(empty_url, "customers")
    assert ana["email"].endswith("@erased.invalid")
    assert bruno["email"] == "bruno@exemple.fr"


async def test_a_table_without_a_key_that_points_to_people_stops_no_erasure(
    policy: Policy, empty_url: sa.URL
) -> None:
    run(
        empty_url,
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(100))",
        "CREATE TABLE interests (customer_id INTEGER, interest VARCHAR(40), contact_name VARCHAR(40), "
        "FOREIGN KEY (customer_id) REFERENCES customers (id))",
        "CREATE TABLE letters (email VARCHAR(100) NOT NULL UNIQUE, note VARCHAR(40))",
        f"INSERT INTO customers VALUES (1, '{WHO}')",
        "INSERT INTO interests VALUES (1, 'miel', 'Ana')",
        f"INSERT INTO letters VALUES ('{WHO}', 'Ana')",
    )
    made = scaffold(empty_url, "shop", policy)
    assert "interests: it has no primary key, and these columns look personal: contact_name" in made.yaml
    await erased(empty_url, policy)
    assert rows(empty_url, "customers")[0]["email"].endswith("@erased.invalid")
    # What is unique and never null is as good as a key.
    assert rows(empty_url, "letters") == []


def test_an_address_as_a_key_that_rows_point_to_is_a_fault_and_no_surprise(
    policy: Policy, empty_url: sa.URL
) -> None:
    run(
        empty_url,
        "CREATE TABLE customers (email VARCHAR(100) PRIMARY KEY, last_name VARCHAR(100))",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, email VARCHAR(100), ship_to VARCHAR(100), "
        "FOREIGN KEY (email) REFERENCES customers (email))",
    )
    made = scaffold(empty_url, "shop", policy)
    assert "email looks personal and is part of the key, which stays" in made.yaml
    with pytest.raises(PolicyError, match="is part of the key, which must stay"):
        shop.policy_with(made.yaml)
    shop.policy_with(
        made.yaml.replace("erase: delete_unless_referenced", "erase: delete").replace(
            "erase: change", "erase: delete"
        )
    )


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
async def test_tables_of_other_schemas_are_seen(policy: Policy, empty_url: sa.URL) -> None:
    run(
        empty_url,
        'CREATE SCHEMA "Shop"',
        "CREATE TABLE public.regions (id INTEGER PRIMARY KEY, label VARCHAR(40))",
        'CREATE TABLE "Shop".customers (id INTEGER PRIMARY KEY, email VARCHAR(100), '
        "region_id INTEGER REFERENCES public.regions (id))",
        'CREATE TABLE "Shop".addresses (id INTEGER PRIMARY KEY, street VARCHAR(100), '
        'customer_id INTEGER NOT NULL REFERENCES "Shop".customers (id))',
        f"INSERT INTO \"Shop\".customers VALUES (1, '{WHO}', NULL)",
        "INSERT INTO \"Shop\".addresses VALUES (1, 'rue Basse', 1)",
    )
    proposed = await erased(empty_url, policy)
    assert mapping_of(proposed).tables["shop_addresses"].reached_by[0].table == "shop_customers"
    assert rows(empty_url, '"Shop".addresses') == []
    made = scaffold(empty_url, "shop", policy)
    assert 'GRANT USAGE ON SCHEMA "Shop" TO consentd;' in made.grants
