"""An installation with its keys, once on each database."""

import pytest

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from support.keyrings import new_keyring


@pytest.fixture
async def keyring(database: Database) -> Keyring:
    return await new_keyring(database)
