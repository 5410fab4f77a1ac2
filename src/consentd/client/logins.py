"""What a system hands over when somebody logged in at it asks for their rights: who they are there, signed.

    desk = Logins("https://consent.example", client_id, private_key="webshop.jwk")
    token = desk.token(request_id, "customer:C-1042", signed_in=session.started, methods=["pwd", "otp"])

The token goes to `POST /v1/requests/{request_id}/login`, by this system or by the page that the request was
made on. It counts once, for that request, for a minute.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from consentd.client.asking import address
from consentd.client.clock import now
from consentd.client.model import Named
from consentd.client.signing import PrivateKey, signer
from consentd.client.wire import identifiers
from consentd.kernel.instants import SECOND

LOGIN_TYPE = "login+jwt"
_SECONDS = 60


class Logins:
    """Signs with the system's key. `url`: the service's public address; `client_id`: the system's."""

    def __init__(self, url: str, client_id: str, private_key: PrivateKey) -> None:
        """Raises ImportError without PyJWT, OSError, and ValueError for what is no address or private key."""
        self.client_id = client_id
        self._audience = address(url)
        self._sign = signer(private_key)

    def __repr__(self) -> str:
        return f"Logins({self.client_id})"

    def token(
        self,
        request: str | uuid.UUID,
        account: Named,
        *,
        signed_in: dt.datetime,
        methods: Iterable[str],
    ) -> str:
        """The signed word that the holder of this account is logged in here, for one request of theirs.

        `account`: the identifier by which this system knows them, as its file in the policy names it.
        `signed_in`: when they showed who they are, and not when they last clicked. `methods`: how, in the
        words of RFC 8176 (pwd, otp, mfa, fpt…). Raises ValueError for a time without an offset, and where no
        method is named.
        """
        if signed_in.utcoffset() is None:
            raise ValueError("signed_in has no offset: a login is at an instant.")
        used = [] if isinstance(methods, str) else [str(method) for method in methods]
        if not used:
            raise ValueError("methods lists how the person signed in: one at least, such as ['pwd'].")
        named, *others = identifiers(account)
        if others:
            raise ValueError("account is one account: the one that is logged in.")
        claims: dict[str, Any] = {
            "iss": self.client_id,
            "sub": named["value"],
            "scheme": named["scheme"],
            "aud": self._audience,
            "request": str(request),
            "auth_time": int(signed_in.timestamp()),
            "amr": used,
            "jti": str(uuid.uuid4()),
            "exp": now() // SECOND + _SECONDS,
        }
        return self._sign(claims, LOGIN_TYPE)
