"""One category's records as the two files that the package holds of them: exact JSON, and CSV to look at.

Each is one pass over the sealed records, in flat memory. A value that was held back is null in the JSON, and
said to be held back in the CSV. The CSV costs 20 µs a record of eight fields; `bench/package.py` watches it.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from consentd.base.i18n import Language
from consentd.dsr.package import cells
from consentd.dsr.package.redacting import WITHHELD, Record, Redactor
from consentd.dsr.package.shapes import Field
from consentd.dsr.package.words import WITHHELD_HERE

_BLOCK = 1 << 16
"""Bytes that are handed on together."""

_decoder = msgspec.json.Decoder(Record)
_encoder = msgspec.json.Encoder()


def shown(lines: Iterable[bytes], redactor: Redactor) -> Iterator[Record]:
    """What may be shown of each record, in their order."""
    for number, line in enumerate(lines, 1):
        record = redactor.apply(number, _decoder.decode(line))
        if record is not None:
            yield record


def first(lines: Iterable[bytes], redactor: Redactor, count: int) -> list[Record]:
    return list(islice(shown(lines, redactor), count))


def as_json(lines: Iterable[bytes], redactor: Redactor) -> Iterator[bytes]:
    """A JSON array, one record on each line, in blocks."""
    if redactor:
        plain = (_encoder.encode(_nulled(record)) for record in shown(lines, redactor))
    else:
        # As they were written down: there is nothing to look at.
        plain = (line[:-1] for line in lines)
    return _blocks(json_array(plain))


def json_array(items: Iterable[bytes]) -> Iterator[bytes]:
    """One item on each line: whoever knows that can read it line by line."""
    before = b"[\n"
    for item in items:
        yield before + item
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def as_csv(
    lines: Iterable[bytes], redactor: Redactor, fields: tuple[Field, ...], language: Language
) -> Iterator[bytes]:
    """A line of names and one for each record, in blocks."""
    return _blocks(_csv(lines, redactor, [field.name for field in fields], language))


def _csv(lines: Iterable[bytes], redactor: Redactor, names: list[str], language: Language) -> Iterator[bytes]:
    delimiter, withheld = cells.DELIMITERS[language], WITHHELD_HERE(language)
    yield cells.BOM + cells.line(list(names), delimiter).encode()
    for record in shown(lines, redactor):
        values = [record.get(name) for name in names]
        if redactor:
            values = [withheld if value is WITHHELD else value for value in values]
        yield cells.line(values, delimiter).encode()


def _nulled(record: Record) -> Record:
    return {name: None if value is WITHHELD else value for name, value in record.items()}


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
