"""Where connectors put the records of a copy: written down sealed as they come, in flat memory.

    with Gathering(files, "webshop") as records:
        answer = await connector.export(order, records)

Satisfies `systems.connectors.contract.Records`. What was added counts once the block ends without an error:
an export that was killed, or comes twice, leaves one copy. Costs 12 µs a record of eight fields;
`bench/package.py` watches it.
"""

from collections.abc import Mapping
from types import TracebackType

import msgspec

from consentd.crypto.spool import Writing
from consentd.dsr.package.files import Category, Collected, PackageFiles
from consentd.dsr.package.shapes import Shape, too_varied, whole
from consentd.kernel.canonical import Scalar

MOST_CATEGORIES = 100
"""Of one silo: each is a file that is open while it is written."""

_encoder = msgspec.json.Encoder()


class Gathering:
    """One silo's export. Not for two threads at once."""

    def __init__(self, files: PackageFiles, system: str) -> None:
        self._files = files
        self._system = system
        self._shapes: dict[str, Shape] = {}
        self._writing: dict[str, Writing] = {}

    @property
    def records(self) -> int:
        """Added so far."""
        return sum(shape.records for shape in self._shapes.values())

    @property
    def bytes(self) -> int:
        """Written down so far."""
        return sum(writing.tell() for writing in self._writing.values())

    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
        """Takes one record; blocks while it is written.

        Raises Unprocessable (records_too_varied), TypeError for a value that is not a single one.
        """
        shape = self._shapes.get(what)
        if shape is None:
            what = whole(what)
            shape = self._shapes.get(what) or self._begin(what)
        self._writing[what].add(_encoder.encode(shape.take(record)) + b"\n")

    def __enter__(self) -> "Gathering":
        self._files.forget(self._system)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for writing in self._writing.values():
                writing.discard()
            return
        for writing in self._writing.values():
            writing.close()
        self._files.keep(self.collected())

    def collected(self) -> Collected:
        """What was added so far."""
        return Collected(
            self._system,
            tuple(
                Category(what, shape.records, self._writing[what].tell(), shape.fields())
                for what, shape in self._shapes.items()
            ),
        )

    def _begin(self, what: str) -> Shape:
        if len(self._shapes) >= MOST_CATEGORIES:
            raise too_varied(f"it has more than {MOST_CATEGORIES} categories")
        self._writing[what] = self._files.records(self._system, what).writing()
        shape = self._shapes[what] = Shape()
        return shape
