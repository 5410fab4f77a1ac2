"""What every silo reached by sql answers, on SQLite, PostgreSQL and MariaDB alike (promises 7, 10, 12)."""

import pytest
import sqlalchemy as sa

from consentd.kernel.connection import Verb
from consentd.kernel.policy import Policy
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Answer, Kept, Preference, Verdict
from consentd.systems.connectors.sql.connector import SqlConnector
from consentd.systems.connectors.sql.reading import WITHHELD
from support import shop
from support.silo_orders import ANA, Copy, connector, counts, everything, order, part_of, rows, run


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shop.policy_with()


@pytest.fixture
def silo(policy: Policy, shop_url: sa.URL) -> SqlConnector:
    return connector(policy, shop_url)


async def answered(silo: SqlConnector, verb: Verb, *named: Named, **more: object) -> Answer:
    answer = await silo.carry_out(order(verb, *named, **more), Copy())
    assert isinstance(answer, Answer)
    return answer


async def test_locate_counts_what_is_the_persons_and_tells_what_else_she_is_known_by(
    silo: SqlConnector,
) -> None:
    answer = await answered(silo, Verb.LOCATE, Named("email", "ana.diaz@exemple.fr"))
    assert answer.verdict == Verdict.DONE
    assert {part.what: part.found for part in answer.parts} == {
        "customers": 1,
        "addresses": 2,
        "orders": 2,
        "order_lines": 3,
        "returns": 1,
        "invoices": 3,
        "tickets": 3,
        "notes": 1,
        "subscribers": 1,
    }
    assert answer.identifiers == (Named("customer", "ml1001"),)


async def test_nobody_is_found_and_that_is_an_answer(silo: SqlConnector) -> None:
    answer = await answered(silo, Verb.LOCATE, Named("email", "nobody@exemple.fr"))
    assert (answer.verdict, answer.parts, answer.identifiers) == (Verdict.DONE, (), ())


async def test_who_is_known_by_no_identifier_of_the_silo_was_not_looked_for(silo: SqlConnector) -> None:
    answer = await answered(silo, Verb.ERASE, Named("loyalty", "ml100007"))
    assert (answer.verdict, answer.code) == (Verdict.UNSUPPORTED, "no_identifier")


async def test_case_and_spaces_never_miss_a_person(policy: Policy, shop_url: sa.URL) -> None:
    silo = connector(policy, shop_url)
    for written in (
        "ana.diaz@exemple.fr",
        "ANA.DIAZ@EXEMPLE.FR",
        " Ana.Diaz@exemple.FR",
        "aNA.dIAZ@eXEMPLE.fr\r\n",
    ):
        run(shop_url, f"UPDATE customers SET email = '{written}' WHERE id = 1")
        answer = await answered(silo, Verb.LOCATE, ANA[0])
        assert part_of(answer, "customers").found == 1, written


@pytest.mark.parametrize(
    "written",
    [
        "+33624686501",
        "+33 6 24 68 65 01",
        "+33 (0)6 24 68 65 01",
        "0033 624686501",
        "06.24.68.65.01",
        "06-24-68-65-01",
        "06\N{NO-BREAK SPACE}24\N{NO-BREAK SPACE}68 65 01",
        "33624686501",
        "624686501",
    ],
)
async def test_a_number_is_found_however_it_is_written(
    policy: Policy, shop_url: sa.URL, written: str
) -> None:
    run(shop_url, f"UPDATE customers SET phone = '{written}' WHERE id = 1")
    answer = await answered(connector(policy, shop_url), Verb.LOCATE, ANA[1], ANA[2])
    assert part_of(answer, "customers").found == 1
    # Without her customer number the number might be her husband's: neither of the two is taken.
    answer = await answered(connector(policy, shop_url), Verb.LOCATE, ANA[1])
    assert answer.parts == ()


async def test_somebody_else_is_not_found_by_a_likeness(policy: Policy, shop_url: sa.URL) -> None:
    """Databases that fold accents take two addresses for one."""
    run(shop_url, "UPDATE subscribers SET address = 'josé@exemple.fr' WHERE id = 2")
    silo = connector(policy, shop_url)
    assert (await answered(silo, Verb.LOCATE, Named("email", "jose@exemple.fr"))).parts == ()
    found = await answered(silo, Verb.LOCATE, Named("email", "josé@exemple.fr"))
    assert part_of(found, "subscribers").found == 1
    run(shop_url, "UPDATE subscribers SET address = 'JOSÉ@exemple.fr' WHERE id = 2")
    found = await answered(silo, Verb.LOCATE, Named("email", "josé@exemple.fr"))
    assert part_of(found, "subscribers").found == 1


