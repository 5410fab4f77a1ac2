"""A round of a replica, with either client: what waits goes out, and all that is new comes in.

That something was held back keeps nothing else from coming in: a no that was recorded elsewhere must not wait
for a choice that cannot be delivered.
"""

import threading

from consentd.client import clock
from consentd.client.aio import AsyncClient
from consentd.client.errors import ClientError
from consentd.client.flow import Flow
from consentd.client.replica import following
from consentd.client.replica.copying import Page
from consentd.client.replica.keeping import Keeping
from consentd.client.replica.model import Round
from consentd.client.sync import Client


class Rounds:
    """One at a time for threads. Those of several programs may overlap: a page counts once."""

    def __init__(self, keeping: Keeping, client: Client | AsyncClient) -> None:
        self._keeping = keeping
        self._client = client
        self._round = threading.Lock()

    def go(self) -> None:
        """With a Client. Raises ClientError, and ReplicaError for a choice that was altered on the disk."""
        client = self._client
        if not isinstance(client, Client):
            raise TypeError("With an AsyncClient a round is awaited: refresh_async().")
        with self._round:
            held: ClientError | None = None
            for waiting in self._keeping.waiting():
                try:
                    refusal = client.run(following.deliver(client.asking.calls, waiting))
                except ClientError as error:
                    held = error
                    break
                self._keeping.delivered(waiting.seq, refusal)
            delivered, more = self._begins(held), True
            while more:
                flow, round_ = self._next(delivered)
                try:
                    page = client.run(flow)
                except following.NotAllowed as reason:
                    raise self._stopped(reason) from None
                except ClientError as error:
                    raise (held or error) from None
                more = self._took(page, round_)
        if held is not None:
            raise held

    async def go_async(self) -> None:
        """With an AsyncClient. Raises as `go`."""
        client = self._client
        if not isinstance(client, AsyncClient):
            raise TypeError("With a Client a round is not awaited: refresh().")
        held: ClientError | None = None
        for waiting in self._keeping.waiting():
            try:
                refusal = await client.run(following.deliver(client.asking.calls, waiting))
            except ClientError as error:
                held = error
                break
            self._keeping.delivered(waiting.seq, refusal)
        delivered, more = self._begins(held), True
        while more:
            flow, round_ = self._next(delivered)
            try:
                page = await client.run(flow)
            except following.NotAllowed as reason:
                raise self._stopped(reason) from None
            except ClientError as error:
                raise (held or error) from None
            more = self._took(page, round_)
        if held is not None:
            raise held

    def _begins(self, held: ClientError | None) -> int:
        """`held`: why what waits was held back: what is new comes in all the same, if it can."""
        delivered = self._keeping.round_begins()
        if held is not None and following.is_out_of_reach(held):
            raise held
        return delivered

    def _next(self, delivered: int) -> tuple[Flow[Page | None], Round]:
        before, policy = self._keeping.position()
        round_ = Round(before, clock.now(), clock.elapsed(), delivered)
        return following.ask(self._client.asking.calls, self._keeping.name, before, policy), round_

    def _stopped(self, reason: following.NotAllowed) -> ClientError:
        self._keeping.stop(reason.refused.reason)
        return reason.refused

    def _took(self, page: Page | None, round_: Round) -> bool:
        """Whether there is more to ask for."""
        if page is None:
            self._keeping.begin_anew()
            return True
        return self._keeping.take(page, round_) and page.end.more
