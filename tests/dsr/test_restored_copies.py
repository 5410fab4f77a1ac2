"""A backup brings back the key of a copy that was destroyed since: the replay destroys it again."""

import asyncio
import json
import shutil
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

from consentd.base.clock import now
from consentd.cli import main
from consentd.crypto import request_keys
from consentd.crypto.secrets import Key
from consentd.db.unit import Unit
from consentd.dsr.cases import RequestCase
from consentd.dsr.copying import rounds, store
from consentd.dsr.restoring import Replayed, lost, replay
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import Conflict, NotFound
from dsr.test_copies import ANA, Desk, opened, reviewed
from dsr.test_restoring import environment, served
from support.builders import Clock, Company, open_company
from support.rights import Rights
from support.silos_simulated import Silo
from support.smtp import Sink, smtp_sink


async def key_of(company: Company, request: UUID, package: UUID | None = None) -> Key | None:
    """Of a finished copy, or of what was gathered for it."""
    kind: request_keys.Kind = "package" if package is None else "archive"
    return await company.database.read(
        lambda connection: request_keys.open_key(connection, company.keyring, request, kind, of=package)
    )


async def copies_of(company: Company, request: UUID) -> list[UUID]:
    return [one["id"] for one in await company.database.read(lambda c: store.packages(c, request))]


async def reopened(company: Company, desk: Desk, mailbox: Sink) -> Desk:
    """The same desk at another installation of the same people, whose rules are in force already."""
    rights = Rights(company, desk.rights.silos, mailbox)
    company.systems["desk"] = await company.add_system("counter", scopes=("requests:write",))
    return Desk(rights, desk.request, desk.who, desk.silos)


