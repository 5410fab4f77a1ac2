"""Which sentences the pages say, and the catalogue that translators edit, kept up with them.

`scripts/messages` runs `update`; tests/web/test_messages.py looks for what is left to translate.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import consentd

SOURCE = Path(consentd.__file__).parent
CATALOGUES = SOURCE / "web" / "pages" / "locale"
LANGUAGES = ("fr",)
"""Those that need one: the source is written in English."""

# The same each time: a date of extraction would differ, and conflict, where nothing else does.
HEADER = """\
# The pages, sentence by sentence. Words: docs/glossary.md. Write ordinary spaces before ; : ! ? and inside
# « »: they are made narrow and unbreakable where they are said.
msgid ""
msgstr ""
"Project-Id-Version: consentd\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""

_METHODS = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
_OPTIONS = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def extracted() -> Catalog:
    """Every sentence in templates and in Python, with where it stands."""
    found = Catalog(project="consentd", charset="utf-8")
    said = extract_from_dir(SOURCE, _METHODS, _OPTIONS, _KEYWORDS, ("NOTE:",), strip_comment_tags=True)
    for file, _, message, comments, context in said:
        found.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return found


def path_of(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / "consentd.po"


def update() -> None:
    """Adds what is new and drops what nobody says any more; what is translated stays. Nothing is guessed."""
    template = extracted()
    for language in LANGUAGES:
        path = path_of(language)
        with path.open("rb") as file:
            known = read_po(file, locale=language)
        known.update(template, no_fuzzy_matching=True)
        known.obsolete.clear()
        # A translator compares sentences: their line and the hour of the extraction only make noise.
        for message in known:
            message.locations = sorted({(file, 0) for file, _ in message.locations})
        with path.open("wb") as out:
            out.write(HEADER.format(language=language, plurals=known.plural_forms).encode())
            write_po(out, known, width=110, include_lineno=False, sort_output=True, omit_header=True)


if __name__ == "__main__":
    update()
