"""A company, and people who come to its pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.builders import Company, open_company
from support.visiting import Visiting


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    """The demo company, once on each database (promise 7)."""
    async with open_company(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def visiting(company: Company) -> Visiting:
    return Visiting(company)
