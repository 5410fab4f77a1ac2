"""What a decision gathers on its way: the reasons against, and when anything it looked at will change."""

from consentd.kernel.case import Reason
from consentd.kernel.instants import Instant
from consentd.kernel.reasons import reason
from consentd.kernel.regime import NEVER


class Trail:
    """Written to while one person is looked at, and thrown away after it."""

    __slots__ = ("at", "denials", "until")

    def __init__(self, at: Instant) -> None:
        self.at = at
        self.until: Instant = NEVER
        self.denials: list[Reason] = []

    def deny(self, code: str, cites: tuple[str, ...] = ()) -> None:
        found = reason(code, cites)
        if found not in self.denials:
            self.denials.append(found)

    def passed(self, when: Instant) -> bool:
        """Whether `when` is reached; if not, the answer may change then."""
        if when <= self.at:
            return True
        if when < self.until:
            self.until = when
        return False
