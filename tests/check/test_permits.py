"""Permits: a signed word for one contact, and the attempt that it reserves (docs/law.md 11, 18)."""

import asyncio
import datetime as dt
from uuid import UUID, uuid4

import msgspec
import pytest
import sqlalchemy as sa

from consentd.check import permits as permits_module
from consentd.check.asking import PolicyChanged
from consentd.check.store import Ask, Rows
from consentd.crypto.jws import by_kid, verify_document, verify_token
from consentd.db.tables.consent import attempts, permits
from consentd.db.tables.log import log_entries
from consentd.db.unit import Unit
from consentd.kernel.errors import Conflict, Forbidden, NotFound, Tampered, Unauthenticated
from consentd.kernel.instants import HOUR, MINUTE, SECOND, Instant, to_instant, to_text
from consentd.kernel.policy import sealed
from consentd.web.idempotency import Repeat
from support.builders import PARIS, Company, demo_policy, refused
from support.builders_permits import CALLS, ISSUER, ask, may, permitted, plainly, used

PHONE = "phone:+33624686501"
NOTICE = {"id": "phone_offers", "version": "1", "language": "fr"}


async def may_be_called(company: Company, *who: str, **event: object) -> None:
    await company.gives(*(who or (PHONE,)), purpose=CALLS[0], channel=CALLS[1], notice=NOTICE, **event)


async def why(company: Company, *who: str) -> str:
    return await company.why(*(who or (PHONE,)), purpose=CALLS[0], channel=CALLS[1])


async def actions(company: Company) -> list[tuple[str, UUID | None]]:
    """What the log says was done, and about whom."""
    rows = await company.database.read(
        lambda c: c.execute(sa.select(log_entries.c.action, log_entries.c.subject_id)).all()
    )
    return [(row.action, row.subject_id) for row in rows]


async def count(company: Company, table: sa.Table) -> int:
    found: int = await company.database.read(
        lambda c: c.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    )
    return found


def key(name: str, body: str = "body") -> Repeat:
    """A call that came with this Idempotency-Key."""
    return Repeat(UUID(int=7), "POST", name.encode(), body.encode())


# --- what a permit says


async def test_a_permit_says_who_may_do_what_until_when_and_names_nobody(company: Company) -> None:
    await may_be_called(company, "loyalty:ML100007", PHONE)
    told = await ask(company, "loyalty:ML100007", PHONE)
    permit = await permitted(company, "loyalty:ML100007", PHONE)
    now = company.clock.now // SECOND
    assert permit.header["typ"] == "contact-permit+jwt"
    assert permit.header["alg"] == "EdDSA"
    point = UUID(permit.claims.pop("contact_point"))
    UUID(permit.claims.pop("jti"))
    UUID(permit.claims.pop("decision_id"))
    assert permit.claims == {
        "iss": ISSUER,
        "aud": str(company.systems["till"].system_id),
        "iat": now,
        "exp": now + 300,
        "purpose": "promotions",
        "channel": "phone",
        "policy": told.policy,
    }
    # By a random id, and no hash of the number.
    held = await company.database.read(
        lambda c: c.execute(
            sa.text("SELECT scheme, blind_index FROM identifiers WHERE scheme = 'phone'")
        ).one()
    )
    assert held.blind_index.hex() not in repr(permit)
    assert point not in (await company.person(PHONE), held.blind_index)


async def test_a_permit_is_a_document_and_opens_nothing(company: Company) -> None:
    """A document is no token and a token no document; nor is a permit a receipt."""
    await may_be_called(company)
    told = await ask(company, PHONE)
    assert isinstance(told.permit, str)
    keys = by_kid(company.keyring.public_keys())
    assert verify_document(keys, told.permit, "contact-permit+jwt")
    with pytest.raises(Tampered):
        verify_document(keys, told.permit, "consent-receipt+jws")
    with pytest.raises(Unauthenticated):
        verify_token(keys, told.permit, ISSUER, ISSUER, company.clock.now)


async def test_a_denying_answer_carries_no_permit_and_leaves_nothing(company: Company) -> None:
    await may_be_called(company)
    await company.withdraws(PHONE, purpose=CALLS[0], channel=CALLS[1])
    before = await actions(company)
    for repeat in (None, key("denied")):
        told = await ask(company, PHONE, repeat=repeat)
        assert (told.allow, isinstance(told.permit, str)) == (False, False)
        assert not (await ask(company, "phone:+33624686999", repeat=repeat)).allow
    assert await actions(company) == before
    assert await count(company, permits) == 0


