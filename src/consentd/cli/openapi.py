"""openapi: writing the description of the API from its routes."""

from pathlib import Path

import click

from consentd.app import description
from consentd.cli.common import command


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("openapi/openapi.yaml"), show_default=True
)
@command
def openapi(out: Path) -> None:
    """Write the API description, OpenAPI 3.1, from the routes themselves."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(description())
    click.echo(f"{out} is written.")


COMMANDS = [openapi]