async def test_a_shared_number_finds_whoever_is_known_by_nothing_else(
    policy: Policy, shop_url: sa.URL
) -> None:
    run(shop_url, "UPDATE customers SET phone = '06 24 68 65 01' WHERE id = 3")
    silo = connector(policy, shop_url)
    assert (await answered(silo, Verb.LOCATE, ANA[1])).parts == ()
    answer = await answered(silo, Verb.LOCATE, ANA[1], Named("email", "clara@exemple.fr"))
    assert part_of(answer, "customers").found == 1


async def test_a_copy_has_every_row_once_and_leaves_other_people_out(silo: SqlConnector) -> None:
    copy = Copy()
    answer = await silo.carry_out(order(Verb.EXPORT), copy)
    assert isinstance(answer, Answer)
    assert answer.verdict == Verdict.DONE
    assert {part.what: part.found for part in answer.parts} == {
        what: len(copy.of(what)) for what in {what for what, _ in copy.records}
    }
    (ana,) = copy.of("customers")
    assert ana == {
        "customer_no": "ML1001",
        "email": "Ana.Diaz@Exemple.fr",
        "phone": "06 24 68 65 01",
        "first_name": "Ana",
        "last_name": "Diaz",
        "born_on": "1984-05-17",
        "created_at": "2026-03-02T09:30:00",
    }
    assert len(copy.of("tickets")) == 3
    assert {ticket["agent"] for ticket in copy.of("tickets")} == {WITHHELD}
    assert [line["engraving"] for line in copy.of("order_lines")] == [None, "Pour Ana", None]


async def test_erasure_deletes_changes_and_keeps_as_the_mapping_says(
    silo: SqlConnector, shop_url: sa.URL
) -> None:
    answer = await answered(silo, Verb.ERASE)
    assert answer.verdict == Verdict.DONE
    assert counts(answer) == {
        "customers": (1, 0, 1, 0),
        "addresses": (2, 2, 0, 0),
        "orders": (2, 0, 2, 0),
        "order_lines": (3, 0, 1, 0),
        "returns": (1, 1, 0, 0),
        "invoices": (3, 1, 0, 2),
        "tickets": (3, 0, 3, 0),
        "notes": (1, 1, 0, 0),
        "subscribers": (1, 1, 0, 0),
    }
    because = "Code de commerce L.123-22 : factures"
    assert part_of(answer, "invoices").kept == (Kept(2, because, "2037-01-01"),)
    (ana,) = rows(shop_url, "customers", "id = 1")
    assert ana["email"].startswith("erased-")
    assert ana["email"].endswith("@erased.invalid")
    assert ana["customer_no"].startswith("erased-")
    assert (ana["phone"], ana["first_name"], ana["last_name"]) == ("0639980000", "Effacé", "Effacé")
    assert str(ana["born_on"]) == "1984-01-01"
    assert ana["password_hash"] is None
    kept = rows(shop_url, "invoices", "order_id IN (10, 11)")
    assert [(row["number"], row["billed_to"], row["billed_email"]) for row in kept] == [
        ("F2016-1", "Ana Diaz", None),
        ("F2026-3", "Ana Diaz", None),
    ]
    assert [row["ship_postcode"] for row in rows(shop_url, "orders", "id IN (10, 11)")] == ["69000", "74000"]
    assert rows(shop_url, "orders", "id = 10")[0]["delivery_note"] == "Consigne effacée."
    assert "Ana" not in str(rows(shop_url, "tickets"))
    assert rows(shop_url, "notes") == [
        {"id": 2, "owner_type": "supplier", "owner_id": 1, "note": "Paie à 30 jours"}
    ]


async def test_erasing_one_person_leaves_every_other_row_as_it_was(
    silo: SqlConnector, shop_url: sa.URL
) -> None:
    before = everything(shop_url)
    await answered(silo, Verb.ERASE)
    after = everything(shop_url)
    others = {
        "customers": [2, 3],
        "addresses": [3],
        "orders": [12],
        "returns": [2],
        "tickets": [4],
        "subscribers": [2],
        "notes": [2],
    }
    for name, ids in others.items():
        assert [row for row in after[name] if row["id"] in ids] == [
            row for row in before[name] if row["id"] in ids
        ]
    for name, column, value in (("order_lines", "order_id", 12), ("invoices", "order_id", 12)):
        assert [row for row in after[name] if row[column] == value] == [
            row for row in before[name] if row[column] == value
        ]


