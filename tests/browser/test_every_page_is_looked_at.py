"""No page for customers escapes: each template is named here with a test that looks at it in a browser.

A new page fails this until a test looks at it. Needs no browser itself.
"""

import ast
from pathlib import Path

import pytest

from consentd.portal.help import TOPICS

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "src/consentd/portal/templates"

CHOICES, DOOR = "test_choices_looked_at", "test_getting_in_looked_at"
FEW, HELP = "test_more_states_looked_at", "test_parts_looked_at"
RIGHTS, STOPPING = "test_rights_looked_at", "test_stopping_looked_at"
END = "test_followed_to_the_end"

# Of each page: the file of its test, and a name under which that looks at it.
LOOKED_AT = {
    "choices.html": (CHOICES, "choices"),
    "code.html": (DOOR, "code"),
    "confirm.html": (STOPPING, "confirm"),
    "detail.html": (FEW, "detail"),
    "detail_code.html": (FEW, "detail-code"),
    "details.html": (RIGHTS, "details"),
    "enter.html": (DOOR, "door"),
    "history.html": (RIGHTS, "history"),
    "link.html": (DOOR, "link"),
    "looks.html": (RIGHTS, "looks"),
    "notice.html": (FEW, "notice"),
    "proof.html": (DOOR, "proof"),
    "receipt.html": (END, "receipt"),
    "receipts.html": (RIGHTS, "receipts"),
    "request.html": (RIGHTS, "request"),
    "requests.html": (RIGHTS, "requests"),
    "right.html": (RIGHTS, "right-access"),
    "rights.html": (RIGHTS, "rights"),
    "sorry.html": (FEW, "sorry-nothing"),
    "stop-here.html": (CHOICES, "stop-here"),
    "stop.html": (STOPPING, "stop"),
    **{f"help/{topic}.html": (HELP, "help") for topic in ("index", *TOPICS)},
}


def pages() -> set[str]:
    """Templates that are pages, and not parts of one."""
    found = TEMPLATES.rglob("*.html")
    return {
        one.relative_to(TEMPLATES).as_posix()
        for one in found
        if '{% extends "portal.html" %}' in one.read_text()
    }


def looks(file: str) -> set[str]:
    """Every string of a test file that looks at pages, which its names of pages are among."""
    tree = ast.parse((HERE / f"{file}.py").read_text())
    called = [one.func for one in ast.walk(tree) if isinstance(one, ast.Call)]
    names = {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in called}
    assert "examines" in names, f"{file} looks at nothing"
    return {
        one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def test_every_page_is_looked_at() -> None:
    assert pages() == LOOKED_AT.keys()


@pytest.mark.parametrize("page", LOOKED_AT)
def test_what_is_said_to_look_at_a_page_does(page: str) -> None:
    file, name = LOOKED_AT[page]
    assert name in looks(file)
