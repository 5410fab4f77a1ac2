"""What is shown of contact details: enough for their owner to know each, too little to learn it. Pure."""

from collections import Counter
from collections.abc import Iterable

_DOTS = "•••"
_SHORT = 3
"""Of no more signs than these nothing is shown at first: the last two would be nearly all."""


def masks(values: Iterable[str]) -> dict[str, str]:
    """One person's, each as it is shown: m•••@example.fr, •••• 01 of a number. Where two would look alike, as
    much more of those as tells them apart: nobody can choose between two things of one name.
    """
    more = dict.fromkeys(values, 0)
    while True:
        shown = {value: _mask(value, steps) for value, steps in more.items()}
        times = Counter(shown.values())
        alike = [value for value in more if times[shown[value]] > 1]
        if not alike:
            return shown
        for value in alike:
            more[value] += 1


def _mask(value: str, more: int) -> str:
    """`more`: letters beyond those always shown; of an address in turn from its end and its start."""
    local, at, host = value.rpartition("@")
    if at:
        front, back = 1 + more // 2, (more + 1) // 2
        return f"{local[:front]}{_DOTS}{local[front:][-back:] if back else ''}@{host}"
    if len(value) <= _SHORT:
        return f"{_DOTS}{value[-more:] if more else ''}"
    return f"{_DOTS}• {value[-2 - more :]}"