async def test_an_erasure_that_comes_twice_finds_nothing_to_do(silo: SqlConnector, shop_url: sa.URL) -> None:
    first = order(Verb.ERASE)
    await silo.carry_out(first, Copy())
    done = everything(shop_url)
    again = await silo.carry_out(first, Copy())
    assert isinstance(again, Answer)
    assert again.verdict == Verdict.DONE
    assert sum(part.deleted + part.changed for part in again.parts) == 0
    assert everything(shop_url) == done


async def test_a_customer_without_orders_is_deleted_whole(silo: SqlConnector, shop_url: sa.URL) -> None:
    answer = await answered(silo, Verb.ERASE, Named("email", "clara@exemple.fr"))
    assert counts(answer) == {"customers": (1, 1, 0, 0)}
    assert rows(shop_url, "customers", "id = 3") == []


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_pages_of_any_size_count_alike(policy: Policy, shop_url: sa.URL, page: int) -> None:
    answer = await answered(connector(policy, shop_url, page=page), Verb.ERASE)
    assert counts(answer)["tickets"] == (3, 0, 3, 0)
    assert counts(answer)["order_lines"] == (3, 0, 1, 0)
    assert counts(answer)["invoices"] == (3, 1, 0, 2)


async def test_confirming_says_what_is_left_and_then_what_is_kept(
    silo: SqlConnector, shop_url: sa.URL
) -> None:
    before = await answered(silo, Verb.CONFIRM)
    assert (before.verdict, before.code) == (Verdict.PARTIAL, "left_over")
    assert before.detail is not None
    assert "1 in customers" in before.detail
    await answered(silo, Verb.ERASE)
    assert (await answered(silo, Verb.CONFIRM)).verdict == Verdict.DONE
    # Somebody types her address into a new ticket.
    run(shop_url, "UPDATE tickets SET sender_email = 'ANA.Diaz@exemple.fr' WHERE id = 2")
    after = await answered(silo, Verb.CONFIRM)
    assert (after.verdict, after.detail) == (
        Verdict.PARTIAL,
        "Rows that an erasure would still delete or change: 1 in tickets.",
    )


async def test_what_is_kept_is_named_again_while_the_person_is_still_found(
    silo: SqlConnector, shop_url: sa.URL
) -> None:
    await answered(silo, Verb.ERASE)
    # Somebody gives the account its old number again: what hangs on it is found.
    run(shop_url, "UPDATE customers SET customer_no = 'ML1001' WHERE id = 1")
    answer = await answered(silo, Verb.CONFIRM, ANA[2])
    assert answer.detail == "Rows that an erasure would still delete or change: 1 in customers."
    assert counts(answer)["invoices"] == (1, 0, 0, 1)


async def test_an_invoice_without_a_day_is_kept_and_its_end_is_not_known(
    silo: SqlConnector, shop_url: sa.URL
) -> None:
    run(shop_url, "UPDATE invoices SET issued_on = NULL WHERE number = 'F2015-7'")
    answer = await answered(silo, Verb.ERASE)
    assert part_of(answer, "invoices").kept == (Kept(3, "Code de commerce L.123-22 : factures", None),)


async def test_rectifying_writes_every_place_of_a_field(silo: SqlConnector, shop_url: sa.URL) -> None:
    changes = {"last_name": "Diaz-Roux", "birth_date": "1984-05-18"}
    answer = await answered(silo, Verb.RECTIFY, changes=changes)
    assert (answer.verdict, counts(answer)) == (Verdict.DONE, {"customers": (1, 0, 1, 0)})
    (ana,) = rows(shop_url, "customers", "id = 1")
    assert (ana["last_name"], str(ana["born_on"])) == ("Diaz-Roux", "1984-05-18")
    again = await answered(silo, Verb.RECTIFY, changes=changes)
    assert again.verdict == Verdict.DONE


@pytest.mark.parametrize(
    ("changes", "verdict", "code"),
    [
        ({"shoe_size": "39"}, Verdict.UNSUPPORTED, "unknown_field"),
        ({"last_name": "Roux", "shoe_size": "39"}, Verdict.PARTIAL, "unknown_field"),
        ({"birth_date": "yesterday"}, Verdict.FAILED, "value_refused"),
    ],
)
async def test_what_cannot_be_rectified_is_said(
    silo: SqlConnector, changes: dict[str, str], verdict: Verdict, code: str
) -> None:
    answer = await answered(silo, Verb.RECTIFY, changes=changes)
    assert (answer.verdict, answer.code) == (verdict, code)


async def test_a_value_that_does_not_fit_is_never_cut(policy: Policy, shop_url: sa.URL) -> None:
    before = everything(shop_url)
    answer = await answered(
        connector(policy, shop_url), Verb.RECTIFY, changes={"first_name": "A", "last_name": "x" * 80}
    )
    if shop_url.drivername == "sqlite":  # which holds no column to its length
        assert answer.verdict == Verdict.DONE
    else:
        assert (answer.verdict, answer.code) == (Verdict.FAILED, "value_refused")
        assert everything(shop_url) == before


