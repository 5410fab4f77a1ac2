"""consentd import at the command line: dry run and real, reports and refused rows, killed and begun again."""

import codecs
import csv
import json
import shutil
import signal
import time
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from test_what_a_row_states import CARD

from consentd.app import Parts
from consentd.db.tables.consent import consent_events, consent_states
from consentd.db.tables.people import subjects
from consentd.evidence.model import OPERATOR
from consentd.kernel.policy import sealed
from consentd.policy.service import activate
from support.builders import demo_policy
from support.imports import file_of
from support.installation import Installation

TABLES = (subjects, consent_events, consent_states)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    installation = Installation(folder).make()
    for system in ("till", "mailing", "webshop"):
        installation.connect("consent:write", name=system)
    return folder


@pytest.fixture
def installation(made: Path, tmp_path: Path) -> Installation:
    folder = tmp_path / "data"
    shutil.copytree(made, folder)
    return Installation(folder)


def counted(installation: Installation) -> list[int]:
    async def work(parts: Parts) -> list[int]:
        return await parts.database.read(
            lambda connection: [
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in TABLES
            ]
        )

    found: list[int] = installation.within(work)
    return found


def cards(folder: Path, count: int) -> Path:
    rows = [
        CARD | {"carte": f"ML{number}", "courriel": f"p{number}@exemple.fr", "telephone": f"06{number:08}"}
        for number in range(count)
    ]
    return file_of(folder, "till", "loyalty", rows, "cards.csv")


def test_a_dry_run_says_what_the_import_then_does(installation: Installation, tmp_path: Path) -> None:
    rows = [CARD, CARD | {"carte": "ML2", "date_adhesion": "31/11/2025", "nom": "=1+1"}]
    path = file_of(tmp_path, "till", "loyalty", rows)
    refused, report = tmp_path / "refused.csv", tmp_path / "report.csv"
    before = counted(installation)
    options = ("--exported-at", "2026-11-01", "--lang", "fr")
    planned = installation.run(
        "import", "till", str(path), *options, "--dry-run", "--json",
        "--refused", str(refused), "--report", str(report),
    )  # fmt: skip
    assert planned.code == 0, planned.err
    assert counted(installation) == before
    assert not list(installation.folder.glob("dry-run-*"))
    (told,) = planned.json
    assert told["rows"] == {"read": 2, "accepted": 1, "refused": 1, "unchanged": 0}
    assert told["summary"].startswith("Lignes à reprendre : 1, refusées : 1 ; clients qui deviendraient")
    done = installation.run("import", "till", str(path), *options, "--json")
    (really,) = done.json
    assert {**really, "dry_run": True, "summary": told["summary"]} == told
    # With a byte order mark, so that it is read rightly whatever encoding the tool itself writes.
    assert refused.read_bytes().startswith(codecs.BOM_UTF8)
    with refused.open(encoding="utf-8-sig", newline="") as stream:
        (bad,) = csv.DictReader(stream, delimiter=";")
    assert (bad["nom"], bad["date_adhesion"]) == ("'=1+1", "31/11/2025")
    assert "date_adhesion" in bad["consentd: reason"]
    with report.open(encoding="utf-8-sig", newline="") as stream:
        figures = {(line["section"], line["what"]): line["count"] for line in csv.DictReader(stream)}
    assert figures["rows", "accepted"] == "1"


def test_who_may_be_asked_to_confirm_is_listed_with_the_permitted_ways(
    installation: Installation, tmp_path: Path
) -> None:
    def customer(number: int, **more: str) -> dict[str, str]:
        address = {"Email": f"c{number}@exemple.fr", "Accepts Email Marketing": "yes"}
        return {"Customer ID": f"'{number}", **address, **more}

    home = {"Default Address Address1": "1, rue des Lilas", "Default Address Zip": "'69006"}
    proven = {
        "Email Address": "c3@exemple.fr",
        "OPTIN_TIME": "2026-02-18 19:48:00",
        "OPTIN_IP": "198.51.100.53",
        "CONFIRM_TIME": "2026-02-19 03:32:00",
        "CONFIRM_IP": "198.51.100.53",
    }
    subscribed = file_of(tmp_path, "mailing", "subscribed", [proven], "subscribed.csv")
    customers = file_of(
        tmp_path, "webshop", "customers", [customer(1, **home), customer(2), customer(3)], "customers.csv"
    )
    when, ask = ("--exported-at", "2026-11-01"), tmp_path / "ask.csv"
    assert installation.run("import", "mailing", str(subscribed), *when).code == 0
    told = installation.run(
        "import", "webshop", str(customers), *when, "--to-ask", str(ask), "--json", "--lang", "en"
    )
    (report,) = told.json
    about = [["newsletter", "email"]]
    assert report["to_ask"] == {
        "people": 2,
        "by_channel": {"in_store": 2, "post": 1},
        "not_to_be_asked": 0,
        # The newsletter tool has the double opt-in of the third.
        "no_need": 1,
        "listed": [
            {"line": 2, "about": about, "by": ["in_store", "post"]},
            {"line": 3, "about": about, "by": ["in_store"]},
        ],
    }
    with ask.open(encoding="utf-8-sig", newline="") as stream:
        rows = [(row["line"], row["channel"], row["contact_point"]) for row in csv.DictReader(stream)]
    assert rows == [("2", "in_store", ""), ("2", "post", "1, rue des Lilas, 69006"), ("3", "in_store", "")]
    # A claim that nobody can prove stays a no.
    again = installation.run("import", "webshop", str(customers), *when, "--lang", "fr")
    assert "Joignables (avant → après) :" in again.out
    assert "La lettre de Maison Lavande × e-mail" in again.out


