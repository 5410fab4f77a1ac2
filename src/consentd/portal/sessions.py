"""Sessions of the customers' pages: short, bound to the browser that they were given to, ended by a press.

The cookie holds 32 random bytes, of which the database has the hash (promise 14). A session is read anew in
every unit that serves it: one that was ended, in whatever process, serves nothing any more. Who proves more
gets another cookie, so that none that was planted before gains anything.
"""

import base64
import hashlib
import secrets
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.kernel.errors import Unauthenticated
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import MINUTE, Instant
from consentd.portal import store
from consentd.portal.reach import Reach

LASTS = 60 * MINUTE
IDLE = 20 * MINUTE
_SEEN_EVERY = MINUTE
"""So often at most is it written down that somebody is still there."""
_BYTES = 32
_LETTERS = 43


class Session(msgspec.Struct, frozen=True):
    """Who looks at the pages, as far as they proved it."""

    id: UUID
    subject: SubjectId | None
    """None: only what came in by `identifier` is known of them."""
    identifier: UUID | None
    """The contact detail by which they came in; None where a connected system vouched for them."""
    reach: Reach
    expires: Instant

    def require(self, reach: Reach) -> None:
        """Raises NeedsMore."""
        if self.reach < reach:
            raise NeedsMore(reach)


class SessionOver(Unauthenticated):
    """There is no session, or none any more."""

    def __init__(self) -> None:
        super().__init__("session_over", "This session is over: ask for a new code.")


class RecordGone(SessionOver):
    """The session lives, and whose it was is no more on record: they were erased."""


class NeedsMore(Unauthenticated):
    """What was asked takes a better proof of who asks."""

    def __init__(self, reach: Reach) -> None:
        super().__init__("second_proof_needed", "This needs a second proof of who asks.")
        self.reach = reach


def open_session(
    unit: Unit,
    keyring: Keyring,
    browser: str,
    *,
    subject: SubjectId | None,
    identifier: UUID | None,
    reach: Reach,
) -> tuple[Session, str]:
    """A new session and what its cookie holds, which exists in clear nowhere else. `browser`: what the
    browser calls itself.
    """
    token = secrets.token_bytes(_BYTES)
    session = Session(new_id(), subject, identifier, reach, Instant(unit.now + LASTS))
    row: dict[str, Any] = {
        "id": session.id,
        "digest": hashlib.sha256(token).digest(),
        "browser": _browser(keyring, browser),
        "subject_id": subject,
        "identifier_id": identifier,
        "reach": reach.value,
        "created_at": unit.now,
        "seen_at": unit.now,
        "expires_at": session.expires,
    }
    store.add_session(unit, row)
    return session, base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def find(connection: Any, keyring: Keyring, cookie: str | None, browser: str, now: int) -> Session | None:
    """Any: a database connection. The live session of a cookie, in the browser that it was given to."""
    if cookie is None or len(cookie) != _LETTERS or not cookie.isascii():
        return None
    try:
        token = base64.b64decode(cookie + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    row = store.session_by_digest(connection, hashlib.sha256(token).digest())
    if row is None or not secrets.compare_digest(bytes(row["browser"]), _browser(keyring, browser)):
        return None
    return _live(row, now)


def assert_live(connection: Any, session: Session, now: int) -> None:
    """Any: a database connection. Raises SessionOver where it was ended, or ran out, by now."""
    row = store.session(connection, session.id)
    if row is None or _live(row, now) is None:
        raise SessionOver()


def note_seen(unit: Unit, session: Session) -> None:
    """That somebody is still there. Housekeeping."""
    row = store.session(unit.connection, session.id)
    if row is not None and unit.now - row["seen_at"] >= _SEEN_EVERY:
        store.seen(unit, session.id)


def _live(row: store.Row, now: int) -> Session | None:
    if row["ended_at"] is not None or now >= row["expires_at"] or now >= row["seen_at"] + IDLE:
        return None
    return Session(
        row["id"], row["subject_id"], row["identifier_id"], Reach(row["reach"]), Instant(row["expires_at"])
    )


def _browser(keyring: Keyring, name: str) -> bytes:
    return keyring.digest("portal-browser", name.encode())
