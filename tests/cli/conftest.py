"""An installation of a test's own: a copy of one that was made once, as making costs a second."""

import shutil
from pathlib import Path

import pytest

from support.installation import Installation


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    Installation(folder).make()
    return folder


@pytest.fixture
def installation(made: Path, tmp_path: Path) -> Installation:
    """Tables, keys and the demo company's policy; nobody and no system yet."""
    folder = tmp_path / "data"
    shutil.copytree(made, folder)
    return Installation(folder)
