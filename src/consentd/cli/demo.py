"""demo: everything of the demo company, made and served in one command. `make run` calls it."""

import asyncio
import json
from importlib import resources

import click
import msgspec

from consentd.app import Parts
from consentd.base.settings import Settings
from consentd.callers import service as callers
from consentd.callers.model import Caller
from consentd.cli import serving
from consentd.cli.common import command, opened, settings
from consentd.cli.setup import initialise
from consentd.consent.requests import RecordConsents, RecordObjection
from consentd.consent.service import ConsentService
from consentd.evidence.model import OPERATOR
from consentd.kernel.ids import SecretId, SystemId
from consentd.subjects.doing import Doing
from consentd.subjects.stating import FactsAsked
from consentd.web import server

CLIENTS: dict[str, list[str]] = {
    "till": ["consent:write", "consent:read", "check", "reasons", "replica"],
    "webshop": ["consent:write", "check", "reasons"],
    "mailing": ["consent:write", "check"],
}


class Credential(msgspec.Struct, frozen=True):
    client_id: str
    client_secret: str
    scopes: list[str]

    def __repr__(self) -> str:
        return f"Credential({self.client_id})"


class DemoAct(msgspec.Struct, frozen=True):
    """One recording call of the demo population, by the system that makes it."""

    system: str
    consents: RecordConsents | None = None
    objection: RecordObjection | None = None
    facts: FactsAsked | None = None


@click.command()
@click.option("--no-serve", is_flag=True, help="Make everything, print it, and stop.")
@command
def demo(no_serve: bool) -> None:
    """Make the demo company, its people and three clients, and serve. Run again, it keeps the data."""
    given = settings()
    # Before anything is made or printed: who cannot be served is told so first.
    listener = None if no_serve else server.listen(given)
    for line in initialise(given):
        click.echo(line)
    click.echo(_told(given, asyncio.run(_populate(given))))
    if listener is not None:
        serving.run(given, listener)


async def _populate(given: Settings) -> dict[str, Credential]:
    """Connects the three clients and records the demo population, once."""
    file = given.data_dir / "demo-credentials.json"
    async with opened(given) as parts:
        systems = {
            one.system.name: str(one.system.id) for one in await parts.database.read(callers.list_systems)
        }
        known = systems.keys()
        if file.exists():
            kept = msgspec.json.decode(file.read_bytes(), type=dict[str, Credential])
            # A file left from another database would print secrets that open nothing.
            if all(systems.get(name) == one.client_id for name, one in kept.items()):
                return kept
        if taken := sorted(known & CLIENTS.keys()):
            click.echo(
                f"The demo's clients ({', '.join(taken)}) are connected already, but {file} with their "
                "secrets is gone: `consentd system rotate` makes new ones."
            )
            return {}
        made = {name: await _connect(parts, name, scopes) for name, scopes in CLIENTS.items()}
        credentials = {
            name: Credential(str(system.id), system.secret, CLIENTS[name]) for name, system in made.items()
        }
        # Kept for this demo alone, so that a second start can print them: real secrets are shown once.
        file.touch(mode=0o600)
        file.write_bytes(msgspec.json.encode(credentials))
        zone = (await parts.database.read(parts.policies.active)).policy.controller.zone
        people = {
            name: Caller(
                SystemId(system.id), SecretId(system.secret_id), name, frozenset(CLIENTS[name]), zone=zone
            )
            for name, system in made.items()
        }
        await _record(parts, people)
    return credentials


async def _connect(parts: Parts, name: str, scopes: list[str]) -> callers.NewSystem:
    zone = (await parts.database.read(parts.policies.active)).policy.controller.zone
    return await parts.database.change(
        lambda unit: callers.add_system(unit, parts.keyring, name, scopes, [], [], zone, OPERATOR)
    )


async def _record(parts: Parts, systems: dict[str, Caller]) -> None:
    service = ConsentService(Doing(parts.database, parts.keyring, parts.policies))
    content = resources.files("consentd.cli").joinpath("demo_people.json").read_bytes()
    for act in msgspec.json.decode(content, type=list[DemoAct]):
        caller = systems[act.system]
        if act.facts is not None:
            await service.record_facts(caller, act.facts)
        if act.consents is not None:
            await service.record(caller, act.consents)
        if act.objection is not None:
            await service.object(caller, act.objection)


def _told(given: Settings, credentials: dict[str, Credential]) -> str:
    lines = ["", f"consentd of Maison Lavande: {given.public_url}/"]
    lines += [f"Every call, explained and to be tried: {given.public_url}/docs", "", "Three clients:"]
    for name, one in credentials.items():
        lines.append(f"  {name:9} id {one.client_id}  secret {one.client_secret}")
        lines.append(f"            scopes {' '.join(one.scopes)}")
    if "till" in credentials:
        lines += ["", "Ask whether Ana Diaz may get the newsletter (paste it in another terminal):", ""]
        lines.append(curl_line(given.public_url, credentials["till"]))
    lines += ["", *_pages(given)]
    lines += ["", "Stop with Ctrl+C; the data stays. `make help` lists what else there is.", ""]
    return "\n".join(lines)


def _pages(given: Settings) -> list[str]:
    """Where customers steer it themselves, and what it takes to get in."""
    if given.smtp is None:
        return [
            f"The customers' own pages: {given.public_url}/my",
            "  They let in by a code that is mailed: set CONSENTD_SMTP_URL and CONSENTD_MAIL_FROM.",
        ]
    return [
        f"The customers' own pages, as Ana Diaz: {given.public_url}/my",
        "  Type ana.diaz@exemple.fr there. The mail with the code is named here as soon as it goes out.",
    ]


def curl_line(address: str, client: Credential) -> str:
    """Gets a token and asks, in one line, with curl and sed alone."""
    question = {
        "subject": {"scheme": "email", "value": "ana.diaz@exemple.fr"},
        "purpose": "newsletter",
        "channel": "email",
    }
    token = (
        f"curl -s -u {client.client_id}:{client.client_secret} -d grant_type=client_credentials "
        f'{address}/oauth/token | sed \'s/.*"access_token":"\\([^"]*\\)".*/\\1/\''
    )
    return (
        f'curl -s {address}/v1/check -H "Authorization: Bearer $({token})" '
        f"-H 'Content-Type: application/json' -d '{json.dumps(question)}'"
    )


COMMANDS = [demo]
