"""Proving who calls by a key: `private_key_jwt` (RFC 7521 §4.2, RFC 7523 §2.2 and §3, OpenID Connect §9).

The system signs, and nothing that opens a door is ever sent or kept here. Upholds promise 5 (the caller
carries the key's id, which is looked at like a secret's with each call), promise 13 (an unknown client, an
unknown or revoked key and a wrong signature are refused in the same words after the same work) and promise
14 (an assertion opens once, in whatever process: its number is kept, hashed, until it is over anyway).

Only what a live key signed reaches the writer, so that strangers cannot make it work.
"""

import hashlib

import msgspec

from consentd.callers import store
from consentd.callers.credentials import caller_from, system_id_of
from consentd.callers.model import Caller
from consentd.callers.oauth import TokenRequest, invalid_client
from consentd.callers.store import Connection, KeyRow, SystemRow
from consentd.crypto import jwk, jws
from consentd.crypto.jws import Claimed
from consentd.db.unit import Database, Unit
from consentd.kernel.instants import HOUR, SECOND, Instant

MOST_KEYS = 2
MOST_AHEAD = 300
"""Seconds. Whoever steals an assertion has this long; and for this long its number is kept."""

_SKEW = 60
_MOST_JTI = 255
_WRONG = "The client or its assertion is wrong, or its key was revoked."
_NONE = Claimed("", "", "")


class Spendable(msgspec.Struct, frozen=True):
    """An assertion that holds in all but one thing: whether it was used before."""

    jti: str
    expires_at: Instant


def client_id_of(asked: TokenRequest) -> str:
    """Whose credentials are tried, unverified: whose failures are counted."""
    if asked.assertion is None or asked.client_id:
        return asked.client_id
    return (jws.claimed(asked.assertion) or _NONE).subject


async def authenticate(
    database: Database, asked: TokenRequest, audiences: frozenset[str], now: Instant
) -> Caller:
    """The caller whose key signed the assertion. Raises OAuthRefusal (invalid_client).

    Once the signature is right the refusal says what is not: whoever holds the key has to be able to mend it.
    """
    assert asked.assertion is not None
    said = jws.claimed(asked.assertion) or _NONE
    system, row = await database.read(lambda connection: _found(connection, said))
    key = jwk.kept(row.public_key) if row else jwk.decoy(said.algorithm)
    claims = jws.verify_assertion(key, asked.assertion)
    if claims is None or system is None or row is None or asked.client_id not in ("", said.subject):
        raise invalid_client(_WRONG, basic=False)
    caller = caller_from(system, row.id)
    judged = judge(claims, str(system.id), audiences, now)
    if isinstance(judged, str):
        raise invalid_client(judged, basic=False, caller=caller)
    digest = hashlib.sha256(row.id.bytes + judged.jti.encode()).digest()
    if not await database.housekeep(lambda unit: store.spend(unit, digest, judged.expires_at)):
        raise invalid_client(
            "The assertion was used before: sign a new one, with a jti of its own, for each token.",
            basic=False,
            caller=caller,
        )
    return caller


def spend(unit: Unit, digest: bytes, until: Instant) -> bool:
    """Keeps that something signed was taken; False where it was before, in whatever process.

    `digest`: SHA-256 of what tells it from all others; kept until it is over anyway.
    """
    return store.spend(unit, digest, until)


def judge(
    claims: dict[str, object], client_id: str, audiences: frozenset[str], now: Instant
) -> Spendable | str:
    """What may be spent, or in words why nothing may. Pure.

    One audience alone: what is meant for two could be used by each at the other.
    """
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        return "iss and sub of the assertion are both the client id."
    if not isinstance(audience, str) or audience not in audiences:
        return f"aud of the assertion is one of: {' '.join(sorted(audiences))}; and nothing beside it."
    expiry, begin, made = claims.get("exp"), claims.get("nbf", 0), claims.get("iat", 0)
    # `type` and not isinstance: true and 1.5 are no times.
    if type(expiry) is not int or type(begin) is not int or type(made) is not int:
        return "exp, and iat and nbf where they are given, are whole seconds since 1970."
    if now >= expiry * SECOND:
        return "The assertion is over: sign a new one for each token."
    if expiry * SECOND > now + MOST_AHEAD * SECOND:
        return f"exp of the assertion is at most {MOST_AHEAD} seconds ahead."
    if max(begin, made) * SECOND > now + _SKEW * SECOND:
        return "iat or nbf of the assertion is in the future: look at the system's clock."
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MOST_JTI or not jti.isprintable():
        return f"jti of the assertion is a text of 1 to {_MOST_JTI} characters, another each time."
    return Spendable(jti, Instant(expiry * SECOND))


async def purge(database: Database) -> int:
    """Forgets numbers of assertions that are over, for the slowest clock too; how many."""
    return await database.housekeep(lambda unit: store.purge_spent(unit.connection, unit.now - HOUR))


def _found(connection: Connection, said: Claimed) -> tuple[SystemRow | None, KeyRow | None]:
    """The live system, and its live key of that name and algorithm: it verifies by its own and no other."""
    system_id = system_id_of(said.subject)
    system = store.system(connection, system_id)
    if system is not None and system.revoked_at is not None:
        system = None
    for row in store.keys_of(connection, system_id):
        key = jwk.kept(row.public_key)
        if row.revoked_at is None and (key.kid, key.algorithm) == (said.kid, said.algorithm):
            return system, row
    return system, None
