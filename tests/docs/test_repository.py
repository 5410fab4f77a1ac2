"""What the repository may not say, and links that must lead somewhere."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from documents import DOCUMENTS, ROOT, name_of, prose

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# Put together here, so that this file does not name them itself.
_MACHINE = re.compile(r"(?<![\w./~-])/" + "work" + r"(?=/|\b)(?!\w)")
_REGISTRIES = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "np" + "mjs.org",
    "np" + "mjs.com",
    "crat" + "es.io",
    "proxy.go" + "lang.org",
    "ruby" + "gems.org",
)
_LEFT_OUT = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__"}


def files() -> Iterator[Path]:
    """Every file that belongs to the repository, committed or not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not _LEFT_OUT & set(path.relative_to(ROOT).parts)]
    yield from (path for path in paths if path.is_file())


def test_no_file_names_a_place_of_one_machine_or_a_package_registry() -> None:
    """The repository is read anywhere, and packages are fetched from wherever the reader's tools say."""
    faults = []
    for path in files():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            named = [host for host in _REGISTRIES if host in line.lower()]
            if named or _MACHINE.search(line):
                faults.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not faults, "\n".join(faults)


def anchors(document: Path) -> set[str]:
    """The headings of a document, as a link names them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    for link in _LINK.findall(prose(document)):
        if re.match(r"https?://|mailto:", link):
            continue
        place, _, anchor = unquote(link).partition("#")
        target = (document.parent / place).resolve() if place else document
        assert target.exists(), f"{name_of(document)} links to {link}"
        assert target.is_relative_to(ROOT)
        if anchor:
            assert anchor in anchors(target), f"{name_of(document)} links to {link}"


def test_every_document_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached or document.suffix != ".md":
            continue
        reached.add(document)
        links = (link.partition("#")[0] for link in _LINK.findall(prose(document)))
        waiting += [(document.parent / link).resolve() for link in links if link and "://" not in link]
    assert set(DOCUMENTS) <= reached


def test_the_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("document", sorted((ROOT / "docs/decisions").glob("[0-9]*.md")), ids=name_of)
def test_a_decision_says_why_what_what_it_costs_and_what_was_refused(document: Path) -> None:
    parts = re.findall(r"^\*\*(.+?)\.\*\*", document.read_text(), re.MULTILINE)
    assert parts == ["Context", "Choice", "What it costs", "What was refused"]
    assert len(document.read_text().split()) < 350
