"""`consentd filter`: the allowed rows of a file as they came, the reasons in another, the summary aside."""

import csv
import json
import os
import pty
import signal
import subprocess
import sys
import time
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
        (("--column", "Email", *NEWSLETTER, "--at", "demain"), "for example 2026-12-01T10:00+01:00"),
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
    file.write_bytes(b"mail,x\n" + b"clo@exemple.fr,1\n" * 80_000 + b'clo@exemple.fr,"' + b"y" * (2 << 20))
    done = filtered(filled, str(file), "--column", "mail", *NEWSLETTER)
    assert done.returncode == 1
    assert b"Row 80001 " in done.stderr
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


@pytest.mark.parametrize("rows", [3, 150_000])
def test_a_full_disk_is_told_of_and_the_list_has_one_end(
    filled: Installation, tmp_path: Path, rows: int
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"mail\n" + b"clo@exemple.fr\n" * rows)
    before = len(filled.entries())
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "consentd", "filter", str(file), *NEWSLETTER, "--lang", "en"],
            env=filled.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"consentd: The file of allowed contacts could not be written to the end")
    assert done.stderr.count(b"\n") == 1
    last = "list.decided" if rows == 3 else "list.broken_off"
    assert [one for one in filled.entries()[before:] if one != "list.begun"] == [last]


def test_a_reasons_file_that_takes_no_more_is_named(filled: Installation, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"mail\nclo@exemple.fr\n")
    done = filtered(filled, str(file), *NEWSLETTER, "--reasons", "/dev/full", "--lang", "fr")
    assert done.returncode == 1
    assert "Le fichier de --reasons n’a pas pu être écrit jusqu’au bout" in done.stderr.decode()
    assert filled.entries()[-1] == "list.decided"


def test_a_reasons_file_that_cannot_be_made_is_named_before_anything_is_told(
    filled: Installation, tmp_path: Path
) -> None:
    file, before = tmp_path / "list.csv", filled.entries()
    file.write_bytes(b"mail\nclo@exemple.fr\n")
    reasons = tmp_path / "nowhere" / "reasons.csv"
    done = filtered(filled, str(file), *NEWSLETTER, "--reasons", str(reasons), "--lang", "fr")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "Le fichier de --reasons n’a pas pu être écrit" in done.stderr.decode()
    assert filled.entries() == before


def test_ctrl_c_ends_a_list_that_waits_for_more_of_itself(filled: Installation, tmp_path: Path) -> None:
    """Between rows: what was written is whole rows, and the log has the list's end."""
    out = tmp_path / "out"
    with out.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "consentd", "filter", "-", *NEWSLETTER, "--lang", "fr"],
            env=filled.environment,
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=subprocess.PIPE,
        )
    assert process.stdin is not None
    process.stdin.write(b"mail\n" + b"clo@exemple.fr\n" * 150_000)
    process.stdin.flush()
    for _ in range(600):
        if out.stat().st_size:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 1
    _, said = process.communicate()
    head, *rows = out.read_bytes().split(b"\n")
    assert head == b"mail"
    assert set(rows) == {b"clo@exemple.fr", b""}
    assert said.decode() == (
        "consentd: La liste a été interrompue ici : ce qui a été écrit n’en est qu’une partie.\n"
    )
    assert filled.entries()[-2:] == ["list.begun", "list.broken_off"]


def test_a_refusal_is_told_in_the_language_of_the_terminal(filled: Installation, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"mail,name\nclo@exemple.fr,Clo\n")
    done = filtered(filled, str(file), "--column", "adresse", *NEWSLETTER, "--lang", "fr")
    assert done.returncode == 2
    assert done.stderr.decode() == (
        "consentd: La liste n’a pas de colonne de ce nom. Prenez un nom que le détail énumère, les plus "
        "proches d’abord ; vérifiez aussi le séparateur.\n"
        "Détail : The list has no such column. It has: mail, name.\n"
    )


def test_formulas_in_other_cells_are_passed_through_as_they_came_and_reach_no_file_of_ours(
    filled: Installation, tmp_path: Path
) -> None:
    file, reasons = tmp_path / "list.csv", tmp_path / "reasons.csv"
    file.write_bytes(b'mail,note\nclo@exemple.fr,=1+1\n"=HYPERLINK(""x"")",+x\n@sum,-1\n')
    done = filtered(filled, str(file), "--column", "mail", *NEWSLETTER, "--reasons", str(reasons))
    assert done.stdout == b"mail,note\nclo@exemple.fr,=1+1\n"
    assert not {cell[:1] for line in csv.reader(reasons.read_text().splitlines()) for cell in line} & set(
        "=+-@"
    )
