"""Where silos' records of a copy lie until the package is made: sealed, under the package's own key."""

import contextlib
from pathlib import Path
from typing import Protocol
from uuid import UUID

from consentd.crypto import request_keys
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from consentd.dsr.package.files import PackageFiles
from consentd.dsr.package.records import Gathering
from consentd.kernel.errors import NotFound
from consentd.systems.connectors.contract import Records


class Copy(Protocol):
    """One request's."""

    def writing(self, task: UUID, system: str) -> contextlib.AbstractContextManager[Records]:
        """What is added is there once the block ends without an error; an earlier try's is replaced."""
        ...


class Copies(Protocol):
    async def of(self, request: UUID) -> Copy:
        """Raises NotFound where no copy is made for this request, or none any more."""
        ...


class SealedCopies:
    """`folder` has one folder for each request, named by its number."""

    def __init__(self, folder: Path, database: Database, keyring: Keyring) -> None:
        self._folder = folder
        self._database = database
        self._keyring = keyring

    async def of(self, request: UUID) -> "SealedCopy":
        return SealedCopy(await self.files(request))

    async def files(self, request: UUID) -> PackageFiles:
        key = await self._database.read(
            lambda connection: request_keys.open_key(connection, self._keyring, request, "package")
        )
        if key is None:
            raise NotFound("request_forgotten", "No copy is kept for this request, or none any more.")
        return PackageFiles(self.folder(request), request, key)

    @property
    def root(self) -> Path:
        return self._folder

    def folder(self, request: UUID) -> Path:
        return self._folder / str(request)


class SealedCopy:
    def __init__(self, files: PackageFiles) -> None:
        self._files = files

    def writing(self, task: UUID, system: str) -> Gathering:
        return Gathering(self._files, system)
