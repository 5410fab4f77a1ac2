"""The command line: `consentd …`, and `python -m consentd …` without an installed script.

Without the extra `server` there is no command to run: that is said in a sentence, and not by a traceback.
"""

import sys


def run() -> None:
    try:
        from consentd.cli import main
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] == "consentd":
            raise
        sys.exit(
            f"consentd: this is the client alone ({missing.name} is missing); for the service and its "
            "commands run: pip install 'consentd[server]'"
        )
    main()


if __name__ == "__main__":
    run()
