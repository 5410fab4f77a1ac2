"""system key: the keys by which systems prove themselves instead of by a secret (`private_key_jwt`).

Upholds promise 18: a private key is made into a file that its owner alone can read, and is not printed.
"""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from consentd.app import Parts
from consentd.callers import service as callers
from consentd.callers.service import ConnectedSystem, KeyRow
from consentd.cli.common import command, fail, json_option, say, with_parts
from consentd.crypto import jwk
from consentd.evidence.model import OPERATOR
from consentd.kernel.ids import SecretId, SystemId
from consentd.kernel.instants import to_text


@click.group()
def key() -> None:
    """Keys of systems that sign for their tokens instead of sending a secret."""


@key.command()
@click.argument("name")
@click.option(
    "--jwk",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with the public key as a JWK: Ed25519, P-256, or RSA with its alg.",
)
@click.option(
    "--generate",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Make an Ed25519 key and write its private half to this new file.",
)
@json_option
@command
def add(name: str, file: Path | None, out: Path | None, as_json: bool) -> None:
    """Register a key for the system NAME (its name or id). Two can live at once, so that one rotates."""
    if (file is None) == (out is None):
        fail(
            "Give either --jwk with the public key's file, or --generate with the file to write a new one to."
        )
    if file is not None:
        made = jwk.read(file.read_bytes())
    else:
        assert out is not None
        private, made = jwk.generate()
        # First the file: a key that is registered and lost would only stand in the way.
        _write(out, private.reveal())

    async def work(parts: Parts) -> tuple[SystemId, SecretId]:
        system_id = await find(parts, name)
        return system_id, await parts.database.change(
            lambda unit: callers.add_key(unit, parts.keyring, system_id, made, OPERATOR)
        )

    try:
        system_id, key_id = with_parts(work)
    except BaseException:
        if out is not None:
            out.unlink(missing_ok=True)
        raise
    written = (
        f"\n  private key  {out}: only the system may have it; consentd keeps the public half" if out else ""
    )
    say(
        {"id": key_id, "client_id": system_id, "kid": made.kid, "alg": made.algorithm},
        as_json=as_json,
        text=f"{name} may prove itself by this key.\n  client id    {system_id}\n  kid          {made.kid}\n"
        f"  algorithm    {made.algorithm}{written}",
    )


@key.command("list")
@click.argument("name")
@json_option
@command
def list_(name: str, as_json: bool) -> None:
    """The keys of the system NAME (its name or id), revoked ones too."""
    found = with_parts(lambda parts: _system(parts, name))
    keys = [told(one) for one in found.keys]
    lines = [
        f"{one['kid']}  {one['alg']}  {one['created_at']}" + ("  (revoked)" if one["revoked_at"] else "")
        for one in keys
    ]
    say(keys, as_json=as_json, text="\n".join(lines) or f"{name} has no key: see `consentd system key add`.")


@key.command()
@click.argument("name")
@click.argument("kid")
@json_option
@command
def revoke(name: str, kid: str, as_json: bool) -> None:
    """Take the key KID (its kid or id) of the system NAME out of use, at once and in every process."""

    async def work(parts: Parts) -> SecretId:
        found = await _system(parts, name)
        fitting = [one.id for one in found.keys if kid in (str(one.id), told(one)["kid"])]
        if not fitting:
            fail(f"{name} has no such key: see `consentd system key list {name}`.")
        await parts.database.change(
            lambda unit: callers.revoke(unit, parts.keyring, found.system.id, OPERATOR, secret_id=fitting[0])
        )
        return fitting[0]

    revoked = with_parts(work)
    say(
        {"id": revoked, "revoked": True},
        as_json=as_json,
        text=f"The key {kid} of {name} is revoked; tokens asked for with it no longer work.",
    )


def told(row: KeyRow) -> dict[str, Any]:  # Any: what can be written as JSON
    public = jwk.kept(row.public_key)
    return {
        "id": row.id,
        "kid": public.kid,
        "alg": public.algorithm,
        "created_at": to_text(row.created_at),
        "revoked_at": to_text(row.revoked_at) if row.revoked_at else None,
    }


async def find(parts: Parts, name: str) -> SystemId:
    """A system by its id or its name. Raises NotFound for a name that is none."""
    try:
        return SystemId(UUID(name))
    except ValueError:
        return await parts.database.read(lambda connection: callers.by_name(connection, name))


async def _system(parts: Parts, name: str) -> ConnectedSystem:
    """Raises NotFound."""
    return await parts.database.read(lambda connection: callers.connected(connection, name))


def _write(path: Path, content: bytes) -> None:
    """Never over another file: it may be the key in use."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(f"{path} exists already and is left alone. Name a new file.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
