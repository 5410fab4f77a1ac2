"""Databases with rules and habits of their own: triggers, dates that are none, old character sets."""

import pytest
import sqlalchemy as sa

from consentd.kernel.connection import Verb
from consentd.kernel.policy import Policy
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Answer, Verdict
from support import shop
from support.mariadb import MariaServer
from support.silo_orders import ANA, Copy, connector, everything, order, rows, run


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shop.policy_with()


def _trigger(url: sa.URL, body: dict[str, tuple[str, ...]]) -> None:
    run(url, *body[url.drivername.partition("+")[0]])


REFUSES = {
    "sqlite": (
        "CREATE TRIGGER no BEFORE DELETE ON addresses "
        "BEGIN SELECT RAISE(ABORT, 'Ana: database is locked'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'Ana may not go'; END $$",
        "CREATE TRIGGER no BEFORE DELETE ON addresses FOR EACH ROW EXECUTE FUNCTION no()",
    ),
    "mysql": (
        "CREATE TRIGGER no BEFORE DELETE ON addresses FOR EACH ROW "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Ana may not go'",
    ),
}
KEEPS = {
    "sqlite": ("CREATE TRIGGER no BEFORE DELETE ON addresses BEGIN SELECT RAISE(IGNORE); END",),
    "postgresql": (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE TRIGGER no BEFORE DELETE ON addresses FOR EACH ROW EXECUTE FUNCTION no()",
    ),
}


async def test_a_trigger_that_refuses_is_told_as_one(policy: Policy, shop_url: sa.URL) -> None:
    _trigger(shop_url, REFUSES)
    before = everything(shop_url)
    answer = await connector(policy, shop_url).carry_out(order(Verb.ERASE), Copy())
    assert isinstance(answer, Answer)
    assert (answer.verdict, answer.code) == (Verdict.FAILED, "rule_of_silo")
    assert "trigger" in str(answer.detail)
    assert "Ana" not in str(answer.detail)
    assert everything(shop_url) == before


# MariaDB's triggers cannot keep a row in silence.
@pytest.mark.parametrize("empty_url", ["sqlite", "postgresql"], indirect=True)
async def test_a_trigger_that_keeps_rows_in_silence_is_no_success(policy: Policy, shop_url: sa.URL) -> None:
    _trigger(shop_url, KEEPS)
    before = everything(shop_url)
    answer = await connector(policy, shop_url).carry_out(order(Verb.ERASE), Copy())
    assert isinstance(answer, Answer)
    assert (answer.verdict, answer.code) == (Verdict.FAILED, "rows_left")
    assert everything(shop_url) == before


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
async def test_what_sqlite_holds_in_a_column_of_dates_is_no_defect(policy: Policy, shop_url: sa.URL) -> None:
    run(
        shop_url,
        "UPDATE customers SET born_on = '17/05/1984', created_at = 1772443800 WHERE id = 1",
        "UPDATE invoices SET issued_on = '' WHERE order_id IN (SELECT id FROM orders WHERE customer_id = 1)",
    )
    silo, copy = connector(policy, shop_url), Copy()
    exported = await silo.carry_out(order(Verb.EXPORT), copy)
    assert isinstance(exported, Answer)
    assert exported.verdict == Verdict.DONE
    (customer,) = copy.of("customers")
    assert (customer["born_on"], customer["created_at"]) == ("17/05/1984", 1772443800)
    answer = await silo.carry_out(order(Verb.ERASE), Copy())
    assert isinstance(answer, Answer)
    assert answer.verdict == Verdict.DONE
    # A year that cannot be read is no year: nothing stays. An invoice without a day is kept.
    assert rows(shop_url, "customers", "id = 1")[0]["born_on"] is None
    assert len(rows(shop_url, "invoices")) >= 1


async def test_a_table_in_an_old_character_set(policy: Policy, mariadb: MariaServer) -> None:
    url = sa.make_url(mariadb.empty())
    shop.build(url)
    for table in ("customers", "tickets", "orders", "subscribers"):
        run(url, "SET FOREIGN_KEY_CHECKS = 0", f"ALTER TABLE {table} CONVERT TO CHARACTER SET latin1")
    run(url, "UPDATE customers SET phone = '06 24.68 65-01', last_name = 'Díaz' WHERE id = 1")
    silo = connector(policy, url)
    assert (await silo.test()).ok
    for who in (ANA, (Named("phone", "+33624686501"),), (Named("email", "łukasz@exemple.fr"),)):
        located = await silo.carry_out(order(Verb.LOCATE, *who), Copy())
        assert isinstance(located, Answer)
        assert located.verdict == Verdict.DONE, located
    answer = await silo.carry_out(order(Verb.ERASE), Copy())
    assert isinstance(answer, Answer)
    assert answer.verdict == Verdict.DONE, answer
    mariadb.drop(url.render_as_string(hide_password=False))
