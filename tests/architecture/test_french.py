"""French that people read is written as French is printed, wherever in the source it stands."""

import ast
import re
from pathlib import Path

import consentd

SOURCE = Path(consentd.__file__).parent
# An elision with a straight apostrophe. No English word has a vowel after one of these.
_STRAIGHT = re.compile(r"\b(?:[cdjlmnst]|qu|lorsqu|jusqu|puisqu)'(?=[aeiouyhéèêàâîôûœ])", re.IGNORECASE)


def literals(tree: ast.Module) -> list[ast.Constant]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_an_elision_is_written_with_a_typographic_apostrophe() -> None:
    faults = [
        f"{path.relative_to(SOURCE)}:{node.lineno}: {node.value}"
        for path in sorted(SOURCE.rglob("*.py"))
        for node in literals(ast.parse(path.read_text()))
        if _STRAIGHT.search(str(node.value))
    ]
    assert not faults, "Write ’ in:\n" + "\n".join(faults)
