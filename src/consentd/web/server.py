"""Running the application: one process, one event loop, stopped within seconds.

Upholds promise 17: on SIGTERM no new connection is taken, what is under way has three seconds, and streams
are closed.
"""

import asyncio
import errno
import gc
import socket
import sys
from collections.abc import Awaitable, Callable

import uvicorn
import uvloop
from litestar import Litestar

from consentd.base.settings import Settings
from consentd.kernel.errors import OperatorError
from consentd.web import logs
from consentd.web.wire import JoinedProtocol

GRACEFUL_SECONDS = 3
BACKLOG = 2048

AppFactory = Callable[[Settings], Awaitable[Litestar]]


def listen(settings: Settings) -> socket.socket:
    """Takes the port. Raises OperatorError where it cannot be had, saying which and what to do."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as reason:
        where = f"port {settings.port} of {settings.host}"
        if reason.errno == errno.EADDRINUSE:
            raise OperatorError(
                "port_in_use",
                f"Another program listens on {where}; it may be a consentd that runs already. Stop it, or "
                "choose another port with CONSENTD_PORT.",
            ) from None
        raise OperatorError(
            "cannot_listen",
            f"It is not possible to listen on {where}: {reason.strerror}. See CONSENTD_HOST and "
            "CONSENTD_PORT.",
        ) from None


def serve(settings: Settings, app_factory: AppFactory, listener: socket.socket | None = None) -> None:
    """Serves until SIGTERM or SIGINT. The application is made on the loop that will run it.

    Raises OperatorError where the port cannot be had.
    """
    logs.configure(settings.log_level)
    # Batches, the sequencer and the writer compute in threads: the loop gets the interpreter back in half a
    # millisecond instead of five, and single checks do not wait for them.
    sys.setswitchinterval(0.0005)
    with (
        listener or listen(settings) as taken,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(settings, app_factory, taken))


async def _serve(settings: Settings, app_factory: AppFactory, listener: socket.socket) -> None:
    app = await app_factory(settings)
    _keep_what_stands()
    await uvicorn.Server(config(settings, app)).serve(sockets=[listener])


def _keep_what_stands() -> None:
    """Takes what lives as long as the process, policies and routes above all, out of the collector's rounds,
    and has it look less often: a full round took tens of milliseconds, in which nobody was answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def config(settings: Settings, app: Litestar) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=JoinedProtocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Behind a proxy the address of a caller is the proxy's: nothing here trusts a header for it.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        backlog=BACKLOG,
    )
