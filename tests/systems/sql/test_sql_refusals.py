"""What goes wrong in somebody else's database: failed with its reason, or to be tried again; never a silent
success, and nothing half done (promises 3, 12, 18).
"""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from consentd.base.clock import now
from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Verb
from consentd.kernel.errors import OperatorError
from consentd.kernel.policy import Policy
from consentd.systems.connectors.contract import Answer, SiloUnavailable, Verdict
from consentd.systems.connectors.sql.connector import SqlConnector, connect
from consentd.systems.connectors.sql.opening import parse_url
from support import shop
from support.mariadb import MariaServer
from support.silo_orders import Copy, connector, everything, order, run


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shop.policy_with()


@pytest.fixture(scope="module")
def hasty() -> Policy:
    """With a second for each statement."""
    return shop.policy_with(
        shop.MAPPING.read_text("utf-8").replace("timeout_seconds: 20", "timeout_seconds: 1")
    )


async def failed(silo: SqlConnector, verb: Verb = Verb.ERASE) -> Answer:
    answer = await silo.carry_out(order(verb), Copy())
    assert isinstance(answer, Answer)
    assert answer.verdict == Verdict.FAILED
    assert answer.detail
    assert "ana" not in answer.detail.lower()
    return answer


async def test_a_missing_table_is_told_by_name(policy: Policy, shop_url: sa.URL) -> None:
    run(shop_url, "DROP TABLE notes")
    answer = await failed(connector(policy, shop_url))
    assert (answer.code, "'notes'" in str(answer.detail)) == ("table_missing", True)
    tried = await connector(policy, shop_url).test()
    assert not tried.ok
    assert "fault: The silo’s database shows no table 'notes'." in tried.lines


async def test_a_missing_column_is_told_by_name_also_when_it_went_meanwhile(
    policy: Policy, shop_url: sa.URL
) -> None:
    before = everything(shop_url)["customers"]
    silo = connector(policy, shop_url)
    await silo.carry_out(order(Verb.LOCATE), Copy())
    run(shop_url, "ALTER TABLE tickets RENAME COLUMN body TO text_of_it")
    assert (await failed(silo)).code == "column_missing"
    answer = await failed(silo)
    assert (answer.code, "'body'" in str(answer.detail)) == ("column_missing", True)
    assert everything(shop_url)["customers"] == before


async def test_rows_of_a_table_that_nobody_named_stop_the_whole_erasure(
    policy: Policy, shop_url: sa.URL
) -> None:
    run(
        shop_url,
        "CREATE TABLE vouchers (id INTEGER PRIMARY KEY, address_id INTEGER NOT NULL, "
        "FOREIGN KEY (address_id) REFERENCES addresses (id))",
        "INSERT INTO vouchers VALUES (1, 2)",
    )
    before = everything(shop_url)
    answer = await failed(connector(policy, shop_url))
    assert answer.code == "still_referenced"
    assert everything(shop_url) == before


