"""Sending the mail that requests have written down: after the commit, side by side, again until it is taken.

Whoever holds a row's lease sends it, outside any transaction; that it was taken is a unit that proves the
lease, and a step of the request. A kill between the two sends the same mail again under the same number,
of which mail programs show one. What no server takes is tried for five days, later each time, as long as mail
servers do among themselves (RFC 5321 §4.5.4.1); then staff read in the request's steps that somebody was not
told, and write by hand. A mail that cannot be sent delays no other.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
import structlog

from consentd.base.ids import new_id
from consentd.base.mail_address import mail_address
from consentd.base.rounds import Rounds
from consentd.crypto import request_keys
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.crypto.seal import Place, unseal
from consentd.db import leases
from consentd.db.unit import Database, Unit
from consentd.dsr import mail_store, store, telling
from consentd.dsr.cases import RequestCase
from consentd.dsr.certificate_check import CertificatesTold
from consentd.dsr.certifying import certificates_of
from consentd.dsr.outgoing import Letter
from consentd.evidence.model import SERVICE
from consentd.kernel.connection import Verb
from consentd.kernel.errors import ConsentdError
from consentd.kernel.instants import DAY, SECOND
from consentd.kernel.policy import Policy, System
from consentd.net.mail import Mail
from consentd.net.message import Attached, Message
from consentd.policy.service import PolicyBook
from consentd.systems.connectors.contract import SiloUnavailable
from consentd.systems.connectors.manual import ManualConnector

TRIED_FOR = 5 * DAY
AT_ONCE = 8
_SECONDS = leases.LEASE_SECONDS - 10
"""For one mail: less than its lease lasts, so that nobody else begins with it meanwhile."""
_IDLE_SECONDS = 2.0
_FIRST_WAIT = 15.0
_FINAL = frozenset({"mail_refused", "mail_not_supported", "no_mail_address", "bad_owner", "over"})
"""What another try does not change."""
_log = structlog.get_logger()
Row: TypeAlias = Any
"""Any: a row mapping of `outgoing_mails`."""


class NotSent(Exception):
    """`code` says whether another try may help; no caller ever meets it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Mailing:
    """`owner`: how the owner of a silo is written to. `proof_seconds`: how long a certificate waits for the
    checkpoint that proves it.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        policies: PolicyBook,
        mail: Mail,
        owner: Callable[[System, Policy], ManualConnector],
        *,
        proof_seconds: float = 5.0,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._policies = policies
        self._mail = mail
        self._owner = owner
        self._proof_seconds = proof_seconds
        self._holder = new_id()
        self._rounds = Rounds("mail", _IDLE_SECONDS)

    def wake(self) -> None:
        self._rounds.wake()

    async def run(self) -> None:
        """Until cancelled."""
        await self._rounds.run(self.send_due)

    async def settled(self) -> None:
        """Sends until nothing is left that could be sent now: for commands and tests."""
        while await self.send_due():
            pass

    async def send_due(self) -> int:
        """Claims what waits and sends it side by side; how many were tried."""

        def anything(unit: Unit) -> list[Row]:
            # Read before it is written: most of the time there is nothing.
            if not mail_store.anything_due(unit.connection, unit.now):
                return []
            return leases.claim(
                unit,
                mail_store.MAILS,
                self._holder,
                states=("waiting", "running"),
                order="next_at",
                limit=AT_ONCE,
                only=mail_store.in_its_turn(),
            )

        rows = await self._database.housekeep(anything)
        await asyncio.gather(*(self._carried(row) for row in rows))
        return len(rows)

    async def _carried(self, row: Row) -> None:
        """Whatever goes wrong with one, the others are sent."""
        try:
            await self._carry(row)
        except ConsentdError as error:
            _log.warning("mail_interrupted", code=error.code)
        except Exception as error:
            # The kind alone: a message may hold what is personal (promise 18).
            _log.error("mail_failed", kind=type(error).__name__)

    async def _carry(self, row: Row) -> None:
        code: str | None = None
        try:
            async with asyncio.timeout(_SECONDS):
                await (self._send(row) if row["task_id"] is None else self._remind(row))
        except TimeoutError:
            code = "too_slow"
        except (ConsentdError, NotSent) as error:
            code = error.code
        except Exception as error:
            _log.error("mail_failed", kind=type(error).__name__)
            code = "defect"
        if code is None:
            await self._end(row, "sent", None)
            return
        _log.warning("mail_not_sent", code=code, whom=row["whom"])
        await self._end_or_later(row, code)

    async def _end_or_later(self, row: Row, code: str) -> None:
        attempts = row["attempts"] + 1

        def later(unit: Unit) -> bool:
            if code in _FINAL or unit.now >= row["created_at"] + TRIED_FOR:
                return False
            wait = unit.now + int(leases.backoff(attempts, _FIRST_WAIT) * SECOND)
            values = {"state": "waiting", "attempts": attempts, "next_at": wait, "code": code}
            leases.keep(unit, mail_store.MAILS, row["id"], self._holder, values | leases.RELEASED)
            return True

        if not await self._database.housekeep(later):
            await self._end(row, "failed", code)

    async def _end(self, row: Row, state: str, code: str | None) -> None:
        """Sent, or given up: what it said goes, and the request's steps tell of it."""

        def work(unit: Unit) -> None:
            compiled = self._policies.active(unit.connection)
            case = RequestCase.locked(unit, self._keyring, compiled, row["request_id"])
            values = {"state": state, "code": code, "ended_at": unit.now, **leases.RELEASED}
            if not leases.keep(unit, mail_store.MAILS, row["id"], self._holder, values):
                return
            mail_store.remove_letter(unit, row["id"])
            if not mail_store.letters_left(unit.connection, case.id):
                request_keys.destroy(unit, case.id, "mail")
            if code == "over":
                return
            case.note(_step(row, state), case.state, SERVICE, {"moment": row["moment"], "code": code})
            if row["whom"] == "person" and state == "failed":
                telling.by_hand(case, row["moment"])

        await with_fresh_keys(self._keyring, self._database, lambda: self._database.change(work))

    async def _send(self, row: Row) -> None:
        def opened(connection: Any) -> Letter | None:  # Any: a connection
            sealed = mail_store.letter(connection, row["id"])
            key = request_keys.open_key(connection, self._keyring, row["request_id"], "mail")
            if sealed is None or key is None:
                return None
            content = unseal(key, sealed, Place("outgoing_letters", "sealed", row["id"]))
            return msgspec.json.decode(content, type=Letter)

        letter: Letter | None = await with_fresh_keys(
            self._keyring, self._database, lambda: self._database.read(opened)
        )
        if letter is None:
            # What was to be sent is gone.
            raise NotSent("over")
        try:
            to = mail_address(letter.to)
        except ValueError:
            raise NotSent("no_mail_address") from None
        attached = await self._certificates(row["request_id"]) if letter.certificates else ()
        await self._mail.send(
            Message(
                number=row["id"],
                to=to,
                subject=letter.subject,
                text=letter.text,
                language=letter.language,
                attached=attached,
            )
        )

    async def _certificates(self, request: UUID) -> tuple[Attached, ...]:
        """As GET /v1/requests/{id}/certificate tells them, with the log's proof if it comes in time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._proof_seconds
        while True:
            told = await self._database.read(partial(certificates_of, request=request))
            if all(one.proof is not None for one in told) or loop.time() >= until:
                break
            await asyncio.sleep(0.25)
        content = msgspec.json.encode(CertificatesTold(certificates=told))
        return (Attached(name="certificate.json", content=content),)

    async def _remind(self, row: Row) -> None:
        def found(connection: Any) -> tuple[Policy, Row, Row]:  # Any: a connection
            policy = self._policies.active(connection).policy
            return (
                policy,
                store.task(connection, row["task_id"]),
                store.request(connection, row["request_id"]),
            )

        policy, task, request = await self._database.read(found)
        system = policy.systems.get(task["system"])
        if task["state"] in ("ended", "approving") or system is None or system.connection is None:
            # It answered meanwhile: nobody is to be bothered.
            raise NotSent("over")
        owner = self._owner(system, policy)
        try:
            answer = await owner.remind(
                task["id"], Verb(task["verb"]), task["due_at"], lift=request["right"] == "lifting"
            )
        except SiloUnavailable as error:
            raise NotSent(error.code) from None
        if answer is not None:
            raise NotSent(answer.code or "failed")


def _step(row: Row, state: str) -> str:
    """What the request's steps call it."""
    kind = row["moment"].partition(":")[0]
    if row["whom"] == "person":
        return f"told_{kind}" if state == "sent" else "not_told"
    if row["whom"] == "dpo":
        return "dpo_told" if state == "sent" else "dpo_not_told"
    if state != "sent":
        return "owner_not_told"
    return "owner_told" if row["task_id"] is None else "owner_reminded"
