"""system: connecting channel systems and taking their access away."""

from uuid import UUID

import click

from consentd.app import Parts
from consentd.callers import service as callers
from consentd.callers.model import Scope
from consentd.cli import system_key, system_silo
from consentd.cli.common import command, fail, json_option, say, with_parts
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import Unprocessable
from consentd.kernel.ids import SecretId, SystemId
from consentd.kernel.instants import to_text
from consentd.policy.service import PolicyBook


@click.group()
def system() -> None:
    """Connected systems: who may call, for what."""


def _words(values: tuple[str, ...]) -> list[str]:
    """`--scope a --scope b`, `--scope a,b` and `--scope "a b"` all mean the same."""
    return [word for value in values for word in value.replace(",", " ").split()]


@system.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="Of: " + ", ".join(Scope) + ".")
@click.option("--purpose", "purposes", multiple=True, help="Limit to these purposes; all if not given.")
@click.option("--channel", "channels", multiple=True, help="Limit to these channels; all if not given.")
@click.option(
    "--zone", default=None, help="Its time zone, for dates without a time; the company's if not given."
)
@json_option
@command
def add(
    name: str,
    scopes: tuple[str, ...],
    purposes: tuple[str, ...],
    channels: tuple[str, ...],
    zone: str | None,
    as_json: bool,
) -> None:
    """Connect the system NAME and print its id and its secret, once."""

    async def work(parts: Parts) -> callers.NewSystem:
        policy = (await parts.database.read(PolicyBook().active)).policy
        _require("purpose", _words(purposes), policy.purposes)
        _require("channel", _words(channels), policy.channels)
        return await parts.database.change(
            lambda unit: callers.add_system(
                unit,
                parts.keyring,
                name,
                _words(scopes),
                _words(purposes),
                _words(channels),
                zone or policy.controller.zone,
                OPERATOR,
            )
        )

    made = with_parts(work)
    say(
        {
            "id": made.id,
            "name": name,
            "client_id": made.id,
            "secret": made.secret,
            "client_secret": made.secret,
        },
        as_json=as_json,
        text=f"{name} is connected.\n  client id      {made.id}\n  client secret  {made.secret}\n"
        "The secret is not shown again.",
    )


def _require(what: str, named: list[str], known: dict[str, object] | object) -> None:
    assert isinstance(known, dict)
    for word in named:
        if word not in known:
            raise Unprocessable(
                f"unknown_{what}", f"The policy has no {what} {word!r}. It knows: {', '.join(sorted(known))}."
            )


@system.command("list")
@json_option
@command
def list_(as_json: bool) -> None:
    """Every connected system, with what it may do."""

    async def work(parts: Parts) -> list[callers.ConnectedSystem]:
        return await parts.database.read(callers.list_systems)

    found = with_parts(work)
    told = [
        {
            "id": one.system.id,
            "name": one.system.name,
            "scopes": list(one.system.scopes),
            "purposes": list(one.system.purposes),
            "channels": list(one.system.channels),
            "zone": one.system.zone,
            "created_at": to_text(one.system.created_at),
            "revoked_at": to_text(one.system.revoked_at) if one.system.revoked_at else None,
            "secrets": [
                {
                    "id": secret.id,
                    "created_at": to_text(secret.created_at),
                    "revoked_at": to_text(secret.revoked_at) if secret.revoked_at else None,
                }
                for secret in one.secrets
            ],
            "keys": [system_key.told(key) for key in one.keys],
        }
        for one in found
    ]
    lines = [
        f"{one.system.name:24} {one.system.id}  {' '.join(one.system.scopes)}"
        + ("  (revoked)" if one.system.revoked_at else "")
        for one in found
    ]
    say(
        told,
        as_json=as_json,
        text="\n".join(lines) or "No system is connected yet: see `consentd system add`.",
    )


@system.command()
@click.argument("name")
@click.option("--retire-old", is_flag=True, help="Where two secrets live already, revoke the older one.")
@json_option
@command
def rotate(name: str, retire_old: bool, as_json: bool) -> None:
    """Make a second secret for the system NAME (its name or id). The first one goes on working."""

    async def work(parts: Parts) -> callers.NewSystem:
        system_id = await system_key.find(parts, name)
        return await parts.database.change(
            lambda unit: callers.rotate(unit, parts.keyring, system_id, OPERATOR, retire_old=retire_old)
        )

    made = with_parts(work)
    say(
        {
            "id": made.id,
            "client_id": made.id,
            "secret_id": made.secret_id,
            "secret": made.secret,
            "client_secret": made.secret,
        },
        as_json=as_json,
        text=f"A new secret for {name}, beside the old one:\n  client id      {made.id}\n"
        f"  client secret  {made.secret}\nBring it into use, then revoke the old one with "
        f"`consentd system revoke {name} --secret ID` (see `consentd system list --json`).",
    )


@system.command()
@click.argument("name")
@click.option(
    "--secret", "secret", default=None, help="Only this secret (its id); the whole system if not given."
)
@json_option
@command
def revoke(name: str, secret: str | None, as_json: bool) -> None:
    """Take away the access of the system NAME (its name or id), at once and in every process."""
    secret_id = SecretId(_uuid(secret)) if secret else None

    async def work(parts: Parts) -> SystemId:
        system_id = await system_key.find(parts, name)
        await parts.database.change(
            lambda unit: callers.revoke(unit, parts.keyring, system_id, OPERATOR, secret_id=secret_id)
        )
        return system_id

    found = with_parts(work)
    what = f"The secret {secret} of {name}" if secret else name
    say(
        {"id": found, "revoked": True}, as_json=as_json, text=f"{what} is revoked; its tokens no longer work."
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        fail(f"{text!r} is not the id of a secret: see `consentd system list --json`.")


system.add_command(system_key.key)
system.add_command(system_silo.test)
system.add_command(system_silo.scaffold)
COMMANDS = [system]
