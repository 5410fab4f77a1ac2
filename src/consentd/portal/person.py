"""Whose session it is. Any: a database connection, throughout."""

from typing import Any

from consentd.kernel.errors import NotFound
from consentd.kernel.ids import SubjectId
from consentd.portal.sessions import RecordGone, Session, SessionOver
from consentd.subjects import holding
from consentd.subjects import service as subjects
from consentd.subjects.service import Found


def person_of(connection: Any, session: Session) -> Found:
    """Raises RecordGone for who was erased, SessionOver where there is nobody; so too where the contact
    detail that they came in by is somebody else's as well by now, as after an undone merge.
    """
    if session.subject is None:
        raise SessionOver()
    try:
        found = subjects.person_by_id(connection, session.subject)
    except NotFound:
        raise RecordGone() from None
    _still_alone(connection, session, found)
    return found


def members_of(connection: Any, session: Session) -> tuple[SubjectId, ...]:
    """By which ids the register of requests knows them: it outlives an erasure, as long as the session does.

    Raises SessionOver where there is nobody.
    """
    if session.subject is None:
        raise SessionOver()
    try:
        found = subjects.person_by_id(connection, session.subject)
    except NotFound:
        return (session.subject,)
    _still_alone(connection, session, found)
    return found.members


def _still_alone(connection: Any, session: Session, person: Found) -> None:
    if session.identifier is None:
        return
    if any(one.group != person.group for one in holding.holders(connection, session.identifier)):
        raise SessionOver()
