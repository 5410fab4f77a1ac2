"""The company with three silos that outlive whoever asks them: a shop's database, a program behind a webhook,
a colleague who gets mail. Any process can carry its requests out.
"""

from functools import cache
from pathlib import Path

import msgspec

from consentd.base.mail_address import sender
from consentd.base.reaching import SmtpServer
from consentd.dsr.copies import SealedCopies
from consentd.dsr.working import Worker
from consentd.kernel.connection import Connection, Manual, Owner, Verb, Webhook
from consentd.kernel.policy import Policy, System, sealed
from consentd.net.http import Http
from consentd.net.mail import Mailer
from consentd.systems.connectors.contract import Connector
from consentd.systems.connectors.limits import Guards
from consentd.systems.connectors.registry import Tools, connector_of
from consentd.systems.links import Links
from support.builders import Company
from support.shop import policy_with
from support.silo_program import SECRET
from support.this_machine import ThisMachine

OWNER = Owner(name="Inès Roche", email="ines@maison-lavande.example")
VERBS = (
    Verb.LOCATE,
    Verb.EXPORT,
    Verb.RECTIFY,
    Verb.RESTRICT,
    Verb.ERASE,
    Verb.CONFIRM,
    Verb.WRITE_PREFERENCE,
)


class Place(msgspec.Struct, frozen=True):
    """Where everything is, for another process."""

    url: str
    folder: str
    now: int
    shop: str
    smtp_port: int


_rules = cache(policy_with)


def policy_of(webhook: str | None) -> Policy:
    """With a mailing tool behind this URL; without one, it is a colleague who works it by hand."""
    policy = _rules()
    part = {"by": "manual", "manual": Manual()} if webhook is None else {"by": "webhook"}
    if webhook is not None:
        part["webhook"] = Webhook(url=webhook)
    joined = Connection(owner=OWNER, verbs=VERBS, timeout_seconds=20, **part)  # type: ignore[arg-type]
    mailing = msgspec.structs.replace(policy.systems["mailing"], connection=joined)
    systems = {"mailing": mailing, "shop": policy.systems["shop"]}
    return sealed(msgspec.structs.replace(policy, systems=systems))


class Carrier:
    """What carries requests out in one process; to be closed. `connector`: how a silo is reached."""

    def __init__(self, company: Company, place: Place) -> None:
        self._http = Http(ThisMachine())
        self._environ = {"CONSENTD_SILO_SHOP_URL": place.shop, "CONSENTD_SILO_MAILING_SECRET": SECRET}
        server = SmtpServer(tls="none", host="127.0.0.1", port=place.smtp_port)
        self._mail = Mailer(server, sender("donnees@maison-lavande.example"), company.clock)
        self._company = company
        self._guards = Guards()

    def connector(self, system: System, policy: Policy) -> Connector:
        tools = Tools(
            http=self._http,
            mail=self._mail,
            links=Links(self._company.keyring, "https://consent.example"),
            guards=self._guards,
            clock=self._company.clock,
            environ=self._environ,
            company=policy.controller.name,
            schemes=policy.identifiers,
            answers_at=None,
        )
        return connector_of(system, tools)

    def worker(self, connector: object = None) -> Worker:
        company = self._company
        copies = SealedCopies(Path(company.folder) / "copies", company.database, company.keyring)
        return Worker(
            company.database,
            company.keyring,
            company.policies,
            connector or self.connector,  # type: ignore[arg-type]
            copies,
        )

    async def close(self) -> None:
        await self._http.close()
