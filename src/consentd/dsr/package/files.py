"""The sealed files of one package, in a folder of its own, under a key of its own (promise 10).

Once the key is gone nothing in the folder opens; that is what expiry does first, and removing the files
second. What a silo's export wrote counts once it is whole: an export that runs again begins anew.
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid5

import msgspec

from consentd.crypto.secrets import Key
from consentd.crypto.spool import OneKey, Spool
from consentd.dsr.package.shapes import Field

TABLE = "packages"
"""To what the sealed files and the wrapped key belong: `crypto.wrapping.wrap(period, key, TABLE)`."""


class Category(msgspec.Struct, frozen=True):
    """What a silo calls one kind of its records (a table, a list), and how many there were."""

    what: str
    records: int
    bytes: int
    """Of the records as JSON."""
    fields: tuple[Field, ...]


class Collected(msgspec.Struct, frozen=True):
    """What one silo's export brought. No categories: it was asked and holds nothing."""

    system: str
    categories: tuple[Category, ...] = ()

    @property
    def records(self) -> int:
        return sum(category.records for category in self.categories)


class PackageFiles:
    """`folder` is this package's alone; nothing in it says whose it is."""

    def __init__(self, folder: Path, package: UUID, key: Key) -> None:
        self._folder = folder
        self._package = package
        self._keys = OneKey(key)

    @property
    def archive(self) -> Spool:
        """The finished package."""
        return self.spool("archive")

    def spool(self, *named: str) -> Spool:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Spool(self._folder, uuid5(self._package, "\0".join(named)), self._keys, TABLE)

    def records(self, system: str, what: str) -> Spool:
        """One record a line, as JSON."""
        return self.spool("records", system, what)

    def collected(self, system: str) -> Collected | None:
        """None while the silo's export has not come to its end."""
        index = self.spool("collected", system)
        if not index.exists():
            return None
        with index.open() as file:
            return msgspec.json.decode(file.read(), type=Collected)

    def keep(self, collected: Collected) -> None:
        """From now on the export is whole."""
        with self.spool("collected", collected.system).writing() as file:
            file.add(msgspec.json.encode(collected))

    def forget(self, system: str) -> None:
        """Removes what a silo's export brought: before it runs again, or once the archive is made."""
        found = self.collected(system)
        self.spool("collected", system).remove()
        for category in found.categories if found else ():
            self.records(system, category.what).remove()

    def lines(self, system: str, what: str) -> Iterator[bytes]:
        with self.records(system, what).open() as file:
            yield from file


def remove_files(folder: Path) -> None:
    """Removes a package's folder, with or without its key. Nothing happens where there is none."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
