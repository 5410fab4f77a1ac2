"""system test, system scaffold: how a silo is reached when a person's request must be carried out in it."""

import asyncio
import os
from pathlib import Path

import click

from consentd.base.clock import now
from consentd.base.settings import name_for_silo, of_silo
from consentd.cli.common import command, directory_option, fail, json_option, say, settings
from consentd.crypto.keyring import passing_keyring
from consentd.kernel.policy import Policy, System
from consentd.policy.loader import load
from consentd.systems.connectors.contract import Connector
from consentd.systems.connectors.contract import Test as Tried
from consentd.systems.connectors.registry import connector_of
from consentd.systems.connectors.sql.opening import parse_url
from consentd.systems.connectors.sql.scaffolding import grants_for
from consentd.systems.connectors.sql.scaffolding import scaffold as scaffold_sql
from consentd.systems.connectors.tooling import tools_of


def _connector(system: System, policy: Policy) -> Connector:
    # Nothing is signed for anybody by trying out: no key is opened for it.
    return connector_of(system, tools_of(settings(), passing_keyring(), policy, now))


@click.command()
@click.argument("name")
@directory_option
@click.option("--grants", is_flag=True, help="Print the least privileges that the account needs, and end.")
@json_option
@command
def test(name: str, directory: Path | None, grants: bool, as_json: bool) -> None:
    """Try out the connection of the system NAME (its id in the policy files), changing nothing."""
    policy = load(directory or settings().policies_dir)
    system = policy.systems.get(name)
    if system is None:
        fail(f"The policy has no system {name!r}. It knows: {', '.join(sorted(policy.systems))}.")
    if system.connection is None:
        fail(
            f"{system.name} has no 'connection' in systems/{name}.yaml: it takes no part in requests. "
            "docs/systems.md says how to connect it."
        )
    if grants and system.connection.by == "sql":
        variable = name_for_silo(name, "URL")
        url = parse_url(of_silo(os.environ, name, "URL") or "postgresql:///silo", variable)
        lines = grants_for(system.connection, url)
        say({"grants": lines}, as_json=as_json, text="\n".join(lines))
        return

    async def work() -> Tried:
        connector = _connector(system, policy)
        try:
            return await connector.test()
        finally:
            await connector.close()

    tried = asyncio.run(work())
    verdict = f"{system.name} can be reached, and orders can be carried out." if tried.ok else ""
    say(tried, as_json=as_json, text="\n".join([*tried.lines, *([verdict] if verdict else [])]))
    if not tried.ok:
        fail(f"{system.name} is not ready: see the lines that begin with “fault”.")


@click.group()
def scaffold() -> None:
    """Propose the policy file of a silo from what it looks like."""


@scaffold.command()
@click.argument("url", required=False)
@click.option("--name", default="silo", show_default=True, help="The id of the system in the policy.")
@directory_option
@json_option
@command
def sql(url: str | None, name: str, directory: Path | None, as_json: bool) -> None:
    """Read the schema of the database at URL and propose its mapping, changing nothing.

    Without URL, CONSENTD_SILO_<NAME>_URL is read: there a password does not stay in the shell's history.
    The proposal goes to standard output; what the account needs stands below it as comments.
    """
    variable = name_for_silo(name, "URL")
    given = url or os.environ.get(variable)
    if not given:
        fail(
            "Name the database: by its URL, as postgresql://account@host/shop or sqlite:////srv/shop.db, or "
            f"by the variable {variable}; --name says which system of the policy it is."
        )
    made = scaffold_sql(
        parse_url(given, "the URL" if url else variable), name, load(directory or settings().policies_dir)
    )
    privileges = "\n".join(f"#   {line}" for line in made.grants)
    say(
        {"yaml": made.yaml, "grants": made.grants, "tables": made.tables, "left_out": made.left_out},
        as_json=as_json,
        text=f"{made.yaml}\n# The least that the service’s account needs, once decided:\n{privileges}",
    )
    click.echo(
        f"{made.tables} tables proposed, {made.left_out} left out. Save it as systems/{name}.yaml, decide "
        "what is marked, then `consentd policy check` and `consentd system test`.",
        err=True,
    )
