"""`make demo-rights`: what a newcomer is shown of rights is true, from the counter to the certificate."""

import json
import os
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "demo" / "rights.py"


SENTENCES = (
    "Tout ce que contient ce fichier est vérifié.",
    "Effacement complet",
    "la boutique garde une facture",
)


def test_an_access_and_an_erasure_over_three_live_silos(tmp_path: Path) -> None:
    own = ("CONSENTD_", "LC_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    ran = subprocess.run(
        [sys.executable, DEMO, tmp_path / "shown"],
        env=environment | {"LANG": "fr_FR.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    for sentence in SENTENCES:
        assert sentence in ran.stdout
    (told,) = json.loads((tmp_path / "shown" / "certificate.json").read_text("utf-8"))["certificates"]
    outcomes = {silo["system"]: silo["outcome"] for silo in told["content"]["silos"]}
    assert outcomes == {"mailing": "erased", "till": "erased", "webshop": "erased"}
