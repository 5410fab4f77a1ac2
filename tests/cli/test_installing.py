"""Making an installation, and what is said where it cannot be made, opened or served."""

import os
import re
import shutil
import socket
from pathlib import Path

import pytest
import sqlalchemy as sa

from consentd.db import migrate
from support.installation import POLICIES, Installation, Ran, ended
from support.postgres import Server


def told(ran: Ran, *words: str, code: int = 1) -> None:
    """Refused in a sentence for people, on standard error, and without a traceback."""
    assert (ran.code, ran.out) == (code, ""), ran
    assert ran.err.startswith("consentd: ")
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err, ran.err


def test_init_makes_everything_once_and_leaves_it_alone_after_that(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    first = installation.run("init")
    assert first.code == 0, first.err
    assert "root key was made" in first.out
    assert "Maison Lavande" in first.out
    key = (installation.folder / "root.key").read_bytes()
    assert (installation.folder / "root.key").stat().st_mode & 0o077 == 0
    again = installation.run("init")
    assert (again.code, again.out.splitlines()) == (0, ["The database is up to date."])
    assert (installation.folder / "root.key").read_bytes() == key


@pytest.mark.parametrize("command", ["init", "migrate"])
def test_a_new_data_folder_is_its_owners_alone_and_one_that_was_there_stays_as_it_was(
    tmp_path: Path, command: str
) -> None:
    """The database names nobody, and still says who, under a random id, refused what and when."""
    new = Installation(tmp_path / "deep" / "data")
    assert new.run(command).code == 0
    assert new.folder.stat().st_mode & 0o777 == 0o700
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o750)
    assert Installation(shared).run(command).code == 0
    assert shared.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_processes_may_migrate_at_once(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    url = f"sqlite:///{tmp_path / 'consentd.db'}"
    if kind == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        url = server.empty()
    installation = Installation(tmp_path, url)
    both = [ended(process) for process in [installation.start("migrate") for _ in range(2)]]
    assert [(ran.code, ran.out) for ran in both] == [(0, "The database is up to date.\n")] * 2, both
    assert migrate.current(installation.settings.database_url) == migrate.head()


def test_two_processes_may_initialise_at_once(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    both = [ended(process) for process in [installation.start("init") for _ in range(2)]]
    assert [ran.code for ran in both] == [0, 0], both
    assert installation.run("audit", "verify").code == 0


def test_settings_that_cannot_be_used_are_named(installation: Installation, tmp_path: Path) -> None:
    told(installation.run("system", "list", CONSENTD_PORT="abc"), "CONSENTD_PORT", "65535")
    told(
        installation.run("system", "list", CONSENTD_DATABASE_URL="mysql://there"),
        "CONSENTD_DATABASE_URL",
        "postgresql://",
    )
    nobody = "postgresql://name:canary@127.0.0.1:1/consents"
    unreachable = installation.run("migrate", CONSENTD_DATABASE_URL=nobody)
    told(unreachable, "127.0.0.1:1/consents", "CONSENTD_DATABASE_URL")
    assert "canary" not in unreachable.err


def test_folders_that_are_not_there_are_named_with_what_to_do(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data", policies=tmp_path / "none")
    told(installation.run("system", "list"), "consentd init", str(tmp_path / "data" / "root.key"))
    told(installation.run("policy", "check"), str(tmp_path / "none"), "CONSENTD_POLICIES")
    told(installation.run("init"), str(tmp_path / "none"), "CONSENTD_POLICIES")
    file = tmp_path / "file"
    file.touch()
    told(Installation(file).run("init"), str(file), "CONSENTD_DATA_DIR")


def test_a_root_key_that_is_another_or_lies_open_is_refused(installation: Installation) -> None:
    key = installation.folder / "root.key"
    key.chmod(0o644)
    told(installation.run("keys", "status"), f"chmod 600 {key}")
    other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    refused = installation.run("keys", "status", CONSENTD_ROOT_KEY=other)
    told(refused, "root key")
    assert other not in refused.err


@pytest.mark.parametrize(
    ("revision", "words"),
    [("0000_before", "does not know"), ("9999_later", "start the version that migrated it, or a newer one")],
)
def test_a_database_of_another_version_is_refused_with_what_to_do(
    installation: Installation, revision: str, words: str
) -> None:
    engine = sa.create_engine(f"sqlite:///{installation.folder / 'consentd.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
    engine.dispose()
    told(installation.run("keys", "status"), revision, words)
    assert "Traceback" not in installation.run("migrate").err


def test_a_database_without_tables_is_told_what_to_run(installation: Installation) -> None:
    (installation.folder / "consentd.db").unlink()
    told(installation.run("keys", "status"), "migrate")
    (installation.folder / "consentd.db").write_bytes(b"not a database, whatever its name says" * 100)
    told(installation.run("keys", "status"), "not a SQLite database")


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_in_use_is_named_before_anything_is_made(tmp_path: Path, command: str) -> None:
    installation = Installation(tmp_path / "data")
    with socket.create_server(("127.0.0.1", installation.port)):
        told(installation.run(command), str(installation.port), "CONSENTD_PORT")
    assert not installation.folder.exists()


def test_an_unknown_command_or_option_is_answered_with_help(installation: Installation) -> None:
    for arguments in (["bogus"], ["demo", "--bogus"], ["system", "ad"], ["policy", "check", "too", "much"]):
        ran = installation.run(*arguments)
        assert (ran.code, "--help" in ran.err, "Traceback" in ran.err) == (2, True, False), ran


def test_help_lists_every_command_with_what_it_does(installation: Installation) -> None:
    listed = installation.run("--help").out
    for name in (
        "init",
        "migrate",
        "serve",
        "demo",
        "policy",
        "system",
        "subject",
        "keys",
        "audit",
        "states",
    ):
        assert re.search(rf"^  {name}\s+\w", listed, re.MULTILINE), name


def test_openapi_writes_the_description(installation: Installation, tmp_path: Path) -> None:
    out = tmp_path / "new" / "openapi.yaml"
    ran = installation.run("openapi", "--out", str(out))
    assert (ran.code, ran.out) == (0, f"{out} is written.\n")
    assert out.read_text() == (POLICIES.parent / "openapi" / "openapi.yaml").read_text()
    assert shutil.which("curl")
    assert os.path.getsize(out) > 1000
