"""A list is one decision about many: in order, in the log before it is told, and bound by one digest."""

import hashlib
import json
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import sqlalchemy as sa

from consentd.base.i18n import Language
from consentd.check.lists import running
from consentd.check.lists.answers import CsvAnswers, JsonAnswers, Problem
from consentd.check.lists.asked import ListAsked
from consentd.check.lists.leaves import secret_of
from consentd.check.lists.model import Block, Ending
from consentd.check.lists.running import Lists
from consentd.check.lists.told import key_of, leaf_of
from consentd.check.store import gatherer
from consentd.db.tables.lists import list_uses, lists
from consentd.db.tables.log import log_entries
from consentd.db.tables.people import subjects
from consentd.evidence.details import details_of
from consentd.evidence.merkle import Tree
from consentd.kernel.errors import CallerError
from consentd.kernel.instants import DAY, parse_moment
from support.builders import Company, demo_policy

ANA, BEN, CLO = "email:ana@exemple.fr", "email:ben@exemple.fr", "email:clo@exemple.fr"
UTC = ZoneInfo("UTC")
CALLS = {"id": "phone_offers", "version": "1", "language": "fr"}
CELLS = ["ana@exemple.fr", " ANA@Exemple.FR ", "ben@exemple.fr", "nobody@exemple.fr", "", "no address", None]


@pytest.fixture
async def people(company: Company) -> Company:
    await company.gives(ANA)
    await company.gives(BEN)
    await company.withdraws(BEN)
    await company.gives(CLO)
    return company


async def run(
    company: Company,
    *cells: list[Any],
    by: str | None = "till",
    language: Language = "en",
    complete: bool = True,
    **asked: Any,
) -> tuple[list[list[Block]], Ending]:
    """What each step released, the end's included, and the summary."""
    parts = Lists(
        company.database, gatherer(company.database), company.keyring, company.policies, company.clock
    )
    about = ListAsked(**({"purpose": "newsletter", "channel": "email"} | asked))
    one = await parts.begin(about, company.systems[by] if by else None, language)
    released = [await one.add(some) for some in cells]
    if not complete:
        ending = await one.break_off()
        assert ending is not None
        return released, ending
    last, ending = await one.end()
    return [*released, last], ending


def codes(blocks: list[list[Block]]) -> list[str]:
    return [form.told.reasons[0].code for some in blocks for block in some for form in block.forms]


async def entries(company: Company) -> list[str]:
    def read(connection: sa.Connection) -> list[str]:
        found = sa.select(log_entries.c.action).where(log_entries.c.action.like("list.%"))
        return list(connection.execute(found.order_by(log_entries.c.id)).scalars())

    return await company.database.read(read)


async def rows_of(company: Company, table: sa.Table) -> list[Any]:
    return await company.database.read(lambda c: list(c.execute(sa.select(table)).mappings()))


async def test_rows_are_answered_in_order_and_what_cannot_be_read_is_denied(people: Company) -> None:
    blocks, ending = await run(people, CELLS)
    assert codes(blocks) == [
        "consent_given", "consent_given", "withdrawn", "unknown_person",
        "empty_cell", "unreadable_cell", "unreadable_cell",
    ]  # fmt: skip
    assert (ending.rows, ending.allowed, ending.eligible, ending.complete) == (7, 2, 2, True)
    assert ending.reasons["unreadable_cell"] == 2


async def test_promise_8_a_short_list_is_one_entry_and_told_after_it(people: Company) -> None:
    blocks, ending = await run(people, CELLS)
    assert [len(some) for some in blocks] == [0, 1]
    assert await entries(people) == ["list.decided"]
    (row,) = await rows_of(people, lists)
    assert (row["size"], row["allowed"], row["root"].hex(), row["entry_id"]) == (
        7, 2, ending.root, ending.entry_id,
    )  # fmt: skip
    await people.verify_everything()


async def test_promise_8_a_long_list_is_announced_before_its_first_row_is_told(people: Company) -> None:
    blocks, ending = await run(people, CELLS, CELLS, CELLS)
    assert [len(some) for some in blocks] == [0, 2, 1, 0]
    assert [block.first for some in blocks for block in some] == [1, 8, 15]
    assert await entries(people) == ["list.begun", "list.decided"]
    assert ending.rows == 21
    (begun,) = [
        detail.content
        for detail in await people.database.read(lambda c: list(details_of(c, people.keyring, "list.begun")))
    ]
    assert begun is not None
    assert begun["caller"] == "till"
    assert "exemple" not in json.dumps(begun)


