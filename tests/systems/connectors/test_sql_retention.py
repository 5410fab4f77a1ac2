"""Rows that a silo's own tables kept long enough go, on each of three databases alike, and no others."""

from uuid import uuid4

import pytest
import sqlalchemy as sa

from consentd.kernel.policy import Policy
from consentd.systems.connectors.contract import Answer, Expired, Expiry, Foretold, Overdue, Verdict
from consentd.systems.connectors.sql.connector import SqlConnector
from support import shop
from support.silo_orders import TODAY, connector, counts, everything, rows, run

MAPPING = shop.MAPPING.read_text("utf-8")
OPENS = """
      opens:
        category: messages
        key: [id]
        reached_by: [{ table: customers, columns: { customer_id: id } }]
        erase: delete
        retention: { months: 13, after: opened, where: { kind: open }, because: "CNIL : mesure d’audience" }
        columns: { opened: {} }
    preferences:"""
ORDERS = "erase: change\n        retention: { months: 12, after: ordered_at, because: Un an }\n"
BEFORE_MARCH, MARCH = "2029-03-01T22:59:59Z", "2029-03-01T23:00:00Z"
"""The last instant before, and the first of, the day three years after the tickets came in: in Paris."""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shop.policy_with()


class Told:
    """What a silo foretells."""

    def __init__(self) -> None:
        self.last: Foretold | None = None

    async def __call__(self, told: Foretold) -> None:
        self.last = told


def expiry(most: int = 1000, foretold: Foretold | None = None, told: Told | None = None) -> Expiry:
    return Expiry(task=uuid4(), most=most, foretold=foretold, about_to=told or Told())


async def overdue(silo: SqlConnector) -> dict[str, Overdue]:
    found = await silo.overdue()
    assert not isinstance(found, Answer), found
    return {one.what: one for one in found}


async def due(silo: SqlConnector) -> dict[str, int]:
    return {name: one.due for name, one in (await overdue(silo)).items()}


def numbers(url: sa.URL) -> set[str]:
    return {row["number"] for row in rows(url, "invoices")}


def done(expired: Expired) -> dict[str, tuple[int, int, int, int]]:
    assert expired.answer.verdict in (Verdict.DONE, Verdict.PARTIAL), expired.answer
    return counts(expired.answer)


async def test_a_preview_says_what_is_due_and_why_and_shows_the_sql(policy: Policy, shop_url: sa.URL) -> None:
    before = everything(shop_url)
    found = await overdue(connector(policy, shop_url))
    assert everything(shop_url) == before
    invoices, tickets = found["invoices"], found["tickets"]
    assert (invoices.due, invoices.months, invoices.after) == (1, 120, "issued_on")
    assert (invoices.before, invoices.because) == ("2016-01-01", "Code de commerce L.123-22 : factures")
    assert (tickets.due, tickets.before) == (0, "2023-11-23")
    sql = "\n".join(invoices.sql)
    assert "SELECT invoices.number FROM invoices WHERE" in sql
    assert "DELETE FROM invoices WHERE invoices.number" in sql
    assert "Diaz" not in sql


async def test_what_the_law_kept_goes_with_the_first_instant_after(policy: Policy, shop_url: sa.URL) -> None:
    silo = connector(policy, shop_url, today="2026-12-31T22:59:59Z")
    told = Told()
    assert done(await silo.expire(expiry(told=told))) == {"invoices": (1, 1, 0, 0)}
    assert told.last is not None
    assert (told.last.due_before, told.last.due_after, told.last.touched) == (1, 0, 1)
    assert numbers(shop_url) == {"F2016-1", "F2026-3", "F2026-4"}
    before = everything(shop_url)
    assert done(await silo.expire(expiry())) == {}
    assert everything(shop_url) == before
    later = connector(policy, shop_url, today="2026-12-31T23:00:00Z")
    assert done(await later.expire(expiry())) == {"invoices": (1, 1, 0, 0)}
    assert numbers(shop_url) == {"F2026-3", "F2026-4"}
    # Whoever has no day stays.
    run(shop_url, "UPDATE invoices SET issued_on = NULL WHERE number = 'F2026-3'")
    assert await due(connector(policy, shop_url, today="2040-01-01T00:00:00Z")) == {
        "invoices": 1,
        "tickets": 4,
    }


