"""A new address or number counts once a code that was sent to it came back (promises 12 and 14).

The code is for this session and for exactly what was typed, which the database does not hold: a keyed hash
does. It opens nothing. Attempts are counted before they are judged, in the database, as with every other way.
"""

import secrets
from uuid import UUID

from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.kernel.errors import TooMany
from consentd.kernel.instants import HOUR
from consentd.kernel.policy import Controller
from consentd.portal import codes, store
from consentd.portal.entering import MOST_AN_HOUR, MOST_FROM_ONE_PLACE, MOST_OF_ALL_AN_HOUR, Sending
from consentd.portal.sessions import Session, assert_live
from consentd.subjects.spelling import Named


def code_for(
    unit: Unit,
    keyring: Keyring,
    session: Session,
    new: Named,
    source: str,
    language: str,
    controller: Controller,
) -> tuple[UUID, Sending | None]:
    """The number by which the code is recognised, and what to send; nothing where enough was sent there.

    Raises TooMany where too much comes from one place.
    """
    assert_live(unit.connection, session, unit.now)
    about, place = _about(keyring, new), keyring.digest("portal-source", source.encode())
    made = store.count_entries(unit.connection, unit.now - HOUR, named=about, source=place)
    if made.from_there >= MOST_FROM_ONE_PLACE:
        raise TooMany(
            "too_many_codes_asked",
            "Too many codes were asked for from here: try again in an hour.",
            retry_after=3600,
        )
    way = codes.draw(keyring, unit.now, named=about, source=place, identifier=None, session=session.id)
    store.add_entry(unit, way.row)
    # Without a link: there is nothing to open.
    sending = Sending(new, way.code, "", language, controller)
    few = made.for_it_from_there < MOST_AN_HOUR and made.for_it < MOST_OF_ALL_AN_HOUR
    return way.id, sending if few else None


def judge(
    unit: Unit, keyring: Keyring, session: Session, way: UUID | None, typed: str, new: Named
) -> bool | None:
    """Counts a try, and uses the code up. True: it came back; None: it did before; False: it is wrong."""
    assert_live(unit.connection, session, unit.now)
    code = codes.read_code(typed)
    row = store.entry(unit.connection, way, lock=True) if way is not None else None
    if row is None or code is None or row["session_id"] != session.id or unit.now >= row["expires_at"]:
        return False
    if not secrets.compare_digest(bytes(row["named"]), _about(keyring, new)):
        return False
    if row["tries"] >= codes.MOST_TRIES:
        return False
    store.count_try(unit, row["id"])
    if not secrets.compare_digest(bytes(row["code"]), codes.code_digest(keyring, row["id"], code)):
        return False
    return True if store.use_entry(unit, row["id"]) else None


def _about(keyring: Keyring, new: Named) -> bytes:
    return keyring.digest("portal-named", f"{new.scheme}\0{new.value}".encode())
