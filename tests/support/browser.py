"""Debian's Chromium, driven by Playwright, for tests that wait for answers without a loop.

Playwright keeps a loop of its own running, beside which nothing of ours could be run: it has it in a
thread, and what a test calls here is done there and waited for. The suite installs what is missing
(scripts/chromium, scripts/axe-core).
"""

import asyncio
import inspect
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.async_api import async_playwright

_ROOT = Path(__file__).parents[2]
_AXE = _ROOT / "build/axe-core/axe.min.js"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 30
# It asks nobody but who is tested, not even for a newer self.
_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

MISSING = "no browser for the tests: run scripts/chromium and scripts/axe-core, which say what to install"


def found() -> tuple[str, str] | None:
    """The path of the browser and the script that is axe-core; None where one is missing."""
    path = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return (path, _AXE.read_text()) if path and _AXE.exists() else None


class Waited:
    """An object of Playwright's, each call of which is waited for."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return partial(self._call, found) if callable(found) else self._wrapped(found)

    def _call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        async def calling() -> Any:
            result = method(*map(_bare, arguments), **{name: _bare(one) for name, one in named.items()})
            return await result if inspect.isawaitable(result) else result

        return self.run(calling())

    def run(self, coroutine: Any) -> Any:
        return self._wrapped(asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_SECONDS * 2))

    def _wrapped(self, found: Any) -> Any:
        if isinstance(found, list):
            return [self._wrapped(one) for one in found]
        return Waited(found, self._loop) if type(found).__module__.startswith("playwright.") else found


def _bare(argument: Any) -> Any:
    return argument.inner if isinstance(argument, Waited) else argument


@contextmanager
def chromium() -> Iterator[Waited | None]:
    """The browser, running until the block ends; None if this machine has none."""
    here = found()
    if here is None:
        yield None
        return
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()

    async def starting() -> tuple[Any, Any]:
        driver = await async_playwright().start()
        browser = await driver.chromium.launch(
            executable_path=here[0], args=["--no-sandbox", *_FLAGS], timeout=_SECONDS * 1000
        )
        return driver, browser

    async def ending(driver: Any, browser: Any) -> None:
        await browser.close()
        await driver.stop()

    try:
        driver, browser = asyncio.run_coroutine_threadsafe(starting(), loop).result(_SECONDS * 2)
        try:
            yield Waited(browser, loop)
        finally:
            asyncio.run_coroutine_threadsafe(ending(driver, browser), loop).result(_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
