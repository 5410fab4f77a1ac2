"""Files that were sent: their leases, what is left of killed processes, and what sent again means."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from test_what_a_row_states import CARD

from consentd.base import clock
from consentd.base.settings import from_environment
from consentd.db import leases, scratch
from consentd.imports import planning, working
from consentd.imports.jobs import Asked, Imports, ImportTold
from consentd.kernel.errors import Unprocessable
from consentd.kernel.policy import sealed
from support.builders import Company, RealClock, demo_policy, open_company
from support.imports import EXPORTED, file_of

ASKED = Asked(None, EXPORTED, False, "en")
DRY = Asked(None, EXPORTED, True, "en")


async def service(company: Company) -> Imports:
    if "till" not in company.systems:
        await company.add_system("till")
    settings = from_environment({"CONSENTD_DATA_DIR": str(company.folder)})
    return Imports(settings, company.database, company.keyring, company.policies, clock.now)


async def sent(
    imports: Imports, company: Company, asked: Asked, *rows: dict[str, str]
) -> tuple[int, ImportTold]:
    content = file_of(company.folder, "till", "loyalty", rows).read_bytes()

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    return await imports.receive(company.systems["till"], chunks(), asked)


async def done(imports: Imports, company: Company, told: ImportTold) -> ImportTold:
    while await imports.worker.step():
        pass
    return await imports.tell(company.systems["till"], told.id)


async def test_a_lease_is_renewed_while_one_process_looks_through_a_file(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise two would take a large file from each other for ever."""
    async with open_company(database_url, tmp_path, RealClock()) as company:
        await one_takes_it(company, monkeypatch)


async def one_takes_it(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.3)
    first, second = await service(company), await service(company)
    _, told = await sent(first, company, ASKED, CARD)
    follow = planning.follow

    async def slow(*arguments: object) -> planning.Following:
        await asyncio.sleep(1.5)
        return await follow(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(planning, "follow", slow)
    working_on = asyncio.create_task(first.worker.step())
    await asyncio.sleep(0.9)
    assert not await second.worker.step()
    assert await working_on
    assert (await first.tell(company.systems["till"], told.id)).state == "done"


async def test_a_dry_run_sent_again_tells_what_would_be_now(company: Company) -> None:
    imports = await service(company)
    _, first = await sent(imports, company, DRY, CARD)
    before = await done(imports, company, first)
    await done(imports, company, (await sent(imports, company, ASKED, CARD))[1])
    status, again = await sent(imports, company, DRY, CARD)
    assert (status, again.id, again.state) == (202, first.id, "waiting")
    after = await done(imports, company, again)
    assert before.report is not None
    assert after.report is not None
    assert (before.report.people.new, after.report.people.new) == (1, 0)


async def test_a_file_is_read_anew_once_its_layout_changed(local: Company) -> None:
    imports = await service(local)
    first = await sent(imports, local, ASKED, CARD)
    await done(imports, local, first[1])
    assert (await sent(imports, local, ASKED, CARD))[0] == 200
    policy = demo_policy()
    till = policy.systems["till"]
    layout = till.imports["loyalty"]
    less = msgspec.structs.replace(layout, choices=layout.choices[:1])
    systems = policy.systems | {"till": msgspec.structs.replace(till, imports={"loyalty": less})}
    await local.activate(sealed(msgspec.structs.replace(policy, systems=systems)))
    assert (await sent(imports, local, ASKED, CARD))[0] == 202


@pytest.mark.parametrize("when", ["2099-01-01", "0001-01-01", "1899-12-30"])
async def test_no_file_was_exported_then(local: Company, when: str) -> None:
    """What bears no time of its own counts from the export: a refusal of the year 1 would lose to any yes."""
    imports = await service(local)
    with pytest.raises(Unprocessable) as refused:
        await sent(imports, local, msgspec.structs.replace(ASKED, exported_at=when), CARD)
    assert refused.value.code == "invalid_time"


async def test_what_killed_processes_left_is_removed_and_what_is_in_use_is_not(local: Company) -> None:
    imports = await service(local)
    folder = local.folder / "imports"
    folder.mkdir()
    old = time.time() - working.UNTOUCHED_SECONDS - 1
    for name, at in (("a.sealed", old), ("b.part", old), ("c.part", time.time()), ("d.sealed", time.time())):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (at, at))
    left = local.folder / "dry-run-left"
    left.mkdir()
    (left / "in-use").touch()
    async with scratch.scratch(local.database, local.folder, clock.now):
        await imports.worker.sweep()
        (used,) = local.folder.glob("dry-run-*")
        assert used != left
    assert {path.name for path in folder.iterdir()} == {"c.part", "d.sealed"}