async def test_rows_that_stay_are_emptied_once_their_time_is_over(policy: Policy, shop_url: sa.URL) -> None:
    assert (await due(connector(policy, shop_url, today=BEFORE_MARCH)))["tickets"] == 0
    silo = connector(policy, shop_url, today=MARCH)
    assert (await due(silo))["tickets"] == 4
    first = await silo.expire(expiry(most=3))
    assert (first.answer.verdict, first.answer.code, first.touched) == (Verdict.PARTIAL, "more_due", 3)
    assert done(first) == {"tickets": (3, 0, 3, 0)}
    second = await silo.expire(expiry(most=3))
    assert (second.answer.verdict, second.answer.code) == (Verdict.DONE, None)
    assert done(second) == {"tickets": (1, 0, 1, 0), "invoices": (2, 2, 0, 0)}
    bodies = {row["body"] for row in rows(shop_url, "tickets")}
    assert len(bodies) == 1
    assert await due(silo) == {"invoices": 0, "tickets": 0}
    assert done(await silo.expire(expiry())) == {}
    # People themselves are nobody's business here.
    assert [row["email"] for row in rows(shop_url, "customers", "id = 1")] == ["Ana.Diaz@Exemple.fr"]


async def test_what_hangs_on_a_row_goes_with_it_and_what_the_law_keeps_stays(shop_url: sa.URL) -> None:
    place = MAPPING.index("      orders:")
    text = MAPPING[:place] + MAPPING[place:].replace("erase: change\n", ORDERS, 1)
    silo = connector(shop.policy_with(text), shop_url, today="2027-03-02T12:00:00Z")
    found = (await overdue(silo))["orders"]
    assert found.due == 3
    assert found.hanging == ("order_lines", "returns", "invoices", "tickets")
    # By themselves, the invoices of 2015 and 2016 are due first.
    assert done(await silo.expire(expiry())) == {
        "orders": (3, 0, 3, 0),
        "order_lines": (4, 0, 2, 0),
        "returns": (2, 2, 0, 0),
        "invoices": (4, 2, 0, 2),
        "tickets": (3, 0, 3, 0),
    }
    assert [row["billed_email"] for row in rows(shop_url, "invoices")] == [None, None]
    assert {row["billed_to"] for row in rows(shop_url, "invoices")} == {"Ana Diaz", "Bruno Diaz"}
    assert await due(silo) == {"orders": 0, "invoices": 0, "tickets": 0}
    assert done(await silo.expire(expiry())) == {}
    # When their ten years are over, the invoices go too.
    last = connector(shop.policy_with(text), shop_url, today="2037-01-01T12:00:00Z")
    assert done(await last.expire(expiry()))["invoices"] == (2, 2, 0, 0)


async def test_a_table_may_give_up_early_what_its_keep_does_not_need(shop_url: sa.URL) -> None:
    text = MAPPING.replace("retention: keep", "retention: { months: 12, after: issued_on, because: Un an }")
    silo = connector(shop.policy_with(text), shop_url, today="2027-03-02T12:00:00Z")
    # Two whose ten years are over, and Bruno's, which names an address.
    assert (await due(silo))["invoices"] == 3
    for expected in ((1, 1, 0, 0), (1, 1, 0, 0), (1, 0, 0, 1)):
        told = Told()
        assert done(await silo.expire(expiry(most=1, told=told))) == {"invoices": expected}
        assert told.last is not None
        assert told.last.touched == 1
    assert (await due(silo))["invoices"] == 0
    assert [row["billed_email"] for row in rows(shop_url, "invoices")] == [None, None]
    assert done(await silo.expire(expiry())) == {}


async def test_every_form_of_emptying_is_known_again(shop_url: sa.URL) -> None:
    rule = "{ months: 12, after: created_at, because: Un an }"
    text = MAPPING.replace(
        "erase: delete_unless_referenced\n",
        f"erase: delete_unless_referenced\n        retention: {rule}\n",
        1,
    )
    silo = connector(shop.policy_with(text), shop_url, today="2027-03-02T12:00:00Z")
    assert (await due(silo))["customers"] == 3
    touched = done(await silo.expire(expiry()))
    # Clara never ordered, and goes; the others' orders stay, and point to them.
    assert touched["customers"] == (3, 1, 2, 0)
    assert (await due(silo))["customers"] == 0
    assert done(await silo.expire(expiry())) == {}


async def test_what_is_frozen_waits(policy: Policy, shop_url: sa.URL) -> None:
    run(shop_url, "UPDATE customers SET frozen = 1 WHERE id = 1")
    silo = connector(policy, shop_url, today=MARCH)
    # Hers by her account; one was sent in without any, for an order without one.
    assert await due(silo) == {"invoices": 0, "tickets": 3}
    await silo.expire(expiry())
    assert [row["subject"] for row in rows(shop_url, "tickets", "id = 1")] == ["Colis"]
    run(shop_url, "UPDATE customers SET frozen = 0 WHERE id = 1")
    assert await due(silo) == {"invoices": 2, "tickets": 1}


