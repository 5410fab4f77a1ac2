"""What tests themselves must keep to."""

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parent.parent


def test_no_two_files_of_tests_are_called_alike() -> None:
    """They are imported by their names, and the second would be left out."""
    named = Counter(path.name for path in TESTS.rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in named.items() if count > 1 and name != "__init__.py"] == []
