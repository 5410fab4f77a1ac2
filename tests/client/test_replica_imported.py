"""A replica of records that came in as files: joined across tools, and answered as the service answers."""

import csv
import zipfile
from pathlib import Path

import pytest
from both import EVERYTHING

from consentd.client import Client, Question, Replica
from support.installation import Serving

SILOS = Path(__file__).parent.parent / "imports" / "silos.zip"
FILES = {
    "webshop": ("shopify_customers.csv", "utf-8", ","),
    "mailing": ("mailchimp_unsubscribed.csv", "utf-8", ","),
    "till": ("caisse_fidelite.csv", "cp1252", ";"),
}
ROWS = 150


@pytest.fixture
def slices(tmp_path: Path) -> dict[str, Path]:
    """The first rows of three tools' exports: about the same people, more often than not."""
    found = {}
    with zipfile.ZipFile(SILOS) as archive:
        for system, (name, encoding, _) in FILES.items():
            inside = next(one for one in archive.namelist() if one.endswith(name))
            lines = archive.read(inside).decode(encoding).splitlines(keepends=True)[: 1 + ROWS]
            found[system] = tmp_path / name
            found[system].write_text("".join(lines), encoding="utf-8", newline="")
    return found


def test_people_known_by_several_tools_are_answered_as_the_service_answers(
    apart: Serving, slices: dict[str, Path], tmp_path: Path
) -> None:
    installation = apart.installation
    connected = {system: installation.connect(*EVERYTHING, name=system) for system in FILES}
    with slices["till"].open(encoding="utf-8", newline="") as stream:
        cards = list(csv.DictReader(stream, delimiter=";"))
    names = [f"email:{row['courriel']}" for row in cards if "@" in row["courriel"]]
    names += [f"phone:{row['telephone']}" for row in cards if row["telephone"]]
    names += [f"loyalty:{row['carte']}" for row in cards]
    uses = (("newsletter", "email"), ("promotions", "sms"), ("promotions", "phone"))
    asked = [Question(name, *use) for name in names for use in uses]

    till = connected["till"]
    with (
        Client(apart.address, till.id, till.secret, timeout=20, total=30) as client,
        Replica.open(tmp_path / "till.replica", client, follow=None) as replica,
    ):
        # The till first: what the other tools know then joins its records one after the other.
        for system in ("till", "webshop", "mailing"):
            came = installation.run("import", system, str(slices[system]), "--exported-at", "2026-11-01")
            assert came.code == 0, came.err
            replica.refresh()
            theirs, mine = client.check_many(asked), replica.check_many(asked)
            for question, one, other in zip(asked, mine, theirs, strict=True):
                told = [(answer.allow, answer.eligible, answer.next_allowed_at) for answer in (one, other)]
                assert told[0] == told[1], (system, question, one.reason, other.reason)
        reasons = {answer.reason for answer in mine}
        assert {"refused", "withdrawn", "unproven"} <= reasons
        assert any(answer.allow for answer in mine)
