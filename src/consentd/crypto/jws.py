"""Signed tokens and documents, and what others signed: compact JWS (RFC 7515), ours with EdDSA (RFC 8037).

The algorithm is pinned by the key, never read from the token; a token is no document and a document no token
(`typ`, and keys of different use); encodings are read strictly, so that no second spelling of a token
verifies. The clock is an argument.
"""

import base64
import re
from collections.abc import Iterable, Mapping

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.api_jws import PyJWS

from consentd.crypto.jwk import ALGORITHMS, ForeignKey
from consentd.crypto.signing import PublicKey, Signer
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import Tampered, Unauthenticated
from consentd.kernel.instants import SECOND, Instant

LOGIN_TYPE = "login+jwt"
"""Ours: a system’s word that a person is logged in at it. Of a type of its own, so that no client assertion
is one, nor the other way round.
"""
TOKEN_TYPE = "at+jwt"  # noqa: S105 - the media type of RFC 9068, not a secret
_ALGORITHM = "EdDSA"
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MOST_OF_A_TOKEN = 16 * 1024
# A receipt has a line for each of up to a hundred choices, and for each person that a refusal counts for.
_MOST_OF_A_DOCUMENT = 4 * 1024 * 1024
_jws = PyJWS(algorithms=[_ALGORITHM])
_others = PyJWS(algorithms=list(ALGORITHMS))
ASSERTION_TYPES: frozenset[str | None] = frozenset({None, "jwt", "client-authentication+jwt"})
_UNREADABLE = (jwt.PyJWTError, msgspec.MsgspecError, UnicodeError, RecursionError)
"""What reading raises of bytes that somebody made up: JSON can be nested deeper than any reader goes."""


class Claimed(msgspec.Struct, frozen=True):
    """What an assertion says of itself, unverified: enough to look a key up, and for nothing else."""

    kid: str
    algorithm: str
    subject: str
    issuer: str = ""


def by_kid(keys: Iterable[PublicKey]) -> dict[str, PublicKey]:
    return {key.kid: key for key in keys}


def sign_token(signer: Signer, claims: Mapping[str, object]) -> str:
    """An access token. `claims` holds iss, aud and exp (seconds since 1970) at least."""
    return _sign(signer, canonical(dict(claims)), TOKEN_TYPE)


def verify_token(
    keys: Mapping[str, PublicKey], token: str, issuer: str, audience: str, now: Instant
) -> dict[str, object]:
    """The claims of a token that we signed, that is meant for `audience` and not over at `now`.

    Raises Unauthenticated: token_expired where asking for a new one is all it takes, else token_invalid.
    """
    payload = _verify(keys, token, TOKEN_TYPE, "token", _MOST_OF_A_TOKEN)
    if payload is None:
        raise _invalid()
    try:
        claims = msgspec.json.decode(payload, type=dict[str, object])
    except msgspec.MsgspecError:
        raise _invalid() from None
    if claims.get("iss") != issuer or claims.get("aud") != audience:
        raise _invalid()
    expiry, not_before = claims.get("exp"), claims.get("nbf", 0)
    # `type` and not isinstance: true and 1.5 are no times.
    if type(expiry) is not int or type(not_before) is not int or now < not_before * SECOND:
        raise _invalid()
    if now >= expiry * SECOND:
        raise Unauthenticated(
            "token_expired", "The access token is over: ask the token endpoint for a new one."
        )
    return claims


def claimed(text: str) -> Claimed | None:
    """None for what is no assertion at all."""
    if not _is_compact(text):
        return None
    try:
        header = _others.get_unverified_header(text)
        claims = msgspec.json.decode(_decoded(text.split(".")[1]), type=dict[str, object])
    except _UNREADABLE:
        return None
    kid, algorithm, subject = header.get("kid"), header.get("alg"), claims.get("sub")
    if not (isinstance(kid, str) and isinstance(algorithm, str) and isinstance(subject, str)):
        return None
    issuer = claims.get("iss")
    return Claimed(kid, algorithm, subject, issuer if isinstance(issuer, str) else "")


