"""The web shop of the shared service: people are logged in there, and it hands them over, signed."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import httpx
from acts import Body, given, new_card

from consentd.client.logins import Logins
from support.installation import Serving


class Webshop:
    """Connected under the name that the policy has, with a key of its own."""

    def __init__(self, service: Serving, name: str = "webshop") -> None:
        self.name = name
        found = service.installation.connect("consent:write", name=name)
        self.client_id = found.id
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "webshop.jwk")
            made = service.installation.run("system", "key", "add", name, "--generate", str(file))
            assert made.code == 0, made.err
            self._logins = Logins(service.installation.settings.public_url, found.id, file)

    def account(self, till: httpx.Client, *also: Body) -> Body:
        """Somebody new with an account at the shop, who said yes to something."""
        account = {"scheme": "shopify", "value": new_card()}
        body = {"subject": {"identifiers": [account, *also], "territory": "FR"}, "events": [given()]}
        till.post("/v1/consents", json=body).raise_for_status()
        return account

    def token(self, request: str, account: Body, **other: Any) -> str:
        """What it signs about whoever is logged in under the account."""
        signed_in = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=2)
        named = f"{account['scheme']}:{account['value']}"
        return self._logins.token(request, named, **({"signed_in": signed_in, "methods": ["pwd"]} | other))
