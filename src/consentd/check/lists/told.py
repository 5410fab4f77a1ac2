"""What a list says of a row, and the leaf that binds it: written once for each outcome, for millions of rows.

A leaf is SHA-256 over a zero byte and the canonical JSON of a row as it was decided: its number, the
identifier as it was looked up, what was told of it, and a random `key`, sixteen bytes in hexadecimal.
Without the key nobody can find out by trying addresses whose leaf it is; the key of one row says nothing of
another's. Pure.
"""

import csv
import hashlib
import io
from functools import lru_cache
from typing import Any

import msgspec

from consentd.check.answers import Answer, ReasonTold
from consentd.evidence.merkle import leaf_hash
from consentd.kernel.canonical import canonical

KEYS = 1024
"""Row keys are made so many at a time."""
KEY_DIGITS = 32

_encode = msgspec.json.Encoder().encode


class Told(msgspec.Struct, frozen=True):
    """What was decided of a row, as the caller is told."""

    allow: bool
    eligible: bool
    reasons: tuple[ReasonTold, ...]
    next_allowed_at: str | None
    valid_until: str | None

    def decided(self, row: int, identifier: str, key: str) -> dict[str, Any]:
        """What the leaf is made of."""
        return {
            "allow": self.allow,
            "eligible": self.eligible,
            "identifier": identifier,
            "key": key,
            "next_allowed_at": self.next_allowed_at,
            "reasons": [reason.code for reason in self.reasons],
            "row": row,
            "valid_until": self.valid_until,
        }


def told_of(answer: Answer) -> Told:
    return Told(answer.allow, answer.eligible, answer.reasons, answer.next_allowed_at, answer.valid_until)


class Form:
    """One outcome's pieces, between which a row's own parts go. `leaf`: four of what is hashed, the zero byte
    included; the identifier, the key and the row's number stand between them. `json`, `csv`: what stands
    between the number and the leaf. Text, which takes half the time to join that bytes do.
    """

    __slots__ = ("allow", "csv", "json", "leaf", "told")

    def __init__(self, told: Told) -> None:
        self.told = told
        self.allow = told.allow
        # Whatever is told, the parts stand in the same order: the keys are sorted.
        whole = canonical(told.decided(0, "", "")).decode()
        head, rest = whole.split('""', 1)
        middle, rest = rest.split('""', 1)
        before, after = rest.rsplit('"row":0', 1)
        self.leaf = f'\0{head}"', f'"{middle}"', f'"{before}"row":', after
        self.json = _json_tail(told)
        self.csv = _csv_tail(told)


@lru_cache(maxsize=4096)
def form_of(told: Told) -> Form:
    return Form(told)


def leaf_of(decided: dict[str, Any]) -> bytes:
    """The leaf hash of what `Told.decided` tells: that of RFC 9162 over its canonical form."""
    return leaf_hash(canonical(decided))


def keys_from(secret: bytes, block: int) -> str:
    """The keys of the rows from `block` × KEYS on, one after the other, in hexadecimal (SHAKE128)."""
    return hashlib.shake_128(secret + block.to_bytes(8, "big")).hexdigest(KEYS * KEY_DIGITS // 2)


def key_of(secret: bytes, row: int) -> str:
    block, place = divmod(row, KEYS)
    return keys_from(secret, block)[place * KEY_DIGITS : (place + 1) * KEY_DIGITS]


HEADER = ("row", "allow", "eligible", "reasons", "text", "next_allowed_at", "valid_until", "leaf")
"""The columns of an answer in CSV. Several reasons of one row stand in one cell, with spaces between."""


def _json_tail(told: Told) -> str:
    whole = _encode(
        {
            "allow": told.allow,
            "eligible": told.eligible,
            "reasons": told.reasons,
            "next_allowed_at": told.next_allowed_at,
            "valid_until": told.valid_until,
        }
    )
    return f',{whole[1:-1].decode()},"leaf":"'


def _csv_tail(told: Told) -> str:
    cells = [
        "true" if told.allow else "false",
        "true" if told.eligible else "false",
        " ".join(reason.code for reason in told.reasons),
        " ".join(reason.text for reason in told.reasons),
        told.next_allowed_at or "",
        told.valid_until or "",
        "",
    ]
    return "," + csv_line(cells).decode().removesuffix("\r\n")


def csv_line(cells: list[str]) -> bytes:
    """One line of CSV (RFC 4180), UTF-8."""
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
