"""What connectors work with, from the settings: one client, one mailer, one set of limits for a process."""

import os

from consentd.base.clock import Clock
from consentd.base.settings import Settings
from consentd.crypto.keyring import Keyring
from consentd.kernel.policy import Policy
from consentd.net.connecting import Allowed
from consentd.net.http import Http
from consentd.net.mail import mailer
from consentd.systems.connectors.limits import Guards
from consentd.systems.connectors.registry import Tools
from consentd.systems.links import Links


def tools_of(settings: Settings, keyring: Keyring, policy: Policy, clock: Clock) -> Tools:
    """`http` is to be closed by whoever asked for them."""
    return Tools(
        http=Http(Allowed(settings.allowed_hosts or ())),
        mail=mailer(settings, clock),
        links=Links(keyring, settings.public_url),
        guards=Guards(),
        clock=clock,
        environ=os.environ,
        company=policy.controller.name,
        schemes=policy.identifiers,
        answers_at=f"{settings.public_url}/v1/tasks",
    )
