"""Customers of the demo's shop for tests of its pages: on record at a running service, reading their mail."""

import itertools
import re
import secrets
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from consentd.app import Parts
from consentd.base.i18n import Language
from consentd.db.unit import Unit
from consentd.kernel.ids import SubjectId
from consentd.portal.reach import Reach
from consentd.portal.sessions import open_session
from consentd.subjects.service import group_of
from consentd.web.pages.speech import Speech, catalogue
from support.installation import Installation, Serving
from support.rights import code_in
from support.smtp import Sink

SCOPES = (
    "consent:write",
    "consent:read",
    "check",
    "reasons",
    "requests:write",
    "requests:read",
    "requests:decide",
)
_SECONDS = 60
_session = secrets.token_hex(4)
_numbers = itertools.count(1)
_ZONE = ZoneInfo("Europe/Paris")


class Customers:
    """Tests share the service: each makes up people of its own. `desk` calls as a system that knows them."""

    def __init__(self, serving: Serving, mailbox: Sink, desk: httpx.Client) -> None:
        self.serving = serving
        self.mailbox = mailbox
        self.desk = desk

    def new(self, *also: dict[str, str]) -> str:
        """The address of somebody who said yes to the newsletter by e-mail. `also`: what else names them."""
        address = self.stranger()
        self.gives(address, *also)
        return address

    def stranger(self) -> str:
        """An address that nobody gave yet."""
        return f"nadia.{_session}.{next(_numbers)}@exemple.fr"

    def shared(self) -> str:
        """An address that two people have."""
        address = f"famille.{_session}.{next(_numbers)}@exemple.fr"
        for _ in range(2):
            self.gives(address, {"scheme": "customer", "value": f"{_session}-{next(_numbers)}"})
        return address

    def gives(self, address: str, *also: dict[str, str], **changed: Any) -> dict[str, Any]:
        event = {
            "purpose": "newsletter",
            "channel": "email",
            "state": "given",
            "occurred_at": "2026-11-20T10:15:00+01:00",
            "notice": {"id": "newsletter", "version": "3", "language": "fr"},
            "method": "checkbox",
            "collector": "till-2",
            **changed,
        }
        known = [*also, {"scheme": "email", "value": address}]
        body = {"subject": {"identifiers": known, "territory": "FR"}, "events": [event]}
        answer = self.desk.post("/v1/consents", json=body)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def reason(self, address: str) -> str:
        """Why the newsletter may go there, or may not: the first code."""
        subject = {"scheme": "email", "value": address}
        body = {"subject": subject, "purpose": "newsletter", "channel": "email"}
        return str(self.desk.post("/v1/check", json=body).json()["reasons"][0]["code"])

    def mails(self, address: str, most: int = 1) -> list[str]:
        """What came to an address, in order, once it is so many."""

        def arrived() -> list[str]:
            mine = [one for one in self.mailbox.taken if [to.lower() for to in one.to] == [address.lower()]]
            return [one.message.get_content() for one in mine]

        until = time.monotonic() + _SECONDS
        while len(found := arrived()) < most:
            assert time.monotonic() < until, f"{len(found)} of {most} mails came"
            time.sleep(0.02)
        return found

    def code(self, address: str, number: int = 1) -> str:
        """The one that the mail of this number brought, from 1."""
        return code_in(self.mails(address, number)[number - 1])

    def link(self, address: str, number: int = 1, *, leads: str = "/my/in/") -> str:
        """Where that mail leads, without the host."""
        found = re.search(rf"https?://\S+{leads}\S+", self.mails(address, number)[number - 1])
        assert found, "a mail without a link"
        parts = urlsplit(found[0])
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


def signed_in(
    installation: Installation,
    browser: str,
    subject: str | None,
    reach: Reach,
    identifier: UUID | None = None,
) -> str:
    """The cookie of a session opened beside the service, of whoever the subject stands merged with."""

    async def work(parts: Parts) -> str:
        def opened(unit: Unit) -> str:
            whose = (
                None if subject is None else SubjectId(group_of(unit.connection, SubjectId(UUID(subject))))
            )
            return open_session(
                unit, parts.keyring, browser, subject=whose, identifier=identifier, reach=reach
            )[1]

        return await parts.database.housekeep(opened)

    cookie: str = installation.within(work)
    return cookie


def said(language: Language, sentence: str, **filled: object) -> str:
    """A sentence of the pages as their reader sees it, which is among those to translate."""
    assert catalogue("fr").get(sentence), sentence
    return Speech(language, _ZONE).gettext(sentence, **filled)
