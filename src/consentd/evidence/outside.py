"""The last checkpoint outside the database: what a database that was rolled back is found out by.

Upholds promise 9. The file is replaced whole (written beside, synced, renamed, directory synced), so that
it is always one checkpoint or the other. It knows nothing of what is in it.
"""

import os
from pathlib import Path
from secrets import token_hex

from consentd.kernel.errors import Tampered

_MOST = 64 * 1024


def write(path: Path, note: str) -> None:
    """Replaces the checkpoint. Raises OSError; then the old one stands."""
    beside = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(note.encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read(path: Path) -> str | None:
    """The note; None if there is no file yet. Raises Tampered if it cannot be one."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
    except FileNotFoundError:
        return None
    try:
        if len(content) <= _MOST:
            return content.decode()
    except UnicodeDecodeError:
        pass
    raise Tampered(
        "checkpoint_invalid", f"{path} is not a checkpoint: restore it from a copy of the last one."
    )
