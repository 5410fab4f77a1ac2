"""A package under way: its sealed files, and a company whose people ask for copies."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from consentd.crypto.wrapping import draw_key
from consentd.dsr.package.files import PackageFiles
from support.builders import Company, open_company


@pytest.fixture
def files(tmp_path: Path) -> PackageFiles:
    return PackageFiles(tmp_path / "package", uuid4(), draw_key())


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    """The demo company, once on each database (promise 7)."""
    async with open_company(database_url, tmp_path) as opened:
        yield opened
