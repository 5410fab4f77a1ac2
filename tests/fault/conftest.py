"""Real processes on one database: what holds while they race, are killed, or find the wrong key."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.builders import Company, RealClock, open_company


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(database_url, tmp_path, RealClock()) as opened:
        yield opened
