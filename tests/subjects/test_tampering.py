"""Promise 9, of what may change about people: an edit behind the service is found, and named by its row."""

from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from consentd.crypto.seal import Place, seal
from consentd.crypto.subject_keys import open_keys
from consentd.db.tables import people as t
from consentd.db.unit import Unit
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.evidence.verifier import Finding
from consentd.subjects.facts_store import put_fact_state
from support.builders import Company
from support.builders_requests import yes
from support.rows import literal, run_raw

ANA, BRUNO, CHLOE, DORA, EVE = (
    f"email:{name}@exemple.fr" for name in ("ana", "bruno", "chloe", "dora", "eve")
)


async def read(company: Company, statement: sa.Select[Any]) -> list[Any]:
    return await company.database.read(lambda connection: list(connection.execute(statement)))


class Town:
    """People in every position, and the values by which a statement names them."""

    def __init__(self, company: Company, url: str) -> None:
        self.company = company
        self._url = url
        self._dialect = company.database.dialect
        self.named: dict[str, Any] = {"new": uuid4(), "zeros": bytes(32)}

    async def settle(self) -> None:
        company = self.company
        for who in (ANA, BRUNO):
            await company.gives(who)
            await company.told("birth_date", who, value="1987-06-05")
        ana = await self.name("ana", ANA)
        await self.name("bruno", BRUNO)
        (first,) = await read(company, sa.select(t.subjects.c.entry_id).where(t.subjects.c.id == ana))
        await company.says("requested", ANA, purpose="promotions")
        await company.told("professional", ANA, contact_point=ANA)
        await company.told("unreachable", BRUNO, contact_point=BRUNO, occurred_at=company.at())
        await company.gives(ANA, territory="BE")
        # Erased and on the list: Chloe came back, Dora did not.
        for name, who in (("chloe", CHLOE), ("dora", DORA)):
            await company.gives(who)
            await self.name(name, who)
            await company.erase(who, keep_suppression=True)
        await company.says("requested", CHLOE)
        await company.gives(EVE)
        await company.gives("loyalty:eve")
        await self.name("eve", EVE)
        await self.name("card", "loyalty:eve")
        await company.merge(EVE, "loyalty:eve")
        listed = await read(company, sa.select(t.suppressions.c.id, t.suppressions.c.identifier_id))
        self.named |= {"chloe_listed" if tied else "dora_listed": id_ for id_, tied in listed}
        (now,) = await read(company, sa.select(t.subjects.c.entry_id).where(t.subjects.c.id == ana))
        self.named |= {"ana_first_entry": first[0], "ana_entry": now[0]}
        for name in ("ana", "bruno"):
            hashes = sa.select(t.identifiers.c.blind_index)
            (hash_,) = await read(
                company, hashes.where(t.identifiers.c.id == self.named[f"{name}_identifier"])
            )
            self.named[f"{name}_hash"] = hash_[0]
        assert len(set(self.named.values())) == len(self.named)

    async def name(self, name: str, who: str) -> UUID:
        (person,) = await self.company.people(who)
        links = sa.select(t.identifier_links).where(t.identifier_links.c.subject_id == person)
        (link,) = await read(self.company, links)
        self.named |= {name: person, f"{name}_link": link.id, f"{name}_identifier": link.identifier_id}
        return person

    async def run(self, *statements: str) -> None:
        """Past the service."""
        values = {name: literal(value, self._dialect) for name, value in self.named.items()}
        for statement in statements:
            await run_raw(self._url, statement.format(**values))

    async def after(self, *statements: str) -> list[Finding]:
        """What is found after these were run."""
        await self.run(*statements)
        return await self.company.findings()


@pytest.fixture
async def town(company: Company, database_url: str) -> Town:
    town = Town(company, database_url)
    await town.settle()
    return town


class Case(NamedTuple):
    table: str
    row: str
    what: str
    statements: tuple[str, ...]


def case(table: str, row: str, what: str, *statements: str) -> Case:
    return Case(table, row, what, statements)


CHANGED = "is not what entry"
LINK = "verified_at, strength, sealed, capacity, unreachable_since, created_at, entry_id"
LISTED = "scheme, digest, key_version, purpose, channel, reason, since, created_at"

