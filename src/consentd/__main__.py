"""`python -m consentd …`: the command line without an installed script."""

from consentd.cli import main

main()
