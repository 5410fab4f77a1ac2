"""SQL of what waits to be confirmed, and of the mail about it. Decides nothing."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import portal as t
from consentd.db.unit import Unit

CONFIRMATIONS = t.confirmations
MAILS = t.confirmation_mails


def confirmation(connection: sa.Connection, id_: UUID, *, lock: bool = False) -> sa.RowMapping | None:
    statement = sa.select(CONFIRMATIONS).where(CONFIRMATIONS.c.id == id_)
    return connection.execute(statement.with_for_update() if lock else statement).mappings().first()


def waits_since(
    connection: sa.Connection,
    subjects: Collection[UUID],
    identifier: UUID,
    purpose: str,
    channel: str,
    since: int,
) -> bool:
    """Whether these were written to about the same since that instant, or are going to be, and did not
    confirm.
    """
    c = CONFIRMATIONS.c
    written = CONFIRMATIONS.join(MAILS, sa.and_(MAILS.c.id == c.id, MAILS.c.state != "failed"))
    statement = (
        sa.select(c.id)
        .select_from(written)
        .where(
            c.subject_id.in_(list(subjects)),
            c.identifier_id == identifier,
            c.purpose == purpose,
            c.channel == channel,
            c.confirmed_at.is_(None),
            c.created_at > since,
        )
    )
    return connection.execute(statement.limit(1)).first() is not None


def unconfirmed(connection: sa.Connection, subjects: Collection[UUID]) -> list[sa.RowMapping]:
    """What these did not confirm, in time or not, the latest first. `sent_at`: when the mail went."""
    c = CONFIRMATIONS.c
    sent = sa.and_(MAILS.c.id == c.id, MAILS.c.state == "sent")
    statement = (
        sa.select(CONFIRMATIONS, MAILS.c.ended_at.label("sent_at"))
        .outerjoin(MAILS, sent)
        .where(c.subject_id.in_(list(subjects)), c.confirmed_at.is_(None))
        .order_by(c.created_at.desc(), c.id)
    )
    return list(connection.execute(statement).mappings())


def add_mail(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(MAILS.insert(), row)


def anything_due(connection: sa.Connection, now: int) -> bool:
    c = MAILS.c
    free = sa.or_(c.lease_until.is_(None), c.lease_until <= now)
    statement = sa.select(c.id).where(c.state.in_(("waiting", "running")), c.next_at <= now, free).limit(1)
    return connection.execute(statement).first() is not None