async def test_promise_10_a_copy_that_went_after_the_backup_is_gone_after_the_replay(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, backup, unreplayed = tmp_path / "live", tmp_path / "backup", tmp_path / "unreplayed"
    live.mkdir()
    (tmp_path / "consentd.db").rename(live / "consentd.db")
    url = f"sqlite:///{live / 'consentd.db'}"
    broken = Silo((ANA,))
    broken.fails = 1_000
    async with smtp_sink() as mailbox:
        async with open_company(url, live) as company:
            desk = await reviewed(company, mailbox, till=broken)
            assert (await desk.release()).state == "partial"
            (first,) = await copies_of(company, desk.request)
            await company.verify_everything()
            assert await company.database.checkpoint_truncate()
            shutil.copytree(live, backup)
            company.clock.move(minutes=5)
            broken.fails = 0
            await desk.step("retry")
            await desk.rights.carries_out()
            # The fuller copy ends the one before it, which was to be had for a month.
            assert (await desk.release()).state == "answered"
            assert await key_of(company, desk.request, first) is None
            await company.verify_everything()
            at = company.clock.now
        # The database and the files of before; the journal and the checkpoint of now.
        for name in ("consentd.db-wal", "consentd.db-shm"):
            (live / name).unlink(missing_ok=True)
        shutil.copy(backup / "consentd.db", live / "consentd.db")
        shutil.copytree(backup / "copies", live / "copies", dirs_exist_ok=True)
        shutil.copytree(live, unreplayed)
        # That is what the replay is for: with a fresh proof, a link would open it again.
        async with open_company(f"sqlite:///{unreplayed / 'consentd.db'}", unreplayed, Clock(at)) as company:
            back = await reopened(company, desk, mailbox)
            assert opened(await back.rights.fetches((await back.by_code()).url)).namelist()

        async with served(live) as http:
            ready = await http.get("/health/ready")
            assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")
            assert (await http.get("/v1/log/checkpoint")).status_code == 503
        for name, value in environment(live).items():
            monkeypatch.setenv(name, value)
        ran = await asyncio.to_thread(CliRunner().invoke, main, ["restore", "replay", "--json"])
        assert ran.exit_code == 0, ran.output
        told = json.loads(ran.output)["replayed"]
        assert (told["lines"], told["copies"], told["nobody"]) == (1, 1, 0)
        async with open_company(url, live, Clock(now())) as company:
            assert await key_of(company, desk.request, first) is None
            assert await copies_of(company, desk.request) == []
            back = await reopened(company, desk, mailbox)
            for proof in (back.by_code, back.handed):
                with pytest.raises(Conflict) as refused:
                    await proof()
                assert refused.value.code == "copy_not_released"
            await company.verify_everything()
        async with served(live) as http:
            assert (await http.get("/health/ready")).status_code == 200
        again = await asyncio.to_thread(CliRunner().invoke, main, ["restore", "replay", "--json"])
        assert json.loads(again.output)["replayed"]["lines"] == 0


class Undone(Exception):
    pass


async def forgotten(company: Company, desk: Desk, copies: list[UUID], *, gathered: bool = False) -> None:
    """The journal as it stands after a restore from before these copies were destroyed."""
    lines: list[bytes] = []

    def work(unit: Unit) -> None:
        active = company.policies.active(unit.connection)
        case = RequestCase.locked(unit, company.keyring, active, desk.request)
        rounds.destroy(case, copies, OPERATOR, gathered=gathered)
        lines.extend(unit.stops)
        raise Undone

    company.clock.move(minutes=2)
    with pytest.raises(Undone):
        await company.database.change(work)
    company.clock.move(minutes=2)
    journal = company.folder / "stop-journal.jsonl"
    journal.write_bytes(b"".join(lines))
    assert len(await company.database.read(lambda c: lost(c, company.keyring, journal))) == 1


async def replayed(company: Company) -> Replayed:
    def work(unit: Unit) -> Replayed:
        active = company.policies.active(unit.connection)
        return replay(unit, company.keyring, active, company.folder / "stop-journal.jsonl", None)

    return await company.database.change(work)


async def test_a_released_copy_is_destroyed_again_and_its_link_is_dead(
    company: Company, mailbox: Sink
) -> None:
    desk = await reviewed(company, mailbox)
    await desk.release()
    link = await desk.by_code()
    (copy,) = await copies_of(company, desk.request)
    await forgotten(company, desk, [copy])
    done = await replayed(company)
    assert (done.lines, done.copies, done.nobody) == (1, 1, 0)
    with pytest.raises(NotFound):
        await desk.rights.fetches(link.url)
    with pytest.raises(Conflict):
        await desk.handed()
    assert await key_of(company, desk.request, copy) is None
    await desk.rights.sweeps()
    assert not (desk.folder / str(copy)).exists()
    await company.verify_everything()


async def test_a_copy_at_its_review_is_made_anew_of_what_is_still_there(
    company: Company, mailbox: Sink
) -> None:
    desk = await reviewed(company, mailbox)
    await desk.rights.makes_copies()
    (old,) = await copies_of(company, desk.request)
    await forgotten(company, desk, [old])
    assert (await replayed(company)).copies == 1
    assert await key_of(company, desk.request, old) is None
    assert (await desk.release()).state == "answered"
    assert old not in await copies_of(company, desk.request)


async def test_what_was_gathered_for_a_request_that_was_refused_is_gone_again(
    company: Company, mailbox: Sink
) -> None:
    desk = await reviewed(company, mailbox)
    await desk.rights.makes_copies()
    (made,) = await copies_of(company, desk.request)
    await forgotten(company, desk, [made], gathered=True)
    assert (await replayed(company)).copies == 1
    assert await key_of(company, desk.request) is None
    assert await key_of(company, desk.request, made) is None
    await desk.rights.makes_copies()
    assert (await desk.told()).state == "gone"
    # It is not stuck: staff end it as they did.
    assert (
        await desk.step("refuse", reasons="It is somebody else.", article="GDPR 12(2)")
    ).state == "refused"


async def test_a_copy_that_the_backup_does_not_know_is_no_trouble(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox)
    await desk.release()
    (copy,) = await copies_of(company, desk.request)
    await forgotten(company, desk, [desk.who])
    done = await replayed(company)
    assert (done.lines, done.copies, done.nobody) == (1, 0, 1)
    assert await key_of(company, desk.request, copy) is not None


async def test_promise_18_the_journal_names_neither_request_nor_copy(company: Company, mailbox: Sink) -> None:
    desk = await reviewed(company, mailbox)
    await desk.rights.makes_copies()
    (made,) = await copies_of(company, desk.request)
    await desk.step("refuse", reasons="It is somebody else.", article="GDPR 12(2)")
    (line,) = (company.folder / "stop-journal.jsonl").read_text().splitlines()
    assert json.loads(line)["kind"] == "copy_destroyed"
    for one in (made, desk.request, ANA.partition(":")[2]):
        assert str(one) not in line
        assert str(one).replace("-", "") not in line
    await company.verify_everything()
