"""A list's answers as lines, NDJSON or CSV: one for each row, in order, and a last one with the summary."""

from typing import Protocol

import msgspec

from consentd.check.lists.model import Block, Ending
from consentd.check.lists.told import HEADER, csv_line

_encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True):
    """Why a list broke off, where rows of it were told before."""

    code: str
    detail: str


class Answers(Protocol):
    def begin(self) -> bytes:
        """What stands before all rows."""
        ...

    def rows(self, block: Block) -> bytes: ...

    def end(self, ending: Ending) -> bytes:
        """The last line; without it, and its `complete`, the answer is not whole."""
        ...

    def broken(self, problem: Problem, ending: Ending | None) -> bytes:
        """The last line in place of it. `ending`: None where not even that could be recorded."""
        ...


class JsonAnswers:
    """Each line an object: a row has `row`, the last line `summary` or `problem`."""

    def begin(self) -> bytes:
        return b""

    def rows(self, block: Block) -> bytes:
        numbers = range(block.first, block.first + len(block.forms))
        return "".join(
            [
                f'{{"row":{number}{form.json}{leaf.hex()}"}}\n'
                for number, form, leaf in zip(numbers, block.forms, block.leaves, strict=True)
            ]
        ).encode()

    def end(self, ending: Ending) -> bytes:
        return _encode({"summary": ending}) + b"\n"

    def broken(self, problem: Problem, ending: Ending | None) -> bytes:
        return _encode({"problem": problem, "summary": ending}) + b"\n"


class CsvAnswers:
    """The columns of `told.HEADER`; the last line has `summary` or `problem` in the first one, the numbers of
    those allowed and eligible in theirs, and all of it as JSON under `text`.
    """

    def begin(self) -> bytes:
        return csv_line(list(HEADER))

    def rows(self, block: Block) -> bytes:
        numbers = range(block.first, block.first + len(block.forms))
        return "".join(
            [
                f"{number}{form.csv}{leaf.hex()}\r\n"
                for number, form, leaf in zip(numbers, block.forms, block.leaves, strict=True)
            ]
        ).encode()

    def end(self, ending: Ending) -> bytes:
        return self._last("summary", ending, _encode(ending))

    def broken(self, problem: Problem, ending: Ending | None) -> bytes:
        return self._last("problem", ending, _encode({"problem": problem, "summary": ending}))

    def _last(self, word: str, ending: Ending | None, whole: bytes) -> bytes:
        counts = ["", ""] if ending is None else [str(ending.allowed), str(ending.eligible)]
        return csv_line([word, *counts, "", whole.decode(), "", "", ""])