def verify_assertion(
    key: ForeignKey, text: str, types: frozenset[str | None] = ASSERTION_TYPES
) -> dict[str, object] | None:
    """The claims of a JWT of one of these types that this key signed, by the key's own algorithm; None for
    anything else.

    The key was looked up by `claimed`. Who it is for and until when is the caller's to judge. Its header may
    hold alg, kid and typ alone: a key or an address of one inside an assertion is how forgeries bring their
    own.
    """
    if not _is_compact(text):
        return None
    try:
        header = _others.get_unverified_header(text)
        typ = header.get("typ")
        if header.keys() - {"alg", "kid", "typ"}:
            return None
        if (typ.lower() if isinstance(typ, str) else typ) not in types:
            return None
        complete = _others.decode_complete(text, key.public, algorithms=[key.algorithm])
        return msgspec.json.decode(complete["payload"], type=dict[str, object])
    except _UNREADABLE:
        return None


def sign_document(signer: Signer, payload: bytes, typ: str) -> str:
    """A document that anyone with the public key can verify offline. `typ` says what it is."""
    return _sign(signer, payload, typ)


def verify_document(keys: Mapping[str, PublicKey], document: str, typ: str) -> bytes:
    """What was signed. Raises Tampered if this service did not sign exactly that as a `typ`."""
    payload = _verify(keys, document, typ, "receipt", _MOST_OF_A_DOCUMENT)
    if payload is None:
        raise Tampered("signature_invalid", "The document is not what this service signed.")
    return payload


def jwks(keys: Iterable[PublicKey]) -> dict[str, object]:
    """The public keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    return {
        "keys": [
            {
                "alg": _ALGORITHM,
                "crv": "Ed25519",
                "kid": key.kid,
                "kty": "OKP",
                "use": "sig",
                "x": base64.urlsafe_b64encode(key.content).rstrip(b"=").decode(),
            }
            for key in keys
        ]
    }


def fingerprint(key: PublicKey) -> str:
    """RFC 7638, base64url: what two people compare who hold the same key."""
    x = base64.urlsafe_b64encode(key.content).rstrip(b"=").decode()
    return ForeignKey(key.kid, _ALGORITHM, {"crv": "Ed25519", "kty": "OKP", "x": x}).thumbprint


class _PublicJwk(msgspec.Struct, frozen=True):
    kid: str
    kty: str
    crv: str
    x: str


class _PublicJwks(msgspec.Struct, frozen=True):
    keys: tuple[_PublicJwk, ...]


def receipt_keys(saved: bytes) -> dict[str, PublicKey]:
    """The keys of a saved key set, to verify documents with. What is not of our algorithm is passed over.

    The set does not say which keys are those of tokens; a token is no document by its `typ`. Raises Tampered
    where this is no key set, or one without a key of ours.
    """
    try:
        found = msgspec.json.decode(saved, type=_PublicJwks).keys
    except _UNREADABLE:
        found = ()
    keys = [
        PublicKey(key.kid, "receipt", _decoded(key.x))
        for key in found
        if (key.kty, key.crv) == ("OKP", "Ed25519") and _canonical(key.x) and len(_decoded(key.x)) == 32
    ]
    if not keys:
        raise Tampered("key_set_invalid", "This is no JSON Web Key Set with an Ed25519 key in it.")
    return by_kid(keys)


def _sign(signer: Signer, payload: bytes, typ: str) -> str:
    return _jws.encode(payload, signer.private, algorithm=_ALGORITHM, headers={"typ": typ, "kid": signer.kid})


def _verify(keys: Mapping[str, PublicKey], text: str, typ: str, use: str, most: int) -> bytes | None:
    if not _is_compact(text, most):
        return None
    try:
        header = _jws.get_unverified_header(text)
        key = keys.get(str(header.get("kid")))
        if key is None or key.use != use or header != {"alg": _ALGORITHM, "kid": key.kid, "typ": typ}:
            return None
        public = Ed25519PublicKey.from_public_bytes(key.content)
        complete = _jws.decode_complete(text, public, algorithms=[_ALGORITHM])
    except _UNREADABLE:
        return None
    payload = complete["payload"]
    assert isinstance(payload, bytes)
    return payload


def _is_compact(text: str, most: int = _MOST_OF_A_TOKEN) -> bool:
    return (
        len(text) <= most and _COMPACT.fullmatch(text) is not None and all(map(_canonical, text.split(".")))
    )


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _canonical(part: str) -> bool:
    """Whether this is the one base64url spelling of its bytes: decoders ignore stray bits at the end."""
    try:
        content = _decoded(part)
    except ValueError:
        return False
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode() == part


def _invalid() -> Unauthenticated:
    return Unauthenticated(
        "token_invalid", "The access token is not one of this service: ask the token endpoint for one."
    )
