"""Whether the tables found are the ones this version works with. Pure: it is told what was found."""

from collections.abc import Collection

from consentd.db.migrate import head, known
from consentd.db.schema import trigger_names
from consentd.db.tables import APPEND_ONLY
from consentd.db.unit import Dialect
from consentd.kernel.errors import OperatorError

_MIGRATE = "run `python -m consentd migrate`, then start again."


def require_current(found: str | None, *, empty: bool = False) -> None:
    """Raises OperatorError saying what to run if the database is behind, ahead or not consentd's."""
    if found == head():
        return
    if found is None and empty:
        raise OperatorError("database_empty", f"The database has no tables yet: {_MIGRATE}")
    if found is None:
        raise OperatorError(
            "database_foreign",
            "The database has tables, but none says which version of consentd made them: is it another's?",
        )
    if found in known():
        raise OperatorError(
            "database_behind", f"The database is at revision {found}, behind {head()}: {_MIGRATE}"
        )
    raise OperatorError(
        "database_ahead",
        f"The database is at revision {found}, which this version of consentd does not know: "
        "start the version that migrated it, or a newer one.",
    )


def require_protected(dialect: Dialect, triggers: Collection[str]) -> None:
    """Raises OperatorError if a trigger that keeps history from being changed is missing (promise 4)."""
    missing = [
        name for table in APPEND_ONLY for name in trigger_names(dialect, table.name) if name not in triggers
    ]
    if missing:
        raise OperatorError(
            "history_unprotected",
            f"The trigger {missing[0]} is missing from the database: history could be changed unseen. "
            "Restore the database, or find out who dropped it.",
        )