async def test_a_statement_that_takes_too_long_is_ended_and_tried_again(
    hasty: Policy, shop_url: sa.URL
) -> None:
    """Somebody holds the row: no order waits longer than the connection's timeout."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        engine = sa.create_engine(shop_url, poolclass=NullPool)
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("UPDATE subscribers SET status = 'subscribed' WHERE id = 1")
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(10)
        with pytest.raises(SiloUnavailable) as raised:
            await connector(hasty, shop_url).carry_out(order(Verb.ERASE), Copy())
        assert raised.value.code in ("busy", "too_slow")
    finally:
        done.set()
        thread.join()
    answer = await connector(hasty, shop_url).carry_out(order(Verb.ERASE), Copy())
    assert isinstance(answer, Answer)
    assert answer.verdict == Verdict.DONE


async def test_a_copy_may_take_longer_than_a_statement_may(hasty: Policy, shop_url: sa.URL) -> None:
    """Whoever takes the records may be slow; memory stays flat all the while."""
    engine = sa.create_engine(shop_url, poolclass=NullPool)
    many = [{"id": n, "customer_id": 1, "recipient": "x" * 100} for n in range(100, 9100)]
    with engine.begin() as connection:
        connection.execute(sa.insert(shop.addresses), many)

    class Slow(Copy):
        def add(self, what: str, record: Mapping[str, Scalar]) -> None:
            if what == "addresses" and len(self.records) in (2, 4000, 8000):
                threading.Event().wait(0.8)
            super().add(what, record)

    copy = Slow()
    answer = await connector(hasty, shop_url).carry_out(order(Verb.EXPORT), copy)
    assert isinstance(answer, Answer)
    assert len(copy.of("addresses")) == 9002


async def test_a_server_that_is_not_there_is_tried_again(policy: Policy, tmp_path: Path) -> None:
    for url in (
        "postgresql://someone:hunter2@127.0.0.1:1/shop",
        "mysql://someone:hunter2@127.0.0.1:1/shop",
        f"sqlite:///{tmp_path / 'none.db'}",
    ):
        silo = connector(policy, parse_url(url, "X"))
        with pytest.raises(SiloUnavailable) as raised:
            await silo.carry_out(order(Verb.LOCATE), Copy())
        assert raised.value.code == "unreachable"
        assert "hunter2" not in str(raised.value)
        tried = await silo.test()
        assert (tried.ok, tried.lines) == (False, ("fault: The silo’s database could not be reached.",))
    assert list(tmp_path.iterdir()) == []


async def test_a_wrong_password_is_no_outage(policy: Policy, mariadb: MariaServer) -> None:
    made = mariadb.empty()
    wrong = sa.make_url(made).set(username="nobody", password="hunter2")
    answer = await failed(connector(policy, wrong))
    assert (answer.code, answer.told) == ("credentials_refused", False)
    assert "hunter2" not in str(answer.detail)
    mariadb.drop(made)


async def test_a_database_that_nobody_made_is_no_outage(policy: Policy, empty_url: sa.URL) -> None:
    silo = connector(policy, empty_url.set(database=f"{empty_url.database}_gone"))
    if empty_url.drivername == "sqlite":  # whose file may be on a disk that comes back
        with pytest.raises(SiloUnavailable):
            await failed(silo)
    else:
        assert (await failed(silo)).code == "database_missing"


async def test_a_file_that_is_no_database_is_told(policy: Policy, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.write_text("customer;email\n" * 400)
    answer = await failed(connector(policy, sa.make_url(f"sqlite:///{file}")))
    assert answer.code == "not_a_database"


async def test_a_file_that_may_not_be_written_refuses_the_erasure(policy: Policy, tmp_path: Path) -> None:
    file = tmp_path / "the shop's #1?.db"
    file.touch()
    url = sa.URL.create("sqlite", database=str(file))
    shop.build(url)
    answer = await failed(connector(policy, url.set(query={"immutable": "1"})))
    assert answer.code in ("read_only", "refused")


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg"),
        ("mysql://u:p@h/d", "mysql+pymysql"),
        ("mariadb://u:p@h/d", "mysql+pymysql"),
        ("sqlite:///d", "sqlite"),
    ],
)
def test_the_spellings_of_a_url_mean_the_same(given: str, driver: str) -> None:
    assert parse_url(given, "X").drivername == driver


@pytest.mark.parametrize(
    "given", ["hunter2", "oracle://u:hunter2@h/d", "postgresql://u:hunter2@h", "://hunter2"]
)
def test_a_url_that_cannot_be_used_is_named_by_its_variable_and_not_shown(given: str) -> None:
    with pytest.raises(OperatorError, match="CONSENTD_SILO_SHOP_URL") as raised:
        parse_url(given, "CONSENTD_SILO_SHOP_URL")
    assert "hunter2" not in str(raised.value)


def test_a_silo_without_a_url_is_told_with_the_variable_to_set(policy: Policy) -> None:
    with pytest.raises(OperatorError, match="CONSENTD_SILO_SHOP_URL is not set"):
        connect(policy.systems["shop"], policy.identifiers, now, {})
