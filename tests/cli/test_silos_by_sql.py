"""consentd system test, consentd system scaffold sql: a silo's database tried out and described."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from consentd.policy.loader import load
from support import shop
from support.installation import POLICIES, Installation


@pytest.fixture
def database(tmp_path: Path) -> str:
    (tmp_path / "shop.db").touch()
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    shop.build(sa.make_url(url))
    return url


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    shutil.copy(shop.MAPPING, folder / "systems" / "shop.yaml")
    return folder


def test_a_connection_is_tried_out_line_by_line(
    installation: Installation, rules: Path, database: str
) -> None:
    ran = installation.run(
        "system", "test", "shop", "--policies", str(rules), CONSENTD_SILO_SHOP_URL=database
    )
    assert ran.code == 0, ran.err
    assert ran.out.startswith("ok: connected to SQLite")
    assert "warning: tickets: no index serves the search by sender_email" in ran.out
    assert "Boutique en ligne can be reached" in ran.out


def test_a_connection_that_is_not_ready_ends_with_one(
    installation: Installation, rules: Path, database: str
) -> None:
    engine = sa.create_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE notes")
    ran = installation.run(
        "system", "test", "shop", "--policies", str(rules), "--json", CONSENTD_SILO_SHOP_URL=database
    )
    assert (ran.code, ran.json["ok"]) == (1, False)
    assert "fault: The silo’s database shows no table 'notes'." in ran.json["lines"]


def test_what_is_missing_is_named(installation: Installation, rules: Path) -> None:
    for arguments, words in (
        (("test", "shop"), "CONSENTD_SILO_SHOP_URL is not set"),
        (("test", "nowhere"), "no system 'nowhere'"),
        (("test", "till"), "no 'connection'"),
        (("scaffold", "sql", "--name", "web-shop"), "CONSENTD_SILO_WEB_SHOP_URL"),
        (("scaffold", "sql", "hunter2"), "is not the URL of a database"),
    ):
        ran = installation.run("system", *arguments, "--policies", str(rules))
        assert (ran.code, words in ran.err) == (1, True), ran.err
        assert "defect" not in ran.err
        assert "hunter2" not in ran.err


def test_the_least_privileges_are_printed(installation: Installation, rules: Path) -> None:
    ran = installation.run("system", "test", "shop", "--grants", "--policies", str(rules))
    assert ran.code == 0
    assert "GRANT SELECT (id, customer_id, recipient, street, postcode, city) ON public.addresses" in ran.out
    assert "GRANT DELETE ON public.addresses TO consentd;" in ran.out
    assert "GRANT DELETE ON public.orders" not in ran.out


def test_a_proposal_is_a_file_of_the_policy(installation: Installation, rules: Path, database: str) -> None:
    ran = installation.run("system", "scaffold", "sql", database, "--name", "boutique")
    assert ran.code == 0, ran.err
    (rules / "systems" / "boutique.yaml").write_text(ran.out, "utf-8")
    assert load(rules).systems["boutique"].connection is not None
    assert "8 tables proposed, 1 left out" in ran.err
