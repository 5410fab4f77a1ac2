"""Promise 10: erasure removes content everywhere; what must be kept is sealed, named and dated.

A canary is a person whose e-mail, name and number are like no other. After the erasure every surviving key
is tried on every stored ciphertext, and every file is searched byte by byte.
"""

from uuid import UUID

import pytest
import sqlalchemy as sa

from consentd.db.tables.consent import consent_events
from consentd.db.tables.keys import subject_keys
from consentd.db.tables.people import facts, identifier_links, identifiers, suppressions
from consentd.kernel.errors import NotFound
from consentd.kernel.instants import DAY, to_text
from support.builders import ROOT, Company
from support.builders_keys import openable, stored_bytes
from support.builders_requests import yes

EMAIL, PHONE, CARD = "canary.zerbinette@exemple.fr", "+33698761234", "zx81-canari"
NAME, REMARK = "Zerbinette Quagliarella", "parle toujours de son chat Mistigri"
CANARY = (f"email:{EMAIL}", f"phone:{PHONE}", f"loyalty:{CARD}")
TRACES = [word.encode() for word in (EMAIL, "zerbinette", PHONE[3:], CARD, NAME, "Zerbinette", "Mistigri")]
OTHER = "email:somebody.else@exemple.fr"


async def record_canary(company: Company, **event: object) -> None:
    """A person of whom everything is known that can be."""
    said = yes(
        "newsletter",
        "email",
        company.at(),
        contact_point=CANARY[0],
        evidence={"wording": NAME},
        source_event_id=f"till-{EMAIL}",
        **event,
    )
    await company.send(CANARY, said, name=NAME)
    await company.told("sale", *CANARY, occurred_at=company.at(), contact_point=CANARY[0], reference=REMARK)
    await company.told("birth_date", *CANARY, value="1987-06-05")
    await company.tried(*CANARY)
    await company.gives(OTHER)


async def found_by_any_key(company: Company) -> set[tuple[str, str]]:
    """(table, kind of key) of everything about the canary that opens."""
    opened = await openable(company.database, ROOT)
    return {(one.table, one.key) for one in opened if any(trace in one.plaintext for trace in TRACES)}


async def keys_of(company: Company, subject: UUID) -> dict[str, bytes]:
    rows = await company.database.read(
        lambda connection: connection.execute(
            sa.select(subject_keys.c.kind, subject_keys.c.wrapped).where(subject_keys.c.subject_id == subject)
        ).all()
    )
    return {row.kind: row.wrapped for row in rows}


def files(company: Company) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in company.folder.iterdir() if path.is_file()}


async def test_before_an_erasure_the_search_finds_the_canary_everywhere_it_should(company: Company) -> None:
    """Else the tests below would prove nothing."""
    await record_canary(company)
    assert await found_by_any_key(company) == {
        ("identifier_links", "content"),
        ("subjects", "content"),
        ("facts", "content"),
        ("fact_states", "content"),
        ("consent_events", "proof"),
    }


async def test_promise_10_no_surviving_key_opens_anything_but_the_kept_proof(company: Company) -> None:
    await record_canary(company)
    await company.erase(CANARY[0])
    assert await found_by_any_key(company) == {("consent_events", "restricted proof")}


async def test_promise_10_nothing_in_clear_and_no_look_up_entry_is_left(company: Company) -> None:
    await record_canary(company)
    await company.objects(*CANARY)
    digests = [
        digest
        for scheme, value in (("email", EMAIL), ("phone", PHONE), ("loyalty", CARD))
        for _, digest in company.keyring.blind_index(scheme, value)
    ]
    before = await stored_bytes(company.database)
    assert all(digest in before for digest in digests)
    await company.erase(CANARY[0])
    after = await stored_bytes(company.database)
    assert not any(digest in after for digest in digests)
    assert not any(trace in after for trace in TRACES)
    for who in CANARY:
        assert await company.people(who) == []


async def test_promise_10_the_bytes_of_what_was_shredded_are_in_no_file(
    company: Company, capfd: pytest.CaptureFixture[str]
) -> None:
    await record_canary(company)
    await company.withdraws(*CANARY)
    await company.verify_everything()
    person = await company.person(CANARY[0])
    content = (await keys_of(company, person))["content"]
    links = await company.database.read(
        lambda connection: list(
            connection.execute(
                sa.select(identifier_links.c.sealed).where(identifier_links.c.subject_id == person)
            ).scalars()
        )
    )
    kept = files(company)
    sqlite = "consentd.db" in kept
    if sqlite:
        assert content in kept["consentd.db"] + kept["consentd.db-wal"]
    await company.erase(CANARY[0])
    await company.verify_everything()
    for name, held in files(company).items():
        assert content not in held, name
        assert not any(link in held for link in links), name
        assert not any(trace in held for trace in TRACES), name
    if sqlite:
        assert {"consentd.db", "consentd.db-wal", "consentd.db-shm"} <= files(company).keys()
        assert b"newsletter" in files(company)["consentd.db"]
    assert {"checkpoint", "stop-journal.jsonl"} <= files(company).keys()
    said = capfd.readouterr()
    assert not any(trace.decode() in said.out + said.err for trace in TRACES)


