"""The files beside an import: what is read, what is written, and that neither lies where the other does."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TextIO

import click

from consentd.base.i18n import Language, Text
from consentd.cli.common import fail
from consentd.imports.writing import ENCODING

_NO_FILE = Text("Le fichier {place} n’existe pas.", "There is no file {place}.")
_NOT_A_FILE = Text("{place} est un dossier : donnez un fichier.", "{place} is a folder: give a file.")
_SAME = Text(
    "{place} servirait deux fois : donnez un autre nom à ce qui est à écrire.",
    "{place} would be used twice: give what is to be written another name.",
)
_UNWRITABLE = Text("{place} ne peut pas être écrit : {why}.", "{place} cannot be written: {why}.")


def existing(names: Sequence[str], language: Language) -> list[Path]:
    for name in names:
        if not Path(name).is_file():
            fail((_NOT_A_FILE if Path(name).is_dir() else _NO_FILE)(language).format(place=name))
    return list(map(Path, names))


def places(place: Path | None, files: Sequence[Path]) -> list[Path | None]:
    """Where what is told of each file is written. Of several each has its own, named after it; of the same
    name in several folders, by its number too.
    """
    if place is None or len(files) == 1:
        return [place] * len(files)
    stems = [file.stem for file in files]
    named = [
        stem if stems.count(stem) == 1 else f"{stem}-{number}" for number, stem in enumerate(stems, start=1)
    ]
    return [place.with_name(f"{place.stem}-{name}{place.suffix}") for name in named]


def require_apart(read: Sequence[Path], written: Sequence[Path | None], language: Language) -> None:
    """Ends the command where writing would overwrite what is to be read, or what is written beside it."""
    seen = list(dict.fromkeys(path.resolve() for path in read))
    for place in written:
        if place is None or (place.exists() and not place.is_file()):
            continue
        if any(_same(place, other) for other in seen):
            fail(_SAME(language).format(place=place))
        seen.append(place.resolve())


def _same(place: Path, other: Path) -> bool:
    with suppress(OSError):
        return os.path.samefile(place, other)
    return place.resolve() == other


def opened(stack: ExitStack, place: Path, language: Language) -> "Beside":
    try:
        stream = place.open("w", encoding=ENCODING, newline="")
    except OSError as error:
        fail(unwritable(place, error, language))
    beside = Beside(place, stream, language)
    stack.callback(beside.close)
    return beside


def unwritable(place: Path, error: OSError, language: Language) -> str:
    return _UNWRITABLE(language).format(place=place, why=error.strerror)


class Beside:
    """A file that is written beside an import. That it cannot be ends no import: it is said at the end."""

    def __init__(self, place: Path, stream: TextIO, language: Language) -> None:
        self._place = place
        self._stream = stream
        self._language = language
        self.failed = False

    def write(self, text: str, /) -> None:
        if not self.failed:
            try:
                self._stream.write(text)
            except OSError as error:
                self._fails(error)

    def close(self) -> None:
        try:
            self._stream.close()
        except OSError as error:
            self._fails(error)

    def _fails(self, error: OSError) -> None:
        if not self.failed:
            click.echo(unwritable(self._place, error, self._language), err=True)
        self.failed = True
