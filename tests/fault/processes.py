"""Starting other processes of the service, and ending them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

PROCESS = Path(__file__).parent / "process.py"


@asynccontextmanager
async def process(role: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process of the service, ready to do its part; it ends with the block."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        PROCESS,
        role,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    assert running.stdout is not None
    assert running.stdin is not None
    try:
        assert await running.stdout.readline() == b"ready\n"
        yield running
    finally:
        running.stdin.close()
        await running.communicate()