CASES = {
    "a link moved to another person": case(
        "identifier_links",
        "ana_link",
        CHANGED,
        "UPDATE identifier_links SET subject_id = {bruno} WHERE id = {ana_link}",
    ),
    "a link moved to another identifier": case(
        "identifier_links",
        "ana_link",
        CHANGED,
        "UPDATE identifier_links SET identifier_id = {bruno_identifier} WHERE id = {ana_link}",
    ),
    "a professional's address made a consumer's": case(
        "identifier_links",
        "ana_link",
        CHANGED,
        "UPDATE identifier_links SET capacity = 'consumer' WHERE id = {ana_link}",
    ),
    "an address made reachable": case(
        "identifier_links",
        "bruno_link",
        CHANGED,
        "UPDATE identifier_links SET unreachable_since = NULL WHERE id = {bruno_link}",
    ),
    "a link edited that names a later entry": case(
        "identifier_links",
        "bruno_link",
        "was inserted",
        "UPDATE identifier_links SET capacity = 'professional', entry_id = {ana_entry} "
        "WHERE id = {bruno_link}",
    ),
    "a link removed": case(
        "identifier_links", "ana_link", "is missing", "DELETE FROM identifier_links WHERE id = {ana_link}"
    ),
    "a link inserted": case(
        "identifier_links",
        "new",
        "was inserted",
        f"INSERT INTO identifier_links (id, identifier_id, subject_id, {LINK}) "
        f"SELECT {{new}}, identifier_id, {{bruno}}, {LINK} FROM identifier_links WHERE id = {{ana_link}}",
    ),
    "two look-up entries exchanged": case(
        "identifiers",
        "ana_identifier",
        "is not the hash",
        "UPDATE identifiers SET blind_index = {zeros} WHERE id = {ana_identifier}",
        "UPDATE identifiers SET blind_index = {ana_hash} WHERE id = {bruno_identifier}",
        "UPDATE identifiers SET blind_index = {bruno_hash} WHERE id = {ana_identifier}",
    ),
    "a look-up entry inserted": case(
        "identifiers",
        "new",
        "held by nobody",
        "INSERT INTO identifiers VALUES ({new}, 'email', {zeros}, 1, 1)",
    ),
    "a person put into another's group": case(
        "subjects",
        "bruno",
        "its group is not",
        "UPDATE subjects SET group_id = {ana} WHERE id = {bruno}",
    ),
    "a merged person taken out of the group": case(
        "subjects",
        "card",
        "its group is not",
        "UPDATE subjects SET group_id = id WHERE id = {card}",
    ),
    "a merged person marked as alone": case(
        "subjects",
        "card",
        "its group is not",
        "UPDATE subjects SET merged = NOT merged WHERE id = {card}",
    ),
    "a lone person marked as merged": case(
        "subjects",
        "bruno",
        "its group is not",
        "UPDATE subjects SET merged = NOT merged WHERE id = {bruno}",
    ),
    "a freeze set": case(
        "subjects", "ana", CHANGED, "UPDATE subjects SET restricted_at = 1 WHERE id = {ana}"
    ),
    "a territory changed": case(
        "subjects", "ana", CHANGED, "UPDATE subjects SET territory = 'FR' WHERE id = {ana}"
    ),
    "a territory put back, with the entry of then": case(
        "subjects",
        "ana",
        "is as it was before",
        "UPDATE subjects SET territory = 'FR', entry_id = {ana_first_entry} WHERE id = {ana}",
    ),
    "a person who names an entry that is none": case(
        "subjects", "ana", "not in the log", "UPDATE subjects SET entry_id = {new} WHERE id = {ana}"
    ),
    "a person marked as erased": case(
        "subjects", "ana", CHANGED, "UPDATE subjects SET erased_at = 1 WHERE id = {ana}"
    ),
    "an erasure taken back": case(
        "subjects", "dora", CHANGED, "UPDATE subjects SET erased_at = NULL WHERE id = {dora}"
    ),
    "a person inserted": case(
        "subjects",
        "new",
        "was inserted",
        "INSERT INTO subjects (id, group_id, merged, created_at, entry_id)"
        " VALUES ({new}, {new}, 1 = 0, 1, {ana_entry})",
    ),
    "a fold of facts edited": case(
        "fact_states",
        "ana",
        CHANGED,
        "UPDATE fact_states SET sealed = {zeros} WHERE subject_id = {ana}",
    ),
    "a fold of facts removed": case(
        "fact_states", "ana", "is missing", "DELETE FROM fact_states WHERE subject_id = {ana}"
    ),
    "the kinds of somebody's facts hidden": case(
        "fact_states", "ana", "is not the fold", "UPDATE fact_states SET kinds = 0 WHERE subject_id = {ana}"
    ),
    "a fold of facts inserted": case(
        "fact_states",
        "eve",
        "was inserted",
        "INSERT INTO fact_states (subject_id, sealed, entry_id)"
        " SELECT {eve}, sealed, entry_id FROM fact_states WHERE subject_id = {ana}",
    ),
    "an entry of the list removed": case(
        "suppressions", "dora_listed", "is missing", "DELETE FROM suppressions WHERE id = {dora_listed}"
    ),
    "an entry of the list made older": case(
        "suppressions",
        "dora_listed",
        "is not what was recorded",
        "UPDATE suppressions SET since = 1 WHERE id = {dora_listed}",
    ),
    "an entry of the list narrowed": case(
        "suppressions",
        "chloe_listed",
        "is not what was recorded",
        "UPDATE suppressions SET purpose = 'newsletter' WHERE id = {chloe_listed}",
    ),
    "an entry of the list about another address": case(
        "suppressions",
        "dora_listed",
        "is not what was recorded",
        "UPDATE suppressions SET digest = {zeros} WHERE id = {dora_listed}",
    ),
    "an entry of the list inserted": case(
        "suppressions",
        "new",
        "was inserted",
        f"INSERT INTO suppressions (id, {LISTED}) "
        f"SELECT {{new}}, {LISTED} FROM suppressions WHERE id = {{dora_listed}}",
    ),
    "an entry of the list untied from the address that came back": case(
        "suppressions",
        "chloe_listed",
        "is not tied",
        "UPDATE suppressions SET identifier_id = NULL WHERE id = {chloe_listed}",
    ),
    "an entry of the list tied to somebody else": case(
        "suppressions",
        "dora_listed",
        "is not tied",
        "UPDATE suppressions SET identifier_id = {ana_identifier} WHERE id = {dora_listed}",
    ),
    "an entry of the list tied to what nobody holds": case(
        "suppressions",
        "dora_listed",
        "nobody holds",
        "UPDATE suppressions SET identifier_id = {new} WHERE id = {dora_listed}",
    ),
}


