"""Promise 9, verified by whoever doubts it: only public formats, and none of consentd's own code.

The note is C2SP's signed note, the tree and its proofs RFC 9162's; the algorithms below are those of the
RFC's text (§2.1.3.2, §2.1.4.2).
"""

import base64
import hashlib
import time

import httpx
import pytest
from acts import recording
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def opened_note(note: str, vkey: str) -> tuple[int, bytes]:
    """The size and the root of a checkpoint. Raises InvalidSignature if the key did not sign it."""
    name, key_hash, encoded = vkey.strip().split("+", 2)
    content = base64.b64decode(encoded)
    assert content[0] == 1
    assert hashlib.sha256(name.encode() + b"\n" + content).digest()[:4].hex() == key_hash
    text, signature = note.split("\n\n")
    dash, signer, blob = signature.strip().split(" ")
    assert (dash, signer) == ("—", name)
    raw = base64.b64decode(blob)
    assert raw[:4].hex() == key_hash
    Ed25519PublicKey.from_public_bytes(content[1:]).verify(raw[4:], f"{text}\n".encode())
    origin, size, root = text.split("\n")
    assert origin == name
    return int(size), base64.b64decode(root)


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_inclusion(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    fn, sn, r = index, size - 1, leaf
    for p in path:
        assert sn > 0
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return r


def roots_from_consistency(
    first: int, second: int, first_root: bytes, path: list[bytes]
) -> tuple[bytes, bytes]:
    if first & (first - 1) == 0:
        path = [first_root, *path]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        assert sn > 0
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return fr, sr


def decoded(path: list[str]) -> list[bytes]:
    return [base64.b64decode(one, validate=True) for one in path]


def checkpoint(client: httpx.Client) -> tuple[int, bytes]:
    note = client.get("/v1/log/checkpoint")
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    return opened_note(note.text, client.get("/v1/log/key").text)


def recorded_entry(till: httpx.Client) -> str:
    """Records something. The id of its entry in the log, once that stands in it."""
    recorded = till.post("/v1/consents", json=recording()).json()
    history = till.get(f"/v1/subjects/{recorded['subject_id']}/history").json()
    entry: str = history["events"][0]["entry_id"]
    while till.get("/v1/log/proofs/inclusion", params={"entry": entry}).status_code == 404:
        time.sleep(0.05)
    return entry


def test_promise_9_what_was_recorded_is_proven_to_stand_in_the_signed_log(till: httpx.Client) -> None:
    entry = recorded_entry(till)
    size, root = checkpoint(till)
    proof = till.get("/v1/log/proofs/inclusion", params={"entry": entry, "size": size}).json()
    leaf, path = base64.b64decode(proof["leaf"]), decoded(proof["path"])
    assert root_from_inclusion(leaf, proof["index"], size, path) == root
    assert root_from_inclusion(hashlib.sha256(leaf).digest(), proof["index"], size, path) != root
    by_index = till.get("/v1/log/proofs/inclusion", params={"index": proof["index"], "size": size})
    assert by_index.json() == proof


def test_promise_9_a_tlog_proof_is_read_by_whoever_knows_the_form(till: httpx.Client) -> None:
    """C2SP tlog-proof: everything in one text but the leaf, which is told beside it."""
    entry = recorded_entry(till)
    leaf = till.get("/v1/log/proofs/inclusion", params={"entry": entry}).json()["leaf"]
    answer = till.get("/v1/log/proofs/tlog", params={"entry": entry})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    head, _, note = answer.text.partition("\n\n")
    form, index, *path = head.split("\n")
    assert form == "c2sp.org/tlog-proof@v1"
    size, root = opened_note(note, till.get("/v1/log/key").text)
    number = int(index.removeprefix("index "))
    assert root_from_inclusion(base64.b64decode(leaf), number, size, decoded(path)) == root


def test_promise_9_the_log_is_proven_to_have_only_grown(till: httpx.Client) -> None:
    recorded_entry(till)
    older, older_root = checkpoint(till)
    recorded_entry(till)
    newer, newer_root = checkpoint(till)
    assert newer > older
    proof = till.get("/v1/log/proofs/consistency", params={"from": older, "to": newer}).json()
    path = decoded(proof["path"])
    assert roots_from_consistency(older, newer, older_root, path) == (older_root, newer_root)


def test_a_note_that_was_touched_does_not_verify(till: httpx.Client) -> None:
    recorded_entry(till)
    note, key = till.get("/v1/log/checkpoint").text, till.get("/v1/log/key").text
    size, _ = opened_note(note, key)
    with pytest.raises(InvalidSignature):
        opened_note(note.replace(f"\n{size}\n", f"\n{size + 1}\n", 1), key)
