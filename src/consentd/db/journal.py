"""Calling the stop journal (docs/keys.md). Its format and its file are not the database's concern."""

from collections.abc import Callable

from consentd.kernel.errors import StorageUnavailable

Journal = Callable[[list[bytes]], None]
"""Given the lines of units about to be committed; has synced them when it returns."""


def write_stops(journal: Journal | None, lines: list[bytes]) -> None:
    """Blocks. Raises StorageUnavailable if the lines were not taken: then nothing may be committed."""
    if journal is None:
        return
    try:
        journal(lines)
    except Exception as error:
        raise StorageUnavailable(
            "stop_journal_unavailable",
            "The stop journal beside the database cannot be written: no withdrawal can be acknowledged.",
        ) from error
