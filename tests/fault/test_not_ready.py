"""Promise 17: the wrong root key, or storage that refuses: said clearly, and never half served."""

import base64
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from consentd.app import create_app
from consentd.base.settings import from_environment
from consentd.db import sqlite_writer
from consentd.db.sqlite_connection import connect
from consentd.db.unit import Unit
from consentd.kernel.errors import StorageUnavailable
from consentd.kernel.instants import to_text
from support.builders import Company, open_company
from support.full_disk import files_no_longer_than

ANA = "email:ana@exemple.fr"
DESCRIPTION = Path(__file__).parents[2] / "openapi" / "openapi.yaml"
RIGHT, WRONG = (base64.b64encode(bytes(key)).decode() for key in (range(32), range(1, 33)))


def environment(url: str, folder: Path, key: str) -> dict[str, str]:
    return {"CONSENTD_DATABASE_URL": url, "CONSENTD_DATA_DIR": str(folder), "CONSENTD_ROOT_KEY": key}


@asynccontextmanager
async def served(url: str, folder: Path, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """The whole service as `consentd serve` makes it, with this root key."""
    app = await create_app(from_environment(environment(url, folder, key)))
    async with app.lifespan():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield http


def described_routes() -> list[tuple[str, str]]:
    paths = yaml.safe_load(DESCRIPTION.read_text())["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


async def test_with_the_wrong_root_key_every_route_but_health_is_503(
    database_url: str, tmp_path: Path
) -> None:
    async with open_company(database_url, tmp_path) as company:
        await company.gives(ANA)
    async with served(database_url, tmp_path, WRONG) as http:
        assert (await http.get("/health/live")).status_code == 200
        ready = await http.get("/health/ready")
        assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")
        assert "root key" in ready.json()["detail"]
        routes = [(method, path) for method, path in described_routes() if not path.startswith("/health")]
        assert len(routes) > 10
        for method, path in [*routes, ("GET", "/"), ("GET", "/nothing/here")]:
            answer = await http.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (503, "not_ready"), path
    async with served(database_url, tmp_path, RIGHT) as http:
        assert (await http.get("/health/ready")).status_code == 200
        assert (await http.post("/v1/check")).status_code == 401


@pytest.mark.parametrize("command", [["audit", "verify"], ["keys", "status"]])
async def test_with_the_wrong_root_key_the_command_line_says_so_in_a_sentence(
    sqlite_url: str, tmp_path: Path, command: list[str]
) -> None:
    async with open_company(sqlite_url, tmp_path):
        pass
    before = Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "consentd", *command],
        env=os.environ | environment(sqlite_url, tmp_path, WRONG),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("consentd: This database was made with root key ")
    assert "Nothing was opened and nothing was changed." in done.stderr
    assert "Traceback" not in done.stderr
    assert WRONG not in done.stderr
    assert Path(sqlite_url.removeprefix("sqlite:///")).read_bytes() == before


@contextmanager
def read_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The superuser writes to read-only files too: `query_only` gives the same error from the same place."""
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_writer, "connect", lambda path: connect(path, query_only=True))
        yield


async def recording_fails(company: Company, *codes: str) -> None:
    for _ in range(3):
        with pytest.raises(StorageUnavailable) as refusal:
            await company.withdraws(ANA)
        assert refusal.value.status == 503
        assert refusal.value.code in codes


async def lose_the_writers_connection(company: Company) -> None:
    def work(unit: Unit) -> None:
        raw = unit.connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute("PRAGMA query_only = ON")
        raw.execute("DELETE FROM leases")

    with pytest.raises(StorageUnavailable):
        await company.database.housekeep(work)


async def test_a_read_only_database_answers_checks_refuses_to_record_and_recovers(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_company(sqlite_url, tmp_path) as company:
        await company.gives(ANA)
        with read_only(monkeypatch):
            await lose_the_writers_connection(company)
            await recording_fails(company, "storage_read_only")
            assert await company.allows(ANA)
        await company.withdraws(ANA)
        assert await company.why(ANA) == "withdrawn"
        await company.verify_everything()


async def test_a_full_disk_answers_checks_refuses_to_record_and_recovers(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with open_company(sqlite_url, tmp_path) as company:
        await company.gives(ANA)
        with files_no_longer_than(4096):
            await recording_fails(company, "storage_full", "storage_failed")
            assert await company.allows(ANA)
        await company.withdraws(ANA)
        assert await company.why(ANA) == "withdrawn"
        await company.verify_everything()


async def test_a_stop_journal_that_cannot_be_written_stops_the_withdrawal_and_nothing_is_acknowledged(
    database_url: str, tmp_path: Path
) -> None:
    async with open_company(database_url, tmp_path) as company:
        await company.gives(ANA)
        (tmp_path / "stop-journal.jsonl").mkdir()
        with pytest.raises(StorageUnavailable):
            await company.withdraws(ANA)
        assert await company.allows(ANA)
        await company.gives("email:luc@exemple.fr", at=to_text(company.clock.now))
        (tmp_path / "stop-journal.jsonl").rmdir()
        await company.withdraws(ANA)
        assert await company.why(ANA) == "withdrawn"
        await company.verify_everything()