def test_a_report_that_cannot_be_written_is_still_told(installation: Installation, tmp_path: Path) -> None:
    path = cards(tmp_path, 1)
    nowhere = str(tmp_path / "nowhere" / "report.json")
    told = installation.run("import", "till", str(path), "--report", nowhere, "--json")
    assert told.code == 0
    assert "report.json cannot be written" in told.err
    assert told.json[0]["rows"]["accepted"] == 1
    before = installation.run("import", "till", str(path), "--refused", nowhere)
    assert before.code == 1
    assert "cannot be written" in before.err


@pytest.mark.parametrize("option", ["--refused", "--to-ask", "--report"])
def test_what_is_written_never_overwrites_what_is_read(
    installation: Installation, tmp_path: Path, option: str
) -> None:
    path = cards(tmp_path, 1)
    content = path.read_bytes()
    (tmp_path / "also.csv").hardlink_to(path)
    found = installation.run("import", "till", str(path), option, str(tmp_path / "also.csv"), "--lang", "fr")
    assert (found.code, path.read_bytes()) == (1, content)
    assert "servirait deux fois" in found.err
    other = str(tmp_path / "both.csv")
    both = installation.run("import", "till", str(path), "--refused", other, "--to-ask", other)
    assert both.code == 1
    assert "would be used twice" in both.err
    assert counted(installation)[0] == 0


def test_files_of_one_name_have_their_refused_rows_apart(installation: Installation, tmp_path: Path) -> None:
    files = []
    for name in ("lyon", "annecy"):
        (tmp_path / name).mkdir()
        bad = CARD | {"carte": name, "date_adhesion": "31/11/2025"}
        files.append(str(file_of(tmp_path / name, "till", "loyalty", [bad])))
    installation.run("import", "till", *files, "--refused", str(tmp_path / "bad.csv"))
    assert "lyon" in (tmp_path / "bad-export-1.csv").read_text("utf-8-sig")
    assert "annecy" in (tmp_path / "bad-export-2.csv").read_text("utf-8-sig")


@pytest.mark.parametrize("option", ["--refused", "--to-ask"])
def test_a_full_disk_beside_an_import_does_not_end_it(
    installation: Installation, tmp_path: Path, option: str
) -> None:
    path = cards(tmp_path, 250)
    found = installation.run("import", "till", str(path), option, "/dev/full", "--json", "--lang", "en")
    assert found.json[0]["rows"]["accepted"] == 250
    assert found.code == 1
    assert found.err == "/dev/full cannot be written: No space left on device.\n"


def test_a_wrong_file_and_an_unknown_tool_are_refused_in_words(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("Nom,Adresse\nx,y\n")
    wrong = installation.run("import", "till", str(path), "--lang", "fr")
    assert wrong.code == 1
    assert "colonnes manquantes" in wrong.err
    assert "no system nobody" in installation.run("import", "nobody", str(path)).err
    assert "not connected yet" in installation.run("import", "crm", str(path)).err


def test_a_policy_that_is_activated_meanwhile_is_told_in_words(
    installation: Installation, tmp_path: Path
) -> None:
    arguments = ("import", "till", str(cards(tmp_path, 6000)), "--exported-at", "2026-11-01", "--lang", "en")
    policy = demo_policy()
    till = msgspec.structs.replace(policy.systems["till"], retention_months=35)
    changed = sealed(msgspec.structs.replace(policy, systems=policy.systems | {"till": till}))

    async def change(parts: Parts) -> None:
        await parts.database.change(lambda unit: activate(unit, parts.keyring, changed, OPERATOR))

    process = installation.start(*arguments)
    while counted(installation)[0] < 200:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    installation.within(change)
    _, told = process.communicate()
    assert (process.returncode, "run the same command again" in told) == (1, True), told
    again = installation.run(*arguments)
    assert again.code == 0, again.err
    assert counted(installation)[0] == 6000


def test_promise_3_killed_in_the_middle_and_begun_again_it_is_whole(
    installation: Installation, tmp_path: Path
) -> None:
    path = cards(tmp_path, 6000)
    arguments = ("import", "till", str(path), "--exported-at", "2026-11-01")
    process = installation.start(*arguments)
    while counted(installation)[0] < 200:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    halfway = counted(installation)
    assert 0 < halfway[0] < 6000
    again = installation.run(*arguments, "--json")
    assert again.code == 0, again.err
    assert counted(installation) == [6000, 24000, 24000]
    (told,) = again.json
    assert told["rows"]["unchanged"] == halfway[0]
    assert json.loads(installation.run("states", "verify", "--json").out)
    assert installation.run("audit", "verify").code == 0
