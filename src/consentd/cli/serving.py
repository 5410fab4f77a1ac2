"""serve: running the service."""

import click

from consentd.app import create_app
from consentd.cli.common import command, settings
from consentd.web import server


@click.command()
@command
def serve() -> None:
    """Run the service until it is told to stop. It says on /health/ready why it is not ready, if so."""
    server.serve(settings(), create_app)


COMMANDS = [serve]
