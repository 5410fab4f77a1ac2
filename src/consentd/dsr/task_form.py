"""What a colleague fills in, read into an answer; and the file they hand in, read into records. Pure.

A file is a CSV, a JSON file, or a ZIP of these: what tools export. It is bounded in what it unpacks to, and
nothing in it is run, followed or written anywhere by its name (promise 16).
"""

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from consentd.dsr.link_shapes import MOST_RECORDS, LinkAnswer, LinkTold, RecordSent
from consentd.kernel.connection import Verb
from consentd.kernel.tasks import MOST_DETAIL, TaskIdentifier, TaskKept, TaskPart, Verdict

MOST_UNPACKED = 64 << 20
_MOST_FILES = 50
_NUMBER = re.compile(r"[0-9]{1,9}")
VERDICTS = ("done", "nothing", "partial", "failed")
_COUNTS = frozenset({Verb.LOCATE, Verb.EXPORT, Verb.RECTIFY, Verb.RESTRICT, Verb.ERASE})
"""Of these, what was done is told in numbers."""
_CODES = {"partial": "done_in_part", "failed": "could_not"}


class FormWrong(Exception):
    """`code`: what is wrong, by the name under which the page says it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def answer_of_form(
    told: LinkTold, fields: Mapping[str, str], files: Sequence[tuple[str, bytes]]
) -> LinkAnswer:
    """Raises FormWrong: form_verdict, form_reason, form_number, form_because, form_counts,
    form_copy, unreadable_copy.
    """
    verdict = fields.get("verdict", "")
    if verdict not in VERDICTS:
        raise FormWrong("form_verdict")
    detail = fields.get("detail", "").strip()[:MOST_DETAIL]
    if verdict in _CODES and not detail:
        raise FormWrong("form_reason")
    verb = Verb(told.verb)
    records: tuple[RecordSent, ...] = ()
    parts: tuple[TaskPart, ...] = ()
    if verdict in ("done", "partial"):
        records = _records(fields, files) if verb is Verb.EXPORT else ()
        parts = _counted(records) if verb is Verb.EXPORT else tuple(_parts(fields))
        if verb in _COUNTS and not parts:
            # Nothing by mistake would be told as nothing held.
            raise FormWrong("form_copy" if verb is Verb.EXPORT else "form_counts")
    code = _CODES.get(verdict)
    if verdict == "nothing":
        verdict = "done"
    if verb is Verb.CONFIRM and verdict == "done" and any(part.found for part in parts):
        # Something is left: that is what was asked.
        verdict, code = "partial", "left"
    return LinkAnswer(
        verdict=Verdict(verdict),
        code=code,
        detail=detail or None,
        parts=parts,
        identifiers=tuple(
            TaskIdentifier(scheme=scheme, value=value)
            for scheme in told.adds
            if (value := fields.get(f"adds_{scheme}", "").strip())
        ),
        records=records,
    )


def _records(fields: Mapping[str, str], files: Sequence[tuple[str, bytes]]) -> tuple[RecordSent, ...]:
    found = [record for name, content in files for record in records_of(name, content)]
    note = fields.get("note", "").strip()
    if note:
        found.append(RecordSent(what="note", record={"note": note}))
    return tuple(found)


def _counted(records: Sequence[RecordSent]) -> tuple[TaskPart, ...]:
    counts: dict[str, int] = {}
    for one in records:
        counts[one.what] = counts.get(one.what, 0) + 1
    return tuple(TaskPart(what=what, found=count) for what, count in counts.items())


def _parts(fields: Mapping[str, str]) -> Iterator[TaskPart]:
    for number in range(200):
        what = fields.get(f"what_{number}", "").strip()[:100]
        if f"what_{number}" not in fields:
            return
        found, deleted, changed, kept = (
            _number(fields.get(f"{name}_{number}", "")) for name in ("found", "deleted", "changed", "kept")
        )
        if not what or not (found or deleted or changed or kept):
            continue
        because = fields.get(f"because_{number}", "").strip()[:300]
        if kept and not because:
            raise FormWrong("form_because")
        yield TaskPart(
            what=what,
            found=max(found, deleted + changed + kept),
            deleted=deleted,
            changed=changed,
            kept=(TaskKept(count=kept, because=because),) if kept else (),
        )


def _number(text: str) -> int:
    text = text.strip()
    if not text:
        return 0
    if not _NUMBER.fullmatch(text):
        raise FormWrong("form_number")
    return int(text)


def records_of(name: str, content: bytes) -> list[RecordSent]:
    """The records of a file; its category is its name. Raises FormWrong (unreadable_copy)."""
    stem, _, ending = name.replace("\\", "/").rpartition("/")[2].rpartition(".")
    what = "".join(letter for letter in stem if letter.isprintable())[:100].strip() or "copy"
    try:
        match ending.lower():
            case "csv":
                found = list(_csv(content))
            case "json":
                found = list(_json(content))
            case "zip":
                return [record for one, inner in _zip(content) for record in records_of(one, inner)]
            case _:
                raise FormWrong("unreadable_copy")
    except (ValueError, UnicodeError, csv.Error, zipfile.BadZipFile, zlib.error, RecursionError, OSError):
        raise FormWrong("unreadable_copy") from None
    if len(found) > MOST_RECORDS:
        raise FormWrong("unreadable_copy")
    return [RecordSent(what=what, record=record) for record in found]


def _csv(content: bytes) -> Iterator[dict[str, Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = [name.strip()[:100] or f"column {number}" for number, name in enumerate(next(rows, []), 1)]
    if not names or len(set(names)) != len(names):
        raise ValueError("no head")
    for row in rows:
        if row:
            yield dict(zip(names, row, strict=True))


def _json(content: bytes) -> Iterator[dict[str, Any]]:
    # A number with a fraction stays the text that was written.
    read = json.loads(content, parse_float=str, parse_constant=str)
    for one in read if isinstance(read, list) else [read]:
        if not isinstance(one, dict) or not one:
            raise ValueError("no record")
        yield {
            str(name)[:100] or "-": json.dumps(value, ensure_ascii=False)
            if isinstance(value, dict | list)
            else value
            for name, value in one.items()
        }


def _zip(content: bytes) -> Iterator[tuple[str, bytes]]:
    left = MOST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [one for one in archive.infolist() if not one.is_dir()]
        if len(members) > _MOST_FILES:
            raise ValueError("too many files")
        for one in members:
            if one.flag_bits & 1 or one.filename.lower().endswith(".zip"):
                raise ValueError("locked, or an archive in an archive")
            with archive.open(one) as file:
                inner = file.read(left + 1)
            left -= len(inner)
            if left < 0:
                # What a header says of its size is not believed.
                raise ValueError("too large")
            yield one.filename, inner
