"""How consentd connects to PostgreSQL, and what it demands of it before it starts.

Upholds promise 1 (commits that wait for the disk; anything weaker refuses the start) and promise 4 (work is
done as a role that owns no table, so that no statement of ours can drop what protects them).
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg
import sqlalchemy as sa
import structlog

from consentd.db.failures import overloaded
from consentd.db.schema import RUNTIME_ROLE
from consentd.kernel.errors import OperatorError, StorageUnavailable

_log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
STATEMENT_MILLISECONDS = 30_000
_DURABLE = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What the database said of itself before the service began to use it."""

    revision: str | None
    empty: bool
    triggers: frozenset[str]
    runtime_role: bool


def driver_arguments(url: sa.URL) -> dict[str, Any]:  # Any: asyncpg's keyword arguments
    _, arguments = url.get_dialect()().create_connect_args(url)
    return dict(arguments)


def server_settings(*, runtime_role: bool) -> dict[str, str]:
    """Set by the server as the connection starts, so that no reset between units forgets them."""
    settings = {
        "application_name": "consentd",
        "statement_timeout": str(STATEMENT_MILLISECONDS),
        "idle_in_transaction_session_timeout": str(2 * STATEMENT_MILLISECONDS),
        "synchronous_commit": "on",
        "timezone": "UTC",
    }
    return settings | ({"role": RUNTIME_ROLE} if runtime_role else {})


async def inspect(url: sa.URL) -> Found:
    """Looks before starting. Raises OperatorError naming a setting that is too weak, StorageUnavailable if
    nothing answers there."""
    try:
        connection = await asyncpg.connect(**driver_arguments(url), timeout=CONNECT_SECONDS)
    except Exception as error:
        raise as_unavailable(error) or error from error
    try:
        await _require_durable(connection)
        tables = {row[0] for row in await connection.fetch(_TABLES)}
        revision = None
        if "alembic_version" in tables:
            revision = await connection.fetchval("SELECT version_num FROM alembic_version")
        triggers = frozenset(row[0] for row in await connection.fetch(_TRIGGERS))
        return Found(revision, tables <= {"alembic_version"}, triggers, await _may_become_runtime(connection))
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


async def _require_durable(connection: asyncpg.Connection) -> None:
    for name, enough in _DURABLE.items():
        value = await connection.fetchval("SELECT current_setting($1)", name)
        if value not in enough:
            raise OperatorError(
                "not_durable",
                f"PostgreSQL reports {name}={value}, weaker than {enough[0]}: an acknowledged consent could "
                f"be lost, so consentd does not start. Set {name}={enough[0]} for this database and login.",
            )


async def _may_become_runtime(connection: asyncpg.Connection) -> bool:
    if await connection.fetchval(_MAY_BECOME, RUNTIME_ROLE):
        return True
    _log.warning(
        "no_runtime_role",
        advice=f"This login is no member of {RUNTIME_ROLE}, so consentd works as the login itself: triggers "
        f"alone protect its history. Let a role with CREATEROLE run `python -m consentd migrate`, then GRANT "
        f"{RUNTIME_ROLE} to this login.",
    )
    return False


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
_TRIGGERS = (
    "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND relnamespace = current_schema()::regnamespace"
)
_MAY_BECOME = "SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1"

_UNREACHABLE = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresIOError,
    asyncpg.ReadOnlySQLTransactionError,
)
_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


def cause_of(error: BaseException) -> BaseException:
    """asyncpg's own error behind SQLAlchemy's wrappers."""
    if isinstance(error, sa.exc.DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def as_unavailable(error: BaseException) -> StorageUnavailable | OperatorError | None:
    """What to answer if the database is at fault, or how we were told to reach it; None otherwise."""
    cause = cause_of(error)
    if isinstance(cause, sa.exc.TimeoutError):
        return overloaded()
    if isinstance(cause, asyncpg.DiskFullError):
        return StorageUnavailable(
            "storage_full", "PostgreSQL's disk is full: nothing can be recorded until there is room."
        )
    if isinstance(cause, asyncpg.QueryCanceledError):
        return StorageUnavailable("storage_slow", "PostgreSQL took too long to answer; try again.")
    if isinstance(cause, _REFUSED):
        return OperatorError(
            "database_refused", f"PostgreSQL refused the connection: {type(cause).__name__}."
        )
    disconnected = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    # asyncpg also uses InterfaceError, as a ValueError, for parameters of the wrong type: our defect.
    if disconnected or (isinstance(cause, _UNREACHABLE) and not isinstance(cause, ValueError)):
        return StorageUnavailable("storage_unreachable", "PostgreSQL cannot be reached; try again.")
    return None
