"""The number that a request goes by in answers and logs.

A caller may choose it, so that its own log and ours can be laid side by side. From 16 characters on only:
what is shorter could be a telephone number, and it is written to the log (promise 18).
"""

import re

import uuid_utils

_CHOSEN = re.compile(rb"[A-Za-z0-9._-]{16,64}")


def choose(header: bytes | None) -> str:
    if header is not None and _CHOSEN.fullmatch(header):
        return header.decode("ascii")
    return str(uuid_utils.uuid7())
