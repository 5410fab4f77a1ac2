"""POST /v1/imports: streamed, sealed on the disk, the same import when sent again, whole after a kill."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from consentd.imports.examples import FILE
from support.installation import Installation, Serving

(TEXT,) = FILE.values()
CSV = {"content-type": "text/csv"}


def ended(client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    """The import, once it is over."""
    assert answer.status_code in (200, 202), answer.text
    deadline = time.monotonic() + 120
    while True:
        told: dict[str, Any] = client.get(f"/v1/imports/{answer.json()['id']}").json()
        if told["state"] not in ("waiting", "running"):
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


def cards(count: int, start: int = 0) -> str:
    head, row = TEXT.strip().split("\r\n")
    lines = [
        row.replace("ML100007", f"MLX{number}")
        .replace("ana.diaz", f"p{number}")
        .replace("06 24 68 65 01", f"06{number:08}")
        for number in range(start, start + count)
    ]
    return "\r\n".join([head, *lines]) + "\r\n"


def test_a_file_is_taken_in_beside_the_answering_and_its_report_told(till: httpx.Client) -> None:
    answer = till.post("/v1/imports", content=cards(3, 100), headers=CSV | {"accept-language": "fr"})
    assert answer.status_code == 202
    told = ended(till, answer)
    assert (told["state"], told["rows"], told["position"], told["accepted"]) == ("done", 3, 3, 3)
    assert told["layout"] == "loyalty"
    assert told["report"]["summary"].startswith("Lignes reprises : 3")


def test_promise_2_the_same_file_again_is_the_same_import(till: httpx.Client) -> None:
    first = till.post("/v1/imports", content=cards(2, 200), headers=CSV)
    ended(till, first)
    again = till.post("/v1/imports", content=cards(2, 200), headers=CSV)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


def test_a_dry_run_records_nothing(till: httpx.Client) -> None:
    dry = till.post("/v1/imports", params={"dry_run": "true"}, content=cards(2, 300), headers=CSV)
    planned = ended(till, dry)
    assert (planned["dry_run"], planned["report"]["people"]["new"]) == (True, 2)
    really = ended(till, till.post("/v1/imports", content=cards(2, 300), headers=CSV))
    assert really["report"]["people"]["new"] == 2


def test_a_wrong_file_is_refused_whole_in_words_and_may_be_sent_again(till: httpx.Client) -> None:
    cut = cards(2, 400)[:-40]
    told = ended(till, till.post("/v1/imports", content=cut, headers=CSV))
    assert (told["state"], told["accepted"]) == ("refused", 0)
    assert "cut off" in told["reason"]
    again = till.post("/v1/imports", content=cut, headers=CSV)
    assert again.status_code == 202


def test_promise_13_anothers_import_is_not_found(service: Serving, till: httpx.Client) -> None:
    told = till.post("/v1/imports", content=cards(1, 500), headers=CSV).json()
    with service.client("consent:write") as other:
        answer = other.get(f"/v1/imports/{told['id']}")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_import")
        answer = other.post("/v1/imports", content=TEXT, headers=CSV)
        assert (answer.status_code, answer.json()["code"]) == (422, "not_importable")


@pytest.mark.parametrize(
    ("headers", "params", "code"),
    [
        ({"content-type": "application/json"}, {}, "wrong_media_type"),
        (CSV | {"content-encoding": "gzip"}, {}, "compressed_body"),
        (CSV, {"layout": "nothing"}, "not_importable"),
        (CSV, {"exported_at": "yesterday"}, "invalid_time"),
    ],
)
def test_what_cannot_be_an_import_is_refused_at_once(
    till: httpx.Client, headers: dict[str, str], params: dict[str, str], code: str
) -> None:
    answer = till.post("/v1/imports", content=TEXT, headers=headers, params=params)
    assert answer.status_code in (415, 422)
    assert answer.json()["code"] == code


def test_promise_1_killed_in_the_middle_an_import_goes_on_where_it_was(tmp_path: Path) -> None:
    installation = Installation(tmp_path).make()
    client = installation.connect("consent:write", name="till")
    with installation.served() as service, service.client_of(client) as till:
        sent = till.post("/v1/imports", content=cards(1500), headers=CSV).json()
        while (told := till.get(f"/v1/imports/{sent['id']}").json())["position"] < 100:
            assert told["state"] in ("waiting", "running"), told
            time.sleep(0.05)
        (sealed,) = (tmp_path / "imports").glob("*.sealed")
        assert b"exemple.fr" not in sealed.read_bytes()
        service.process.kill()
    with installation.served() as service, service.client_of(client) as till:
        told = ended(till, till.post("/v1/imports", content=cards(1500), headers=CSV))
        assert told["id"] == sent["id"]
        assert (told["state"], told["position"], told["accepted"]) == ("done", 1500, 1500)
        # What was through before the kill was not taken again.
        assert told["report"]["rows"]["read"] < 1500
        assert not list((tmp_path / "imports").glob("*"))
    assert installation.run("audit", "verify").code == 0
    assert installation.run("states", "verify").code == 0
