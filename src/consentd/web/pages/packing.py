"""Pages and their files made smaller on their way (gzip, RFC 9110 §8.4.1.3): a fifth of their bytes.

How long a packed page is tells what in it repeats. So a page is packed only where nothing in it can be chosen
by whoever made somebody open it: else they could guess, letter by letter, what a form holds (BREACH). What is
asked for behind a `?`, what an address names, and the answers to forms are left as they are.
"""

import gzip
from typing import Any

from litestar import Request

_LEVEL = 6
ENCODING = {"content-encoding": "gzip"}


def is_read(request: Request[Any, Any, Any]) -> bool:
    """Whether whoever asks reads packed answers."""
    for one in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = (part.strip() for part in one.partition(";"))
        if name == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def is_safe(request: Request[Any, Any, Any]) -> bool:
    """Whether nothing of the page can come from whoever led there."""
    scope = request.scope
    return request.method == "GET" and not scope["query_string"] and not scope["path_params"]


def packed(content: bytes) -> bytes:
    return gzip.compress(content, _LEVEL, mtime=0)
