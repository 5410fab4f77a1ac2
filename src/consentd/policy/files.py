"""Reading files of a policy directory: bytes, then YAML with the line of every key and value.

Promise 16: YAML never becomes code, and never something else than it looks. Tags, anchors, aliases, merge
keys, duplicate keys and several documents are refused; `no`, `on`, `10:30` and `2026-08-11` are text; only
`true`, `false`, `null` and whole numbers are more than text. The only module that knows PyYAML.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import yaml

Value: TypeAlias = "bool | int | str | list[Value] | dict[str, Value] | None"
Where = tuple[str | int, ...]
"""The way to a value: ("bases", "email", 0)."""
Fault = tuple[str, int, str]

MAX_BYTES = 1 << 20
MAX_DEPTH = 32

_QUICK = getattr(yaml, "CSafeLoader", None)
"""libyaml's, where PyYAML was built with it."""
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


class PolicyFile(NamedTuple):
    """A file that a policy names: a notice's text, or the logo."""

    media: str
    content: bytes


Files = Mapping[str, PolicyFile]
"""By SHA-256, in hexadecimal."""


class Document:
    """A file's value and where each part of it stands."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.value: Value = None
        self.lines: dict[Where, int] = {}

    def line(self, where: Where) -> int:
        """The line of a value, or of the nearest thing around it that has one."""
        for length in range(len(where), -1, -1):
            line = self.lines.get(where[:length])
            if line is not None:
                return line
        return 1


class Unreadable(Exception):
    """One fault that makes the rest of a file meaningless."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def read_bytes(root: Path, path: Path) -> bytes:
    """The bytes of a file that really lies inside `root` and is not too large; else Unreadable."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise Unreadable(0, "links to a place outside the policy directory")
    if not path.is_file():
        raise Unreadable(0, "is not a file")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unreadable(0, f"is larger than {MAX_BYTES} bytes")
    return content


def read_text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "is not UTF-8 text: save the file as UTF-8") from None


def parse(file: str, text: str, faults: list[Fault], *, first_line: int = 1) -> Document:
    """The document in `text`; faults found on the way are appended, and what remains is returned."""
    if _QUICK is not None:
        # Ten times as fast, and says less of what is wrong: then the other reads it once more.
        document, found = Document(file), list[Fault]()
        with contextlib.suppress(yaml.YAMLError, Unreadable):
            document.value = _Reader(document, found, first_line).document(yaml.parse(text, Loader=_QUICK))
            faults.extend(found)
            return document
    document = Document(file)
    reader = _Reader(document, faults, first_line)
    try:
        document.value = reader.document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark is not None else 0)
        faults.append((file, line, f"is not YAML: {error.problem or error.context}"))
    except yaml.YAMLError as error:
        faults.append((file, first_line, f"is not YAML: {str(error).splitlines()[0]}"))
    except Unreadable as error:
        faults.append((file, error.line, error.reason))
    return document


class _Reader:
    """Builds plain values from the parser's events, so that no constructor ever runs."""

    def __init__(self, document: Document, faults: list[Fault], first_line: int) -> None:
        self._document = document
        self._faults = faults
        self._first_line = first_line

    def document(self, events: Iterator[yaml.Event]) -> Value:
        value: Value = None
        found = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                found += 1
                if found > 1:
                    raise Unreadable(self._line(event), "holds more than one YAML document")
                value = self._value(next(events), events, ())
        return value

    def _line(self, event: yaml.Event) -> int:
        mark = event.start_mark
        return self._first_line + (mark.line if mark is not None else 0)

    def _fault(self, event: yaml.Event, reason: str) -> None:
        self._faults.append((self._document.file, self._line(event), reason))

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], where: Where) -> Value:
        self._document.lines.setdefault(where, self._line(event))
        if len(where) > MAX_DEPTH:
            raise Unreadable(self._line(event), "is nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            self._fault(event, f"alias *{event.anchor}: write the value out again")
            return None
        self._refuse_magic(event)
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_halves(event)
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, where)
        return self._mapping(events, where)

    def _refuse_magic(self, event: yaml.Event) -> None:
        if getattr(event, "anchor", None) is not None:
            self._fault(event, "anchors (&) are not read: write the value out where it is needed")
        if getattr(event, "tag", None) is not None:
            self._fault(event, "tags (!) are not read: leave it out")

    def _refuse_halves(self, event: yaml.ScalarEvent) -> None:
        """An escape can write half of a surrogate pair, which no file or database can hold."""
        try:
            event.value.encode()
        except UnicodeEncodeError:
            self._fault(event, "half a character (\\ud800 to \\udfff): write the character itself")

    def _sequence(self, events: Iterator[yaml.Event], where: Where) -> Value:
        values: list[Value] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            values.append(self._value(event, events, (*where, len(values))))
        return values

    def _mapping(self, events: Iterator[yaml.Event], where: Where) -> Value:
        values: dict[str, Value] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                raise Unreadable(self._line(event), "a key must be plain text")
            self._refuse_magic(event)
            self._refuse_halves(event)
            key = str(event.value)
            if key == "<<":
                self._fault(event, "merge keys (<<) are not read: write the values out")
            if key in values:
                first = self._document.line((*where, key))
                self._fault(event, f"{key!r} stands here twice; first on line {first}")
                self._skip(next(events), events)
                continue
            self._document.lines[*where, key] = self._line(event)
            values[key] = self._value(next(events), events, (*where, key))
        return values

    def _skip(self, event: yaml.Event, events: Iterator[yaml.Event]) -> None:
        depth = 0
        while True:
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth == 0:
                return
            event = next(events)


def _scalar(event: yaml.ScalarEvent) -> Value:
    text = str(event.value)
    # Plain is None of one reader, and empty of the other.
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text
