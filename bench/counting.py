"""What counting for metrics costs on the way of an answer: `python bench/counting.py`.

Each request is counted once at the edge and, if it is a check, twice by the check: nanoseconds of each, in
the shared memory that workers count in.
"""

import time
import timeit

from consentd.base.counts import Board, Cell

CALLS, ROUNDS = 200_000, 5


def main() -> None:
    counts = Board(2, Board.shared(2)).slots[1]

    def at_the_edge() -> None:
        counts.set(Cell.IN_FLIGHT, 1)
        counts.answered("POST", "/v1/check", 200, 0.0007)
        counts.set(Cell.IN_FLIGHT, 0)

    def of_a_check() -> None:
        counts.add(Cell.CHECKS_ASKED)
        counts.add(Cell.CHECKS_ALLOWED)

    for name, work in (("edge", at_the_edge), ("check", of_a_check)):
        best = min(timeit.repeat(work, timer=time.process_time, number=CALLS, repeat=ROUNDS))
        print(f"{name:6} {best / CALLS * 1e9:6.0f} ns")


if __name__ == "__main__":
    main()
