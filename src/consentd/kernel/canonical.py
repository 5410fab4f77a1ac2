"""One spelling for every value that is hashed or signed.

A row's canonical form is JSON with sorted keys, no white space, UTF-8: RFC 8785 restricted to ASCII keys,
integers, strings, true, false and null, so that a verifier in any language can make it again. Bytes are
lower-case hexadecimal, UUIDs their usual 36 characters.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec

Scalar = str | int | bool | bytes | UUID | None

_encoder = msgspec.json.Encoder(order="sorted")
_as_they_stand = msgspec.json.Encoder()


def canonical(value: object) -> bytes:
    """Canonical JSON of plain values (dicts with text keys, lists, text, integers, booleans, None)."""
    return _encoder.encode(value)


def row_bytes(table: str, row: Mapping[str, Scalar]) -> bytes:
    """The canonical form of one row, every column in it, sealed columns as their ciphertext."""
    # UUIDs and texts are spelled so by the encoder itself.
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
    return _encoder.encode({"row": plain, "table": table})


def ordered_row_bytes(
    table: str, row: Mapping[str, Scalar], columns: Sequence[str], binary: Collection[str]
) -> bytes:
    """The same of these columns of a row, which are given in order. `binary`: those that may hold bytes."""
    plain = {name: row[name] for name in columns}
    for name in binary:
        if isinstance(value := plain[name], bytes):
            plain[name] = value.hex()
    return _as_they_stand.encode({"row": plain, "table": table})


def row_digest(table: str, row: Mapping[str, Scalar]) -> bytes:
    """SHA-256 of a row's canonical form: 32 bytes."""
    return hashlib.sha256(row_bytes(table, row)).digest()
