"""Who looked at somebody's data, and what was done with them, is told in words: every action has its own."""

import re
from pathlib import Path

import pytest

import consentd
from consentd.base.i18n import LANGUAGES, Language
from consentd.dsr.package.words import action_in_words

SOURCE = Path(consentd.__file__).parent
_ABOUT_PEOPLE = re.compile(
    r"\"((?:attempt|candidates?|certificate|choices?|claim|consents?|contacts?|details|directive|erasure|fact|"
    r"history|marketing|merge_candidates|objection|permit|portal|proof|readings|receipt|replica|requests?|"
    r"restore|rights|row|stop|subject|task)\.[a-z_]+)\""
)
_FILES_AND_COLUMNS = re.compile(r".*\.(id|jws|jsonld|json|html|yaml)")


def actions() -> list[str]:
    """Every one that the source names; what is logged of the service itself is in nobody's history."""
    said = {one for path in SOURCE.rglob("*.py") for one in _ABOUT_PEOPLE.findall(path.read_text("utf-8"))}
    return sorted(one for one in said if not _FILES_AND_COLUMNS.fullmatch(one))


def test_the_actions_are_found() -> None:
    assert {"portal.entered", "choices.read", "subject.erased", "contacts.offered"} <= {*actions()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("action", actions())
def test_every_action_has_its_words(action: str, language: Language) -> None:
    assert action_in_words(action, language) != action
