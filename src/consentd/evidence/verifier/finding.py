"""What the verifier found, and where."""

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One bad place: the table, the row in it, the entry's place in the log where it has one, and why."""

    table: str
    row: str
    what: str
    index: int | None = None

    @property
    def place(self) -> str:
        at = "" if self.index is None else f" (entry {self.index} of the log)"
        return f"{self.table} {self.row}{at}"

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class Enough(Exception):  # a signal, never seen outside the verifier
    """As many findings as were asked for."""


class Findings:
    def __init__(self, most: int) -> None:
        self.list: list[Finding] = []
        self._most = most

    def add(self, finding: Finding) -> None:
        """Raises Enough when there are as many as were asked for: one lie makes many echoes."""
        self.list.append(finding)
        if len(self.list) >= self._most:
            raise Enough