@pytest.mark.parametrize(("table", "row", "what", "statements"), CASES.values(), ids=CASES.keys())
async def test_promise_9_tampering_with_what_may_change_is_found_and_named(
    town: Town, table: str, row: str, what: str, statements: tuple[str, ...]
) -> None:
    findings = await town.after(*statements)
    assert findings, "nothing was found"
    assert (findings[0].table, findings[0].row) == (table, str(town.named[row])), findings
    assert what in findings[0].what


async def test_whatever_the_service_does_itself_verifies(town: Town) -> None:
    company = town.company
    await company.verify_everything()
    # A shared mailbox, of which one holder goes; a person taken apart again; one who comes and goes twice.
    for card in ("loyalty:a", "loyalty:b"):
        await company.gives(card, "email:home@exemple.fr")
        await company.told(
            "unreachable", card, contact_point="email:home@exemple.fr", occurred_at=company.at()
        )
    await company.withdraws("email:home@exemple.fr", "phone:+33624686501")
    await company.verify_everything()
    other = await company.person("loyalty:b")
    await company.merge_ids(other, town.named["ana"])
    await company.told("professional", "loyalty:b", contact_point=ANA, professional=False)
    await company.told("sale", ANA, "loyalty:b", occurred_at=company.at(), contact_point=ANA)
    await company.verify_everything()
    await company.unmerge_ids(town.named["ana"], other)
    await company.erase("loyalty:a")
    await company.verify_everything()
    await company.erase(CHLOE, keep_suppression=True)
    await company.objects(CHLOE)
    await company.erase(CHLOE)
    said = yes("newsletter", "email", company.at())
    await company.send((CHLOE, DORA), said, name="Chloe", territory="FR-974")
    await company.merge(CHLOE, EVE)
    await company.verify_everything()
    await company.erase("loyalty:eve", keep_suppression=True)
    await company.verify_everything()


async def test_promise_6_facts_that_were_folded_wrong_are_found(town: Town) -> None:
    """By the service itself, so that the log lists them as they are."""
    company, ana = town.company, town.named["ana"]

    def work(unit: Unit) -> None:
        content = open_keys(unit.connection, company.keyring, [ana])[ana].content
        assert content is not None
        entry = begin(
            unit, company.keyring, action="x", actor=OPERATOR, key=company.keyring.audit(), subject_id=ana
        )
        put_fact_state(entry, ana, seal(content, b"[]", Place("fact_states", "sealed", ana)), 0, known=True)
        entry.close()

    await company.database.change(work)
    (finding,) = await company.findings()
    assert (finding.table, finding.row) == ("fact_states", str(ana))
    assert "is not the fold" in finding.what


async def test_promise_9_a_link_put_back_after_an_erasure_is_found(town: Town) -> None:
    kept = []
    for table, id_ in (
        (t.identifiers, town.named["ana_identifier"]),
        (t.identifier_links, town.named["ana_link"]),
    ):
        (row,) = await read(town.company, sa.select(table).where(table.c.id == id_))
        kept.append((table, row._mapping))
    await town.company.erase(ANA)
    dialect = town.company.database.dialect
    statements = []
    for table, row in kept:
        given = {name: literal(value, dialect) for name, value in row.items() if value is not None}
        statements.append(
            f"INSERT INTO {table.name} ({', '.join(given)}) VALUES ({', '.join(given.values())})"
        )
    findings = await town.after(*statements)
    assert (findings[0].table, findings[0].row) == ("identifier_links", str(town.named["ana_link"]))
    assert "removed it" in findings[0].what


async def test_promise_9_what_waits_for_the_log_is_looked_at_too(town: Town) -> None:
    """The newest entries may not be in the tree yet when somebody verifies."""
    company = town.company
    assert await company.findings() == []
    links = sa.select(t.identifier_links.c.entry_id).where(t.identifier_links.c.id == town.named["ana_link"])
    town.named["before"] = (await read(company, links))[0][0]
    await company.told("professional", ANA, contact_point=ANA, professional=False)
    assert await company.findings(sequenced=False) == []
    await town.run(
        "UPDATE identifier_links SET capacity = 'professional', entry_id = {before} WHERE id = {ana_link}"
    )
    finding = (await company.findings(sequenced=False))[0]
    assert (finding.row, finding.index) == (str(town.named["ana_link"]), None)
    assert "is as it was before" in finding.what
