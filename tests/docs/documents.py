"""Documents as tests see them: their code blocks, tables, links and headings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """`answer` is the block of JSON or plain text that follows with nothing between, where there is one."""

    language: str
    about: str
    text: str
    line: int
    answer: str | None
    is_json: bool = False
    """Whether the answer is."""


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def blocks(document: Path) -> Iterator[Block]:
    text = document.read_text()
    found = list(_FENCE.finditer(text))
    for number, match in enumerate(found):
        language, _, about = match[1].partition(" ")
        after = found[number + 1] if number + 1 < len(found) else None
        follows = after is not None and not text[match.end() : after.start()].strip()
        answer = after[2] if after is not None and follows and after[1] in ("json", "text") else None
        line = text.count("\n", 0, match.start()) + 1
        yield Block(language, about, match[2], line, answer, after is not None and after[1] == "json")


def prose(document: Path) -> str:
    """The document without its code blocks."""
    return _FENCE.sub("", document.read_text())


def table(document: str, *header: str) -> list[list[str]]:
    """The cells of every table of a document whose header begins with these cells."""
    rows: list[list[str]] = []
    inside = False
    for line in prose(ROOT / document).splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if inside:
            rows.append(cells)
        elif cells[: len(header)] == list(header):
            inside = True
    assert rows, f"{document} has no table that begins with {header}"
    return [row for row in rows if set("".join(row)) - set("-: ")]


def section(document: str, heading: str) -> str:
    """The text under a heading, up to the next one of any level."""
    text = prose(ROOT / document)
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{document} has no heading {heading!r}"
    return found[1]


def words_of(cell: str) -> list[str]:
    """What a cell names in code."""
    return re.findall(r"`([^`]+)`", cell)
