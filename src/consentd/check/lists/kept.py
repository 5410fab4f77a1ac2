"""The answers of a list as their caller kept them, NDJSON or CSV: read again, in flat memory. Pure."""

import csv
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple, TextIO

import msgspec

from consentd.check.answers import ReasonTold
from consentd.check.lists.told import HEADER, Told
from consentd.evidence.merkle import HASH
from consentd.kernel.errors import OperatorError

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_LAST = ("summary", "problem")


class Kept(NamedTuple):
    row: int
    told: Told
    leaf: bytes


def kept_answers(file: TextIO) -> Iterator[Kept]:
    """Each row, from the first on. Raises OperatorError for a file that is none of answers, or not whole."""
    first = file.readline()
    lines = itertools.chain([first], file)
    found = _json(lines) if first.startswith("{") else _csv(lines)
    number = 0
    try:
        for one in found:
            number += 1
            if one.row != number or len(one.leaf) != HASH:
                raise _no_answers(number)
            yield one
    except (ValueError, KeyError, TypeError, csv.Error):
        raise _no_answers(number + 1) from None


def _json(lines: Iterator[str]) -> Iterator[Kept]:
    for line in lines:
        one = _decode(line)
        if "row" in one:
            codes = [reason["code"] for reason in one["reasons"]]
            yield _kept(
                one["row"],
                one["allow"],
                one["eligible"],
                codes,
                one["next_allowed_at"],
                one["valid_until"],
                one["leaf"],
            )


def _csv(lines: Iterator[str]) -> Iterator[Kept]:
    for one in csv.DictReader(lines):
        if set(one) != set(HEADER):
            raise ValueError
        if one["row"] not in _LAST:
            yield _kept(
                int(one["row"]),
                one["allow"] == "true",
                one["eligible"] == "true",
                one["reasons"].split(" "),
                one["next_allowed_at"] or None,
                one["valid_until"] or None,
                one["leaf"],
            )


def _kept(
    row: int,
    allow: bool,
    eligible: bool,
    codes: list[str],
    next_allowed_at: str | None,
    valid_until: str | None,
    leaf: str,
) -> Kept:
    reasons = tuple(ReasonTold(code, "") for code in codes)
    return Kept(row, Told(allow, eligible, reasons, next_allowed_at, valid_until), bytes.fromhex(leaf))


def _no_answers(number: int) -> OperatorError:
    return OperatorError(
        "no_answers",
        f"Row {number} of this file is not as consentd answered a list: give the reasons file of `consentd "
        "filter`, or the answer of /v1/check/list, whole and unchanged.",
    )
