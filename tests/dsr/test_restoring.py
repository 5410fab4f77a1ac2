"""A backup was put back: nothing is served until what it forgot is done again."""

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from consentd.app import create_app
from consentd.base.clock import now
from consentd.base.settings import from_environment
from consentd.cli import main
from consentd.db.unit import Unit
from consentd.dsr import effects
from consentd.dsr.restoring import Replayed, behind, lost, replay, set_aside
from consentd.dsr.rights import Right
from consentd.dsr.shapes import RequestAsked
from consentd.evidence import outside
from consentd.evidence.model import OPERATOR
from support import builders_requests as requests
from support.builders import Company, demo_policy, open_company

ANA, BEN, CLEO, DORA, EVE = (f"email:{name}@exemple.fr" for name in ("ana", "ben", "cleo", "dora", "eve"))
ORIGIN = demo_policy().controller.log_origin


def environment(folder: Path) -> dict[str, str]:
    return {
        "CONSENTD_DATABASE_URL": f"sqlite:///{folder / 'consentd.db'}",
        "CONSENTD_DATA_DIR": str(folder),
        "CONSENTD_ROOT_KEY": base64.b64encode(bytes(range(32))).decode(),
    }


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = await create_app(from_environment(environment(folder)))
    async with app.lifespan():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield http


async def freeze(company: Company, who: str) -> None:
    asked = RequestAsked(right=Right.RESTRICTION, identifiers=(requests.identifier(who),))
    await company.database.change(
        lambda unit: effects.at_once(
            unit, company.keyring, company.policies.active(unit.connection), OPERATOR, asked
        )
    )


@pytest.fixture
async def restored(sqlite_url: str, tmp_path: Path) -> Path:
    """The folder after a restore: the database of before, the journal and the checkpoint of now."""
    backup = tmp_path / "backup.db"
    async with open_company(sqlite_url, tmp_path) as company:
        for who in (ANA, BEN, CLEO, DORA, EVE):
            await company.gives(who)
        await company.verify_everything()
        assert await company.database.checkpoint_truncate()
        shutil.copy(tmp_path / "consentd.db", backup)
        company.clock.move(minutes=5)
        await company.erase(ANA, keep_suppression=True)
        await company.withdraws(BEN)
        await company.objects(CLEO)
        await freeze(company, DORA)
        await company.verify_everything()
    for name in ("consentd.db-wal", "consentd.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(backup, tmp_path / "consentd.db")
    return tmp_path


async def test_nothing_is_served_before_the_journal_was_replayed(
    restored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(restored) as http:
        ready = await http.get("/health/ready")
        assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")
        assert "consentd restore replay" in ready.json()["detail"]
        assert (await http.get("/v1/log/checkpoint")).status_code == 503
    for name, value in environment(restored).items():
        monkeypatch.setenv(name, value)
    # Nobody is erased without asking: decision 0011.
    asked = await asyncio.to_thread(CliRunner().invoke, main, ["restore", "replay"], "n\n")
    assert (asked.exit_code, "1 erasures" in asked.output) == (1, True)
    ran = await asyncio.to_thread(CliRunner().invoke, main, ["restore", "replay", "--yes", "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.output)
    assert told["replayed"] == {
        "lines": 4,
        "erased": 1,
        "withdrawn": 1,
        "objected": 1,
        "restricted": 1,
        "copies": 0,
        "nobody": 0,
    }
    assert Path(told["checkpoint_before"]).exists()
    async with served(restored) as http:
        assert (await http.get("/health/ready")).status_code == 200
    async with open_company(f"sqlite:///{restored / 'consentd.db'}", restored) as company:
        company.clock.now = now()
        assert await company.people(ANA) == []
        assert await company.why(BEN) == "withdrawn"
        for who in (ANA, CLEO, DORA):
            assert not await company.allows(who), who
        assert await company.allows(EVE)
        assert "restore.replayed" in await company.actions()
        await company.verify_everything()
        # She comes back by a file of a silo: the list of before holds again.
        await company.gives(ANA)
        assert await company.why(ANA) == "suppressed"
    again = await asyncio.to_thread(CliRunner().invoke, main, ["restore", "replay", "--json"])
    assert json.loads(again.output)["replayed"]["lines"] == 0


async def test_what_is_done_again_is_done_once_on_both_databases(database_url: str, tmp_path: Path) -> None:
    """Here the restore is of the journal's making: lines whose entries this database never had."""
    async with open_company(database_url, tmp_path) as company:
        await company.gives(ANA)
        await company.gives(BEN)
        await company.verify_everything()
        journal = tmp_path / "stop-journal.jsonl"
        lines: list[bytes] = []
        for who in (ANA, BEN):
            # As a unit that was acknowledged, and which the backup does not have.
            with pytest.raises(RuntimeError):
                await company.database.change(lambda unit, who=who: _undone(company, unit, who, lines))
        company.clock.move(minutes=5)
        journal.write_bytes(b"".join(lines))

        def work(unit: Unit) -> Replayed:
            active = company.policies.active(unit.connection)
            return replay(unit, company.keyring, active, journal, None)

        assert len(await company.database.read(lambda c: lost(c, company.keyring, journal))) == 2
        first = await company.database.change(work)
        assert (first.lines, first.restricted) == (2, 2)
        company.clock.move(minutes=2)
        await company.gives("email:later@exemple.fr")
        second = await company.database.change(work)
        assert second.lines == 0
        assert not await company.allows(ANA)
        await company.verify_everything()


def _undone(company: Company, unit: Unit, who: str, lines: list[bytes]) -> None:
    asked = RequestAsked(right=Right.RESTRICTION, identifiers=(requests.identifier(who),))
    active = company.policies.active(unit.connection)
    effects.at_once(unit, company.keyring, active, OPERATOR, asked)
    lines += unit.stops
    raise RuntimeError


async def test_a_log_as_long_as_was_signed_was_not_put_back(company: Company) -> None:
    await company.gives(ANA)
    await company.verify_everything()
    path = company.folder / "checkpoint"
    note = outside.read(path)
    assert not await company.database.read(lambda c: behind(c, company.keyring, ORIGIN, note))
    kept = set_aside(path, company.clock.now)
    assert kept is not None
    assert kept.read_text() == note
    assert set_aside(path, company.clock.now) is None
