"""A system's private key, and signing with it.

Needs PyJWT, which the bare distribution does not bring: `pip install 'consentd[key]'`.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

PrivateKey: TypeAlias = Mapping[str, Any] | str | Path
"""A JWK, or the file that holds one, as `consentd system key add --generate` writes it. Any: JSON."""


def signer(private_key: PrivateKey) -> Callable[[dict[str, Any], str], str]:
    """Signs claims as a JWT of a type, by this key.

    Raises ImportError without PyJWT, OSError, and ValueError for what is no private JWK.
    """
    try:
        import jwt  # only here: a client with a secret needs nothing beyond the bare distribution
    except ModuleNotFoundError:
        raise ImportError("Signing needs PyJWT and cryptography: pip install 'consentd[key]'.") from None
    jwk = (
        json.loads(Path(private_key).read_text())
        if isinstance(private_key, str | Path)
        else dict(private_key)
    )
    try:
        key = jwt.PyJWK(jwk)
        kid = str(jwk["kid"])
    except (KeyError, jwt.PyJWTError):
        raise ValueError("The key is not a JWK with a kid that this can sign with.") from None
    if "d" not in jwk:
        raise ValueError("The key is a public one: signing takes the private half.")

    def sign(claims: dict[str, Any], typ: str) -> str:
        return jwt.encode(claims, key, headers={"kid": kid, "typ": typ})

    return sign
