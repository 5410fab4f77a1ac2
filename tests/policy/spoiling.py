"""What a test that spoils the demo company's rules works with: `conftest.py` makes it."""

from collections.abc import Callable
from pathlib import Path

DEMO = Path(__file__).parents[2] / "policies"

Faults = Callable[[], list[tuple[str, int, str]]]
"""File, line and reason of each fault that is found."""
Edit = Callable[[str, str, str], None]
"""Takes a file, a text in it, and what is to stand there instead."""