async def test_promise_10_what_is_kept_is_named_and_dated(company: Company) -> None:
    await record_canary(company)
    certificate = await company.erase(CANARY[0])
    kept = {one.because: one.until for one in certificate.kept}
    # Three years from the end of the consent, which the erasure is; the last day counts whole.
    assert kept == {"GDPR 5(2)": None, "GDPR 7(1), 17(3)(b)": "2029-11-18T23:00:00Z"}
    assert certificate.identifiers_removed == 3
    assert not any(trace in repr(certificate).encode() for trace in TRACES)


async def test_promise_10_the_kept_proof_opens_to_nobody_in_the_ordinary_course(company: Company) -> None:
    await record_canary(company)
    person = await company.person(CANARY[0])
    await company.erase(CANARY[0])
    till = company.systems["till"]
    with pytest.raises(NotFound):
        await company.consent.history(till, person, None, 10)
    with pytest.raises(NotFound):
        await company.consent.consents(till, person)


async def test_promise_10_who_never_consented_loses_both_keys_at_once(company: Company) -> None:
    await company.says("refused", *CANARY, evidence={"wording": NAME})
    await company.told("sale", *CANARY, occurred_at=company.at(), reference=REMARK)
    person = await company.person(CANARY[0])
    certificate = await company.erase(CANARY[0])
    assert await keys_of(company, person) == {}
    assert [one.kind for one in certificate.kept] == ["log", "ledger"]
    assert await found_by_any_key(company) == set()
    await company.verify_everything()


async def test_promise_10_a_claim_is_no_consent_whose_proof_must_be_kept(company: Company) -> None:
    await company.claims(*CANARY)
    person = await company.person(CANARY[0])
    await company.erase(CANARY[0])
    assert await keys_of(company, person) == {}


async def test_promise_10_the_proof_is_destroyed_after_its_date_and_not_before(company: Company) -> None:
    await record_canary(company)
    await company.erase(CANARY[0])
    company.clock.move(days=3 * 365)
    assert to_text(company.clock.now) < "2029-11-18T23:00:00Z"
    assert await company.purge() == []
    assert await found_by_any_key(company) == {("consent_events", "restricted proof")}
    company.clock.move(days=2)
    assert len(await company.purge()) == 1
    assert await found_by_any_key(company) == set()
    await company.verify_everything()


async def test_promise_10_a_reported_attempt_is_a_use_that_the_proof_outlives_by_its_years(
    company: Company,
) -> None:
    calls = {"id": "phone_offers", "version": "1", "language": "fr"}
    await company.gives(CANARY[1], purpose="promotions", channel="phone", notice=calls, at="2026-08-12")
    await company.withdraws(CANARY[1], purpose="promotions", channel="phone", at="2026-09-01")
    await company.tried(CANARY[1], occurred_at="2026-08-20T15:00:00+02:00")
    certificate = await company.erase(CANARY[1])
    # The consent ended when it was withdrawn, and not with the erasure.
    assert certificate.kept[1].until == "2029-09-01T22:00:00Z"


async def test_promise_10_the_log_verifies_after_an_erasure_and_after_the_purge(company: Company) -> None:
    await record_canary(company)
    await company.verify_everything()
    await company.erase(CANARY[0])
    await company.verify_everything()
    company.clock.move(days=4 * 365)
    await company.purge()
    await company.verify_everything()


async def test_promise_10_events_stay_with_their_clear_columns_and_nothing_else(company: Company) -> None:
    await record_canary(company)
    await company.erase(CANARY[0])
    count = {
        table.name: await company.database.read(
            lambda connection, t=table: connection.execute(
                sa.select(sa.func.count()).select_from(t)
            ).scalar_one()
        )
        for table in (consent_events, facts, identifiers, identifier_links)
    }
    assert count == {"consent_events": 2, "facts": 2, "identifiers": 1, "identifier_links": 1}


async def test_promise_10_every_record_of_a_merged_person_goes(company: Company) -> None:
    await record_canary(company)
    await company.gives("email:zerbinette.bis@exemple.fr", evidence={"wording": NAME})
    await company.merge(CANARY[0], "email:zerbinette.bis@exemple.fr")
    certificate = await company.erase(CANARY[0])
    assert len(certificate.subjects) == 2
    assert await found_by_any_key(company) == {("consent_events", "restricted proof")}
    assert await company.people("email:zerbinette.bis@exemple.fr") == []
    await company.verify_everything()


async def test_promise_10_what_somebody_else_holds_too_stays_theirs(company: Company) -> None:
    await record_canary(company)
    await company.gives("loyalty:luc", f"email:{EMAIL}")
    await company.erase(f"loyalty:{CARD}")
    assert await company.people(f"email:{EMAIL}") == [await company.person("loyalty:luc")]
    assert await company.allows("loyalty:luc", f"email:{EMAIL}")
    await company.verify_everything()


