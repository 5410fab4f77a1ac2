"""A silo that somebody works by hand: its owner gets a mail, and answers by a link.

Mail is not sealed, is copied by every server on its way, and stays in mailboxes after an erasure. So it holds
the steps, the deadline, the task's number and the link, and nothing of the customer: not a name, not an
address, not what is to be corrected. Those are behind the link (decision 0041).

Upholds promise 12: a mail that nobody took, or that cannot be sent, is never *asked*.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from consentd.base.clock import Clock
from consentd.base.dates import day_in_words
from consentd.base.i18n import Language, Text
from consentd.base.mail_address import mail_address
from consentd.kernel.connection import Connection, Manual, Verb
from consentd.kernel.errors import OperatorError
from consentd.kernel.instants import Instant, midnight, to_datetime
from consentd.kernel.policy import System
from consentd.net.errors import NetError, TookTooLong, Unreachable
from consentd.net.mail import Mail
from consentd.net.message import Message
from consentd.systems.connectors import manual_words as words
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
from consentd.systems.links import AFTER_DEADLINE, Links


class ManualConnector(Connector):
    """`company`: in whose name is written."""

    def __init__(
        self, system: System, connection: Connection, mail: Mail, links: Links, clock: Clock, company: str
    ) -> None:
        self._system = system
        self._connection = connection
        self._manual = connection.manual or Manual()
        self._mail = mail
        self._links = links
        self._clock = clock
        self._company = company
        self._zone = ZoneInfo(system.zone)
        self._language: Language = "fr" if connection.owner.language == "fr" else "en"

    def due(self, asked_at: Instant) -> Instant:
        """By when the owner answers what was asked at that instant: the end of a day, where the silo is."""
        last = self._local(asked_at) + dt.timedelta(days=self._connection.answers_within_days)
        return midnight(last + dt.timedelta(days=1), self._zone)

    async def _told(self, order: Order) -> Answer | Asked:
        due = self.due(self._clock())
        subject, text = self._letter(words.SUBJECT, words.OPENING, order.task, order.verb, order.lift, due)
        return await self._send(uuid5(order.task, "asked"), subject, text) or Asked()

    locate = rectify = restrict = erase = confirm = read_preferences = write_preference = _told

    async def export(self, order: Order, records: Records) -> Answer | Asked:
        return await self._told(order)

    async def remind(self, task: UUID, verb: Verb, due: Instant, *, lift: bool = False) -> Answer | None:
        """Writes again, in other words once `due` is over. None: sent. Twice on one day it is one mail for
        mail programs. Raises SiloUnavailable.
        """
        now = self._clock()
        late = now >= due
        subject = words.LATE if late else words.REMINDER
        opening = words.REMINDING_LATE if late else words.REMINDING
        heading, text = self._letter(subject, opening, task, verb, lift, due)
        return await self._send(uuid5(task, f"reminder {self._local(now)}"), heading, text)

    async def preview(self, order: Order) -> Sequence[str]:
        due = self.due(self._clock())
        hidden = words.HIDDEN_LINK(self._language)
        subject, text = self._letter(
            words.SUBJECT, words.OPENING, order.task, order.verb, order.lift, due, hidden
        )
        return [
            f"{self._connection.owner.name} <{self._connection.owner.email}>",
            subject,
            "",
            *text.split("\n"),
        ]

    async def test(self) -> Test:
        """Whether mail can be sent, without sending any."""
        owner = self._connection.owner
        try:
            mail_address(owner.email)
        except ValueError as error:
            return Test(ok=False, lines=(f"The owner’s address {error}.",))
        lines = [f"Tasks are written to {owner.name}, who has {self._connection.answers_within_days} days."]
        own = [verb.value for verb in self._connection.verbs if verb in self._manual.steps]
        lines.append(f"Steps of its own: {', '.join(own) or 'none, the usual ones are written'}.")
        try:
            await self._mail.check()
        except (NetError, OperatorError) as error:
            return Test(ok=False, lines=(*lines, error.message))
        return Test(ok=True, lines=(*lines, "The mail server takes mail."))

    def _letter(
        self,
        subject: Text,
        opening: Text,
        task: UUID,
        verb: Verb,
        lift: bool,
        due: Instant,
        link: str | None = None,
    ) -> tuple[str, str]:
        """Subject and text."""
        language, tool = self._language, self._system.name
        until = Instant(due + AFTER_DEADLINE)
        to_do = words.UNFREEZE if lift and verb is Verb.RESTRICT else words.TO_DO[verb]
        said = {"tool": tool, "day": self._day(due), "to_do": to_do(language)}
        text = words.BODY(language).format(
            owner=self._connection.owner.name,
            opening=opening(language).format(**said),
            steps=self._steps(verb, lift),
            until=self._day(until),
            link=link or self._links.link_for(task, self._connection.owner.email, until),
            task=task,
            company=self._company,
        )
        return subject(language).format(**said), text

    def _steps(self, verb: Verb, lift: bool) -> str:
        if self._manual.steps.get(verb):
            return "\n".join(steps_of(self._system, verb, self._language, lift=lift))
        told = steps_of(self._system, verb, self._language, lift=lift)
        return "\n".join(f"{number}. {step}" for number, step in enumerate(told, 1))

    def _local(self, instant: Instant) -> dt.date:
        return to_datetime(instant, self._zone).date()

    def _day(self, due: Instant) -> str:
        """The day at whose end something is due."""
        return day_in_words(self._local(Instant(due - 1)), self._language)

    async def _send(self, number: UUID, subject: str, text: str) -> Answer | None:
        """None: a server has taken it."""
        try:
            to = mail_address(self._connection.owner.email)
        except ValueError as error:
            return _failed("bad_owner", f"The owner’s address {error}: mend it in the policy.")
        message = Message(number=number, to=to, subject=subject, text=text, language=self._language)
        try:
            await self._mail.send(message)
        except (Unreachable, TookTooLong) as error:
            raise SiloUnavailable(error.code, error.message) from None
        except (NetError, OperatorError) as error:
            return _failed(error.code, error.message)
        return None


def steps_of(system: System, verb: Verb, language: Language, *, lift: bool = False) -> tuple[str, ...]:
    """What is to be done, step by step: as the policy says for this silo, else the usual."""
    manual = system.connection.manual if system.connection else None
    own = manual.steps.get(verb) if manual else None
    if own:
        return tuple((own.get(language) or next(iter(own.values()))).strip().split("\n"))
    steps = list(words.STEPS[verb])
    if lift and verb is Verb.RESTRICT:
        steps[1] = words.THAW
    return tuple(step(language).format(tool=system.name) for step in steps)


def _failed(code: str, detail: str) -> Answer:
    return Answer(verdict=Verdict.FAILED, code=code, detail=detail, told=False)
