"""serve: running the service, in one process or in several."""

import socket
import sys

import click
import msgspec

from consentd.app import create_app
from consentd.base.settings import MOST_WORKERS, Settings
from consentd.cli.common import command, settings
from consentd.web import server, supervisor, tracing


def run(given: Settings, listener: socket.socket | None = None) -> None:
    """Serves until it is told to stop, and leaves with the exit code of that."""
    tracing.require(given)
    if given.workers == 1:
        server.serve(given, create_app, listener)
    else:
        sys.exit(supervisor.serve(given, "consentd.worker", listener))


@click.command()
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=None,
    help="How many processes answer; CONSENTD_WORKERS if not given.",
)
@command
def serve(workers: int | None) -> None:
    """Run the service until it is told to stop. It says on /health/ready why it is not ready, if so."""
    given = settings()
    run(given if workers is None else msgspec.structs.replace(given, workers=workers))


COMMANDS = [serve]
