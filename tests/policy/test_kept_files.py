"""What a policy names is kept with it, byte for byte: a text that was shown can be shown again, for ever."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from consentd.db.schema import trigger_names
from consentd.db.tables.policy import policy_files
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import PolicyError
from consentd.kernel.policy import files_of, sealed
from consentd.policy.files import PolicyFile
from consentd.policy.loader import load_whole
from consentd.policy.service import activate, file_of
from support.builders import POLICIES, Company, demo_policy, demo_whole, open_company
from support.rows import run_raw


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(database_url, tmp_path) as opened:
        yield opened


async def past_the_triggers(company: Company, url: str, statement: str) -> None:
    """As somebody who owns the database can."""
    dialect = company.database.dialect
    for name in trigger_names(dialect, "policy_files"):
        await run_raw(url, f'DROP TRIGGER "{name}"' + ("" if dialect == "sqlite" else " ON policy_files"))
    await run_raw(url, statement)


async def kept(company: Company) -> dict[str, bytes]:
    read = sa.select(policy_files.c.digest, policy_files.c.content)
    return await company.database.read(lambda c: {row[0]: bytes(row[1]) for row in c.execute(read)})


async def test_every_text_and_the_logo_are_kept_as_they_are_in_the_folder(company: Company) -> None:
    found = await kept(company)
    for digest, name in files_of(demo_policy()).items():
        assert found.pop(digest) == (POLICIES / name).read_bytes()
    assert not found
    digest = demo_policy().notices["newsletter"][-1].texts["fr"]
    text = await company.database.read(lambda c: file_of(c, digest))
    assert text == (POLICIES / "notices/newsletter/3.fr.md").read_bytes()
    assert await company.database.read(lambda c: file_of(c, "0" * 64)) is None
    await company.verify_everything()


async def test_a_new_text_is_kept_beside_the_old_ones(company: Company, rules: Path) -> None:
    before = await kept(company)
    content = (rules / "notices/newsletter/3.fr.md").read_text()
    for language in ("fr", "en"):
        text = (rules / f"notices/newsletter/3.{language}.md").read_text()
        (rules / f"notices/newsletter/4.{language}.md").write_text(text + "\nA word more.\n")
    policy, files = load_whole(rules)
    assert await company.database.change(
        lambda unit: activate(unit, company.keyring, policy, OPERATOR, files)
    )
    after = await kept(company)
    assert before.items() < after.items()
    new = policy.notices["newsletter"][-1].texts["fr"]
    assert after[new].decode() == content + "\nA word more.\n"
    # Going back needs no folder: all that it names is here.
    await company.activate(demo_policy())
    assert await kept(company) == after
    await company.verify_everything()


async def test_a_policy_whose_text_is_nowhere_is_refused(company: Company) -> None:
    policy = demo_policy()
    assert policy.logo is not None
    logo = msgspec.structs.replace(policy.logo, digest="0" * 64)
    other = sealed(msgspec.structs.replace(policy, logo=logo))
    with pytest.raises(PolicyError, match="activate from the folder"):
        await company.activate(other)

    async def sham() -> None:
        files = {"0" * 64: PolicyFile("image/svg+xml", b"<svg/>")}
        await company.database.change(lambda unit: activate(unit, company.keyring, other, OPERATOR, files))

    with pytest.raises(PolicyError, match="activate from the folder"):
        await sham()
    assert (await company.actions())[-1] != "policy.files_kept"


async def test_what_an_older_version_did_not_keep_is_added(company: Company, database_url: str) -> None:
    """Of a database from before: the policy is in force, its texts are not here."""
    await past_the_triggers(company, database_url, "DELETE FROM policy_files")
    assert not await kept(company)
    policy, files = demo_whole()
    assert not await company.database.change(
        lambda unit: activate(unit, company.keyring, policy, OPERATOR, files)
    )
    assert set(await kept(company)) == set(files_of(policy))
    assert (await company.actions())[-1] == "policy.files_kept"
    # Once is enough.
    await company.activate(policy)
    assert (await company.actions()).count("policy.files_kept") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policy_files SET media = 'text/html' WHERE digest = '{digest}'",
        "DELETE FROM policy_files WHERE digest = '{digest}'",
    ],
)
async def test_promise_9_a_text_that_was_altered_is_found(
    company: Company, database_url: str, statement: str
) -> None:
    digest = demo_policy().notices["newsletter"][-1].texts["fr"]
    assert await company.findings() == []
    await past_the_triggers(company, database_url, statement.format(digest=digest))
    (found,) = await company.findings()
    assert (found.table, found.row) == ("policy_files", digest)
