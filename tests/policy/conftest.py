"""A copy of the demo company's rules that a test may spoil."""

import shutil
from pathlib import Path

import pytest
from spoiling import DEMO, Edit, Faults

from consentd.kernel.errors import PolicyError
from consentd.policy.loader import load


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    copy = tmp_path / "policies"
    shutil.copytree(DEMO, copy)
    return copy


@pytest.fixture
def edit(rules: Path) -> Edit:
    """Replaces the first occurrence of a text in one of the files, which must be there."""

    def replace(file: str, old: str, new: str) -> None:
        path = rules / file
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), "utf-8")

    return replace


@pytest.fixture
def faults(rules: Path) -> Faults:
    def found() -> list[tuple[str, int, str]]:
        with pytest.raises(PolicyError) as error:
            load(rules)
        return error.value.faults

    return found