async def test_what_is_held_back_is_told_as_soon_as_the_log_announces_it(people: Company) -> None:
    parts = Lists(people.database, gatherer(people.database), people.keyring, people.policies, people.clock)
    one = await parts.begin(ListAsked(purpose="newsletter", channel="email"), None, "en")
    assert await one.add(CELLS) == []
    assert await entries(people) == []
    assert [len(block.forms) for block in await one.release()] == [7]
    assert await entries(people) == ["list.begun"]
    assert await one.release() == []
    assert (await one.end())[0] == []


async def test_a_list_that_is_broken_off_says_so(people: Company) -> None:
    _, ending = await run(people, CELLS, CELLS, complete=False)
    assert not ending.complete
    assert await entries(people) == ["list.begun", "list.broken_off"]
    (row,) = await rows_of(people, lists)
    assert (row["complete"], row["size"]) == (False, 14)
    await people.verify_everything()


async def test_a_list_of_nobody_is_decided_too(people: Company) -> None:
    blocks, ending = await run(people)
    assert (blocks, ending.rows) == ([[]], 0)
    assert ending.root == hashlib.sha256(b"").hexdigest()


async def test_every_leaf_can_be_made_again_from_what_was_told_and_they_make_the_digest(
    people: Company,
) -> None:
    cells = [*CELLS, *(f"somebody{number}@exemple.fr" for number in range(3000))]
    blocks, ending = await run(people, cells[:1500], cells[1500:])
    secret = secret_of(people.keyring, ending.list_id)
    values = ["ana@exemple.fr", "ana@exemple.fr", "ben@exemple.fr", "nobody@exemple.fr", "", "no address", ""]
    values += cells[7:]  # type: ignore[arg-type]
    told = [form.told for some in blocks for block in some for form in block.forms]
    leaves = [leaf for some in blocks for block in some for leaf in block.leaves]
    again = [
        leaf_of(one.decided(row, value, key_of(secret, row)))
        for row, (one, value) in enumerate(zip(told, values, strict=True), 1)
    ]
    assert again == leaves
    tree = Tree()
    tree.extend(leaves)
    assert tree.root().hex() == ending.root


async def test_a_planned_instant_counts_as_in_a_check(people: Company) -> None:
    await people.gives("phone:+33624686501", purpose="promotions", channel="phone", notice=CALLS)
    for at in ("2026-11-29T10:00:00+01:00", "2026-11-30T09:00:00+01:00", "2026-11-30T10:00+01:00"):
        blocks, ending = await run(people, ["06 24 68 65 01"], purpose="promotions", channel="phone", at=at)
        exact = at.replace("T10:00+", "T10:00:00+")
        single = await people.check("phone:+33624686501", purpose="promotions", channel="phone", at=exact)
        told = blocks[-1][0].forms[0].told
        assert (told.allow, told.eligible, told.next_allowed_at, told.valid_until) == (
            single.allow, single.eligible, single.next_allowed_at, single.valid_until,
        )  # fmt: skip
        assert parse_moment(ending.at, UTC).first == parse_moment(exact, UTC).first
    assert told.allow


async def test_a_system_is_held_to_its_limits_and_told_no_more_than_it_may(people: Company) -> None:
    await people.add_system("mailing", scopes=("check",), channels=("email",))
    blocks, _ = await run(people, CELLS, by="mailing")
    assert codes(blocks)[2:4] == ["no_consent", "no_consent"]
    assert codes(blocks)[4:6] == ["empty_cell", "unreadable_cell"]
    with pytest.raises(CallerError) as refused:
        await run(people, CELLS, by="mailing", channel="sms")
    assert refused.value.code == "outside_limits"


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        ({"purpose": "newsleter"}, "unknown_purpose", "It knows: newsletter,"),
        ({"channel": "mail"}, "unknown_channel", "It knows: email,"),
        ({"scheme": "passport"}, "unknown_scheme", "loyalty"),
        ({"channel": "in_store"}, "scheme_needed", "loyalty"),
        ({"at": "2027-11-30T10:00:00Z"}, "at_out_of_range", "31 days"),
        ({"at": "2026-11-30T10:00"}, "invalid_time", "+01:00"),
    ],
)
async def test_a_slip_of_the_pen_is_refused_before_anything_is_told(
    people: Company, asked: dict[str, str], code: str, says: str
) -> None:
    with pytest.raises(CallerError) as refused:
        await run(people, CELLS, **asked)
    assert refused.value.code == code
    assert says in refused.value.message
    assert await entries(people) == []


async def test_promise_5_a_withdrawal_counts_in_the_rows_that_come_after_it(people: Company) -> None:
    parts = Lists(people.database, gatherer(people.database), people.keyring, people.policies, people.clock)
    one = await parts.begin(ListAsked(purpose="newsletter", channel="email"), None, "en")
    await one.add(["ana@exemple.fr"])
    await people.withdraws(ANA)
    blocks = await one.add(["ana@exemple.fr"])
    assert codes([blocks]) == ["consent_given", "withdrawn"]


