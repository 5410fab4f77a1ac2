"""The same client for programs with an event loop. One per loop; any number of tasks may use it.

    from consentd.client import AsyncClient, Event

    async with AsyncClient("https://consent.example", client_id, client_secret) as consent:
        if await consent.check("email:ana@exemple.fr", "newsletter", "email"):
            send()
        await consent.withdraw("loyalty:ML100007", "newsletter", "email", method="spoken", collector="till-2")

Upholds what `sync` upholds: both carry out the same flows.
"""

import asyncio
import ssl
from collections.abc import Iterable
from types import TracebackType
from typing import Literal, TypeVar

import httpx

from consentd.client import linking, questions, recording
from consentd.client.asking import Asking, Key
from consentd.client.clock import elapsed
from consentd.client.errors import ClientError, TimedOut
from consentd.client.flow import Flow, Patience, Pause, Renew, Send, Step, Stream, Unanswered
from consentd.client.model import (
    Attempted,
    Decision,
    Event,
    Named,
    PortalLink,
    Question,
    Receipt,
    Recipient,
    StopLink,
    When,
    Who,
)
from consentd.client.transport import LIMITS, MOST_BYTES, Left
from consentd.client.wire import Received

T = TypeVar("T")
Outcome = Literal["answered", "unanswered", "sent", "delivered", "failed", "refused"]


