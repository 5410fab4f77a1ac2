"""Access tokens: EdDSA-signed, short-lived, verified once and then known by their hash.

Upholds promise 5 by what is *not* remembered: a token in the cache says who calls, never that it still may;
that is read with the call's own unit or statement. Verifying costs more than a whole request, so the
cache is what makes checks cheap.
"""

import hashlib
import secrets
from uuid import UUID

import msgspec

from consentd.base.clock import Clock
from consentd.callers import credentials
from consentd.callers.model import Caller
from consentd.crypto import jws
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from consentd.kernel.errors import Unauthenticated
from consentd.kernel.ids import SecretId, SystemId
from consentd.kernel.instants import SECOND

_MOST_KNOWN = 4096


class IssuedToken(msgspec.Struct, frozen=True):
    access_token: str
    token_type: str
    expires_in: int
    scope: str

    def __repr__(self) -> str:
        return f"IssuedToken(scope={self.scope!r}, access_token=…)"


class Tokens:
    """`issuer` is this service's public address; what it issues is meant for itself."""

    def __init__(
        self, database: Database, keyring: Keyring, *, issuer: str, seconds: int, clock: Clock
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._issuer = issuer
        self._seconds = seconds
        self._clock = clock
        self._known: dict[bytes, tuple[Caller, int]] = {}

    def issue(self, caller: Caller, scopes: frozenset[str]) -> IssuedToken:
        """A token for `scopes`, which the caller must have."""
        assert scopes <= caller.scopes
        now = self._clock() // SECOND
        scope = " ".join(sorted(scopes))
        token = jws.sign_token(
            self._keyring.signer("token"),
            {
                "iss": self._issuer,
                "aud": self._issuer,
                "sub": str(caller.system_id),
                "client_id": str(caller.system_id),
                "sid": str(caller.secret_id),
                "scope": scope,
                "iat": now,
                "exp": now + self._seconds,
                "jti": secrets.token_urlsafe(12),
            },
        )
        return IssuedToken(token, "Bearer", self._seconds, scope)

    def known(self, token: bytes) -> Caller | None:
        """The caller of a token verified before and not yet over. Does not wait."""
        found = self._known.get(hashlib.sha256(token).digest())
        if found is None or self._clock() >= found[1]:
            return None
        return found[0]

    async def admit(self, token: bytes) -> Caller:
        """Verifies a token not seen before, and reads what its system may. Raises Unauthenticated."""
        claims = self._verified(token)
        system_id, secret_id = SystemId(UUID(str(claims["sub"]))), SecretId(UUID(str(claims["sid"])))
        system = await self._database.read(
            lambda connection: credentials.caller_of(connection, system_id, secret_id)
        )
        # What the system may do can have been narrowed since the token was issued.
        granted = frozenset(str(claims["scope"]).split()) & system.scopes
        caller = msgspec.structs.replace(system, scopes=granted)
        self._remember(hashlib.sha256(token).digest(), caller, _expiry(claims))
        return caller

    async def confirm(self, caller: Caller) -> None:
        """Raises Unauthenticated if the system or its secret was revoked since."""
        await self._database.read(lambda connection: credentials.assert_live(connection, caller))

    def _verified(self, token: bytes) -> dict[str, object]:
        try:
            text = token.decode("ascii")
        except UnicodeDecodeError:
            raise Unauthenticated("token_invalid", "The access token is not one of this service.") from None
        keys = jws.by_kid(self._keyring.public_keys("token"))
        return jws.verify_token(keys, text, self._issuer, self._issuer, self._clock())

    def _remember(self, digest: bytes, caller: Caller, until: int) -> None:
        if len(self._known) >= _MOST_KNOWN:
            now = self._clock()
            self._known = {key: found for key, found in self._known.items() if found[1] > now}
            # Dictionaries keep their order: the first is the one seen first.
            while len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
        self._known[digest] = (caller, until)


def _expiry(claims: dict[str, object]) -> int:
    expiry = claims["exp"]
    assert isinstance(expiry, int)
    return expiry * SECOND