async def test_a_revoked_system_and_other_rules_end_a_list(people: Company) -> None:
    parts = Lists(people.database, gatherer(people.database), people.keyring, people.policies, people.clock)
    asked = ListAsked(purpose="newsletter", channel="email")
    revoked = await parts.begin(asked, people.systems["till"], "en")
    ruled = await parts.begin(asked, None, "en")
    await revoked.add(CELLS)
    await ruled.add(CELLS)
    await people.revoke("till")
    with pytest.raises(CallerError) as refused:
        await revoked.add(CELLS)
    assert refused.value.code == "token_revoked"
    policy = demo_policy()
    await people.activate(msgspec.structs.replace(policy, hash="sha256:" + "0" * 64))
    with pytest.raises(CallerError) as refused:
        await ruled.add(CELLS)
    assert refused.value.code == "rules_changed"
    assert await revoked.break_off() is not None


async def test_a_list_for_sending_moves_the_last_use_of_those_allowed_alone(people: Company) -> None:
    await run(people, CELLS)
    assert await rows_of(people, list_uses) == []
    _, first = await run(people, CELLS, for_sending=True)
    ana = await people.person(ANA)
    (use,) = await rows_of(people, list_uses)
    assert (use["subject_id"], use["channel"], use["list_id"]) == (ana, "email", first.list_id)
    assert use["used"] == people.clock()
    people.clock.move(days=2)
    _, second = await run(people, CELLS, for_sending=True)
    await run(people, CELLS, for_sending=True, at=people.at(-60))
    (use,) = await rows_of(people, list_uses)
    assert use["list_id"] != second.list_id
    assert use["used"] > people.clock()


async def test_last_uses_are_moved_in_units_and_for_everybody_meant(
    people: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "MARK", 2)
    await people.gives("loyalty:1", CLO)
    await people.gives("loyalty:2", "email:other@exemple.fr")
    await people.merge("loyalty:2", ANA)
    await run(people, *[["ana@exemple.fr", "clo@exemple.fr", "other@exemple.fr"]] * 2, for_sending=True)
    ana = sa.select(subjects.c.id).where(subjects.c.merged)
    told = {await people.person(CLO), *await people.database.read(lambda c: c.execute(ana).scalars().all())}
    assert len(told) == 3
    assert {row["subject_id"] for row in await rows_of(people, list_uses)} == told
    assert set(await entries(people)) == {"list.begun", "list.marked", "list.decided"}


async def test_the_proof_is_kept_from_the_last_list_that_was_sent(people: Company) -> None:
    """Germany keeps it five years from the grant, and from each use (UWG §7a(2))."""
    await people.gives("email:uwe@beispiel.de", territory="DE")
    await people.gives("email:eva@beispiel.de", territory="DE")
    people.clock.move(days=20)
    await run(people, ["uwe@beispiel.de"], for_sending=True, at=people.at(-60 * 24 * 20))
    kept = [
        (await people.erase(who)).kept[1].until for who in ("email:uwe@beispiel.de", "email:eva@beispiel.de")
    ]
    assert kept[0] is not None
    assert kept[1] is not None
    days = (parse_moment(kept[0], UTC).first - parse_moment(kept[1], UTC).first) / DAY
    assert days == 20


async def test_answers_are_lines_with_a_summary_at_the_end(people: Company) -> None:
    blocks, ending = await run(people, CELLS, language="fr")
    (block,) = blocks[-1]
    as_json, as_csv = JsonAnswers(), CsvAnswers()
    lines = [json.loads(line) for line in (as_json.rows(block) + as_json.end(ending)).splitlines()]
    assert list(lines[0]) == [
        "row", "allow", "eligible", "reasons", "next_allowed_at", "valid_until", "leaf",
    ]  # fmt: skip
    assert lines[0]["reasons"] == [{"code": "consent_given", "text": "Le client a donné son accord."}]
    assert lines[0]["leaf"] == block.leaves[0].hex()
    assert lines[-1]["summary"]["root"] == ending.root
    table = (as_csv.begin() + as_csv.rows(block) + as_csv.end(ending)).decode().splitlines()
    assert table[1] == f"1,true,true,consent_given,Le client a donné son accord.,,,{block.leaves[0].hex()}"
    assert table[-1].startswith('summary,2,2,,"{""list_id""')
    broken = json.loads(as_json.broken(Problem("x", "y"), None))
    assert broken == {"problem": {"code": "x", "detail": "y"}, "summary": None}
