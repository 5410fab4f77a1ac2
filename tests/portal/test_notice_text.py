"""The text of a notice as people read it."""

from pathlib import Path

import pytest

from consentd.portal.notice_text import body, paragraphs, title

POLICIES = Path(__file__).parents[2] / "policies"
FILE = """---
title: 'La lettre : une fois par mois'
material: false
purposes: [newsletter]
---
# Ce que c'est

Nous vous **écrivons** : une fois
par mois.

- par e-mail
- par `SMS`, voir [nos conditions](https://exemple.fr/x)
"""


def test_head_and_marks_are_left_out() -> None:
    assert title(FILE) == "La lettre : une fois par mois"
    assert paragraphs(body(FILE), "en") == [
        "Ce que c'est",
        "Nous vous écrivons : une fois par mois.",
        "• par e-mail",
        "• par SMS, voir nos conditions (https://exemple.fr/x)",
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("L'écho d'« ici » & \"co\"", "L'écho d'« ici » & \"co\""),
        ("'L''écho'", "L'écho"),
        (">\n  L'écho\n  du soir", "L'écho du soir"),
    ],
)
def test_a_title_is_what_its_file_says_to_the_letter(written: str, said: str) -> None:
    assert title(f"---\ntitle: {written}\nmaterial: false\npurposes: [newsletter]\n---\nOui.\n") == said


def test_french_is_printed_as_french_is() -> None:
    assert paragraphs("Deux fois : « ici »", "fr") == ["Deux fois\u202f: «\u202fici\u202f»"]


@pytest.mark.parametrize("text", ["", "---", "no head", "---\nnever ends"])
def test_a_file_without_a_head_is_its_own_body(text: str) -> None:
    assert body(text) == text.strip()
    assert title(text) == ""


@pytest.mark.parametrize(
    "file",
    sorted((POLICIES / "notices").glob("*/*.md")),
    ids=lambda file: f"{file.parent.name}-{file.stem}",
)
def test_nothing_of_the_demos_texts_but_marks_is_lost(file: Path) -> None:
    text = file.read_text()
    shown = " ".join(paragraphs(body(text), "en"))
    assert not {"**", "`", "---"} & {*shown.split()}
    for word in body(text).split():
        assert word.strip("*`#-") in shown
