"""A silo's program comes for its tasks, one after the other, and does its part. Several may share the work.

    with Client("https://consent.example", client_id, client_secret) as consent:
        TaskRunner(consent, Handlers(locate=locate, export=export, erase=erase)).run(signals=True)

Upholds promise 12 on this side: what a handler did not report done is not done (`tasking`).
"""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType, TracebackType

from consentd.client.copy import Copy
from consentd.client.errors import Unavailable, Unreadable
from consentd.client.orders import Answer, Order
from consentd.client.sync import Client
from consentd.client.tasking import Tasking, log, pause_after

_SLICE = 0.1


class TaskRunner:
    """`handlers`: `Handlers`, or any object with a method for each verb that it can. `lease`: for how many
    seconds a task is taken; it is renewed while a handler works, so that a killed program loses it after as
    many. `wait`: how long to listen for a task at a time, and so how long stopping may take.

    May be run here (`run`), or beside the program as a context manager.
    """

    def __init__(self, client: Client, handlers: object, *, lease: int = 60, wait: int = 5) -> None:
        self._client = client
        self._tasking = Tasking(client.asking, handlers, lease=lease, wait=wait)
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.error: BaseException | None = None
        """What ended it while it ran beside the program."""

    def run(self, *, signals: bool = False) -> None:
        """Until it is stopped. `signals`: SIGTERM and SIGINT stop it, after the task at hand.

        Raises ClientError where the service will not have this system: wrong or revoked credentials, a scope
        or a policy that lacks it. What passes by itself is waited for.
        """
        failures = 0
        with _stopped_by_signals(self) if signals else contextlib.nullcontext():
            while not self._stopping:
                try:
                    if not self.once():
                        while not self._stopping and not self._client.run(self._tasking.wait()):
                            pass
                    failures = 0
                except (Unavailable, Unreadable) as error:
                    failures += 1
                    log.warning("No tasks can be had: %s", error.code)
                    self._pause(pause_after(failures))

    def once(self) -> bool:
        """Takes one task and does it; whether there was one. Raises ClientError."""
        order = self._client.run(self._tasking.claim())
        if order is None:
            return False
        with self._kept(order):
            try:
                answer = self._asked(order)
            except BaseException as error:
                self._client.run(self._tasking.broke(order, error))
                if not isinstance(error, Exception):
                    raise
            else:
                self._client.run(self._tasking.finish(order, answer))
        return True

    def _asked(self, order: Order) -> object:
        told = self._tasking.handler(order)(order)
        if order.verb != "export" or told is None or isinstance(told, Answer):
            return told
        copy = Copy()
        self._client.run(self._tasking.send(order, copy.sync(told)))
        return copy.answer()

    @contextlib.contextmanager
    def _kept(self, order: Order) -> Iterator[None]:
        """Renews the lease in a thread of its own while the block runs."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self._tasking.every) and self._client.run(self._tasking.keep(order)):
                pass

        thread = threading.Thread(target=beat, name="consentd-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _pause(self, seconds: float) -> None:
        # No lock is waited for: a signal's handler could not let go of it.
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(_SLICE, left))

    def stop(self) -> None:
        """Ends `run` after the task at hand. May be called from a signal's handler."""
        self._stopping = True

    def close(self) -> None:
        """Stops what runs beside the program, and waits for it. Raises what ended it before."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
        if self.error is not None:
            raise self.error

    def _beside(self) -> None:
        try:
            self.run()
        except Exception as error:
            log.error("No more tasks are taken: %s", error)
            self.error = error

    def __enter__(self) -> "TaskRunner":
        self._thread = threading.Thread(target=self._beside, name="consentd-tasks", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextlib.contextmanager
def _stopped_by_signals(runner: TaskRunner) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        runner.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
