"""A silo's mapping that makes no sense is told with its file and line, before anybody's data depend on it."""

from pathlib import Path

import pytest
from spoiling import Faults

from consentd.policy.loader import load
from support.shop import MAPPING

FILE = "systems/shop.yaml"


@pytest.fixture
def shop(rules: Path) -> Path:
    file = rules / FILE
    file.write_text(MAPPING.read_text("utf-8"), "utf-8")
    return file


def test_the_shops_mapping_has_no_fault(shop: Path, rules: Path) -> None:
    assert load(rules).systems["shop"].connection is not None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("by: sql", "by: manual", "'by' is 'manual'"),
        ("category: purchases", "category: purchase", "unknown category of this system 'purchase'"),
        ("key: [order_id, line_no]", "key: []", "rows could not be told apart"),
        ("scheme: customer, column", "scheme: custommer, column", "did you mean 'customer'?"),
        ("scheme: customer, column", "scheme: loyalty, column", "unknown identifier of this system"),
        ("column: email }", "column: e_mail }", "unknown column 'e_mail'"),
        ("country: FR, ", "", "the field 'country' is missing"),
        ("country: FR", "country: fr", "two capital letters"),
        ("column: email }", "column: email, country: FR }", "only telephone numbers"),
        ("country: FR, shared", "country: FR, spelling: upper, shared", "have capitals"),
        ("column: guest_email }]", "column: guest_email, shared: true }]", "all are shared"),
        ("table: order_lines, columns", "table: order_line, columns", "did you mean 'order_lines'?"),
        (
            "reached_by: [{ table: customers, columns: { customer_id: id } }]\n        erase: change",
            "reached_by: [{ table: returns, columns: { id: id } }]\n        erase: change",
            "is reached through itself",
        ),
        ("found_by: [{ scheme: email, column: address }]", "", "has neither 'found_by' nor 'reached_by'"),
        ("delete_unless_referenced", "delete", "rows of 'orders' stay and point here"),
        ("guest_email: { erase: clear }", "guest_email: {}", "would still be found in rows that stay"),
        ("article: {}, quantity: {}, engraving: { erase: clear }", "article: {}", "would stay as they are"),
        ("agent: { third_party: true }", "agent: { kept: true }", "has no 'keep'"),
        ("agent: { third_party: true }", "agent: { free_text: true, copy: false }", "is no part of copies"),
        ("billed_to: { erase: name, kept: true }", "billed_to: { kept: true }", "goes with 'erase'"),
        ("issued_on: {}", "issued_on: { erase: clear }", "its end would no longer be known"),
        ("months: 120", "months: 0", "must be at least 1"),
        ("after: issued_on", "of: customers, after: issued_on", "unknown table that this one points to"),
        ("retention: keep", "retention: kept", "'kept' is not known here; did you mean 'keep'?"),
        ("retention: { months: 36, ", "retention: { months: 0, ", "must be at least 1"),
        ("retention: { months: 36, ", "retention: { ", "the field 'months' is missing"),
        ("after: opened_at", "when: opened_at", "unknown field 'when'"),
        ("after: opened_at", "of: invoices, after: opened_at", "unknown table that this one points to"),
        ("opened_at: {}", "opened_at: { erase: clear }", "their end would no longer be known"),
        ("erase: change\n        retention", "erase: stay\n        retention", "nothing to erase"),
        (
            "erase: delete\n        columns: { recipient",
            "erase: delete\n        retention: keep\n        columns: { recipient",
            "is that of its 'keep', and the table has none",
        ),
        ("restrict, erase, confirm", "restrict, confirm", "'verbs' has no 'erase'"),
        ("  sql:\n", "  sql:\n    rows_a_day: -1\n", "must be a number from 0 to 100000"),
        ("phone: { erase: phone }", "phone: { erase: phone, text: x }", "only goes with"),
        ("sender_email: { erase: email }", "sender_email: { third_party: true }", "finds nobody"),
        ("last_name: last_name,", "last_name: lastname,", "did you mean 'last_name'?"),
        ('free: "0"', 'free: "1"', "are the same"),
        ("purpose: newsletter\n", "purpose: newsletters\n", "did you mean 'newsletter'?"),
        ("subscribed: given", "subscribed: gave", "unknown state 'gave'"),
        ("table: subscribers\n", "table: subscriber\n", "did you mean 'subscribers'?"),
        (
            "writes: { given: subscribed, withdrawn: unsubscribed, refused: unsubscribed }",
            "",
            "no preference has",
        ),
        ('restrict: { column: frozen, frozen: "1", free: "0" }', "", "no table has 'restrict'"),
        ("adds: [customer, email]", "adds: [loyalty]", "unknown identifier that a table is found by"),
        ("password_hash: { erase: clear", "password_hash: { erase: burn", "'burn' is not known here"),
        ("key: [number]", "keys: [number]", "unknown field 'keys'"),
        (
            "erase: change\n        columns: { article",
            "erase: stay\n        columns: { article",
            "rows that stay",
        ),
    ],
)
def test_each_way_of_being_wrong_is_told_with_its_line(
    shop: Path, faults: Faults, old: str, new: str, reason: str
) -> None:
    text = MAPPING.read_text("utf-8")
    assert old in text
    shop.write_text(text.replace(old, new, 1), "utf-8")
    found = faults()
    told = [(line, why) for file, line, why in found if file == FILE and reason in why]
    assert told, found
    assert all(line > 10 for line, _ in told)


def test_a_connection_by_sql_has_its_mapping(shop: Path, faults: Faults) -> None:
    text = MAPPING.read_text("utf-8")
    shop.write_text(text.partition("  sql:\n")[0], "utf-8")
    assert any("the field 'sql' is missing" in why for _, _, why in faults())
