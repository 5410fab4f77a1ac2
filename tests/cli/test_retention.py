"""Whom the policy has kept long enough, told at the command line."""

import msgspec

from support.builders_requests import yes
from support.installation import Installation


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