async def test_several_rows_are_not_rectified_by_a_guess(silo: SqlConnector, shop_url: sa.URL) -> None:
    hers = (ANA[0], Named("customer", "ml1002"))
    answer = await answered(silo, Verb.RECTIFY, *hers, changes={"last_name": "Roux"})
    assert (answer.verdict, answer.code) == (Verdict.FAILED, "ambiguous_row")
    assert [row["last_name"] for row in rows(shop_url, "customers")] == ["Diaz", "Diaz", "Roux"]


async def test_restricting_freezes_and_lifting_frees(silo: SqlConnector, shop_url: sa.URL) -> None:
    answer = await answered(silo, Verb.RESTRICT)
    assert counts(answer) == {"customers": (1, 0, 1, 0)}
    assert [row["frozen"] for row in rows(shop_url, "customers")] == [1, 0, 0]
    await answered(silo, Verb.RESTRICT, lift=True)
    assert [row["frozen"] for row in rows(shop_url, "customers")] == [0, 0, 0]


async def test_choices_are_read_and_written_in_the_silos_own_words(
    silo: SqlConnector, shop_url: sa.URL
) -> None:
    answer = await answered(silo, Verb.READ_PREFERENCES)
    assert answer.preferences == (Preference("newsletter", "email", "given"),)
    withdrawn = Preference("newsletter", "email", "withdrawn")
    written = await answered(silo, Verb.WRITE_PREFERENCE, preferences=(withdrawn,))
    assert counts(written) == {"subscribers": (1, 0, 1, 0)}
    assert (await answered(silo, Verb.READ_PREFERENCES)).preferences == (withdrawn,)
    assert rows(shop_url, "subscribers", "id = 1")[0]["status"] == "unsubscribed"


async def test_a_choice_that_the_silo_cannot_hold_is_no_success(silo: SqlConnector) -> None:
    for preference, code in (
        (Preference("orders", "email", "given"), "unknown_preference"),
        (Preference("newsletter", "email", "unknown"), "unknown_state"),
    ):
        answer = await answered(silo, Verb.WRITE_PREFERENCE, preferences=(preference,))
        assert (answer.verdict, answer.code) == (Verdict.FAILED, code)
    nobody = await answered(
        silo,
        Verb.WRITE_PREFERENCE,
        Named("email", "nobody@exemple.fr"),
        preferences=(Preference("newsletter", "email", "given"),),
    )
    assert (nobody.verdict, nobody.code) == (Verdict.FAILED, "nobody_found")


async def test_a_preview_shows_the_sql_without_values_and_touches_nothing(
    silo: SqlConnector, shop_url: sa.URL
) -> None:
    before = everything(shop_url)
    for verb in Verb:
        more = {
            "preferences": (Preference("newsletter", "email", "withdrawn"),),
            "changes": {"email": "x@y.fr"},
        }
        lines = "\n".join(await silo.preview(order(verb, **more)))
        assert "-- customers: 1 row found" in lines
        assert "ana" not in lines.lower().replace("change", "")
        assert "0624" not in lines
    assert everything(shop_url) == before
    lines = "\n".join(await silo.preview(order(Verb.ERASE)))
    assert "DELETE FROM addresses WHERE addresses.id = :found_id;" in lines
    assert "-- kept for 120 months from the end of the year of issued_on: Code de commerce" in lines
    assert ":email_1" in lines


async def test_the_connection_can_be_tried_out(silo: SqlConnector, shop_url: sa.URL) -> None:
    before = everything(shop_url)
    test = await silo.test()
    assert test.ok, "\n".join(test.lines)
    assert any(line.startswith("ok: connected to ") for line in test.lines)
    assert any("not in the mapping" in line and "updated_by" in line for line in test.lines)
    assert "ok: addresses: an index serves the search by its path to customers" in test.lines
    scans = [line for line in test.lines if "each request reads the whole table" in line]
    if shop_url.drivername.startswith(
        "mysql"
    ):  # whose columns do not tell capitals apart, nor do its indexes
        assert [line.split(":")[1] for line in scans] == [" customers"]
        assert "by phone" in scans[0]
    else:
        assert scans[0].startswith("warning: customers: no index serves the search by email: ")
        assert scans[0].endswith("One on lower(email) would")
        run(shop_url, "CREATE INDEX low ON customers (lower(email))")
        assert "ok: customers: an index serves the search by email" in (await silo.test()).lines
    assert "ok: customers: an index serves the search by customer_no" in test.lines
    assert everything(shop_url) == before
