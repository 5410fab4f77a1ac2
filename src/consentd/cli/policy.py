"""policy: checking, testing, comparing and activating the rules."""

from pathlib import Path

import click

from consentd.app import Parts
from consentd.cli.common import command, directory_option, fail, json_option, say, settings, with_parts
from consentd.consent.counting import people_by_key
from consentd.evidence.model import OPERATOR
from consentd.kernel.policy import Policy
from consentd.policy import tables
from consentd.policy.diff import affected_keys, describe
from consentd.policy.loader import load, load_whole
from consentd.policy.service import PolicyBook, active_hash
from consentd.policy.service import activate as activate_policy


@click.group()
def policy() -> None:
    """The company's rules: checking, testing, comparing, activating."""


def _directory(given: Path | None) -> Path:
    return given or settings().policies_dir


@policy.command()
@directory_option
@json_option
@command
def check(directory: Path | None, as_json: bool) -> None:
    """Check the policy files. Every fault is told with its file, line and reason."""
    found = load(_directory(directory))
    say(
        {
            "valid": True,
            "policy": found.hash,
            "purposes": sorted(found.purposes),
            "packs": sorted(found.packs),
        },
        as_json=as_json,
        text=f"{found.controller.name}: {len(found.purposes)} purposes, {len(found.channels)} channels, "
        f"{len(found.notices)} notices, law of {', '.join(sorted(found.packs))}. No fault found.\n"
        f"{found.hash}",
    )


@policy.command()
@directory_option
@json_option
@command
def test(directory: Path | None, as_json: bool) -> None:
    """Run the decision tables under tests/ of the policy folder."""
    folder = _directory(directory)
    results = tables.run(load(folder), folder)
    failed = [result for result in results if result.fault is not None]
    lines = [f"{result.file}:{result.line}: {result.name}: {result.fault}" for result in failed]
    say(
        {"passed": len(results) - len(failed), "failed": len(failed), "results": results},
        as_json=as_json,
        text="\n".join([*lines, f"{len(results) - len(failed)} passed, {len(failed)} failed"]),
    )
    if failed or not results:
        raise SystemExit(1)


@policy.command()
@directory_option
@json_option
@command
def diff(directory: Path | None, as_json: bool) -> None:
    """Say in words, and in numbers of people, what activating the policy files would change."""
    new = load(_directory(directory))

    async def work(parts: Parts) -> tuple[Policy | None, dict[str, int]]:
        hash_ = await parts.database.read(active_hash)
        if hash_ is None:
            return None, {}
        old = (await parts.database.read(lambda c: PolicyBook().load(c, hash_))).policy
        keys = sorted(affected_keys(old, new))
        people = await parts.database.read(lambda c: people_by_key(c, keys))
        return old, {f"{purpose} by {channel}": people[purpose, channel] for purpose, channel in keys}

    old, people = with_parts(work)
    words = describe(old, new)
    lines = words or ["Nothing would change."]
    lines += [f"{count} people have a choice on record about {key}." for key, count in people.items()]
    say({"changes": words, "people": people}, as_json=as_json, text="\n".join(lines))


@policy.command()
@directory_option
@json_option
@command
def activate(directory: Path | None, as_json: bool) -> None:
    """Put the policy files in force. A faulty one is refused, and the running version stays."""
    folder = _directory(directory)
    new, files = load_whole(folder)
    failed = [result for result in tables.run(new, folder) if result.fault is not None]
    if failed:
        first = failed[0]
        fail(
            f"{len(failed)} decision tables do not come out as expected, so nothing was activated. "
            "The first: "
            f"{first.file}:{first.line}: {first.name}: {first.fault}"
        )

    async def work(parts: Parts) -> bool:
        return await parts.database.change(
            lambda unit: activate_policy(unit, parts.keyring, new, OPERATOR, files)
        )

    changed = with_parts(work)
    text = f"{new.hash} is in force." if changed else f"{new.hash} was in force already."
    say({"policy": new.hash, "changed": changed}, as_json=as_json, text=text)


COMMANDS = [policy]
