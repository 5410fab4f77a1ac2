"""A company that people ask for their rights."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.builders import Company, open_company
from support.smtp import Sink, smtp_sink


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
