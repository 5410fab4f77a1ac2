"""Tokens and documents verify as what they are, for whom they are, while they last."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consentd.crypto.jws import (
    by_kid,
    jwks,
    receipt_keys,
    sign_document,
    sign_token,
    verify_document,
    verify_token,
)
from consentd.crypto.secrets import Secret
from consentd.crypto.signing import Signer
from consentd.kernel.errors import Tampered, Unauthenticated
from consentd.kernel.instants import SECOND, Instant

TOKENS = Signer("t1", "token", Secret(bytes(range(32))))
RECEIPTS = Signer("r1", "receipt", Secret(bytes(range(1, 33))))
KEYS = by_kid([TOKENS.public_key, RECEIPTS.public_key])
CLAIMS = {"iss": "https://c.example", "aud": "consentd", "sub": "s", "exp": 2000}


def verify(token: str, at: int = 1000) -> dict[str, object]:
    return verify_token(KEYS, token, "https://c.example", "consentd", Instant(at * SECOND))


def test_a_token_verifies_until_the_second_it_ends() -> None:
    token = sign_token(TOKENS, CLAIMS)
    assert verify(token, 1999) == CLAIMS
    with pytest.raises(Unauthenticated) as caught:
        verify(token, 2000)
    assert caught.value.code == "token_expired"


@pytest.mark.parametrize(
    "claims",
    [
        CLAIMS | {"iss": "https://d.example"},
        CLAIMS | {"aud": "else"},
        CLAIMS | {"aud": ["consentd"]},
        CLAIMS | {"exp": True},
        CLAIMS | {"exp": "2000"},
        CLAIMS | {"nbf": 1500},
        {key: value for key, value in CLAIMS.items() if key != "exp"},
    ],
)
def test_a_token_for_others_or_without_an_end_is_refused(claims: dict[str, object]) -> None:
    _refused(sign_token(TOKENS, claims))


def _jwt(headers: dict[str, Any], key: Any = TOKENS.private, algorithm: str = "EdDSA") -> str:
    return jwt.encode(CLAIMS, key, algorithm=algorithm, headers=headers)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_only_our_algorithm_type_and_keys_are_accepted() -> None:
    assert verify(_jwt({"typ": "at+jwt", "kid": "t1"})) == CLAIMS
    _refused(_jwt({"typ": "JWT", "kid": "t1"}))
    _refused(_jwt({"typ": "at+jwt"}))
    _refused(_jwt({"typ": "at+jwt", "kid": "t2"}))
    _refused(_jwt({"typ": "at+jwt", "kid": "t1", "crit": ["b64"]}))
    _refused(_jwt({"typ": "at+jwt", "kid": "t1"}, Ed25519PrivateKey.generate()))
    _refused(_jwt({"typ": "at+jwt", "kid": "t1"}, TOKENS.public.hex(), "HS256"))
    _refused(_jwt({"typ": "at+jwt", "kid": "t1"}, None, "none"))


def test_a_receipt_is_no_token_and_a_token_no_receipt() -> None:
    _refused(sign_token(RECEIPTS, CLAIMS))
    _refused(sign_document(RECEIPTS, json.dumps(CLAIMS).encode(), "at+jwt"))
    with pytest.raises(Tampered):
        verify_document(KEYS, sign_token(TOKENS, CLAIMS), "at+jwt")


def test_a_token_has_one_spelling() -> None:
    token = sign_token(TOKENS, CLAIMS)
    head, body, signature = token.split(".")
    # 64 bytes leave four bits in the last character that decoders ignore.
    last = signature[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(last) ^ 1]
    for spelling in (
        f"{head}.{body}.{signature[:-1]}{other}",
        token + "=",
        token + "\n",
        " " + token,
        f"{head}.{body}\n.{signature}",
        f"{head}.{body}.{signature}.",
        "",
        "a.b.c",
    ):
        _refused(spelling)


def test_a_document_verifies_as_what_it_was_signed_as() -> None:
    document = sign_document(RECEIPTS, b'{"a":1}', "receipt+jws")
    assert verify_document(KEYS, document, "receipt+jws") == b'{"a":1}'
    with pytest.raises(Tampered):
        verify_document(KEYS, document, "permit+jws")
    with pytest.raises(Tampered):
        verify_document(KEYS, document[:-2] + "AA", "receipt+jws")


def test_the_key_set_is_what_public_tools_verify_with() -> None:
    published = jwt.PyJWKSet.from_dict(jwks([TOKENS.public_key]))
    token = sign_token(TOKENS, CLAIMS)
    read = jwt.decode(
        token, published["t1"].key, ["EdDSA"], audience="consentd", options={"verify_exp": False}
    )
    assert read == CLAIMS
    (key,) = json.loads(json.dumps(jwks([TOKENS.public_key])))["keys"]
    assert base64.urlsafe_b64decode(key["x"] + "=") == TOKENS.public


def _refused(token: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        verify(token)
    assert caught.value.code == "token_invalid"


def test_a_saved_key_set_verifies_documents_and_nothing_else() -> None:
    saved = json.dumps(jwks([TOKENS.public_key, RECEIPTS.public_key])).encode()
    document = sign_document(RECEIPTS, b'{"a":1}', "receipt+jws")
    assert verify_document(receipt_keys(saved), document, "receipt+jws") == b'{"a":1}'
    with pytest.raises(Tampered):
        verify_document(receipt_keys(saved), sign_token(TOKENS, CLAIMS), "receipt+jws")
    other = json.loads(saved)
    other["keys"] = [{"kty": "RSA", "kid": "x", "crv": "", "x": ""}, other["keys"][1]]
    assert set(receipt_keys(json.dumps(other).encode())) == {"r1"}
    other["keys"] = other["keys"][:1]
    for wrong in (b"", b"[]", b'{"keys": []}', b'{"keys": [{"kid": 1}]}', json.dumps(other).encode()):
        with pytest.raises(Tampered):
            receipt_keys(wrong)


def test_a_document_may_be_longer_than_a_token() -> None:
    long = sign_document(RECEIPTS, b"x" * 100_000, "receipt+jws")
    assert verify_document(KEYS, long, "receipt+jws") == b"x" * 100_000
    _refused(sign_token(TOKENS, CLAIMS | {"scope": "x" * 20_000}))
