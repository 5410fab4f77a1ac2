"""How a client proves who it is when it asks for a token: by a secret, or by a signature (`signing`)."""

import base64
import uuid
from collections.abc import Callable
from urllib.parse import quote, urlencode

from consentd.client.clock import now
from consentd.client.flow import Proof
from consentd.client.signing import PrivateKey, signer
from consentd.kernel.instants import SECOND

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 60


class Credentials:
    """`prove` makes what one token is asked for with. Secrets never show in `repr` (promise 18)."""

    def __init__(self, client_id: str, prove: Callable[[], Proof]) -> None:
        self.client_id = client_id
        self.prove = prove

    def __repr__(self) -> str:
        return f"Credentials({self.client_id})"


def by_secret(client_id: str, secret: str, scope: str | None = None) -> Credentials:
    """`client_secret_basic` (RFC 6749 §2.3.1)."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    headers = {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    proof = Proof(_form(scope), headers)
    return Credentials(client_id, lambda: proof)


def by_key(client_id: str, private_key: PrivateKey, audience: str, scope: str | None = None) -> Credentials:
    """`private_key_jwt` (RFC 7523 §2.2): a new assertion each time, which counts once.

    `private_key`: a JWK, or the file that holds one, as `consentd system key add --generate` writes it.
    `audience`: the service's public address. Raises ImportError without PyJWT, OSError, and ValueError for
    what is no private JWK.
    """
    sign = signer(private_key)

    def prove() -> Proof:
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": str(uuid.uuid4()),
            "exp": now() // SECOND + _ASSERTION_SECONDS,
        }
        more = {"client_assertion": sign(claims, "JWT"), "client_assertion_type": JWT_BEARER}
        return Proof(_form(scope, **more), {})

    return Credentials(client_id, prove)


def _form(scope: str | None, **more: str) -> bytes:
    fields = {"grant_type": "client_credentials", **more}
    if scope is not None:
        fields["scope"] = scope
    return urlencode(fields).encode()
