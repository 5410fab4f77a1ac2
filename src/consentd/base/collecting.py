"""Putting off Python's search for unreachable cycles, while many values are made and kept for a moment."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_later() -> Iterator[None]:
    """Inside, cycles of this process are not searched for: only around what is short, and bounded in size.

    What a batch keeps until it is written makes the search look through the whole heap again and again:
    a fifth of an import's time. What refers to nothing in a circle is freed at once as ever.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
