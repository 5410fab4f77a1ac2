"""`make demo-rights`: what a newcomer is shown of rights is true, to the copy and the certificate."""

import json
import os
import re
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from zipfile import ZipFile

import pytest

DEMO = Path(__file__).parents[2] / "demo" / "rights.py"
NEIGHBOUR = "Jeanne Morel"
SENTENCES = (
    "1 note masquée",
    "Tout ce que contient ce dossier est vérifié : c’est ce qui a été remis.",
    "Effacement complet",
    "Tout ce que contient ce fichier est vérifié.",
    "la boutique garde une facture",
)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What it said, and the folder that it left."""
    folder = tmp_path_factory.mktemp("demo") / "shown"
    own = ("CONSENTD_", "LC_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    ran = subprocess.run(
        [sys.executable, DEMO, folder],
        env=environment | {"LANG": "fr_FR.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout, folder


def test_an_access_and_an_erasure_over_three_live_silos(shown: tuple[str, Path]) -> None:
    said, folder = shown
    for sentence in SENTENCES:
        assert sentence in said
    (told,) = json.loads((folder / "certificate.json").read_text("utf-8"))["certificates"]
    outcomes = {silo["system"]: silo["outcome"] for silo in told["content"]["silos"]}
    assert outcomes == {"mailing": "erased", "till": "erased", "webshop": "erased"}


def test_the_copy_that_it_leaves_tells_everything_but_the_neighbour(shown: tuple[str, Path]) -> None:
    said, folder = shown
    assert NEIGHBOUR in said
    with ZipFile(folder / "copie.zip") as copy:
        contents = {name: copy.read(name) for name in copy.namelist()}
    assert [name for name, content in contents.items() if NEIGHBOUR.encode() in content] == []
    everything = b"".join(content for name, content in contents.items() if name.startswith("data/"))
    for record in ("ana.diaz@exemple.fr", "Ana Diaz", "Savon à la lavande", "42", "ML100007"):
        assert record.encode() in everything
    page = contents["index.html"].decode()
    assert "Le nom d’une autre personne." in page
    # What was done with the request is told in words, and not by the names that the log has for it.
    assert re.findall(r"\b(?:silo|task|request)\.[a-z_]+", page) == []


def test_its_mails_to_the_person_bring_codes_and_no_link(shown: tuple[str, Path]) -> None:
    folder = shown[1]
    mails = [
        message_from_bytes(file.read_bytes(), policy=default) for file in sorted((folder / "mails").iterdir())
    ]
    to_ana = [mail for mail in mails if mail["to"] == "ana.diaz@exemple.fr"]
    subjects = [str(mail["subject"]) for mail in to_ana]
    assert sum("votre code" in one for one in subjects) == 2
    assert sum("c’est prêt" in one for one in subjects) == 1
    assert not any(b"/v1/packages/" in mail.as_bytes() for mail in mails)
