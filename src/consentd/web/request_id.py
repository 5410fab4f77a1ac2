"""The number that a request goes by in answers and logs.

A caller may choose it, so that its own log and ours can be laid side by side. From 16 characters on only:
what is shorter could be a telephone number, and it is written to the log (promise 18).
"""

import re

import uuid_utils

_SHOWN = re.compile(rb"[\x21-\x7e]([\x20-\x7e]{0,254}[\x21-\x7e])?")
_CHOSEN = re.compile(rb"[A-Za-z0-9._-]{16,64}")


def choose(header: bytes | None) -> str:
    if header is not None and _CHOSEN.fullmatch(header):
        return header.decode("ascii")
    return str(uuid_utils.uuid7())


def given(header: bytes | None) -> bytes | None:
    """What came, to be sent back as it is and never written anywhere; None for what no header should hold."""
    return header if header is not None and _SHOWN.fullmatch(header) else None
