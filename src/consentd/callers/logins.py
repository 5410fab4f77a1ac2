"""Logins: a connected system's signed word that a person is logged in at it, for one request of theirs.

The keys are those by which systems prove themselves (`assertions`); the type is another, so that neither can
be used as the other. What a login proves is not known here: `dsr.logins` looks at whose account it is.

Upholds promise 5 (whether key and system are live is read in the unit that spends), promise 13 (an unknown
system, an unknown or revoked key and a wrong signature are refused in the same words) and promise 14 (it
counts once, in whatever process).
"""

import hashlib
from uuid import UUID

import msgspec

from consentd.callers import store
from consentd.callers.assertions import SKEW, Spendable, signer_of, spendable
from consentd.callers.store import Connection, SystemRow
from consentd.crypto import jwk, jws
from consentd.crypto.jws import Claimed
from consentd.db.unit import Database, Unit
from consentd.kernel.ids import SecretId
from consentd.kernel.instants import SECOND, Instant

_TYPES: frozenset[str | None] = frozenset({jws.LOGIN_TYPE})
_NONE = Claimed("", "", "")
FOR_PORTAL = "portal"
"""What a login names instead of a request, where it opens the customers' pages."""
_LONGEST = 1000
_MOST_METHODS = 20


class Vouched(msgspec.Struct, frozen=True):
    """What a live key of a live system signed, whatever it says."""

    system: SystemRow
    key: SecretId
    claims: dict[str, object]

    def __repr__(self) -> str:
        return f"Vouched({self.system.name}, …)"


class Login(msgspec.Struct, frozen=True):
    """What the system says of the person."""

    scheme: str
    account: str
    """The number or name of their account there."""
    signed_in: Instant
    methods: tuple[str, ...]
    """How they signed in, as RFC 8176 names it: pwd, otp, mfa…"""
    number: Spendable

    def __repr__(self) -> str:
        return "Login(…)"


async def vouched(database: Database, token: str) -> Vouched | None:
    """Who signed a login; None where no live key of a live system did."""
    said = jws.claimed(token) or _NONE
    system, row = await database.read(lambda connection: signer_of(connection, said.issuer, said))
    key = jwk.kept(row.public_key) if row else jwk.decoy(said.algorithm)
    claims = jws.verify_assertion(key, token, _TYPES)
    if claims is None or system is None or row is None:
        return None
    return Vouched(system, row.id, claims)


def is_live(connection: Connection, found: Vouched) -> bool:
    """Whether neither the system nor the key was revoked since."""
    return store.is_live(connection, found.system.id, found.key)


def judge(claims: dict[str, object], audience: str, wanted: UUID | str, now: Instant) -> Login | str:
    """The login, or in words what is wrong with it. Pure. `wanted`: the request that it is to prove, or
    FOR_PORTAL.

    It is for this service and what is wanted alone: what was signed to get one thing opens no other.
    """
    number = spendable(claims, frozenset({audience}), now, "login")
    if isinstance(number, str):
        return number
    if claims.get("request") != str(wanted):
        return "request of the login is the number of another request."
    scheme, account = claims.get("scheme"), claims.get("sub")
    if not isinstance(scheme, str) or not scheme:
        return "scheme of the login says of which kind of identifier sub is."
    if not isinstance(account, str) or not 0 < len(account) <= _LONGEST:
        return "sub of the login is the person's account: a text."
    at = claims.get("auth_time")
    if type(at) is not int or not 0 < at * SECOND <= now + SKEW * SECOND:
        return "auth_time of the login says when the person signed in: whole seconds since 1970, in the past."
    methods = claims.get("amr")
    if (
        not isinstance(methods, list)
        or not 0 < len(methods) <= _MOST_METHODS
        or not all(isinstance(one, str) and one for one in methods)
    ):
        return "amr of the login says how the person signed in: a list of words of RFC 8176, such as pwd."
    return Login(scheme, account, Instant(at * SECOND), tuple(map(str, methods)), number)


def spend(unit: Unit, found: Vouched, login: Login) -> bool:
    """Whether this is the first time. It stands or falls with the unit."""
    digest = hashlib.sha256(b"login\0" + found.key.bytes + login.number.jti.encode()).digest()
    return store.spend(unit, digest, login.number.expires_at)
