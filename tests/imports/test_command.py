"""consentd import at the command line: dry run and real, reports and refused rows, killed and begun again."""

import csv
import json
import shutil
import signal
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from test_what_a_row_states import CARD

from consentd.app import Parts
from consentd.db.tables.consent import consent_events, consent_states
from consentd.db.tables.people import subjects
from support.imports import file_of
from support.installation import Installation

TABLES = (subjects, consent_events, consent_states)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    installation = Installation(folder).make()
    for system in ("till", "mailing"):
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
    with refused.open(encoding="utf-8", newline="") as stream:
        (bad,) = csv.DictReader(stream, delimiter=";")
    assert (bad["nom"], bad["date_adhesion"]) == ("'=1+1", "31/11/2025")
    assert "date_adhesion" in bad["consentd: reason"]
    with report.open(encoding="utf-8-sig", newline="") as stream:
        figures = {(line["section"], line["what"]): line["count"] for line in csv.DictReader(stream)}
    assert figures["rows", "accepted"] == "1"


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


def test_promise_3_killed_in_the_middle_and_begun_again_it_is_whole(
    installation: Installation, tmp_path: Path
) -> None:
    path = cards(tmp_path, 1500)
    arguments = ("import", "till", str(path), "--exported-at", "2026-11-01")
    process = installation.start(*arguments)
    while counted(installation)[0] < 200:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    halfway = counted(installation)
    assert 0 < halfway[0] < 1500
    again = installation.run(*arguments, "--json")
    assert again.code == 0, again.err
    assert counted(installation) == [1500, 6000, 6000]
    (told,) = again.json
    assert told["rows"]["unchanged"] == halfway[0]
    assert json.loads(installation.run("states", "verify", "--json").out)
    assert installation.run("audit", "verify").code == 0
