"""Sending the one mail of each yes that waits: after the commit, again until a server takes it, never twice.

Whoever holds a row's lease sends it, outside any transaction; a dead holder's lease runs out, and another
sends. A kill between the server's taking it and our writing so sends the same mail again under the same
number, of which mail programs show one. There are no reminders.

Where a no of the person's came after they asked, or they were erased, nothing is sent any more.
"""

import asyncio
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import structlog

from consentd.base.dates import day_in_words
from consentd.base.i18n import Language, choose
from consentd.base.ids import new_id
from consentd.base.mail_address import mail_address
from consentd.base.rounds import Rounds
from consentd.consent import states_store, store
from consentd.consent.confirming import confirm_store
from consentd.consent.confirming.mail_words import SUBJECT, TEXT
from consentd.consent.confirming.rules import stopped_since
from consentd.consent.confirming.tokens import PATH, token_of
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db import leases
from consentd.db.unit import Database, Unit
from consentd.kernel.calendar import local_date
from consentd.kernel.errors import ConsentdError
from consentd.kernel.instants import SECOND, Instant
from consentd.kernel.policy import Policy, in_words
from consentd.net.mail import Mail
from consentd.net.message import Message
from consentd.policy.service import PolicyBook
from consentd.subjects import service as subjects

AT_ONCE = 8
_SECONDS = leases.LEASE_SECONDS - 10
"""For one mail: less than its lease lasts, so that nobody else begins with it meanwhile."""
_IDLE_SECONDS = 2.0
_FIRST_WAIT = 15.0
_FINAL = frozenset({"mail_refused", "mail_not_supported", "no_mail_address"})
"""What another try does not change."""
_log = structlog.get_logger()
Row: TypeAlias = Any
"""Any: a row mapping of `confirmation_mails`."""


class ConfirmationMailing:
    def __init__(
        self, database: Database, keyring: Keyring, policies: PolicyBook, mail: Mail, public_url: str
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._policies = policies
        self._mail = mail
        self._url = public_url.rstrip("/") + PATH
        self._holder = new_id()
        self._rounds = Rounds("mail", _IDLE_SECONDS)

    def wake(self) -> None:
        self._rounds.wake()

    async def run(self) -> None:
        """Until cancelled."""
        await self._rounds.run(self.send_due)

    async def send_due(self) -> int:
        """Claims what waits and sends it side by side; how many were tried."""

        def anything(unit: Unit) -> list[Row]:
            # Read before it is written: most of the time there is nothing.
            if not confirm_store.anything_due(unit.connection, unit.now):
                return []
            return leases.claim(
                unit,
                confirm_store.MAILS,
                self._holder,
                states=("waiting", "running"),
                order="next_at",
                limit=AT_ONCE,
            )

        rows = await self._database.housekeep(anything)
        await asyncio.gather(*(self._carried(row) for row in rows))
        return len(rows)

    async def _carried(self, row: Row) -> None:
        """Whatever goes wrong with one, the others are sent."""
        code: str | None = None
        try:
            async with asyncio.timeout(_SECONDS):
                message = await self._message(row)
                if message is None:
                    code = "over"
                else:
                    await self._mail.send(message)
        except TimeoutError:
            code = "too_slow"
        except ConsentdError as error:
            code = error.code
        except ValueError:
            code = "no_mail_address"
        except Exception as error:
            # The kind alone: a message may hold what is personal (promise 18).
            _log.error("mail_failed", kind=type(error).__name__)
            code = "defect"
        if code not in (None, "over"):
            _log.warning("mail_not_sent", code=code, whom="person")
        try:
            await self._database.housekeep(lambda unit: self._note(unit, row, code))
        except ConsentdError as error:
            # The lease runs out, and whoever has it next goes on.
            _log.warning("mail_interrupted", code=error.code)

    def _note(self, unit: Unit, row: Row, code: str | None) -> None:
        attempts = row["attempts"] + 1
        values: dict[str, Any] = {"code": code, "attempts": attempts}
        if code is None:
            values |= {"state": "sent", "ended_at": unit.now}
        elif code == "over" or code in _FINAL:
            values |= {"state": "failed", "ended_at": unit.now}
        else:
            wait = unit.now + int(leases.backoff(attempts, _FIRST_WAIT) * SECOND)
            values |= {"state": "waiting", "next_at": wait}
        leases.keep(unit, confirm_store.MAILS, row["id"], self._holder, values | leases.RELEASED)

    async def _message(self, row: Row) -> Message | None:
        """None where there is nothing to confirm any more. Raises ValueError for an address that mail cannot
        go to.
        """

        def read(connection: Any, now: Instant) -> Message | None:  # Any: a connection
            found = confirm_store.confirmation(connection, row["id"])
            if found is None or found["confirmed_at"] is not None or now >= found["expires_at"]:
                return None
            group = subjects.group_of(connection, found["subject_id"])
            if group is None:
                return None
            policy = self._policies.active(connection).policy
            (event,) = store.events_by_id(connection, [found["event_id"]])
            states = states_store.states(connection, group, [found["purpose"]])
            objections = states_store.objection_states(connection, group)
            about = policy.purposes.get(found["purpose"]), policy.channels.get(found["channel"])
            if about[0] is None or about[1] is None:
                return None
            if stopped_since(about[0], found["channel"], states.values(), objections, event["effective"]):
                return None
            members = subjects.person_of(connection, group).members
            contacts = subjects.contacts_of(connection, self._keyring, members)
            to = next((one.named.value for one in contacts if one.id == found["identifier_id"]), None)
            return None if to is None else self._written(policy, found, to, choose(row["language"], None))

        async def run() -> Message | None:
            # A unit knows what time it is; this one writes nothing.
            return await self._database.housekeep(lambda unit: read(unit.connection, unit.now))

        return await with_fresh_keys(self._keyring, self._database, run)

    def _written(self, policy: Policy, found: Row, to: str, language: Language) -> Message:
        controller = policy.controller
        purpose, channel = policy.purposes[found["purpose"]], policy.channels[found["channel"]]
        last = local_date(found["expires_at"] - 1, ZoneInfo(controller.zone))
        said = {
            "company": controller.name,
            "purpose": in_words(purpose.label, language, purpose.id),
            "channel": in_words(channel.label, language, found["channel"]),
            "link": self._url + token_of(self._keyring, found["id"]),
            "day": day_in_words(last, language),
            "contact": controller.contact.email or controller.dpo.email or controller.contact.address or "",
        }
        return Message(
            number=found["id"],
            to=mail_address(to),
            subject=SUBJECT(language).format(**said),
            text=TEXT(language).format(**said),
            language=language,
        )
