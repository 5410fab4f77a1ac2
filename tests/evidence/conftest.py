from pathlib import Path

import pytest

from consentd.db.unit import Database
from support.ledger import Ledger, open_ledger


@pytest.fixture
async def ledger(database: Database, tmp_path: Path) -> Ledger:
    """On both databases (promise 7)."""
    return await open_ledger(database, tmp_path)