async def test_days_written_as_text_count_and_what_is_no_day_stays(shop_url: sa.URL) -> None:
    days = {
        1: "'2025-10-22T23:59:59'",
        2: "'2025-10-22'",
        3: "'2025-10-23'",
        4: "'2025-10-23 00:00:00'",
        5: "''",
        6: "'0000-00-00'",
        7: "'n/a'",
        8: "NULL",
        9: "'2020-13-45'",
        10: "'22/10/2020'",
    }
    run(
        shop_url,
        "CREATE TABLE opens (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id), "
        "kind VARCHAR(10), opened VARCHAR(30))",
        *(f"INSERT INTO opens VALUES ({id_}, 1, 'open', {day})" for id_, day in days.items()),
        "INSERT INTO opens VALUES (11, NULL, 'open', '2020-01-01')",
        "INSERT INTO opens VALUES (12, 1, 'click', '2020-01-01')",
        "INSERT INTO opens VALUES (13, 2, NULL, '2020-01-01')",
    )
    text = MAPPING.replace("\n    preferences:", OPENS, 1)
    silo = connector(shop.policy_with(text), shop_url, today=TODAY)
    assert (await due(silo))["opens"] == 3
    assert done(await silo.expire(expiry()))["opens"] == (3, 3, 0, 0)
    assert [row["id"] for row in rows(shop_url, "opens")] == [3, 4, 5, 6, 7, 8, 9, 10, 12, 13]


async def test_a_silo_tells_after_a_kill_whether_it_was_done(policy: Policy, shop_url: sa.URL) -> None:
    silo = connector(policy, shop_url, today=MARCH)
    told = Told()
    # Two tickets; the process died when it was about to commit.
    first = await silo.expire(expiry(most=2, told=told))
    assert told.last is not None
    foretold, after = told.last, everything(shop_url)
    again = await silo.expire(expiry(most=2, foretold=foretold))
    assert (again.answer.parts, again.touched) == (first.answer.parts, 2)
    assert (again.answer.verdict, again.answer.code) == (Verdict.PARTIAL, "more_due")
    assert everything(shop_url) == after


async def test_and_does_it_where_it_was_not(policy: Policy, shop_url: sa.URL) -> None:
    class Died(Exception):
        pass

    async def dies(told: Foretold) -> None:
        noted.append(told)
        raise Died

    noted: list[Foretold] = []
    before = everything(shop_url)
    silo = connector(policy, shop_url, today=MARCH)
    with pytest.raises(Died):
        await silo.expire(Expiry(task=uuid4(), most=2, about_to=dies))
    assert everything(shop_url) == before
    again = await silo.expire(expiry(most=2, foretold=noted[0]))
    assert again.touched == 2
    assert (await due(silo))["tickets"] == 2


async def test_a_mapping_that_does_not_fit_is_refused_and_nothing_changed(shop_url: sa.URL) -> None:
    before = everything(shop_url)
    for wrong, code in (
        ("after: id", "no_day"),
        ("after: closed_at", "column_missing"),
        ("after: opened_at, where: { customer_id: nobody }", "value_refused"),
    ):
        silo = connector(shop.policy_with(MAPPING.replace("after: opened_at", wrong)), shop_url)
        found = await silo.overdue()
        assert isinstance(found, Answer)
        assert (found.verdict, found.code) == (Verdict.FAILED, code)
        expired = await silo.expire(expiry())
        assert (expired.answer.verdict, expired.answer.code, expired.touched) == (Verdict.FAILED, code, 0)
    assert everything(shop_url) == before


async def test_batches_of_one_row_meet_each_row_once(policy: Policy, shop_url: sa.URL) -> None:
    silo = connector(policy, shop_url, today=MARCH, page=1)
    assert done(await silo.expire(expiry())) == {"tickets": (4, 0, 4, 0), "invoices": (2, 2, 0, 0)}


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
async def test_a_moment_counts_by_the_clock_of_the_systems_zone(policy: Policy, shop_url: sa.URL) -> None:
    run(
        shop_url,
        "ALTER TABLE tickets ALTER opened_at TYPE timestamptz USING '2026-03-02 12:00:00+00'",
        # In Paris the first of March, and the second.
        "UPDATE tickets SET opened_at = '2026-03-01 22:30:00+00' WHERE id = 1",
        "UPDATE tickets SET opened_at = '2026-03-01 23:30:00+00' WHERE id = 2",
    )
    silo = connector(policy, shop_url, today=BEFORE_MARCH)
    assert (await due(silo))["tickets"] == 1
    assert done(await silo.expire(expiry()))["tickets"] == (1, 0, 1, 0)
    assert [row["id"] for row in rows(shop_url, "tickets", "subject LIKE 'Texte effac%'")] == [1]
    assert (await due(connector(policy, shop_url, today=MARCH)))["tickets"] == 3
