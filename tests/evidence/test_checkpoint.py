"""Checkpoints are C2SP signed notes, read to the letter."""

import base64

import pytest

from consentd.crypto.secrets import Secret
from consentd.crypto.signing import Signer
from consentd.evidence.checkpoint import Checkpoint, key_hash, parse, parse_vkey, sign, text, vkey
from consentd.kernel.errors import Tampered

ORIGIN = "consent.example/log"
SIGNER = Signer("k", "log", Secret(bytes(range(32))))
CHECKPOINT = Checkpoint(ORIGIN, 1337, bytes(range(32)))
NOTE = sign(CHECKPOINT, SIGNER)
WITNESS = "\u2014 witness.example " + base64.b64encode(bytes(68)).decode() + "\n"


def read(note: str) -> Checkpoint:
    return parse(note, ORIGIN, [SIGNER.public_key])


def resigned(body: str) -> str:
    blob = key_hash(ORIGIN, SIGNER.public) + SIGNER.sign(body.encode())
    return f"{body}\n\u2014 {ORIGIN} {base64.b64encode(blob).decode()}\n"


def test_a_note_reads_back() -> None:
    assert read(NOTE) == CHECKPOINT
    assert NOTE.startswith(text(CHECKPOINT) + "\n\u2014 " + ORIGIN + " ")


def test_a_note_of_the_example_in_go_is_read_alike() -> None:
    """The vkey of the signed-note specification's own example: its key hash is computed as there."""
    line = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    name, key = parse_vkey(line)
    assert (name, vkey(name, key.content)) == ("PeterNeumann", line)


def test_signatures_of_others_are_passed_over() -> None:
    assert read(NOTE + WITNESS) == CHECKPOINT
    body, _, signature = NOTE.rpartition("\n\n")
    assert read(f"{body}\n\n{WITNESS}{signature}") == CHECKPOINT


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(NOTE.replace("1337", "1338"), id="another size"),
        pytest.param(NOTE[:-1], id="no line feed at the end"),
        pytest.param(NOTE + "\n", id="an empty line at the end"),
        pytest.param(NOTE.replace("\n", "\r\n"), id="other line ends"),
        pytest.param(NOTE.replace("\u2014", "-"), id="another dash"),
        pytest.param(NOTE + "\u2014 witness.example AAAA\n", id="a malformed signature of another"),
        pytest.param(text(CHECKPOINT) + "\n" + WITNESS, id="only another's signature"),
        pytest.param(text(CHECKPOINT), id="no signature"),
        pytest.param("", id="nothing"),
        pytest.param(resigned(text(CHECKPOINT).replace("1337", "01337")), id="leading zero"),
        pytest.param(resigned(text(CHECKPOINT).replace("1337", "+1337")), id="plus sign"),
        pytest.param(resigned(text(CHECKPOINT).replace("1337", "1_337")), id="underscore"),
        pytest.param(resigned(text(CHECKPOINT).replace("1337", "१३३७")), id="other digits"),
        pytest.param(resigned(text(CHECKPOINT) + "extension\n"), id="a fourth line"),
        pytest.param(resigned(text(CHECKPOINT).replace("8=", "9=")), id="another spelling of the root"),
        pytest.param(resigned(f"{ORIGIN}\n5\n{base64.b64encode(bytes(31)).decode()}\n"), id="short root"),
        pytest.param(resigned(text(CHECKPOINT).replace(ORIGIN, "other.example/log")), id="another log's"),
    ],
)
def test_promise_9_what_is_not_a_checkpoint_to_the_letter_is_refused(note: str) -> None:
    assert note != NOTE
    with pytest.raises(Tampered):
        read(note)


def test_promise_9_a_checkpoint_of_another_key_is_refused() -> None:
    stranger = Signer("x", "log", Secret(bytes(32)))
    with pytest.raises(Tampered):
        parse(sign(CHECKPOINT, stranger), ORIGIN, [SIGNER.public_key])


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\u00a0b"])
def test_a_name_that_would_not_parse_is_never_signed(origin: str) -> None:
    with pytest.raises(ValueError, match="cannot name a log"):
        sign(Checkpoint(origin, 1, bytes(32)), SIGNER)


def test_a_verifier_key_reads_back_and_bears_no_change() -> None:
    line = vkey(ORIGIN, SIGNER.public)
    assert parse_vkey(line)[1].content == SIGNER.public
    for other in (line[:-1], line + "=", line.replace("+", " ", 1), line.replace(ORIGIN, "x"), "", "a+b+c"):
        with pytest.raises(Tampered):
            parse_vkey(other)
