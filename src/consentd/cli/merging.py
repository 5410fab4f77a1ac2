"""subject candidates, merge, unmerge, refuse: who is one person with whom, decided at the command line."""

from typing import Literal
from uuid import UUID

import click

from consentd.app import Parts
from consentd.base.i18n import Language
from consentd.cli.common import command, fail, json_option, language_option, say, with_parts
from consentd.consent import deciding
from consentd.consent.merging import Merged, merge, unmerge
from consentd.db.unit import Unit
from consentd.evidence.model import OPERATOR
from consentd.kernel.ids import SubjectId
from consentd.subjects import proposals
from consentd.subjects import service as subjects
from consentd.subjects.doing import log_reading
from consentd.subjects.proposals import MergeCandidate
from consentd.subjects.seeking import Sought, seek

_MOST = 500


@click.command()
@click.option("--status", type=click.Choice(["open", "approved", "refused"]), default="open")
@click.option("--after", type=click.UUID, default=UUID(int=0), help="The last pair that was shown before.")
@click.option("--show", is_flag=True, help="Say what the identifiers are. Logged about each person.")
@click.option("--seek", "first_seek", is_flag=True, help="First compare all who bear the same name.")
@language_option
@json_option
@command
def candidates(
    status: Literal["open", "approved", "refused"],
    after: UUID,
    show: bool,
    first_seek: bool,
    language: Language,
    as_json: bool,
) -> None:
    """List pairs that may be one person, and why: up to 500, behind --after."""

    async def work(parts: Parts) -> tuple[Sought | None, tuple[MergeCandidate, ...]]:
        sought = None
        if first_seek:
            sought = await seek(parts.database, parts.keyring, parts.policies, OPERATOR)

        def read(unit: Unit) -> tuple[MergeCandidate, ...]:
            found = subjects.merge_candidates(unit.connection, after, _MOST, status)
            told = proposals.told(unit.connection, parts.keyring, found, language, opened=show)
            compiled = parts.policies.active(unit.connection)
            about = proposals.about(found) if show else []
            log_reading(unit, parts.keyring, "merge_candidates.listed", OPERATOR, about, compiled.hash)
            return told

        return sought, await parts.database.change(read)

    sought, found = with_parts(work)
    if sought is not None:
        click.echo(f"{sought.people} people have a name; {sought.found} pairs are new or better.", err=True)
    say(found, as_json=as_json, text="\n\n".join(map(_words, found)) or f"There are no {status} pairs.")


def _words(pair: MergeCandidate) -> str:
    lines = [str(pair.id), *(f"  person  {one}" for one in pair.subjects)]
    lines += [f"  {because.text} ({because.code})" for because in pair.reasons]
    for named in pair.identifiers:
        whose = "both" if len(named.held_by) > 1 else "".join(map(str, named.held_by))
        value = f" {named.value}" if named.value is not None else ""
        lines.append(f"    {named.scheme}{value}: {whose}")
    return "\n".join(lines)


@click.command("merge")
@click.argument("one")
@click.argument("other", required=False)
@json_option
@command
def merge_command(one: str, other: str | None, as_json: bool) -> None:
    """Make two records one person: ONE is a pair that `candidates` lists, or ONE and OTHER are two people."""
    first, second = _ids(one, other)

    def work(unit: Unit, parts: Parts) -> tuple[tuple[UUID, ...], UUID]:
        if second is None:
            done = deciding.approve(unit, parts.keyring, OPERATOR, first)
            return done.subjects, done.entry_id
        merged = merge(unit, parts.keyring, OPERATOR, SubjectId(first), SubjectId(second), "same_person")
        return (first, second), merged.entry

    pair, entry = with_parts(lambda parts: parts.database.change(lambda unit: work(unit, parts)))
    say(
        {"subjects": pair, "entry_id": entry},
        as_json=as_json,
        text=f"They are one person. To take it back: consentd subject unmerge {pair[0]} {pair[1]}\n"
        f"Log entry {entry}.",
    )


@click.command("unmerge")
@click.argument("one")
@click.argument("other", required=False)
@json_option
@command
def unmerge_command(one: str, other: str | None, as_json: bool) -> None:
    """Take a merge back: the two that were merged with each other, or the pair, named as for `merge`.

    They count as refused from then on, and are not proposed again unless something new is known.
    """
    first, second = _ids(one, other)

    def work(unit: Unit, parts: Parts) -> Merged:
        a, b = first, second
        if b is None:
            found = subjects.merge_candidate(unit.connection, first)
            a, b = found.subject_a, found.subject_b
        return unmerge(unit, parts.keyring, OPERATOR, SubjectId(a), SubjectId(b), "two_people")

    done = with_parts(lambda parts: parts.database.change(lambda unit: work(unit, parts)))
    told = (
        "They are two people again."
        if len(done.people) > 1
        else "That merge is taken back; others still make them one person."
    )
    say(
        {"people": done.people, "entry_id": done.entry},
        as_json=as_json,
        text=f"{told}\nLog entry {done.entry}.",
    )


@click.command()
@click.argument("candidate")
@json_option
@command
def refuse(candidate: str, as_json: bool) -> None:
    """Say that a pair is two people: it is not proposed again unless something new is known."""
    pair, _ = _ids(candidate, None)

    async def work(parts: Parts) -> deciding.Decided:
        return await parts.database.change(lambda unit: deciding.refuse(unit, parts.keyring, OPERATOR, pair))

    done = with_parts(work)
    say(done, as_json=as_json, text=f"They stay two people.\nLog entry {done.entry_id}.")


def _ids(one: str, other: str | None) -> tuple[UUID, UUID | None]:
    try:
        return UUID(one), UUID(other) if other is not None else None
    except ValueError:
        # Not repeated: it may be an address, typed in the wrong place.
        fail(
            "This is not an id, which has 36 characters: of a pair, as `subject candidates` tells it, or of "
            "a person, as POST /v1/subjects/lookup does."
        )


COMMANDS = [candidates, merge_command, unmerge_command, refuse]
