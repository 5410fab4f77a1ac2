"""A silo with a program of its own: signed task out, signed answer back (Standard Webhooks).

    200   the answer, signed; of an export also a copy that is streamed and signed at its end (`exported`)
    202   taken: the answer comes later, signed, by POST to `answer_url`
    410   the silo is gone: final, and its owner should be told
    408, 425, 429, 5xx, no answer, no time   to be tried again, not before what Retry-After asks
    anything else                            final: it will not be different the next time

Upholds promise 12: what nobody signed is *failed* with `bad_signature`, whatever it says; and promise 15 by
`net.http`. The bodies name the person, because the silo has to find them: docs/systems-webhook.md says so.
"""

import json
import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from uuid import UUID

import msgspec

from consentd.base.clock import Clock
from consentd.base.ids import new_id
from consentd.base.settings import name_for_silo, of_silo
from consentd.crypto import webhooks
from consentd.crypto.secrets import Secret
from consentd.kernel.connection import Connection, Webhook
from consentd.kernel.errors import CallerError, Malformed
from consentd.kernel.instants import SECOND, to_instant
from consentd.kernel.policy import System
from consentd.kernel.tasks import MOST_DETAIL
from consentd.net.errors import NetError, TookTooLong, Unreachable
from consentd.net.http import Http, Streamed
from consentd.systems.connectors import exported, wire
from consentd.systems.connectors.contract import (
    Answer,
    Asked,
    Connector,
    Order,
    Records,
    SiloUnavailable,
    Test,
    Verdict,
)

_MOST_ANSWER = 1024 * 1024
_AGAIN = {408, 425, 429, 503}
_MOST_WAIT = 24 * 3600
_DIGITS = re.compile(r"[0-9]{1,9}")


