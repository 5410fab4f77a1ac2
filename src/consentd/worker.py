"""One worker of a server with several: `python -m consentd.worker`, started by `web.supervisor`.

Its settings come from the environment, as its supervisor's did; its arguments are its number, how many there
are, and the files that it was passed: the board of counts and the listening sockets.
"""

import socket
import sys
from functools import partial

from consentd.app import create_app
from consentd.base.counts import Board
from consentd.base.settings import from_environment
from consentd.web import server


def main() -> None:
    number, count, file, *files = map(int, sys.argv[1:])
    taken = [socket.socket(fileno=one) for one in files]
    board = Board(count + 1, file)
    server.run(
        from_environment(),
        partial(create_app, board=board, worker=number),
        taken,
        process=f"worker-{number}",
        lifeline=sys.stdin.fileno(),
    )


if __name__ == "__main__":
    main()
