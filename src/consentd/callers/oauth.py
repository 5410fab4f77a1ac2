"""The token request as RFC 6749 §2.3.1 and §4.4 and RFC 7521 §4.2 write it, read strictly. Pure: no database,
no framework.

Upholds promise 18: a refusal never repeats what was sent.
"""

import base64
import binascii
import re
from urllib.parse import parse_qsl, unquote_plus

import msgspec

from consentd.callers.model import Caller
from consentd.kernel.errors import CallerError

_BASIC_CHALLENGE = 'Basic realm="consentd", charset="UTF-8"'
_FORM = "application/x-www-form-urlencoded"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM_SCHEMA = {
    _FORM: {
        "type": "object",
        "properties": {
            "grant_type": {"type": "string", "const": "client_credentials"},
            "scope": {"type": "string", "description": "Scopes with a space between them; all if not given."},
            "client_id": {"type": "string", "format": "uuid"},
            "client_secret": {"type": "string"},
            "client_assertion_type": {"type": "string", "const": ASSERTION_TYPE},
            "client_assertion": {"type": "string", "description": "A JWT signed with the system's key."},
        },
        "required": ["grant_type"],
    }
}
_MOST_FIELDS = 16
_ASSERTION_FIELDS = frozenset({"client_assertion", "client_assertion_type"})
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")


class OAuthRefusal(CallerError):
    """`error` is RFC 6749's own code; `challenge` the WWW-Authenticate header, where one is due.

    `caller` is who was refused, where that is known.
    """

    def __init__(
        self,
        status: int,
        error: str,
        message: str,
        *,
        challenge: str | None = None,
        retry_after: int | None = None,
        caller: Caller | None = None,
    ) -> None:
        super().__init__(error, message)
        self.status = status
        self.error = error
        self.challenge = challenge
        self.retry_after = retry_after
        self.caller = caller


class TokenRequest(msgspec.Struct, frozen=True):
    client_id: str
    secret: str
    scopes: frozenset[str] | None
    """None: all that the system has."""
    basic: bool
    assertion: str | None = None
    """Instead of the secret; then `client_id` is empty where the form named none."""

    def __repr__(self) -> str:
        return f"TokenRequest(client_id={self.client_id!r}, secret=…)"


def parse(content_type: str, authorization: str | None, form: bytes) -> TokenRequest:
    """Raises OAuthRefusal: invalid_request, unsupported_grant_type, invalid_scope or invalid_client."""
    if content_type.partition(";")[0].strip().lower() != _FORM:
        raise OAuthRefusal(415, "invalid_request", f"This call reads {_FORM}: set Content-Type to it.")
    fields = _fields(form)
    if fields.get("grant_type") is None:
        raise _invalid_request("grant_type is missing: send grant_type=client_credentials.")
    if fields["grant_type"] != "client_credentials":
        raise OAuthRefusal(400, "unsupported_grant_type", "The only grant type here is client_credentials.")
    if _ASSERTION_FIELDS & fields.keys():
        return _by_assertion(fields, authorization)
    in_body = "client_id" in fields or "client_secret" in fields
    if authorization is not None:
        if "client_secret" in fields:
            raise _invalid_request(
                "The client's credentials came twice, in Authorization and in the body: send one."
            )
        client_id, secret = _basic(authorization)
        if fields.get("client_id", client_id) != client_id:
            raise _invalid_request("client_id in the body is not that of Authorization: send one.")
    elif in_body:
        client_id, secret = fields.get("client_id", ""), fields.get("client_secret", "")
    else:
        raise invalid_client(
            "No client credentials came: use HTTP Basic, client_id and client_secret, or client_assertion.",
            basic=True,
        )
    return TokenRequest(client_id, secret, _scopes(fields.get("scope")), authorization is not None)


def invalid_client(message: str, *, basic: bool, caller: Caller | None = None) -> OAuthRefusal:
    """401, with the challenge that RFC 6749 §5.2 asks for where Basic was tried or nothing came."""
    challenge = _BASIC_CHALLENGE if basic else None
    return OAuthRefusal(401, "invalid_client", message, challenge=challenge, caller=caller)


def _by_assertion(fields: dict[str, str], authorization: str | None) -> TokenRequest:
    if authorization is not None or "client_secret" in fields:
        raise _invalid_request("The client's credentials came twice, an assertion and a secret: send one.")
    if not fields.keys() >= _ASSERTION_FIELDS:
        raise _invalid_request("client_assertion and client_assertion_type belong together: send both.")
    if fields["client_assertion_type"] != ASSERTION_TYPE:
        raise invalid_client(f"The only client_assertion_type here is {ASSERTION_TYPE}.", basic=False)
    return TokenRequest(
        fields.get("client_id", ""),
        "",
        _scopes(fields.get("scope")),
        basic=False,
        assertion=fields["client_assertion"],
    )


def _fields(form: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            form.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(form),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise _invalid_request(f"The body is not a form ({_FORM}).") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _invalid_request("A field of the form came twice.")
    return fields


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client("Authorization has another scheme than Basic.", basic=True)
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise _invalid_request("Authorization holds no Basic credentials.") from None
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise _invalid_request("Authorization holds no Basic credentials.")
    # Both parts are form-encoded before they are joined (RFC 6749 §2.3.1).
    return unquote_plus(client_id), unquote_plus(secret)


def _scopes(scope: str | None) -> frozenset[str] | None:
    if scope is None:
        return None
    if not _SCOPE.fullmatch(scope):
        raise OAuthRefusal(400, "invalid_scope", "scope is a list of words with one space between them.")
    return frozenset(scope.split(" "))


def _invalid_request(message: str) -> OAuthRefusal:
    return OAuthRefusal(400, "invalid_request", message)
