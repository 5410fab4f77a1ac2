"""The company, and the exports of its five tools (silos.zip; README.md in it says what each claims)."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consentd.db.migrate import migrate
from support.builders import Company, open_company
from support.silos import import_all

SILOS = Path(__file__).parent / "silos.zip"


@pytest.fixture(scope="session")
def silos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files."""
    folder = tmp_path_factory.mktemp("silos")
    with zipfile.ZipFile(SILOS) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
async def company(database_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    """On both databases."""
    async with open_company(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def local(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    """On SQLite alone, where the database is not what the test is about."""
    async with open_company(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def filled(silos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a company that has imported everything."""
    folder = tmp_path_factory.mktemp("filled")
    migrate(f"sqlite:///{folder}/consentd.db")

    async def fill() -> None:
        async with open_company(f"sqlite:///{folder}/consentd.db", folder) as company:
            await import_all(company, silos)

    asyncio.run(fill())
    return folder
