"""Whose session it is. Any: a database connection, throughout."""

from typing import Any

from consentd.kernel.errors import NotFound
from consentd.kernel.ids import SubjectId
from consentd.portal.sessions import Session, SessionOver
from consentd.subjects import service as subjects
from consentd.subjects.service import Found


def person_of(connection: Any, session: Session) -> Found:
    """Raises SessionOver where there is nobody, or nobody any more: who was erased has no pages."""
    if session.subject is None:
        raise SessionOver()
    try:
        return subjects.person_by_id(connection, session.subject)
    except NotFound:
        raise SessionOver() from None


def members_of(connection: Any, session: Session) -> tuple[SubjectId, ...]:
    """By which ids the register of requests knows them: it outlives an erasure, as long as the session does.

    Raises SessionOver where there is nobody.
    """
    if session.subject is None:
        raise SessionOver()
    try:
        return subjects.person_by_id(connection, session.subject).members
    except NotFound:
        return (session.subject,)
