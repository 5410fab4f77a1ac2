"""Whom the policy has kept long enough, told at the command line."""

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
