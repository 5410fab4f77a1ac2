"""audit list-proof: that somebody was in a list and decided so; verified by whoever has the log's key."""

import os
from pathlib import Path

import click
import msgspec

from consentd.app import Parts
from consentd.check.lists import proof as proofs
from consentd.check.lists.proof import ListProof
from consentd.check.lists.proving import prove
from consentd.cli.common import command, fail, json_option, say, sequence, with_parts
from consentd.evidence.bundle import service as bundles
from consentd.evidence.checkpoint import parse_vkey
from consentd.evidence.model import OPERATOR
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import Tampered
from consentd.policy.service import PolicyBook

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MOST = 1 << 20


@click.command("list-proof")
@click.argument("answers", type=_FILE)
@click.option(
    "--identifier", required=True, help="The address or number, as it was in the list; - to type it unseen."
)
@click.option("--row", type=click.IntRange(1), help="Its row, if it was there more than once.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write; there must be none of that name yet.",
)
@json_option
@command
def list_proof(answers: Path, identifier: str, row: int | None, out: Path, as_json: bool) -> None:
    """Write the proof that somebody was in a list and decided so. This is recorded.

    ANSWERS is what the list was answered with: the reasons file of `consentd filter`, or the answer of
    /v1/check/list. The list itself is not needed.
    """
    value = click.prompt("Value", hide_input=True) if identifier == "-" else identifier

    async def work(parts: Parts) -> ListProof:
        book = PolicyBook()
        compiled = await parts.database.read(book.active)
        return await prove(
            answers,
            value,
            row,
            database=parts.database,
            keyring=parts.keyring,
            policy=compiled.policy,
            log=lambda entry: bundles.prove(
                entry, parts.database, parts.keyring, OPERATOR, lambda: sequence(parts)
            ),
        )

    if out.exists():
        fail(f"{out} exists; nothing is written over.")
    made = with_parts(work)
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}.")
    with os.fdopen(handle, "wb") as file:
        file.write(canonical(msgspec.to_builtins(made)) + b"\n")
    number = made.decided["row"]
    say(
        {"file": str(out), "row": number, "allow": made.decided["allow"]},
        as_json=as_json,
        text=f"{out} proves how row {number} was decided. Whoever has the log's key verifies it with "
        f"`consentd audit verify-list-proof {out} --key …`.",
    )


@click.command("verify-list-proof")
@click.argument("file", type=_FILE)
@click.option("--key", required=True, help="The line of /v1/log/key, or a file that holds it.")
@json_option
@command
def verify_list_proof(file: Path, key: str, as_json: bool) -> None:
    """Verify FILE, which `audit list-proof` wrote. Needs neither network nor database.

    Exit code 0 where it holds, 1 where not, 2 where the key is none.
    """
    try:
        origin, public = parse_vkey((key if "+" in key else Path(key).read_text(encoding="utf-8")).strip())
    except (Tampered, OSError, ValueError):
        raise click.BadParameter("This is no verifier key of a log.", param_hint="--key") from None
    with file.open("rb") as opened:
        content = opened.read(_MOST + 1)
    try:
        made = msgspec.json.decode(content, type=ListProof)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        fail("This is no file that `consentd audit list-proof` wrote.")
    proofs.verify(made, origin, [public])
    about, decided = made.list["row"], made.decided
    allowed = "allowed" if decided["allow"] else "not allowed"
    say(
        {"holds": True, "decided": decided, "list": about},
        as_json=as_json,
        text=f"It holds: {decided['identifier']} was row {decided['row']} of {about['size']} of a list for "
        f"{about['purpose']} by {about['channel']}, and contact was {allowed} "
        f"({', '.join(decided['reasons'])}).",
    )
