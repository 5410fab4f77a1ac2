"""A database with its keys, held in memory where a test is about keys and not about databases."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from consentd.crypto.keyring import Keyring, create_keyring
from consentd.crypto.root import RootKey, root_key
from consentd.db.tables import metadata
from consentd.db.unit import Unit
from consentd.kernel.instants import Instant

NOW = Instant(1_795_000_000_000_000)


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def unit(connection: sa.Connection) -> Unit:
    return Unit(connection, NOW, "sqlite")


@pytest.fixture
def root() -> RootKey:
    return root_key(bytes(range(32)))


@pytest.fixture
def keyring(unit: Unit, root: RootKey) -> Keyring:
    return create_keyring(unit, root)
