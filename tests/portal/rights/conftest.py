"""Where the mail of those goes who ask for their rights."""

from collections.abc import AsyncIterator

import pytest

from support.smtp import Sink, smtp_sink


@pytest.fixture
async def mailbox() -> AsyncIterator[Sink]:
    """Everybody's mail, at a real server."""
    async with smtp_sink() as sink:
        yield sink
