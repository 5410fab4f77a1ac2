from pathlib import Path

import pytest

from consentd.db.sqlite import SqliteDatabase
from consentd.db.unit import Database
from support.bundles import live
from support.ledger import Ledger, open_ledger


@pytest.fixture
async def ledger(database: Database, tmp_path: Path) -> Ledger:
    """On both databases (promise 7)."""
    return await open_ledger(database, tmp_path)


@pytest.fixture
async def lived(sqlite_database: SqliteDatabase, tmp_path: Path) -> Ledger:
    """The keys are entry 0; 1 to 3 are changes; 4 to 8 are about people; one more waits."""
    ledger = await open_ledger(sqlite_database, tmp_path)
    await ledger.record(3)
    await live(ledger)
    await ledger.sequence()
    await ledger.record()
    return ledger
