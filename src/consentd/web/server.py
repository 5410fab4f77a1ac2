"""Running the application: one process, one event loop, stopped within seconds.

Upholds promise 17: on SIGTERM no new connection is taken, what is under way has three seconds, and streams
are closed. A server that ended as it was told to ends with code 0.
"""

import asyncio
import contextlib
import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence

import uvicorn
import uvloop
from litestar import Litestar

from consentd.base.settings import Settings
from consentd.kernel.errors import OperatorError
from consentd.web import logs
from consentd.web.wire import JoinedProtocol

GRACEFUL_SECONDS = 3
BACKLOG = 2048
_STOPPING = signal.SIGTERM, signal.SIGINT

AppFactory = Callable[[Settings], Awaitable[Litestar]]


def listen(settings: Settings) -> socket.socket:
    """Takes the port. Raises OperatorError where it cannot be had, saying which and what to do."""
    return _listen(settings.host, settings.port, "")


@contextlib.contextmanager
def listeners(settings: Settings, listener: socket.socket | None = None) -> Iterator[list[socket.socket]]:
    """Every socket that is listened on: the one of the service, then that of the metrics if asked for."""
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(listener or listen(settings))]
        if settings.metrics_port is not None:
            own = _listen(settings.metrics_host, settings.metrics_port, "METRICS_")
            taken.append(stack.enter_context(own))
        yield taken


def _listen(host: str, port: int, which: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as reason:
        where = f"port {port} of {host}"
        if reason.errno == errno.EADDRINUSE:
            raise OperatorError(
                "port_in_use",
                f"Another program listens on {where}; it may be a consentd that runs already. Stop it, or "
                f"choose another port with CONSENTD_{which}PORT.",
            ) from None
        raise OperatorError(
            "cannot_listen",
            f"It is not possible to listen on {where}: {reason.strerror}. See CONSENTD_{which}HOST and "
            f"CONSENTD_{which}PORT.",
        ) from None


def serve(settings: Settings, app_factory: AppFactory, listener: socket.socket | None = None) -> None:
    """Serves until SIGTERM or SIGINT. The application is made on the loop that will run it.

    Raises OperatorError where a port cannot be had.
    """
    # From the first connection on, and until the loop hears signals itself. It is noted and no more: an
    # exception out of a loop that is just being started leaves it half open.
    told: list[int] = []
    for number in _STOPPING:
        signal.signal(number, lambda number, _: told.append(number))
    with listeners(settings, listener) as taken:
        run(settings, app_factory, taken, told=told)


def run(
    settings: Settings,
    app_factory: AppFactory,
    taken: Sequence[socket.socket],
    *,
    process: str = "server",
    lifeline: int | None = None,
    told: Sequence[int] = (),
) -> None:
    """Serves on sockets that are listened on already. `process`: its name in the log. `told`: signals to stop
    that came before the loop heard them itself; it may grow until then.

    `lifeline`: a file to which nothing is written; when it ends, whoever started this process has, and it
    stops as on SIGTERM.
    """
    logs.configure(settings.log_level, process=process)
    logs.catch_the_rest()
    # Batches, the sequencer and the writer compute in threads: the loop gets the interpreter back in half a
    # millisecond instead of five, and single checks do not wait for them.
    sys.setswitchinterval(0.0005)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, app_factory, taken, lifeline, told))


async def _serve(
    settings: Settings,
    app_factory: AppFactory,
    taken: Sequence[socket.socket],
    lifeline: int | None,
    told: Sequence[int],
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # Told so before it serves, it does not begin to; told so while it serves, the server hears it first and
    # passes it on here once it is done, where it changes nothing any more.
    for number in _STOPPING:
        loop.add_signal_handler(number, stop.set)
    if told:
        return
    if lifeline is not None:
        loop.add_reader(lifeline, _hear_the_end, lifeline, stop)
    app = await _unless(stop, app_factory(settings))
    if app is None:
        return
    _keep_what_stands()
    server = uvicorn.Server(config(settings, app))
    watching = asyncio.create_task(_end_with(stop, server))
    try:
        await server.serve(sockets=list(taken))
    finally:
        watching.cancel()


async def _unless(stop: asyncio.Event, made: Awaitable[Litestar]) -> Litestar | None:
    """What was awaited, or None if it was told to stop first."""
    making, stopping = asyncio.ensure_future(made), asyncio.create_task(stop.wait())
    await asyncio.wait({making, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not making.done():
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        return None
    return making.result()


async def _end_with(stop: asyncio.Event, server: uvicorn.Server) -> None:
    await stop.wait()
    server.should_exit = True


def _hear_the_end(lifeline: int, stop: asyncio.Event) -> None:
    if not os.read(lifeline, 1024):
        asyncio.get_running_loop().remove_reader(lifeline)
        stop.set()


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
