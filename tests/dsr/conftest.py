"""A company that people ask for their rights, their mail, and a package under way."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from consentd.crypto.wrapping import draw_key
from consentd.dsr.package.files import PackageFiles
from support.builders import Company, open_company
from support.smtp import Sink, smtp_sink


@pytest.fixture
def files(tmp_path: Path) -> PackageFiles:
    return PackageFiles(tmp_path / "package", uuid4(), draw_key())


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    """The demo company, once on each database (promise 7)."""
    async with open_company(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def mailbox() -> AsyncIterator[Sink]:
    """Everybody's mail, at a real server."""
    async with smtp_sink() as sink:
        yield sink
