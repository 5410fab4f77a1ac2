"""The command line: for the person who runs consentd, and for the DPO at a terminal.

Every command says what it did in one or two sentences; an error says what, why and what to do, on standard
error, with exit code 1. `--json` answers programs.
"""

import click

from consentd.cli import (
    audit,
    certificate,
    demo,
    erasures,
    filtering,
    importing,
    keys,
    openapi,
    policy,
    proof,
    receipt,
    restore,
    serving,
    setup,
    states,
    subject,
    system,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="consentd")
def main() -> None:
    """consentd: records consent, decides before contact, proves it."""


MODULES = (
    setup,
    serving,
    demo,
    policy,
    system,
    filtering,
    importing,
    subject,
    receipt,
    certificate,
    erasures,
    proof,
    keys,
    audit,
    restore,
    states,
    openapi,
)

for module in MODULES:
    for command in module.COMMANDS:
        main.add_command(command)
