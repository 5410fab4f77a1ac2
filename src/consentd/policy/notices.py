"""Notices: texts shown to people, one file per version and language, never changed once used.

A file starts with a head between two lines of `---`; what is hashed is the whole file, byte for byte.
"""

import datetime as dt

import msgspec

from consentd.kernel.policy import NoticeVersion
from consentd.policy.files import Document, Fault, parse
from consentd.policy.shape import shaped


class NoticeHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    material: bool
    """Whether it changes what people agreed to, compared with the version before."""
    purposes: tuple[str, ...]
    effective: dt.date | None = None


class NoticeFile(msgspec.Struct, frozen=True):
    file: str
    id: str
    version: str
    language: str
    digest: str
    head: NoticeHead


def read_notice(file: str, text: str, faults: list[Fault]) -> tuple[NoticeHead | None, Document]:
    """The head of a notice; None, with faults appended, where it has none that can be read."""
    lines = text.splitlines()
    if not lines or lines[0] != "---" or "---" not in lines[1:]:
        faults.append((file, 1, "must start with a head between two lines of ---"))
        return None, Document(file)
    end = lines.index("---", 1)
    before = len(faults)
    document = parse(file, "\n".join(lines[1:end]), faults, first_line=2)
    if not "".join(lines[end + 1 :]).strip():
        faults.append((file, end + 1, "has no text below its head"))
    if len(faults) > before:
        return None, document
    return shaped(document, NoticeHead, faults), document


def assemble(files: list[NoticeFile], faults: list[Fault]) -> dict[str, tuple[NoticeVersion, ...]]:
    """The versions of each notice, oldest first. Its languages must agree about everything but words."""
    versions: dict[tuple[str, int], list[NoticeFile]] = {}
    for file in files:
        versions.setdefault((file.id, int(file.version)), []).append(file)
    found: dict[str, list[NoticeVersion]] = {}
    for (notice, number), same in sorted(versions.items()):
        first = same[0]
        for other in same[1:]:
            for field in ("material", "purposes", "effective"):
                if getattr(other.head, field) != getattr(first.head, field):
                    faults.append((other.file, 1, f"{field!r} differs from {first.file}"))
        version = NoticeVersion(
            version=str(number),
            texts={file.language: file.digest for file in same},
            titles={file.language: file.head.title for file in same},
            purposes=first.head.purposes,
            material=first.head.material,
            effective=first.head.effective,
        )
        found.setdefault(notice, []).append(version)
    return {notice: tuple(listed) for notice, listed in found.items()}
