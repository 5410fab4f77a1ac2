"""Whom the policy has kept long enough, told at the command line."""

import shutil
import time
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from support import shop
from support.builders_requests import yes
from support.installation import POLICIES, Installation
from support.silo_orders import rows, run


@pytest.fixture
def with_shop(tmp_path: Path) -> tuple[Installation, sa.URL]:
    """An installation with the shop's database as a silo, in which one invoice was kept long enough."""
    (tmp_path / "shop.db").touch()
    url = sa.make_url(f"sqlite:///{tmp_path / 'shop.db'}")
    shop.build(url)
    # Whatever day it is.
    run(
        url,
        "UPDATE invoices SET issued_on = '2099-01-01' WHERE number <> 'F2015-7'",
        "UPDATE tickets SET opened_at = '2099-01-01 00:00:00.000000'",
    )
    rules = tmp_path / "policies"
    shutil.copytree(POLICIES, rules)
    shutil.copy(shop.MAPPING, rules / "systems" / "shop.yaml")
    made = Installation(tmp_path / "data", policies=rules, CONSENTD_SILO_SHOP_URL=str(url))
    return made.make(), url


def test_a_preview_tells_how_many_where_and_some_of_them(installation: Installation) -> None:
    till = installation.connect("consent:write", name="till")
    ids = []
    with installation.served() as serving, serving.client_of(till) as client:
        for card, at in (("ML1", "2020-01-01"), ("ML2", "2026-11-01")):
            body = {
                "subject": {"identifiers": [{"scheme": "loyalty", "value": card}], "territory": "FR"},
                "events": [
                    {"purpose": "promotions", "channel": "sms", "state": "refused", "occurred_at": at}
                ],
            }
            answer = client.post("/v1/consents", json=body)
            assert answer.status_code == 201, answer.text
            ids.append(answer.json()["subject_id"])
    told = installation.run("retention", "preview")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("prospects: 1 of 2 people, 36 months without a sign (CNIL")
    assert "till 1" in told.out
    assert ids[0] in told.out
    assert ids[1] not in told.out
    (rule,) = installation.run("retention", "preview", "--json").json["rules"]
    assert rule["examples"] == ids[:1]
    assert rule["held"] == {"contract": 0, "restricted": 0, "request": 0}
    assert installation.entries().count("retention.previewed") == 2


def test_a_run_begins_erasures_and_a_report_tells_how_far_they_are(installation: Installation) -> None:
    till = installation.connect("consent:write", name="till")
    with installation.served() as serving, serving.client_of(till) as client:
        body = {
            "subject": {"identifiers": [{"scheme": "loyalty", "value": "ML1"}], "territory": "FR"},
            "events": [
                {"purpose": "promotions", "channel": "sms", "state": "refused", "occurred_at": "2020-01-01"}
            ],
        }
        assert client.post("/v1/consents", json=body).status_code == 201
    told = installation.run("retention", "run")
    assert (told.code, told.out) == (0, "Erasures begun: 1. People looked at: 1.\n")
    assert installation.run("retention", "report").out.startswith(
        "Begun in the last 30 days: 1 (1 partial)\n"
    )
    assert installation.run("retention", "run", "--json").json["requests"] == []
    found = installation.run("retention", "report", "--json").json
    assert found["states"] == {"partial": 1}
    assert installation.entries().count("subject.erased") == 1


def test_proofs_of_erased_people_are_told_by_their_law_and_in_both_languages(
    installation: Installation,
) -> None:
    till = installation.connect("consent:write", name="till")
    with installation.served() as serving, serving.client_of(till) as client:
        body = {
            "subject": {"identifiers": [{"scheme": "email", "value": "ana@exemple.fr"}], "territory": "FR"},
            "events": [yes("newsletter", "email", "2020-01-01T12:00:00Z")],
        }
        answer = client.post("/v1/consents", json=msgspec.to_builtins(body))
        assert answer.status_code == 201, answer.text
    assert installation.run("retention", "run").out.startswith("Erasures begun: 1.")
    (proof,) = installation.run("retention", "preview", "--json").json["proofs"]
    assert (proof["rule"], proof["articles"], proof["kept"]) == ("fr.proof", ["GDPR 7(1)", "CPCE L.34-5"], 1)
    assert (proof["due"], proof["soon"]) == (0, 0)
    assert "Proofs of erased people, GDPR 7(1), CPCE" in installation.run("retention", "preview").out
    told = installation.run("retention", "preview", "--lang", "fr").out
    assert told.startswith("prospects : 0 personnes sur 0, 36 mois sans signe (CNIL")
    assert "Preuves de personnes effacées, RGPD 7(1), CPCE L.34-5 (fr.proof, " in told
    assert installation.run("retention", "run", "--json").json["proofs_destroyed"] == 0
    assert installation.run("retention", "report", "--json").json["proofs"] == []
    assert installation.run("retention", "report", "--lang", "fr").out.startswith("Commencés ces 30 derniers")


def test_rows_of_a_silos_own_tables_are_previewed_erased_by_the_service_and_reported(
    with_shop: tuple[Installation, sa.URL],
) -> None:
    installation, url = with_shop
    told = installation.run("retention", "preview")
    assert told.code == 0, told.err
    assert "shop, invoices: 1 rows due, 120 months after issued_on, from before 1 January" in told.out
    assert "  DELETE FROM invoices WHERE invoices.number = :found_number;" in told.out
    assert "till, 36 months: consentd cannot erase there (not connected)" in told.out
    found = installation.run("retention", "preview", "--json").json
    assert [(one["system"], one["verdict"]) for one in found["silos"]] == [("shop", "done")]
    assert {one["what"]: one["due"] for one in found["silos"][0]["tables"]}["invoices"] == 1
    assert len(rows(url, "invoices")) == 4
    assert installation.run("retention", "run", "--rows", "0", "--json").json["tables_begun"] == []
    assert "own tables, erasing begun in: shop." in installation.run("retention", "run").out
    report: dict[str, object] = {}
    with installation.served():
        deadline = time.monotonic() + 120
        while not report.get("answers") and time.monotonic() < deadline:
            (report,) = installation.run("retention", "report", "--json").json["tables"]
            time.sleep(0.2)
    assert report["answers"] == {"done": 1}
    assert {row["number"] for row in rows(url, "invoices")} == {"F2016-1", "F2026-3", "F2026-4"}
    out = installation.run("retention", "report").out
    assert "shop, its own tables: 1 done\n  invoices: 1 rows deleted, 0 changed" in out
    assert "shop, ses tables : 1 done" in installation.run("retention", "report", "--lang", "fr").out
    assert installation.entries().count("retention.tables") == 1
    tried = installation.run("system", "test", "shop", "--json")
    assert tried.json["ok"], tried.out
