"""Page tokens of searches: where the last page ended, bound to the caller and to what was asked.

A token is a keyed hash (32 bytes) and the position behind it, in base64url. It shows nothing but the random
id or the policy's own word at which a page ended; with another caller, another query or another position it
is refused. It never expires: a position is no right, and who may ask is decided anew for each page.
"""

import base64
import binascii
import hmac

from consentd.callers.model import Caller
from consentd.check.authzen import AccessPage
from consentd.crypto.keyring import Keyring
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import Malformed

MOST = 1000
"""Results of one page."""
_USE = "authzen-page"
_MAC = 32


def most(page: AccessPage) -> int:
    """How many results a page may hold."""
    return int(min(page.limit, MOST))


class PageTokens:
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def token(self, caller: Caller, query: tuple[str | None, ...], position: str) -> str:
        """`query`: all of the question but the page."""
        raw = self._mac(caller, query, position) + position.encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def position(self, caller: Caller, query: tuple[str | None, ...], token: str) -> str:
        """ "" for the first page. Raises Malformed for what is no token of this caller for this query."""
        if not token:
            return ""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            position = raw[_MAC:].decode()
        except (binascii.Error, ValueError):
            raise _refused() from None
        if not hmac.compare_digest(raw[:_MAC], self._mac(caller, query, position)):
            raise _refused()
        return position

    def _mac(self, caller: Caller, query: tuple[str | None, ...], position: str) -> bytes:
        return self._keyring.digest(_USE, canonical([str(caller.system_id), *query, position]))


def _refused() -> Malformed:
    return Malformed(
        "bad_cursor",
        "page.token is none that this service gave to this system for this query: start again without it.",
        errors=[{"pointer": "/page/token", "code": "bad_cursor", "detail": "not a token for this query"}],
    )