class AsyncClient:
    """`timeout`: seconds for each try; `total`: for a call with all its tries; `retries`: after the first.

    `raises`: checks raise `errors.ClientError` instead of denying. `private_key` (a JWK, or a file of one)
    stands in for `client_secret`. `language`: of the reasons' words, "fr" or "en". `tls`: where
    the service's certificate is not one that the public authorities signed.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str | None = None,
        *,
        private_key: Key | None = None,
        scope: str | None = None,
        timeout: float = 2.0,
        total: float = 5.0,
        retries: int = 3,
        raises: bool = False,
        language: str = "en",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        patience = Patience(timeout, total, retries)
        self.asking = Asking(
            url,
            client_id,
            client_secret,
            private_key=private_key,
            scope=scope,
            patience=patience,
            raises=raises,
            language=language,
        )
        self._http = httpx.AsyncClient(
            base_url=self.asking.url,
            limits=LIMITS,
            follow_redirects=False,
            trust_env=False,
            verify=tls or True,
        )
        self._renewing = asyncio.Lock()

    # --- asking

    async def check(
        self,
        subject: Who,
        purpose: str,
        channel: str,
        *,
        contact_point: Named | None = None,
        at: When | None = None,
        permit: bool = False,
    ) -> Decision:
        """May this person be contacted? Never raises unless `raises` was asked for.

        `at`: a planned instant, up to 31 days ahead. `permit`: with an answer that allows, a signed permit
        for one contact, which reserves an attempt where the law counts them.
        """
        try:
            asked = Question(subject, purpose, channel, contact_point, at)
            return await self.run(self.asking.check(asked, permit=permit))
        except Exception as error:
            if self.asking.raises:
                raise
            return questions.denied(error)

    async def check_many(self, asked: Iterable[Question]) -> list[Decision]:
        """Answers in order. Never raises unless `raises` was asked for.

        In requests of a thousand questions, each within `total`. Once one was not answered, the questions
        behind it are denied without being asked: the time stays bounded.
        """
        found: list[Decision] = []
        waiting = list(asked)
        for some in questions.batches(waiting):
            try:
                found += await self.run(self.asking.batch(some))
            except Exception as error:
                if self.asking.raises:
                    raise
                found += [questions.denied(error)] * (len(waiting) - len(found))
                break
        return found

    async def links(
        self, purpose: str, channel: str, recipients: Iterable[Recipient | Who]
    ) -> list[StopLink]:
        """A stop link for each recipient of messages that are about to be sent, in order, with the headers to
        put into each; a false one where nobody is on record. In requests of a thousand. Raises ClientError.
        """
        to, found = list(recipients), list[StopLink]()
        for start in range(0, len(to), linking.MOST):
            some = to[start : start + linking.MOST]
            found += await self.run(self.asking.links(purpose, channel, some))
        return found

    async def portal_link(self, token: str) -> PortalLink:
        """Where to send the browser of somebody who is logged in at this system: there the customers’ pages
        open, once and within two minutes. `token`: what `Logins.token("portal", …)` signed; it counts once.
        Raises ClientError.
        """
        return await self.run(self.asking.portal_link(token))

    # --- recording; these raise ClientError, and ValueError or TypeError for what no body can be made of

    async def record(
        self,
        subject: Who,
        *events: Event,
        territory: str | None = None,
        name: str | None = None,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Records choices of one person, in one act. Raises `Invalid`, with where and why, for what the
        service does not take. `idempotency_key`: give one where the call may be made again by another
        process; within this call every try carries the same one anyway.
        """
        return await self.run(self.asking.record(subject, events, territory, name, idempotency_key))

    async def withdraw(
        self,
        subject: Who,
        purpose: str,
        channel: str,
        *,
        contact_point: Named | None = None,
        occurred_at: When | None = None,
        source_event_id: str | None = None,
        method: str | None = None,
        collector: str | None = None,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """The person takes a consent back: the next check denies. Raises ClientError."""
        event = recording.withdrawal(
            purpose,
            channel,
            contact_point=contact_point,
            occurred_at=occurred_at,
            source_event_id=source_event_id,
            method=method,
            collector=collector,
        )
        return await self.record(subject, event, idempotency_key=idempotency_key)

    async def object(
        self,
        subject: Who,
        *,
        ground: Literal["marketing", "particular"] = "marketing",
        purposes: Iterable[str] = (),
        channels: Iterable[str] = (),
        contact_point: Named | None = None,
        occurred_at: When | None = None,
        source_event_id: str | None = None,
        method: str | None = None,
        collector: str | None = None,
        reason: str | None = None,
        territory: str | None = None,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """The person objects (GDPR 21): to all marketing on every channel, unless narrowed.

        Raises ClientError.
        """
        body = recording.objection_body(
            subject,
            territory=territory,
            ground=ground,
            purposes=tuple(purposes),
            channels=tuple(channels),
            contact_point=contact_point,
            occurred_at=occurred_at,
            more={
                "source_event_id": source_event_id,
                "method": method,
                "collector": collector,
                "reason": reason,
            },
        )
        return await self.run(self.asking.objection(body, idempotency_key))

    async def attempted(
        self,
        subject: Who,
        purpose: str,
        channel: str,
        outcome: Outcome,
        *,
        contact_point: Named | None = None,
        occurred_at: When | None = None,
        source_event_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Attempted:
        """Reports a contact, or a try at one: unanswered ones count too. Raises ClientError."""
        body = recording.attempt_body(
            subject,
            purpose,
            channel,
            outcome,
            contact_point=contact_point,
            occurred_at=occurred_at,
            more={"source_event_id": source_event_id},
        )
        return await self.run(self.asking.attempt(body, idempotency_key))

    async def used(
        self,
        decision: Decision,
        outcome: Outcome,
        *,
        occurred_at: When | None = None,
        idempotency_key: str | None = None,
    ) -> Attempted:
        """Reports the contact that a decision's permit was for. Raises ClientError; ValueError where the
        decision has no permit.
        """
        if decision.permit_id is None:
            raise ValueError("The decision came without a permit: report the contact with `attempted`.")
        return await self.run(self.asking.used(decision.permit_id, outcome, occurred_at, idempotency_key))

    # --- carrying out

    async def run(self, flow: Flow[T]) -> T:
        """Carries a flow out to its end. Raises what it raises."""
        try:
            step = next(flow)
            while True:
                try:
                    got = await self._do(step)
                except (Unanswered, ClientError) as reason:
                    step = flow.throw(reason)
                else:
                    step = flow.send(got)
        except StopIteration as ended:
            value: T = ended.value
            return value

    async def _do(self, step: Step) -> Received | None:
        match step:
            case Send():
                return await self._send(step)
            case Stream():
                return await self._stream(step)
            case Pause():
                await asyncio.sleep(step.seconds)
            case Renew():
                await self._renew(step.deadline)
        return None

    async def _renew(self, deadline: float) -> None:
        # One task fetches, the others wait for it, no longer than their calls may take.
        try:
            async with asyncio.timeout(max(0.0, deadline - elapsed())):
                await self._renewing.acquire()
        except TimeoutError:
            raise TimedOut("timeout", "consentd gave no token in time.") from None
        try:
            if not self.asking.calls.fresh():
                await self.run(self.asking.calls.renewal(deadline))
        finally:
            self._renewing.release()

    async def _send(self, step: Send) -> Received:
        left = Left(step.timeout)
        request = self._http.build_request(
            step.method,
            step.path,
            headers=dict(step.headers),
            content=step.content,
            extensions={"timeout": left},
        )
        try:
            async with asyncio.timeout(step.timeout):
                response = await self._http.send(request, stream=True)
                try:
                    content = bytearray()
                    async for chunk in response.aiter_raw():
                        content += chunk
                        if len(content) > MOST_BYTES:
                            raise Unanswered(late=True)
                    return Received(response.status_code, response.headers, bytes(content))
                finally:
                    await response.aclose()
        except (httpx.TimeoutException, TimeoutError):
            raise Unanswered(late=True) from None
        except (httpx.HTTPError, OSError):
            raise Unanswered(late=left.over()) from None

    async def _stream(self, step: Stream) -> Received:
        request = self._http.build_request(
            "POST", step.path, headers=dict(step.headers), content=step.pieces, timeout=step.timeout
        )
        try:
            response = await self._http.send(request, stream=True)
            try:
                content = bytearray()
                async for chunk in response.aiter_raw():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise Unanswered(late=True)
                return Received(response.status_code, response.headers, bytes(content))
            finally:
                await response.aclose()
        except httpx.TimeoutException:
            raise Unanswered(late=True) from None
        except (httpx.HTTPError, OSError):
            raise Unanswered(late=False) from None

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.asking.url}, {self.asking.credentials.client_id})"
