"""The text of a notice as people read it: its paragraphs, without its file's head and marks. Pure.

What was agreed to is the file, to the letter, by its SHA-256; the page of the history shows that too.
"""

import re

from consentd.policy.notices import read_notice
from consentd.web.pages.speech import typeset

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_MARKS = re.compile(r"\*\*|__|`")
_HEADING = re.compile(r"^#{1,6} +")
_ITEM = re.compile(r"^[-*] +")


def title(file: str) -> str:
    """Of its head; empty where it has none."""
    head, _ = read_notice("", file, [])
    return "" if head is None else head.title.strip()


def body(file: str) -> str:
    """What it says, below its head."""
    lines = file.splitlines()
    if lines[:1] != ["---"] or "---" not in lines[1:]:
        return file.strip()
    return "\n".join(lines[lines.index("---", 1) + 1 :]).strip()


def paragraphs(text: str, language: str) -> list[str]:
    """Of a body, in simple Markdown: an item of a list is a paragraph, a link says where it leads."""
    found: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        lines: list[str] = []
        for line in (one.strip() for one in block.splitlines()):
            if not lines or _ITEM.match(line) or _HEADING.match(line):
                lines.append(_ITEM.sub("• ", _HEADING.sub("", line)))
            else:
                lines[-1] += f" {line}"
        found += [_MARKS.sub("", _LINK.sub(r"\1 (\2)", line)) for line in lines if line]
    return [typeset("fr", one) if language == "fr" else one for one in found]