class WebhookConnector(Connector):
    """`answers_at`: where a late answer is posted; None where nothing takes any."""

    def __init__(
        self,
        system: System,
        connection: Connection,
        webhook: Webhook,
        http: Http,
        environ: Mapping[str, str],
        clock: Clock,
        answers_at: str | None,
    ) -> None:
        self._name = system.id
        self._connection = connection
        self._webhook = webhook
        self._http = http
        self._environ = environ
        self._clock = clock
        self._answers_at = answers_at

    async def _told(self, order: Order) -> Answer | Asked:
        return await self._exchange(order, None)

    locate = rectify = restrict = erase = confirm = read_preferences = write_preference = _told

    async def export(self, order: Order, records: Records) -> Answer | Asked:
        return await self._exchange(order, records)

    async def _exchange(self, order: Order, records: Records | None) -> Answer | Asked:
        secrets = self._secrets()
        if isinstance(secrets, Answer):
            return secrets
        body = self._body(order)
        takes = "application/json" if records is None else f"{exported.MEDIA_TYPE}, application/json"
        headers = {"accept": takes, **self._headers(secrets, order.task, body)}
        most = _MOST_ANSWER if records is None else self._webhook.answer_megabytes * 1024 * 1024
        seconds = self._connection.timeout_seconds
        try:
            async with self._http.stream(
                self._webhook.url, body, headers, seconds=seconds, most_bytes=most
            ) as told:
                if told.status == 200 and records is not None and _is_copy(told):
                    return await exported.read_export(
                        told.pieces(), secrets, order.task, records, self._clock
                    )
                if told.status == 200:
                    content = await told.body()
                    return wire.verify_answer(secrets, order.task, told.headers, content, self._clock())
                if told.status == 202:
                    return Asked(_reference(await told.body()))
                # Nothing else is read: its words are for nobody here.
                return self._refused(told)
        except CallerError as error:
            return _not_counted(error)
        except NetError as error:
            if isinstance(error, Unreachable | TookTooLong):
                raise SiloUnavailable(error.code, error.message) from None
            return _failed(error.code, error.message)

    def _secrets(self) -> tuple[Secret, ...] | Answer:
        name = name_for_silo(self._name, "SECRET")
        setting = of_silo(self._environ, self._name, "SECRET")
        if setting is None:
            return _failed("no_secret", f"The setting {name} is missing: nothing can be signed.")
        try:
            return webhooks.secrets_of(setting)
        except ValueError as error:
            return _failed("bad_secret", f"The setting {name} {error}.")

    def _body(self, order: Order) -> bytes:
        return wire.sent(order, f"{self._answers_at}/{order.task}/answer" if self._answers_at else None)

    def _headers(self, secrets: Sequence[Secret], task: UUID, body: bytes) -> dict[str, str]:
        return {"content-type": "application/json", **webhooks.sign(secrets, task, body, self._clock())}

    def _refused(self, told: Streamed) -> Answer:
        status = told.status
        if status == 410:
            return _failed("gone", "The silo’s program says that it is gone for good (410).")
        if status in _AGAIN:
            raise SiloUnavailable(
                "silo_busy",
                f"The silo’s program asks to wait ({status}).",
                retry_after=self._retry_after(told.headers),
            )
        if status >= 500:
            raise SiloUnavailable("silo_broken", f"The silo’s program failed ({status}).")
        if 300 <= status < 400:
            return _failed("redirected", f"The silo’s program answers from elsewhere ({status}): name that.")
        return _failed("refused", f"The silo’s program refuses the task ({status}).")

    def _retry_after(self, headers: Mapping[str, str]) -> int:
        """Seconds, of either form (RFC 9110 §10.2.3); 1 where it says nothing that can be read."""
        told = headers.get("retry-after", "")
        if _DIGITS.fullmatch(told):
            seconds = int(told)
        else:
            try:
                seconds = -(-(to_instant(parsedate_to_datetime(told)) - self._clock()) // SECOND)
            except (ValueError, OverflowError):
                return 1
        return max(1, min(seconds, _MOST_WAIT))

    async def preview(self, order: Order) -> Sequence[str]:
        """The request as it would be sent, without a word about the person."""
        secrets = self._secrets()
        body = json.loads(self._body(order))
        for one in body.get("identifiers", ()):
            one["value"] = f"<{one['scheme']}>"
        if "changes" in body:
            body["changes"] = dict.fromkeys(body["changes"], "<…>")
        lines = [
            f"POST {self._webhook.url.partition('?')[0]}",
            "content-type: application/json",
            f"{webhooks.ID}: {order.task}",
            f"{webhooks.TIMESTAMP}: <now>",
            f"{webhooks.SIGNATURE}: <made with {name_for_silo(self._name, 'SECRET')}>",
            "",
            *json.dumps(body, ensure_ascii=False, indent=2).splitlines(),
        ]
        return [*lines, "", f"{secrets.detail}"] if isinstance(secrets, Answer) else lines

    async def test(self) -> Test:
        """Posts a signed `{"verb": "test"}`, which a signed *done* is the answer to."""
        secrets = self._secrets()
        if isinstance(secrets, Answer):
            return Test(ok=False, lines=(f"{secrets.detail}",))
        lines = [f"{len(secrets)} secret{'s' if len(secrets) > 1 else ''} to sign with."]
        ping = wire.Ping(task=new_id())
        body = ping.encoded()
        try:
            answered = await self._http.post(
                self._webhook.url,
                body,
                self._headers(secrets, ping.task, body),
                seconds=self._connection.timeout_seconds,
                most_bytes=_MOST_ANSWER,
            )
        except NetError as error:
            return Test(ok=False, lines=(*lines, error.message))
        lines.append(f"Reached: it answered with {answered.status}.")
        if answered.status != 200:
            return Test(ok=False, lines=(*lines, "A test is answered with 200 and a signed answer."))
        try:
            answer = wire.verify_answer(secrets, ping.task, answered.headers, answered.body, self._clock())
        except CallerError as error:
            return Test(ok=False, lines=(*lines, f"{_not_counted(error).detail}"))
        lines.append(f"The answer is signed, and says {answer.verdict.value}.")
        return Test(ok=answer.verdict is Verdict.DONE, lines=tuple(lines))


def _is_copy(streamed: Streamed) -> bool:
    kind = streamed.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == exported.MEDIA_TYPE


def _reference(body: bytes) -> str | None:
    # It was taken, however it says so: a body that cannot be read is no reason to ask again.
    try:
        return msgspec.json.decode(body, type=wire.Accepted).reference
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _not_counted(error: CallerError) -> Answer:
    """An answer that does not count. Where it is not of the agreed form, its maker is told the place."""
    if not isinstance(error, Malformed) and error.code != "invalid_body":
        return _failed(error.code, error.message)
    places = [f" {one['pointer'] or '/'}: {one['detail']}" for one in error.errors]
    reason = error.message if not places else "It has another form than agreed."
    return _failed("malformed_answer", f"The silo’s answer does not count. {reason}{''.join(places)}")


def _failed(code: str, detail: str) -> Answer:
    """Why the silo gave no answer that counts: then nothing shows that the order came to it either."""
    return Answer(verdict=Verdict.FAILED, code=code, detail=detail[:MOST_DETAIL], told=False)