async def test_somebody_erased_is_unknown_and_may_come_back_as_somebody_new(company: Company) -> None:
    await company.gives(*CANARY)
    before = await company.person(CANARY[0])
    await company.erase(CANARY[0])
    assert await company.why(CANARY[0]) == "unknown_person"
    await company.gives(*CANARY)
    assert await company.person(CANARY[0]) != before
    assert await company.allows(CANARY[0])


async def test_nobody_is_erased_twice(company: Company) -> None:
    await company.gives(*CANARY)
    person = await company.person(CANARY[0])
    await company.erase_id(person)
    with pytest.raises(NotFound):
        await company.erase_id(person)


async def test_erasure_alone_is_no_objection(company: Company) -> None:
    await company.gives(*CANARY)
    certificate = await company.erase(CANARY[0])
    assert certificate.suppressions_added == 0
    await company.gives(*CANARY)
    assert await company.allows(CANARY[0])


async def test_who_asked_for_it_stays_on_the_do_not_contact_list(company: Company) -> None:
    await company.gives(*CANARY)
    certificate = await company.erase(CANARY[0], keep_suppression=True)
    assert certificate.suppressions_added == 3
    await company.gives(*CANARY)
    assert await company.why(CANARY[0]) == "suppressed"
    assert await company.why(CANARY[2], CANARY[0]) == "suppressed"
    assert await company.why(CANARY[1], purpose="promotions", channel="sms") == "suppressed"
    assert await company.allows(CANARY[0], purpose="orders")


async def test_an_objection_survives_the_erasure_and_the_next_import(company: Company) -> None:
    await company.gives(*CANARY)
    await company.objects(*CANARY)
    certificate = await company.erase(CANARY[0])
    assert "GDPR 21(3)" in [one.because for one in certificate.kept]
    await company.gives(f"email:{EMAIL.upper()}", "hubspot:900")
    assert await company.why(f"email:{EMAIL}") == "suppressed"
    assert await company.why("hubspot:900") == "suppressed"


async def test_a_narrowed_objection_survives_as_narrow_as_it_was(company: Company) -> None:
    await company.objects(*CANARY, purposes=("promotions",), channels=("email",))
    await company.erase(CANARY[0])
    for purpose in ("newsletter", "promotions"):
        await company.gives(*CANARY, purpose=purpose)
    assert await company.allows(CANARY[0])
    assert await company.why(CANARY[0], purpose="promotions") == "suppressed"


async def test_only_a_later_act_of_their_own_takes_somebody_off_the_list(company: Company) -> None:
    await company.gives(*CANARY, method="portal", at="2026-11-01")
    await company.objects(*CANARY)
    await company.erase(CANARY[0])
    await company.gives(*CANARY, method="portal", at="2026-11-01")
    await company.gives(*CANARY, method="spoken")
    assert await company.why(CANARY[0]) == "suppressed"
    company.clock.move(days=1)
    await company.gives(*CANARY, method="double_opt_in", contact_point=CANARY[0])
    assert await company.allows(CANARY[0])
    assert await company.why(CANARY[0], purpose="promotions") == "suppressed"


async def test_an_act_about_the_channel_alone_takes_no_address_off_the_list(company: Company) -> None:
    """However the person is named."""
    await company.objects(*CANARY)
    await company.erase(CANARY[0])
    await company.gives(*CANARY, method="portal")
    for who in (CANARY[:1], CANARY[2:], (CANARY[2], CANARY[0]), CANARY):
        assert await company.why(*who) == "suppressed"


async def test_an_objection_made_after_coming_back_counts_from_then(company: Company) -> None:
    """The list knew the person already; what they say last must not be older there than it is."""
    await company.objects(*CANARY)
    await company.erase(CANARY[0])
    company.clock.move(days=10)
    own_act = company.at()
    await company.gives(*CANARY, method="double_opt_in", contact_point=CANARY[0])
    assert await company.allows(CANARY[0])
    await company.objects(*CANARY)
    await company.erase(CANARY[0])
    await company.gives(*CANARY, method="double_opt_in", contact_point=CANARY[0], at=own_act)
    assert await company.why(CANARY[0]) == "suppressed"


async def test_the_list_holds_keyed_hashes_of_its_own_alone(company: Company) -> None:
    await company.objects(*CANARY)
    await company.erase(CANARY[0])
    rows = await company.database.read(
        lambda connection: connection.execute(sa.select(suppressions)).mappings().all()
    )
    looked_up = {digest for _, digest in company.keyring.blind_index("email", EMAIL)}
    assert {row["scheme"] for row in rows} == {"email", "phone", "loyalty"}
    # A day, and no instant that would lead to the events of the one who was erased.
    assert all((row["since"] + 1) % DAY == row["created_at"] % DAY == 0 for row in rows)
    assert all(row["digest"] not in looked_up and row["identifier_id"] is None for row in rows)
