"""What one row states: the very requests that the API takes."""

from collections.abc import Sequence

import msgspec

from consentd.check.attempts import AttemptReported
from consentd.consent.requests import ConsentEvent, RecordObjection
from consentd.imports.reading import Row
from consentd.kernel.layout import EXPORT
from consentd.subjects.facts import Fact
from consentd.subjects.requests import SubjectNamed
from consentd.subjects.spelling import Named

Cells = Sequence[str]


class RowRefused(Exception):
    """`code` has its words in `imports.words`. `column` is None where it is about the row as a whole."""

    def __init__(self, code: str, column: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.column = column


class Choice(msgspec.Struct, frozen=True):
    event: ConsentEvent
    won_by_contact: bool = False
    """A yes given while the company itself made contact."""
    time: str = EXPORT
    """When it happened, as the row says it: `export` where it does not."""


class Stated(msgspec.Struct, frozen=True):
    """What one row states. `names` are its identifiers as they are looked up, the system's own first."""

    row: Row
    subject: SubjectNamed
    names: tuple[Named, ...]
    choices: tuple[Choice, ...]
    objections: tuple[tuple[RecordObjection, str], ...]
    facts: tuple[tuple[Fact, str], ...]
    attempts: tuple[tuple[AttemptReported, str], ...]
    left_out: tuple[tuple[str, str], ...] = ()
    """Column and code of cells that were not taken, though the row was."""
    times: tuple[tuple[str, str], ...] = ()
    """Column and time, RFC 3339 or a day, of all that the row itself dates."""

    @property
    def line(self) -> int:
        return self.row.line
