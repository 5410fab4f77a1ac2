"""The catalogues: every sentence of the pages is translated, none is left over, and no word escapes them."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from consentd.web.pages import messages, speech
from consentd.web.pages.messages import LANGUAGES, SOURCE, extracted, path_of

_BLANK = re.compile(r"%\((\w+)\)[sd]")
_AVOIDED = re.compile(
    r"\b(silo|finalité|soft opt-in|drift|propagation|checkpoint|shredding|DSR|canal|canaux)\b", re.IGNORECASE
)
_OF_LAWYERS_AND_MACHINES = re.compile(
    r"\b(data subject|controller|processor|processing|legitimate interest|legal basis|opt-?(in|out)|pursuant|"
    r"notwithstanding|herein\w*|identifier|channel|purpose|suppression list|hash|token|unsubscribe|user|"
    r"personne concernée|responsable de traitement|traitement|intérêt légitime|base légale|identifiant|"
    r"système|sous-traitant|susmentionné\w*|ci-après|aux fins de|dans le cadre de|utilisateur|désabonn\w*)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 32
"""Of a sentence; the average is to be half of it."""
_PRINTED_APART = re.compile(r"[^\s\u202f\u00a0«0-9/][;:!?»](?!\w|//)|«[^\u202f\s]")


def translated(language: str) -> dict[str, Message]:
    with path_of(language).open("rb") as file:
        return {key(message): message for message in read_po(file, locale=language) if message.id}


def key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def texts(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated_and_none_is_left_over(language: str) -> None:
    """`scripts/messages` brings the catalogue up to date; then translate what is empty."""
    said = {key(message) for message in extracted() if message.id}
    known = translated(language)
    assert not sorted(said - known.keys()), "not in the catalogue"
    assert not sorted(known.keys() - said), "said by nobody any more"
    assert not [name for name, one in known.items() if not all(texts(one)) or not texts(one)], (
        "not translated"
    )
    assert not [name for name, one in known.items() if one.fuzzy], (
        "guessed: look at it, and take the mark away"
    )
    with path_of(language).open("rb") as file:
        assert not read_po(file, locale=language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_as_the_script_leaves_it(
    language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """So that two who translate meet in the sentences that they changed, and nowhere else."""
    before = path_of(language).read_text()
    monkeypatch.setattr(messages, "CATALOGUES", tmp_path)
    path = path_of(language)
    path.parent.mkdir(parents=True)
    path.write_text(before)
    messages.update()
    assert path.read_text() == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_blanks_of_its_sentence(language: str) -> None:
    for name, message in translated(language).items():
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = {blank for one in ids for blank in _BLANK.findall(one)}
        for text in texts(message):
            assert set(_BLANK.findall(text)) == wanted, name
            assert not re.search(r"%(?!\(\w+\)[sd]|%)", text) or not wanted, name
        if not isinstance(message.id, str):
            assert len(texts(message)) == 2, name


def test_french_is_written_as_french_is_printed() -> None:
    for name, message in translated("fr").items():
        for text in texts(message):
            said = speech.typeset("fr", text)
            assert "'" not in said, name
            assert not re.search(r" [;:!?»]|« ", said), name
            assert not _PRINTED_APART.search(re.sub(r"%\(\w+\)s", "x", said)), (name, said)
            assert "..." not in said, name


def test_pages_speak_as_the_glossary_does() -> None:
    for name, message in translated("fr").items():
        for text in (name, *texts(message)):
            assert not _AVOIDED.search(text), text


def test_pages_speak_neither_as_lawyers_nor_as_machines_do() -> None:
    """Letters, and how a receipt is verified without us, are for those who have to be."""
    meant_for_others = {"portal/templates/help/letters.html", "portal/templates/receipts.html"}
    for name, message in translated("fr").items():
        if {file for file, _ in message.locations} <= meant_for_others:
            continue
        for text in (name, *texts(message)):
            assert not _OF_LAWYERS_AND_MACHINES.search(_BLANK.sub("", text)), text


def test_sentences_are_short() -> None:
    lengths = []
    for name, message in translated("fr").items():
        for text in (name, *texts(message)):
            for sentence in re.split(r"(?<=[.!?:;]) ", text):
                assert len(sentence.split()) < _MOST_WORDS, sentence
                lengths.append(len(sentence.split()))
    assert sum(lengths) / len(lengths) < _MOST_WORDS / 2


def test_no_word_of_a_template_escapes_the_catalogue() -> None:
    """Whatever a reader would see, or hear, between tags and in attributes, is in gettext."""
    faults = [
        f"{path.relative_to(SOURCE)}: {word}"
        for path in templates()
        for word in bare_words(path.read_text(encoding="utf-8"))
    ]
    assert not faults, "\n".join(faults)


def test_a_template_says_its_sentences_where_they_are_looked_for() -> None:
    """`speech.gettext("…")` in a template is found by no tool: it is `_("…")` and `ngettext("…", "…", n)`."""
    assert not [path.name for path in templates() if re.search(r"speech\.n?gettext", path.read_text())]


def templates() -> list[Path]:
    """Those of pages whose sentences are in the catalogue: whatever stands in the shell of the portal."""
    found = [*SOURCE.glob("*/templates/**/*.html"), *SOURCE.glob("web/pages/templates/*.html")]
    named = {path.name: path for path in found}

    def in_the_shell(path: Path) -> bool:
        text = path.read_text(encoding="utf-8")
        above = re.search(r'{% extends "([^"]+)" %}', text)
        if path.name in ("base.html", "parts.html"):
            return True
        return in_the_shell(named[above[1]]) if above and above[1] in named else "_(" in text

    return sorted(path for path in found if in_the_shell(path))


# What a language is called in itself, and the name of the program.
_NAMES = {"English", "Français"}


def bare_words(template: str) -> list[str]:
    text = re.sub(r"{#.*?#}", " ", template, flags=re.DOTALL)
    text = re.sub(r"{%-?\s*trans\b.*?{%-?\s*endtrans\s*-?%}", " ", text, flags=re.DOTALL)
    # A class of the page, or an address: what a block of one word in the head is.
    text = re.sub(r"{% block (?:width|home|robots) %}.*?{% endblock %}", " ", text)
    text = re.sub(r"{{.*?}}|{%.*?%}", "\0", text, flags=re.DOTALL)
    shown = re.findall(r'\b(?:alt|title|placeholder|aria-label|data-label|content)="([^"\0]*)"', text)
    shown = [one for one in shown if not one.startswith(("width=", "light", "noindex"))]
    text = re.sub(r"<!--.*?-->|<(?:script|style).*?</(?:script|style)>", " ", text, flags=re.DOTALL)
    shown += re.split(r"<[^>]*>|\0", text)
    found = [" ".join(one.split()) for one in shown]
    return [one for one in found if re.search(r"[^\W\d_]{2,}", one) and one not in _NAMES]


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>{{ _('Hello') }}</p>", []),
        ("<p>Hello {{ name }}</p>", ["Hello"]),
        ('<img alt="A picture">', ["A picture"]),
        ("{% trans %}Hello{% endtrans %}", []),
        ('{% if a %}<a href="/x">go</a>{% endif %}', ["go"]),
        ("{# a comment #}·", []),
    ],
)
def test_bare_words_are_found(template: str, found: list[str]) -> None:
    assert bare_words(template) == found
