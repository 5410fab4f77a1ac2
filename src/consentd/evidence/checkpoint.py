"""Signed checkpoints: C2SP tlog-checkpoint in a C2SP signed note, so that public tools verify them.

    consent.example/log                                  the log's origin
    1337                                                 how many entries
    Sq3FBwNkLb8yhZBW3TmSLqgVu1c2c4fP2vVwG0GpC/M=         the root of the tree over them
                                                         an empty line ends the text
    — consent.example/log Az3grlgtzPICa5OS8npVmf1…       base64(key hash || Ed25519 signature of the text)

Upholds promise 9. Pure, and strict: numbers and base64 have one spelling, the text has no more lines than
these three, and a note that our key did not sign is no checkpoint, whoever else signed it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable

import msgspec

from consentd.crypto.signing import PublicKey, Signer
from consentd.evidence.merkle import HASH
from consentd.kernel.errors import Tampered

_ED25519 = b"\x01"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_MOST = 64 * 1024


class Checkpoint(msgspec.Struct, frozen=True):
    """What the log was when it was `size` entries long."""

    origin: str
    size: int
    root: bytes


def text(checkpoint: Checkpoint) -> str:
    """The three lines that are signed."""
    root = base64.b64encode(checkpoint.root).decode()
    return f"{check_origin(checkpoint.origin)}\n{checkpoint.size}\n{root}\n"


def sign(checkpoint: Checkpoint, signer: Signer) -> str:
    """The note: the text with our signature under it. The key goes by the log's origin."""
    body = text(checkpoint)
    blob = key_hash(checkpoint.origin, signer.public) + signer.sign(body.encode())
    return f"{body}\n\u2014 {checkpoint.origin} {base64.b64encode(blob).decode()}\n"


def parse(note: str, origin: str, keys: Iterable[PublicKey]) -> Checkpoint:
    """The checkpoint of a note that one of our keys signed; signatures of others are passed over.

    Raises Tampered, saying what is wrong with it.
    """
    body, signatures = _split(note)
    checkpoint = _parse_text(body)
    if checkpoint.origin != origin:
        raise _tampered("it is of another log")
    own = {key_hash(origin, key.content): key for key in keys}
    signed = False
    for name, blob in signatures:
        key = own.get(blob[:4]) if name == origin else None
        if key is None:
            continue
        if not key.verifies(blob[4:], body.encode()):
            raise _tampered("its signature does not verify")
        signed = True
    if not signed:
        raise _tampered("it does not bear this log's signature")
    return checkpoint


def vkey(origin: str, public: bytes) -> str:
    """The verifier key: what others need in order to verify this log's checkpoints."""
    content = base64.b64encode(_ED25519 + public).decode()
    return f"{check_origin(origin)}+{key_hash(origin, public).hex()}+{content}"


def parse_vkey(line: str) -> tuple[str, PublicKey]:
    """The origin and the key of a verifier key. Raises Tampered where it is not one, to the letter."""
    parts = line.split("+", 2)
    content = _base64(parts[2]) if len(parts) == 3 and _may_name(parts[0]) else b""
    if len(content) != 33 or content[:1] != _ED25519 or vkey(parts[0], content[1:]) != line:
        raise Tampered("vkey_invalid", "This is not a verifier key of an Ed25519 signed note.")
    return parts[0], PublicKey(parts[1], "log", content[1:])


def key_hash(name: str, public: bytes) -> bytes:
    """Four bytes that tell whose signature to try."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def check_origin(origin: str) -> str:
    """The origin itself. ValueError where it cannot be one: it is a schema-less URL, say, without spaces."""
    if not _may_name(origin):
        raise ValueError(f"{origin!r} cannot name a log: it takes no white space and no plus sign")
    return origin


def _may_name(origin: str) -> bool:
    return origin.isprintable() and origin != "" and "+" not in origin and not any(map(str.isspace, origin))


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    if len(note) > _MOST or any(char < " " and char != "\n" for char in note):
        raise _tampered("it is not plain text of reasonable length")
    body, gap, rest = note.rpartition("\n\n")
    if not gap or not rest.endswith("\n"):
        raise _tampered("it has no signatures after an empty line")
    signatures: list[tuple[str, bytes]] = []
    for line in rest[:-1].split("\n"):
        parts = line.split(" ")
        blob = _base64(parts[2]) if len(parts) == 3 and parts[0] == "\u2014" and parts[1] else b""
        if len(blob) < 5:
            raise _tampered("one of its signature lines is malformed")
        signatures.append((parts[1], blob))
    return body + "\n", signatures


def _parse_text(body: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise _tampered("its text does not have three lines")
    root = _base64(lines[2])
    if not _NUMBER.fullmatch(lines[1]) or len(root) != HASH:
        raise _tampered("its size or its root is malformed")
    return Checkpoint(lines[0], int(lines[1]), root)


def _base64(text: str) -> bytes:
    """The bytes; none where this is not their one spelling."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if base64.b64encode(content).decode() == text else b""


def _tampered(why: str) -> Tampered:
    return Tampered("checkpoint_invalid", f"The checkpoint is not one of this log: {why}.")
