"""Where a copy lies: a folder for each request, one in it for each gathering of what consentd holds, and one
for each archive. What was gathered is under the request's package key, an archive under its own (promise 10).

Two that make the same copy, one of which lost its lease and does not know it yet, write to different files.
"""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from consentd.crypto.secrets import Key
from consentd.crypto.spool import Spool
from consentd.dsr.package.files import PackageFiles
from consentd.dsr.package.own_model import OWN
from consentd.kernel.errors import Unavailable


class Stopped(Unavailable):
    """The process ends, or another one has the work."""


def archive_of(folder: Path, package: UUID, key: Key) -> Spool:
    return PackageFiles(folder / str(package), package, key).archive


class Gathered(PackageFiles):
    """What was gathered for a request; consentd's own part is that of `own`."""

    def __init__(
        self, folder: Path, request: UUID, key: Key, own: UUID, archive: Spool | None = None
    ) -> None:
        super().__init__(folder, request, key)
        self._own = PackageFiles(folder / str(own), own, key)
        self._archive = archive
        self.stopped = False
        """Set it, and whoever reads from here in a thread ends."""

    @property
    def archive(self) -> Spool:
        assert self._archive is not None
        return self._archive

    @property
    def about(self) -> Spool:
        """What the letter and the proofs need of consentd's own part."""
        return self._own.spool("about")

    def spool(self, *named: str) -> Spool:
        return self._own.spool(*named) if OWN in named else super().spool(*named)

    def lines(self, system: str, what: str) -> Iterator[bytes]:
        for line in super().lines(system, what):
            if self.stopped:
                raise Stopped("lost_lease", "The copy is made by another process, or later.")
            yield line
