"""Proving who calls: a client's secret (`assertions` for its keys), and whether what was proved still holds.

Upholds promise 5 for credentials: `assert_live` reads the database each time, so that a revocation holds
in every process from its acknowledgement on; and promise 13: unknown clients and wrong secrets are refused
in the same words, after the same work. A secret is 32 random bytes: its SHA-256 needs no salt and no delay.
"""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from consentd.callers import store
from consentd.callers.model import Caller
from consentd.callers.store import Connection, SecretRow, SystemRow
from consentd.kernel.errors import Unauthenticated
from consentd.kernel.ids import NOBODY, SecretId, SystemId

MOST_SECRETS = 2

_PREFIX = "cs_"
_NO_DIGEST = bytes(32)


def new_secret() -> tuple[str, bytes]:
    """A secret and the digest kept of it. By the prefix, scanners of repositories find leaked ones."""
    secret = _PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    return secret, _digest(secret)


def authenticate(connection: Connection, client_id: str, secret: str) -> Caller:
    """The caller behind a client's credentials.

    Raises Unauthenticated, in the same words and after the same work for an unknown client, a wrong secret
    and a revoked one (promise 13).
    """
    system_id = system_id_of(client_id)
    system = store.system(connection, system_id)
    live = [row for row in store.secrets_of(connection, system_id) if row.revoked_at is None]
    given = _digest(secret)
    # Always as many comparisons as there can be secrets, whoever asks.
    candidates = [*live[:MOST_SECRETS], *[None] * (MOST_SECRETS - len(live))]
    found: SecretRow | None = None
    for row in candidates:
        if hmac.compare_digest(given, row.digest if row else _NO_DIGEST) and row:
            found = row
    if found is None or system is None or system.revoked_at is not None:
        raise Unauthenticated("invalid_client", "The client id or the secret is wrong, or was revoked.")
    return caller_from(system, found.id)


def caller_of(connection: Connection, system_id: SystemId, secret_id: SecretId) -> Caller:
    """The caller whom a verified token names, with its limits as they are now. Raises Unauthenticated."""
    system = store.system(connection, system_id)
    if system is None or not store.is_live(connection, system_id, secret_id):
        raise _revoked()
    return caller_from(system, secret_id)


def assert_live(connection: Connection, caller: Caller) -> None:
    """First in every unit and read: raises Unauthenticated("token_revoked") if the system or secret is."""
    if not store.is_live(connection, caller.system_id, caller.secret_id):
        raise _revoked()


def _revoked() -> Unauthenticated:
    return Unauthenticated(
        "token_revoked",
        "This token's system, secret or key was revoked. Ask whoever runs consentd for a new one.",
    )


def caller_from(system: SystemRow, secret_id: SecretId) -> Caller:
    return Caller(
        system_id=system.id,
        secret_id=secret_id,
        name=system.name,
        scopes=frozenset(system.scopes),
        purposes=frozenset(system.purposes),
        channels=frozenset(system.channels),
        zone=system.zone,
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def system_id_of(client_id: str) -> SystemId:
    """An id that exists for nobody where the text is no id, so that the same queries run."""
    try:
        found = UUID(client_id)
    except ValueError:
        return SystemId(NOBODY)
    # One spelling only: UUID() also reads braces, URNs and text without hyphens.
    return SystemId(found if str(found) == client_id else NOBODY)