async def test_a_permit_ends_with_the_permitted_hours(company: Company) -> None:
    """13:00:00 denies (docs/law.md 18)."""
    await may_be_called(company)
    one = to_instant(dt.datetime(2026, 11, 18, 13, 0, tzinfo=PARIS))
    company.clock.now = Instant(one - 90 * SECOND)
    assert (await permitted(company, PHONE)).claims["exp"] == one // SECOND
    company.clock.now = Instant(one - SECOND // 2)
    assert (await permitted(company, PHONE)).claims["exp"] == one // SECOND
    company.clock.now = one
    assert not await may(company, PHONE)


async def test_a_permit_ends_with_the_consent(company: Company) -> None:
    """A year, until 00:00 on the anniversary; no hours end what is about mail."""
    mail, tracking = "email:ana@exemple.fr", {"purpose": "open_tracking", "channel": "email"}
    await company.gives(mail, **tracking, at="2025-11-19T10:00:00+01:00")
    midnight = to_instant(dt.datetime(2026, 11, 19, 0, 0, tzinfo=PARIS))
    company.clock.now = Instant(midnight - 2 * MINUTE)
    assert (await permitted(company, mail, **tracking)).claims["exp"] == midnight // SECOND
    company.clock.now = midnight
    assert not await may(company, mail, **tracking)


async def test_a_permit_is_for_now_and_for_one_contact_detail(company: Company) -> None:
    await may_be_called(company, "loyalty:1", PHONE)
    with refused("permit_not_planned"):
        await ask(company, PHONE, at=company.clock.now + HOUR)
    with refused("contact_point_needed"):
        await ask(company, "loyalty:1")
    assert await may(company, "loyalty:1", point=PHONE)
    # Nor is anybody looked for who shares what was not named.
    await may_be_called(company, "loyalty:2", PHONE)
    with refused("contact_point_needed"):
        await ask(company, "loyalty:1")
    for repeat in (None, key("unreadable")):
        assert not (await ask(company, "loyalty:1", point="email:ana@exemple.fr", repeat=repeat)).allow
        assert not (await ask(company, "phone:nonsense", repeat=repeat)).allow
    await company.gives("loyalty:1", "phone:+33624686502", purpose=CALLS[0], channel=CALLS[1], notice=NOTICE)
    with refused("contact_point_needed"):
        await ask(company, PHONE, "phone:+33624686502")


async def test_a_channel_without_contact_details_needs_none(company: Company) -> None:
    await company.gives("loyalty:1", purpose="promotions", channel="in_store")
    permit = await permitted(company, "loyalty:1", channel="in_store")
    assert "contact_point" not in permit.claims
    assert (await used(company, permit, "answered"))[0] == 201
    await company.verify_everything()


async def test_a_batch_gives_no_permits(company: Company) -> None:
    await may_be_called(company)
    asked = msgspec.structs.replace(plainly((PHONE,)), permit=True)
    with refused("permit_in_batch"):
        await company.ask_all(plainly((PHONE,)), asked)
    assert await count(company, permits) == 0


# --- reserving


async def test_a_permit_reserves_an_attempt_until_it_ends(company: Company) -> None:
    await may_be_called(company)
    for _ in range(3):
        await company.tried(PHONE)
    permit = await permitted(company, PHONE)
    assert not await may(company, PHONE)
    told = await company.check(PHONE, purpose=CALLS[0], channel=CALLS[1])
    assert (told.reasons[0].code, told.eligible) == ("attempts_exhausted", True)
    ends = Instant(permit.claims["exp"] * SECOND)
    assert told.next_allowed_at == to_text(ends)
    company.clock.now = Instant(ends - 1)
    assert not await may(company, PHONE)
    company.clock.now = ends
    assert await may(company, PHONE)


async def test_plain_checks_single_and_many_count_what_is_reserved(company: Company) -> None:
    """Advisory, by whichever statement answers."""
    await may_be_called(company, "loyalty:anne", PHONE)
    await may_be_called(company, "loyalty:luc", PHONE)
    for _ in range(4):
        assert await may(company, "loyalty:anne", PHONE)
    for who in ((PHONE,), ("loyalty:anne",), ("loyalty:luc", PHONE), ("loyalty:luc",)):
        assert await why(company, *who) == "attempts_exhausted", who
    told = await company.ask_all(*[plainly((PHONE,))] * 3, plainly(("loyalty:anne",)))
    assert [one.allow for one in told] == [False] * 4
    assert await company.allows(PHONE, purpose="promotions", channel="phone", at=company.clock.now + HOUR)


async def test_a_permit_for_a_shared_number_is_one_attempt(company: Company) -> None:
    """However many people are meant by it."""
    await may_be_called(company, "loyalty:anne", PHONE)
    await may_be_called(company, "loyalty:luc", PHONE)
    given = [await permitted(company, PHONE) for _ in range(4)]
    assert await count(company, permits) == 8
    assert not await may(company, PHONE)
    for permit in given[:3]:
        status, told = await used(company, permit)
        assert (status, len(told.subject_ids)) == (201, 2)
    assert not await may(company, PHONE)
    company.clock.move(minutes=6)
    assert await may(company, PHONE)
    await company.verify_everything()


async def test_where_no_cap_applies_permits_are_given_without_end(company: Company) -> None:
    mail = "email:ana@exemple.fr"
    await company.gives(mail)
    for _ in range(6):
        permit = await permitted(company, mail, purpose="newsletter", channel="email")
        assert (await used(company, permit, "sent"))[0] == 201


async def test_a_used_permit_counts_once_and_goes_on_counting(company: Company) -> None:
    await may_be_called(company)
    for _ in range(4):
        permit = await permitted(company, PHONE)
        assert (await used(company, permit))[0] == 201
    assert await why(company) == "attempts_exhausted"
    company.clock.move(minutes=6)
    assert await why(company) == "attempts_exhausted"
    await company.verify_everything()


async def test_reservations_of_one_who_was_merged_are_those_of_the_person(company: Company) -> None:
    await may_be_called(company, "loyalty:1", PHONE)
    await may_be_called(company, "loyalty:2", "phone:+33624686502")
    for _ in range(2):
        await permitted(company, "loyalty:1", PHONE)
    given = [await permitted(company, "loyalty:2", "phone:+33624686502") for _ in range(2)]
    await company.merge("loyalty:1", "loyalty:2")
    assert not await may(company, PHONE)
    assert (await used(company, given[0]))[0] == 201
    await company.verify_everything()


# --- two agents at once


async def test_promise_5_two_agents_at_three_of_four_never_both_get_a_permit(company: Company) -> None:
    for number in range(5):
        who = f"phone:+3362468660{number}"
        await may_be_called(company, who)
        for _ in range(3):
            await company.tried(who)
        given = await asyncio.gather(*(may(company, who) for _ in range(4)))
        assert sum(given) == 1
    await company.verify_everything()


async def test_two_people_who_share_a_number_are_not_called_there_a_fifth_time(company: Company) -> None:
    """Neither of the two is the other's business, but the number is."""
    for number in range(5):
        who = f"phone:+3362468670{number}"
        await may_be_called(company, f"loyalty:a{number}", who)
        await may_be_called(company, f"loyalty:l{number}", who)
        for _ in range(3):
            await company.tried(f"loyalty:a{number}", who)
        given = await asyncio.gather(
            *(may(company, f"loyalty:{one}{number}", who) for one in ("a", "l", "a", "l"))
        )
        assert sum(given) == 1


# --- reporting


async def test_promise_2_a_permit_is_used_once_and_with_one_outcome(company: Company) -> None:
    await may_be_called(company)
    permit = await permitted(company, PHONE)
    told = await asyncio.gather(*(used(company, permit, "answered") for _ in range(4)))
    assert sorted(status for status, _ in told) == [200, 200, 200, 201]
    assert len({one.id for _, one in told}) == 1
    with pytest.raises(Conflict) as caught:
        await used(company, permit, "unanswered")
    assert caught.value.code == "permit_used"
    assert await count(company, attempts) == 1
    await company.verify_everything()


async def test_promise_2_a_repeated_call_gets_the_same_permit_and_reserves_once(company: Company) -> None:
    await may_be_called(company)
    for _ in range(3):
        await company.tried(PHONE)
    first = await ask(company, PHONE, repeat=key("call-1"))
    again = await ask(company, PHONE, repeat=key("call-1"))
    assert first == again
    assert isinstance(first.permit, str)
    with refused("idempotency_key_reused"):
        await ask(company, PHONE, repeat=key("call-1", "another body"))
    assert await count(company, permits) == 1
    given = await permitted(company, PHONE, repeat=key("call-1"))
    for _ in range(2):
        status, told = await used(company, given, repeat=key("used-1"))
        assert (status, told.duplicate) == (201, False)


async def test_promise_5_a_call_repeated_after_a_withdrawal_does_not_allow(company: Company) -> None:
    await may_be_called(company)
    assert (await ask(company, PHONE, repeat=key("call-1"))).allow
    await company.withdraws(PHONE, purpose=CALLS[0], channel=CALLS[1])
    again = await ask(company, PHONE, repeat=key("call-1"))
    assert (again.allow, again.reasons[0].code, again.permit) == (False, "withdrawn", msgspec.UNSET)
    assert await count(company, permits) == 1


async def test_promise_5_a_call_repeated_after_its_permit_ended_allows_nothing(company: Company) -> None:
    await may_be_called(company)
    told = await permitted(company, PHONE, repeat=key("call-1"))
    company.clock.now = Instant(told.claims["exp"] * SECOND - 1)
    assert (await permitted(company, PHONE, repeat=key("call-1"))).id == told.id
    company.clock.now = Instant(told.claims["exp"] * SECOND)
    with pytest.raises(Conflict) as caught:
        await ask(company, PHONE, repeat=key("call-1"))
    assert caught.value.code == "permit_ended"
    assert await may(company, PHONE, repeat=key("call-2"))
    assert await count(company, permits) == 2


async def test_promise_13_another_systems_permit_is_not_found_like_one_that_never_was(
    company: Company,
) -> None:
    await may_be_called(company)
    await company.add_system("call-centre")
    permit = await permitted(company, PHONE)
    said = []
    for id_ in (permit.id, uuid4()):
        with pytest.raises(NotFound) as caught:
            await used(company, id_, by="call-centre")
        said.append((caught.value.code, caught.value.message, caught.value.errors))
    assert said[0] == said[1]
    assert (await used(company, permit))[0] == 201


async def test_promise_8_a_permit_is_one_entry_about_the_person_with_what_was_decided(
    company: Company,
) -> None:
    await may_be_called(company)
    before = await actions(company)
    for _ in range(3):
        await company.check(PHONE, purpose=CALLS[0], channel=CALLS[1])
    assert await actions(company) == before
    permit = await permitted(company, PHONE)
    await used(company, permit)
    person = await company.person(PHONE)
    assert (await actions(company))[len(before) :] == [("permit.issued", person), ("permit.used", person)]
    await company.verify_everything()
    (row,) = await company.database.read(lambda c: c.execute(sa.select(permits)).mappings().all())
    assert str(row["batch_id"]) == permit.claims["jti"]
    assert row["expires"] == permit.claims["exp"] * SECOND


async def test_a_use_reported_late_counts_until_a_day_after(company: Company) -> None:
    await may_be_called(company)
    first, second = [await permitted(company, PHONE) for _ in range(2)]
    ends = Instant(first.claims["exp"] * SECOND)
    company.clock.now = Instant(ends + 24 * HOUR)
    assert (await used(company, first))[0] == 201
    (made,) = await company.database.read(lambda c: c.execute(sa.select(attempts)).mappings().all())
    assert made["happened"] == ends
    company.clock.move(seconds=1)
    with pytest.raises(Conflict) as caught:
        await used(company, second)
    assert caught.value.code == "permit_over"
    # What was told in time stays told.
    assert (await used(company, first))[0] == 200


async def test_when_it_happened_is_told_as_in_any_report(company: Company) -> None:
    await may_be_called(company)
    permit = await permitted(company, PHONE)
    with refused("future_time"):
        await used(company, permit, at=to_text(Instant(company.clock.now + HOUR)))
    with refused("invalid_time"):
        await used(company, permit, at="yesterday at ten")
    assert (await used(company, permit, at=company.at(minutes_ago=3)))[0] == 201
    (made,) = await company.database.read(lambda c: c.execute(sa.select(attempts)).mappings().all())
    assert made["happened"] == company.clock.now


async def test_a_refusal_under_a_permit_withdraws_and_asks_for_silence(company: Company) -> None:
    await may_be_called(company, "loyalty:1", PHONE)
    permit = await permitted(company, "loyalty:1", PHONE)
    status, told = await used(company, permit, "refused")
    assert (status, told.withdrawn) == (201, True)
    assert await why(company) == await why(company, "loyalty:1") == "withdrawn"
    company.clock.move(days=1)
    await may_be_called(company, "loyalty:1", PHONE)
    assert await why(company) == "silence_after_refusal"
    stops = (company.folder / "stop-journal.jsonl").read_text()
    assert stops.count('"withdrawn"') == 1
    await company.verify_everything()


# --- forgetting


async def test_promise_10_whoever_was_erased_meanwhile_is_nobody_to_report_about(company: Company) -> None:
    """As in a report by identifiers; and the permit's row keeps nothing that opens."""
    await may_be_called(company)
    first, second = [await permitted(company, PHONE) for _ in range(2)]
    assert (await used(company, first))[0] == 201
    await company.erase(PHONE)
    with refused("unknown_person"):
        await used(company, second)
    assert (await used(company, first))[0] == 200
    again = await ask(company, PHONE, repeat=key("after"))
    assert not again.allow
    await company.verify_everything()


async def test_promise_10_a_repeated_call_about_somebody_erased_tells_nothing_of_then(
    company: Company,
) -> None:
    mail, about_an_order = "email:ana@exemple.fr", {"purpose": "orders", "channel": "email"}
    await company.told("sale", mail, occurred_at=company.at())
    told = await ask(company, mail, repeat=key("order"), **about_an_order)
    assert told.allow, told.reasons
    await company.erase(mail)
    again = await ask(company, mail, repeat=key("order"), **about_an_order)
    assert (again.allow, again.reasons[0].code) == (False, "unknown_person")
    assert not isinstance(again.permit, str)


async def test_a_permit_is_a_use_from_which_the_proof_is_kept(company: Company) -> None:
    """docs/law.md 11: where the pack counts from the last use, a permit moves it."""
    german = "phone:+4915123456789"
    await company.gives(german, purpose=CALLS[0], channel=CALLS[1], territory="DE", notice=NOTICE)
    company.clock.move(days=100)
    await permitted(company, german)
    issued = company.clock.now
    company.clock.move(days=100)
    certificate = await company.erase(german)
    (until,) = [kept.until for kept in certificate.kept if "7(1)" in kept.because]
    assert until is not None
    assert until[:4] == str(int(to_text(issued)[:4]) + 5)


# --- rules


async def test_a_permit_is_decided_by_the_policy_in_force(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where another one comes into force between the two looks at it."""
    await may_be_called(company)
    rows_within, raised = permits_module.store.rows_within, []

    def changed_meanwhile(unit: Unit, ask: Ask) -> Rows:
        if not raised:
            raised.append(True)
            raise PolicyChanged("another")
        return rows_within(unit, ask)

    monkeypatch.setattr(permits_module.store, "rows_within", changed_meanwhile)
    assert await may(company, PHONE)
    assert raised
    policy = demo_policy()
    silent = msgspec.structs.replace(policy.purposes[CALLS[0]], bases={"push": ("consent",)})
    await company.activate(
        sealed(msgspec.structs.replace(policy, purposes=policy.purposes | {CALLS[0]: silent}))
    )
    for repeat in (None, key("changed")):
        told = await ask(company, PHONE, repeat=repeat)
        assert (told.allow, told.reasons[0].code) == (False, "purpose_not_on_channel")


async def test_who_was_limited_or_revoked_gets_no_permit(company: Company) -> None:
    await may_be_called(company)
    await company.add_system("mailing", channels=("email",))
    with pytest.raises(Forbidden):
        await ask(company, PHONE, by="mailing")
    permit = await permitted(company, PHONE)
    await company.revoke("till")
    for repeat in (None, key("revoked")):
        with pytest.raises(Unauthenticated):
            await ask(company, PHONE, repeat=repeat)
    with pytest.raises(Unauthenticated):
        await used(company, permit)
