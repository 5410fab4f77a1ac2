"""The service with a place for copies, in a folder in clear: tests look into it.

python serving_copies.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from consentd.app import compose, open_parts
from consentd.base.settings import Settings, from_environment
from consentd.web import server
from consentd.web.application import Application
from support.inbox import InFolder


async def made(settings: Settings) -> Application:
    parts = await open_parts(settings)
    return compose(parts, copies=InFolder(settings.data_dir / "copies"))


if __name__ == "__main__":
    server.serve(from_environment(), made)
