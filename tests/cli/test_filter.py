"""`consentd filter`: the allowed rows of a file as they came, the reasons in another, the summary aside."""

import csv
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from consentd.app import Parts
from consentd.callers import service as callers
from consentd.consent.service import ConsentService
from consentd.db.tables.lists import list_uses
from consentd.policy.service import PolicyBook
from consentd.subjects.doing import Doing
from support.builders_requests import consents, event, subject, yes
from support.installation import Installation

NEWSLETTER = ("--purpose", "newsletter", "--channel", "email")
LIST = (
    "Nom;Email;Ville\r\n"
    "Diaz;Ana@Exemple.fr;Besançon\r\n"
    '"Petit; ""B.""";ben@exemple.fr;"Lyon\r\n3e"\r\n'
    '"Roy; ""C.""";"clo@exemple.fr";"Lyon\r\n3e"\r\n'
    "\r\n"
    "Vide;;Nice\r\n"
    "Court\r\n"
    "Faux;pas d'adresse;Nice\r\n"
    "Diaz;ana@exemple.fr ;Besançon"
)


@pytest.fixture
def filled(installation: Installation) -> Installation:
    """Ana and Clo agreed to the newsletter, Ben withdrew."""
    client = installation.connect("consent:write")

    async def work(parts: Parts) -> None:
        def caller(connection: Any) -> Any:
            (found,) = [one for one in callers.list_systems(connection) if str(one.system.id) == client.id]
            return callers.caller_of(connection, found.system.id, found.secrets[-1].id)

        system = await parts.database.read(caller)
        service = ConsentService(Doing(parts.database, parts.keyring, PolicyBook()))
        for name in ("ana", "ben", "clo"):
            who = subject(f"email:{name}@exemple.fr")
            at = "2026-11-01T10:00:00Z"
            await service.record(system, consents(who, yes("newsletter", "email", at)), None)
            if name == "ben":
                await service.record(
                    system, consents(who, event("newsletter", "email", state="withdrawn")), None
                )

    installation.within(work)
    return installation


def filtered(
    installation: Installation, *arguments: str, given: bytes = b"", **more: Any
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "consentd", "filter", *arguments],
        env=installation.environment | {"LC_ALL": "C.UTF-8"},
        input=given,
        capture_output=True,
        timeout=120,
        check=False,
        **more,
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_allowed_rows_come_out_byte_for_byte(filled: Installation, tmp_path: Path, encoding: str) -> None:
    file, reasons = tmp_path / "list.csv", tmp_path / "reasons.csv"
    file.write_bytes(LIST.encode(encoding))
    done = filtered(
        filled, str(file), "--column", "email", *NEWSLETTER, "--reasons", str(reasons), "--lang", "fr"
    )
    assert done.returncode == 0, done.stderr.decode()
    lines = LIST.split("\r\n")
    wanted = "\r\n".join([*lines[:2], *lines[4:6], lines[-1]])
    assert done.stdout == wanted.encode(encoding)
    assert "7 lignes : contact autorisé pour 3, interdit pour 4." in done.stderr.decode()
    with reasons.open(encoding="utf-8", newline="") as opened:
        told = list(csv.DictReader(opened))
    assert [(row["row"], row["allow"], row["reasons"]) for row in told] == [
        ("1", "true", "consent_given"),
        ("2", "false", "withdrawn"),
        ("3", "true", "consent_given"),
        ("4", "false", "empty_cell"),
        ("5", "false", "empty_cell"),
        ("6", "false", "unreadable_cell"),
        ("7", "true", "consent_given"),
    ]
    assert told[1]["text"] == "Le client a retiré son accord."
    assert "exemple" not in reasons.read_text(encoding="utf-8")
    assert filled.entries()[-1] == "list.decided"


def test_standard_input_is_read_and_the_summary_can_be_json(filled: Installation) -> None:
    done = filtered(filled, "-", *NEWSLETTER, "--json", "--for-sending", given=b"mail\nclo@exemple.fr\n")
    assert (done.returncode, done.stdout) == (0, b"mail\nclo@exemple.fr\n")
    told = json.loads(done.stderr)
    assert (told["rows"], told["allowed"], told["for_sending"]) == (1, 1, True)

    async def work(parts: Parts) -> int:
        count = sa.select(sa.func.count()).select_from(list_uses)
        return await parts.database.read(lambda c: c.execute(count).scalar_one())

    assert filled.within(work) == 1


def test_a_list_without_rows_keeps_its_header(filled: Installation) -> None:
    done = filtered(filled, "-", *NEWSLETTER, given=b"mail\n")
    assert (done.returncode, done.stdout) == (0, b"mail\n")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--column", "e-mail", *NEWSLETTER), "It has: Email, Nom, Ville."),
        ((*NEWSLETTER,), "Say which column"),
        (("--column", "Email", "--purpose", "newsleter", "--channel", "email"), "It knows: newsletter,"),
        (("--column", "Email", *NEWSLETTER, "--at", "tomorrow, at ten"), "not a time"),
        (("--column", "Email", *NEWSLETTER, "--territory", "France"), "cannot be asked"),
        (("--column", "Email", *NEWSLETTER, "--encoding", "klingon"), "utf-16"),
    ],
)
def test_what_is_asked_wrongly_is_said_and_nothing_is_written(
    filled: Installation, tmp_path: Path, more: tuple[str, ...], says: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(LIST.encode())
    before = filled.entries()
    done = filled.run("filter", str(file), *more)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert filled.entries() == before


def test_a_reader_that_stops_reading_ends_the_list_without_a_word(
    filled: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "long.csv"
    file.write_bytes(b"mail\n" + b"clo@exemple.fr\n" * 60_000)
    command = f"{sys.executable} -m consentd filter {file} {' '.join(NEWSLETTER)}"
    script = command + " | head -n 1; echo ${PIPESTATUS[0]}"
    done = subprocess.run(
        ["bash", "-c", script], env=filled.environment, capture_output=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr) == (b"mail\n141\n", b"")
    assert filled.entries()[-2:] == ["list.begun", "list.broken_off"]


def test_a_file_that_goes_wrong_in_the_middle_leaves_whole_rows(filled: Installation, tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_bytes(b"mail,x\n" + b"clo@exemple.fr,1\n" * 40_000 + b'clo@exemple.fr,"' + b"y" * (2 << 20))
    done = filtered(filled, str(file), "--column", "mail", *NEWSLETTER)
    assert done.returncode == 1
    assert b"Row 40001 " in done.stderr
    assert done.stdout.startswith(b"mail,x\nclo@exemple.fr,1\n")
    assert done.stdout.endswith(b"clo@exemple.fr,1\n")
    assert filled.entries()[-1] == "list.broken_off"


def test_a_terminal_is_shown_how_far_it_is(filled: Installation, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"mail\n" + b"clo@exemple.fr\n" * 20_000)
    seen, terminal = pty.openpty()
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "consentd", "filter", str(file), *NEWSLETTER],
            env=filled.environment | {"TERM": "xterm", "COLUMNS": "100"},
            stdout=out,
            stderr=terminal,
        )
        os.close(terminal)
        shown = b""
        while True:
            try:
                shown += os.read(seen, 65536)
            except OSError:
                break
        assert process.wait(60) == 0
    os.close(seen)
    assert b"Rows checked" in shown
    assert b"20000 rows" in shown
    assert (tmp_path / "out").read_bytes() == file.read_bytes()
