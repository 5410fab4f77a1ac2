"""Running the application: one process, one event loop, stopped within seconds.

Upholds promise 17: on SIGTERM no new connection is taken, what is under way has three seconds, and streams
are closed.
"""

import asyncio
from collections.abc import Awaitable, Callable

import uvicorn
import uvloop
from litestar import Litestar

from consentd.base.settings import Settings
from consentd.web import logs

GRACEFUL_SECONDS = 3

AppFactory = Callable[[Settings], Awaitable[Litestar]]


def serve(settings: Settings, app_factory: AppFactory) -> None:
    """Serves until SIGTERM or SIGINT. The application is made on the loop that will run it."""
    logs.configure(settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, app_factory))


async def _serve(settings: Settings, app_factory: AppFactory) -> None:
    app = await app_factory(settings)
    await uvicorn.Server(config(settings, app)).serve()


def config(settings: Settings, app: Litestar) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Behind a proxy the address of a caller is the proxy's: nothing here trusts a header for it.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        backlog=2048,
    )
