"""What both clients ask of httpx: bounded time, bounded bytes, few connections (promise 15 on this side).

`trust_env` is off where a client is made: a proxy or a .netrc of the environment would be handed the secret.
"""

import logging
from typing import Any

import httpx

from consentd.client.clock import elapsed

MOST_BYTES = 64 * 1024 * 1024
LIMITS = httpx.Limits(max_connections=20, max_keepalive_connections=5)

# Its INFO lines hold every address that is called.
logging.getLogger("httpx").setLevel(max(logging.WARNING, logging.getLogger("httpx").level))


class Left(dict[str, Any]):  # Any: what httpx calls a timeout is a dictionary of numbers
    """The timeouts of one try: whatever is waited for, what is left of the whole.

    httpx counts connecting, sending and each piece of the answer anew; so one try could take many times what
    it was given. The transport asks for each of them when it begins to wait.
    """

    def __init__(self, seconds: float) -> None:
        self._end = elapsed() + seconds
        super().__init__(dict.fromkeys(("connect", "read", "write", "pool"), seconds))

    def get(self, key: str, default: Any = None) -> Any:  # Any: as above
        return max(0.001, self._end - elapsed()) if key in self else default

    def over(self) -> bool:
        return elapsed() >= self._end
