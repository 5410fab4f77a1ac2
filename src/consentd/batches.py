"""The process that decides large batches (`check.beside`): `python -m consentd.batches`, started by a server.

Reads frames from its standard input until that ends, which it does when the server stops or dies.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys

import msgspec

from consentd.app import Parts, open_parts
from consentd.base import clock
from consentd.base.settings import Settings
from consentd.check import pipe
from consentd.check.authzen import AccessEvaluations
from consentd.check.authzen_evaluating import Evaluations
from consentd.check.pipe import Asked, Told
from consentd.check.service import BatchAsked, CheckService
from consentd.check.store import gatherer
from consentd.kernel.errors import ConsentdError
from consentd.web import logs
from consentd.web.lenient import LenientDecoder
from consentd.web.strict import StrictDecoder

POLITENESS = 5
"""Single checks go first where there are fewer processors than processes."""


class Decider:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._checks = CheckService(
            parts.database, gatherer(parts.database), parts.keyring, parts.policies, clock.now
        )
        self._evaluations = Evaluations(self._checks)
        self._native = StrictDecoder(BatchAsked)
        self._authzen = LenientDecoder(AccessEvaluations)
        self._encode = msgspec.json.Encoder().encode

    async def answer(self, asked: Asked) -> Told:
        """Never raises: what goes wrong is told."""
        try:
            checks = self._checks
            before, allowed = checks.asked, checks.allows
            answer = await self._answered(asked)
            return Told(self._encode(answer), checks.asked - before, checks.allows - allowed)
        except Exception as error:
            if not isinstance(error, ConsentdError):
                logs.failure("(batch)", f"({asked.standard} batch)", error)
            return pipe.failed(error)

    async def _answered(self, asked: Asked) -> object:
        if asked.standard == "authzen":
            several = self._authzen.decode(asked.body)
            return await self._evaluations.many(asked.caller, several, asked.language)
        return await self._checks.batch(asked.caller, self._native.decode(asked.body), asked.language)

    async def close(self) -> None:
        await self._parts.database.close()
        self._parts.journal.close()


def main() -> None:
    # Ctrl-C reaches every process of a terminal; the server says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(POLITENESS)
    frames, answers = sys.stdin.buffer, sys.stdout.buffer
    first = pipe.read(frames)
    if first is None:
        return
    settings = pipe.unpacked(first, Settings)
    logs.configure(settings.log_level, process=sys.argv[1] if sys.argv[1:] else "batches")
    logs.catch_the_rest()
    # Nearly nothing that a batch makes is ever part of a cycle.
    gc.set_threshold(200_000, 20, 20)
    with asyncio.Runner() as runner:
        decider: Decider | None = None
        while (frame := pipe.read(frames)) is not None:
            try:
                # Opened with the first batch, and again with the next one where it could not be.
                decider = decider or Decider(runner.run(open_parts(settings)))
            except ConsentdError as error:
                pipe.write(answers, pipe.failed(error))
                continue
            pipe.write(answers, runner.run(decider.answer(pipe.unpacked(frame, Asked))))
        if decider is not None:
            runner.run(decider.close())


if __name__ == "__main__":
    main()
