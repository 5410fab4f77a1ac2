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
    package,
    policy,
    proof,
    receipt,
    restore,
    retention,
    serving,
    setup,
    staff,
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
    staff,
    filtering,
    importing,
    subject,
    receipt,
    package,
    certificate,
    erasures,
    proof,
    keys,
    audit,
    restore,
    retention,
    states,
    openapi,
)

for module in MODULES:
    for command in module.COMMANDS:
        main.add_command(command)
