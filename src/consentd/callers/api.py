"""The token endpoint (RFC 6749 §4.4, RFC 7523 §2.2) and what clients discover it by (RFC 8414, RFC 7517).

Upholds promise 17 (attempts at one client's secret or key from one address are limited) and 18: neither
answers nor errors repeat what was sent.
"""

import hashlib
from typing import Any

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import RawBody

from consentd.base.clock import Clock, now
from consentd.base.described import described
from consentd.callers import assertions, credentials, examples, oauth
from consentd.callers.access import BODY, PUBLIC
from consentd.callers.buckets import Buckets
from consentd.callers.model import Caller, Scope
from consentd.callers.oauth import OAuthRefusal, TokenRequest
from consentd.callers.tokens import IssuedToken, Tokens
from consentd.crypto import jwk, jws
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from consentd.kernel.errors import Unauthenticated

_MOST_BYTES = 16 * 1024
_FAILURES_PER_MINUTE = 10
_REFUSED = {
    400: "The request cannot be granted: `error` is RFC 6749's own code.",
    401: "The client id, the secret or the assertion is wrong, was used before, or its key was revoked.",
    429: "Too many failed attempts at this client from this address.",
}


def routes(
    database: Database, keyring: Keyring, tokens: Tokens, public_url: str, clock: Clock = now
) -> list[HTTPRouteHandler]:
    # Failures only: a success gives back what it took.
    audiences = frozenset({public_url, f"{public_url}/oauth/token"})
    attempts = Buckets(_FAILURES_PER_MINUTE / 60, burst=_FAILURES_PER_MINUTE, most=10_000)

    @post(
        "/oauth/token",
        status_code=200,
        opt={
            **PUBLIC,
            BODY: oauth.FORM_SCHEMA,
            **described(also=_REFUSED, examples=examples.FORMS, answer=examples.TOKEN),
        },
        request_max_body_size=_MOST_BYTES,
        tags=["access"],
        operation_id="issueToken",
        summary="Get an access token",
    )
    async def token(request: Request[Any, Any, Any], body: RawBody) -> Response[IssuedToken]:
        """Exchange a system's client id and secret, or what it signed, for an access token.

        A form with `grant_type=client_credentials` and, if wanted, `scope`; the client id and secret as
        HTTP Basic or in the form, or instead of a secret `client_assertion`: a JWT by one of the system's
        keys, with `kid`, `iss` and `sub` the client id, `aud` this service's address or this endpoint's,
        `jti` used once and `exp` at most five minutes ahead.
        """
        asked = oauth.parse(
            request.headers.get("content-type", ""), request.headers.get("authorization"), body
        )
        key = _bucket(assertions.client_id_of(asked), request)
        wait = attempts.take(key)
        if wait:
            raise OAuthRefusal(
                429,
                "too_many_attempts",
                "Too many failed attempts at this client from this address.",
                retry_after=int(wait) + 1,
            )
        if asked.assertion is None:
            caller = await _authenticated(database, asked)
        else:
            caller = await assertions.authenticate(database, asked, audiences, clock())
        attempts.refund(key)
        issued = tokens.issue(caller, _granted(caller, asked))
        return Response(issued, headers={"pragma": "no-cache"})

    @get(
        "/.well-known/jwks.json",
        opt={**PUBLIC, **described(answer=examples.KEYS)},
        tags=["access"],
        operation_id="getTokenKeys",
    )
    async def keys() -> dict[str, Any]:  # Any: a document of RFC 7517, not of ours
        """The public keys of access tokens and receipts (RFC 7517)."""
        return jws.jwks(keyring.public_keys())

    @get(
        "/.well-known/oauth-authorization-server",
        opt={**PUBLIC, **described(answer=examples.SERVER)},
        tags=["access"],
        operation_id="getTokenServer",
    )
    async def server() -> dict[str, Any]:  # Any: a document of RFC 8414, not of ours
        """Where and how to get a token (RFC 8414)."""
        return {
            "issuer": public_url,
            "token_endpoint": f"{public_url}/oauth/token",
            "jwks_uri": f"{public_url}/.well-known/jwks.json",
            "scopes_supported": [scope.value for scope in Scope],
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
            ],
            "token_endpoint_auth_signing_alg_values_supported": list(jwk.ALGORITHMS),
            "service_documentation": f"{public_url}/docs",
        }

    return [token, keys, server]


async def _authenticated(database: Database, asked: TokenRequest) -> Caller:
    try:
        return await database.read(
            lambda connection: credentials.authenticate(connection, asked.client_id, asked.secret)
        )
    except Unauthenticated as refused:
        raise oauth.invalid_client(refused.message, basic=asked.basic) from None


def _granted(caller: Caller, asked: TokenRequest) -> frozenset[str]:
    if asked.scopes is None:
        return caller.scopes
    if not asked.scopes <= caller.scopes:
        raise OAuthRefusal(
            400,
            "invalid_scope",
            f"This system has these scopes and no others: {' '.join(sorted(caller.scopes))}.",
            caller=caller,
        )
    return asked.scopes


def _bucket(client_id: str, request: Request[Any, Any, Any]) -> tuple[bytes, str]:
    """Hashed, so that long names cost no memory."""
    address = request.client.host if request.client else ""
    return hashlib.sha256(client_id.encode("utf-8", "replace")).digest(), address
