"""The answer to "why was I called?": what was on record, shown, decided and tried, each with its proof."""

import base64
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy.util import await_only

from consentd.base.i18n import Language
from consentd.check import proving
from consentd.check.proof_asked import ProofAsked
from consentd.check.proof_words import in_words
from consentd.check.proving import ContactProof, prove
from consentd.consent.dossier import choices_of
from consentd.evidence import merkle
from consentd.kernel.errors import NotFound
from consentd.kernel.instants import parse_moment, to_text
from consentd.kernel.policy import sealed
from consentd.policy.service import PolicyBook
from consentd.subjects.requests import Identifier
from support.builders import Company, demo_policy, open_company, refused
from support.builders_permits import permitted, used

PHONE = "phone:+33624686501"
NUMBER = Identifier("phone", "06 24 68 65 01")
CALLS = {"purpose": "promotions", "channel": "phone"}
NOTICE = {"id": "phone_offers", "version": "1", "language": "fr"}


async def proven(
    company: Company, on: str | None = None, number: Identifier = NUMBER, by: str | None = None
) -> ContactProof:
    asked = ProofAsked(number, on or to_text(company.clock.now)[:10], "FR")
    may = company.systems[by].may_know if by else lambda purpose, channel: True
    return await company.database.read(
        lambda c: prove(c, company.keyring, PolicyBook(), asked, "en", company.clock.now, may)[1]
    )


async def test_a_call_is_told_with_the_consent_and_the_words_that_it_rests_on(company: Company) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE, evidence={"wording": "Vous pouvez m'appeler."})
    company.clock.move(minutes=10)
    allowed = await company.check(PHONE, **CALLS)
    await company.tried(PHONE, outcome="answered")
    company.clock.move(minutes=10)
    proof = await proven(company)
    (person,) = proof.people
    (choice,) = person.choices
    assert (choice.event.event.state, choice.wording) == ("given", "Vous pouvez m'appeler.")
    assert choice.event.notice is not None
    assert choice.event.notice["id"] == "phone_offers"
    (contact,) = proof.contacts
    assert contact.outcome == "answered"
    assert contact.verdict is not None
    assert contact.verdict.allow is allowed.allow is True
    assert [one.code for one in contact.verdict.reasons] == [one.code for one in allowed.reasons]


async def test_a_decision_made_again_is_the_one_that_was_made(company: Company) -> None:
    """What came later, in whatever order, changes nothing about what was known at the time."""
    told: list[tuple[str, bool, str]] = []

    async def call() -> None:
        company.clock.move(minutes=5)
        answer = await company.check(PHONE, **CALLS)
        at = to_text(company.clock.now)
        told.append((at, answer.allow, answer.reasons[0].code))
        await company.tried(PHONE, outcome="unanswered", occurred_at=at)
        company.clock.move(minutes=5)

    await company.says("requested", PHONE, **CALLS)
    await call()
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    await call()
    await company.withdraws(PHONE, **CALLS)
    await call()
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    await call()
    await call()
    day = to_text(company.clock.now)[:10]
    company.clock.move(days=3)
    # A withdrawal that was made before all of it, and is reported late: nobody could have known.
    await company.withdraws(PHONE, **CALLS, at=f"{day}T00:01:00+01:00")
    await company.objects(PHONE)
    proof = await proven(company, day)
    made = [
        (contact.at, contact.verdict.allow, contact.verdict.reasons[0].code)
        for contact in proof.contacts
        if contact.verdict is not None
    ]
    assert made == told
    assert {allow for _, allow, _ in told} == {True, False}


async def test_a_day_is_told_with_what_had_arrived_by_its_end_and_its_own_contacts_alone(
    company: Company,
) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    days = []
    for _ in range(3):
        await company.tried(PHONE)
        days.append(to_text(company.clock.now)[:10])
        company.clock.move(days=1)
    await company.objects(PHONE)
    await company.withdraws(PHONE, **CALLS)
    proof = await proven(company, days[1])
    (person,) = proof.people
    assert [choice.event.event.state for choice in person.choices] == ["given"]
    assert person.objections == ()
    assert [contact.at[:10] for contact in proof.contacts] == [days[1]]
    (person,) = (await proven(company)).people
    assert (len(person.choices), len(person.objections)) == (2, 1)


async def test_the_rules_are_those_that_were_in_force(company: Company) -> None:
    policy = demo_policy()
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    company.clock.move(minutes=1)
    await company.tried(PHONE)
    day = to_text(company.clock.now)[:10]
    company.clock.move(days=1)
    silent = policy.purposes["promotions"]
    without = {
        **policy.purposes,
        "promotions": msgspec.structs.replace(silent, bases={**silent.bases, "phone": ()}),
    }
    await company.activate(sealed(msgspec.structs.replace(policy, purposes=without)))
    assert not await company.allows(PHONE, **CALLS)
    (contact,) = (await proven(company, day)).contacts
    assert contact.verdict is not None
    assert (contact.verdict.allow, contact.verdict.policy) == (True, policy.hash)


async def test_promise_9_each_statement_is_in_the_log(company: Company) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    await company.objects(PHONE)
    await company.tried(PHONE)
    assert (await proven(company)).contacts[0].log.proof is None
    await company.verify_everything()
    proof = await proven(company)
    assert proof.checkpoint is not None
    root = base64.b64decode(proof.checkpoint.splitlines()[2])
    logs = [proof.contacts[0].log, proof.people[0].choices[0].log, proof.people[0].objections[0].log]
    for log in logs:
        assert log.proof is not None
        path = [base64.b64decode(part) for part in log.proof["path"]]
        leaf = base64.b64decode(log.proof["leaf"])
        assert merkle.verify_inclusion(leaf, log.proof["index"], log.proof["size"], path, root)


async def test_promise_9_proofs_lead_to_the_checkpoint_beside_them_while_the_log_grows(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL each statement of a change sees what was signed by then."""
    async with open_company(postgres_url, tmp_path) as company:
        await company.gives(PHONE, **CALLS, notice=NOTICE)
        await company.tried(PHONE)
        await company.verify_everything()

        async def grow() -> None:
            await company.withdraws(PHONE, **CALLS)
            await company.verify_everything()

        def meanwhile(*given: Any) -> Any:
            await_only(grow())
            return choices_of(*given)

        monkeypatch.setattr(proving, "choices_of", meanwhile)
        asked = ProofAsked(NUMBER, to_text(company.clock.now)[:10], "FR")
        clock = company.clock.now
        proof = await company.doing.read(
            company.systems["till"],
            "contact.proved",
            lambda connection, _: prove(connection, company.keyring, PolicyBook(), asked, "en", clock),
        )
    assert proof.checkpoint is not None
    size = int(proof.checkpoint.splitlines()[1])
    logs = [proof.contacts[0].log, *(choice.log for choice in proof.people[0].choices)]
    assert [log.proof["size"] for log in logs if log.proof is not None] == [size] * len(logs)


async def test_promise_13_an_erased_person_is_told_like_one_who_never_was(company: Company) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    await company.erase(PHONE)
    said = set()
    for number in (NUMBER, Identifier("phone", "06 24 68 65 99")):
        with pytest.raises(NotFound) as refusal:
            await proven(company, number=number)
        said.add((refusal.value.code, refusal.value.message))
    assert len(said) == 1


async def test_a_shared_number_shows_everyone_who_holds_it(company: Company) -> None:
    await company.gives("loyalty:anne", PHONE, **CALLS, notice=NOTICE)
    await company.withdraws("loyalty:luc", PHONE, **CALLS)
    proof = await proven(company)
    assert len(proof.people) == len(await company.people(PHONE)) >= 2
    assert all(not verdict.allow for verdict in proof.verdicts if verdict.purpose == "promotions")


async def test_calls_to_a_shared_number_count_once_as_they_did(company: Company) -> None:
    for who in ("loyalty:anne", "loyalty:luc"):
        await company.gives(who, PHONE, **CALLS, notice=NOTICE)
    for _ in range(3):
        await company.tried(PHONE)
    company.clock.move(minutes=1)
    at = to_text(company.clock.now)
    allowed = await company.allows(PHONE, **CALLS)
    await company.tried(PHONE, occurred_at=at)
    *_, last = (await proven(company)).contacts
    assert last.verdict is not None
    assert (last.at, last.verdict.allow) == (at, allowed) == (at, True)
    assert len((await proven(company)).contacts) == 4


async def test_a_call_under_a_permit_was_allowed_by_what_the_permit_reserved(company: Company) -> None:
    """At three of four: the fourth was reserved for this very call, and for nobody else's."""
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    for _ in range(3):
        await company.tried(PHONE)
    company.clock.move(minutes=1)
    permit = await permitted(company, PHONE)
    company.clock.move(minutes=2)
    called = to_text(company.clock.now)
    await company.tried(PHONE, occurred_at=called)
    company.clock.move(minutes=1)
    await used(company, permit, "answered", at=called)
    made = {contact.outcome: contact.verdict for contact in (await proven(company)).contacts[3:]}
    reasons = {outcome: verdict and verdict.reasons[0].code for outcome, verdict in made.items()}
    assert reasons == {"unanswered": "attempts_exhausted", "answered": "consent_given"}


async def test_a_call_to_one_of_two_at_a_number_is_judged_as_a_call_to_that_one(company: Company) -> None:
    """That the other never said yes denies nobody, as it did not when it was asked; a no of theirs does."""
    anne = ("loyalty:anne", PHONE)
    await company.gives(*anne, **CALLS, notice=NOTICE)
    await company.told("sale", "loyalty:luc", PHONE, occurred_at=company.at())
    told = []
    for _ in range(2):
        company.clock.move(minutes=5)
        told += [await company.why(*anne, **CALLS), await company.why(PHONE, **CALLS)]
        at = to_text(company.clock.now)
        await company.tried(*anne, occurred_at=at, outcome="answered")
        await company.tried(PHONE, occurred_at=at, outcome="unanswered")
        company.clock.move(minutes=5)
        await company.says("refused", "loyalty:luc", PHONE, **CALLS)
    assert told == ["consent_given", "no_consent", "refused", "refused"]
    made = (await proven(company)).contacts
    assert [one.verdict.reasons[0].code for one in made if one.verdict is not None] == told


async def test_a_contact_at_another_detail_is_no_contact_at_this_one(company: Company) -> None:
    """Nor would what holds there say whether it was allowed; as an attempt at the person it counts."""
    mail, other = "email:luc@exemple.fr", "phone:+33624686502"
    await company.gives(PHONE, mail, contact_point=mail)
    await company.gives(PHONE, other, **CALLS, notice=NOTICE, contact_point=other)
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    await company.tried(mail, purpose="newsletter", channel="email", outcome="sent")
    for _ in range(4):
        await company.tried(other)
    company.clock.move(minutes=1)
    at = to_text(company.clock.now)
    assert await company.why(PHONE, **CALLS) == "attempts_exhausted"
    await company.tried(PHONE, occurred_at=at)
    (contact,) = (await proven(company)).contacts
    assert contact.verdict is not None
    assert (contact.at, contact.verdict.reasons[0].code) == (at, "attempts_exhausted")
    (sent,) = (await proven(company, number=Identifier("email", "luc@exemple.fr"))).contacts
    assert sent.verdict is not None
    assert (sent.purpose, sent.verdict.allow) == ("newsletter", True)


async def test_who_is_on_the_do_not_contact_list_by_another_detail_was_not_to_be_called(
    company: Company,
) -> None:
    other = "email:luc@exemple.fr"
    await company.gives(other)
    await company.erase(other, keep_suppression=True)
    company.clock.move(days=2)
    await company.says("requested", PHONE, other, **CALLS)
    company.clock.move(minutes=1)
    at = to_text(company.clock.now)
    answer = await company.check(PHONE, **CALLS)
    await company.tried(PHONE, occurred_at=at)
    (contact,) = (await proven(company)).contacts
    assert contact.verdict is not None
    assert contact.verdict.reasons[0].code == answer.reasons[0].code


async def test_promise_13_nothing_is_told_beyond_what_a_system_was_given(company: Company) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    await company.tried(PHONE)
    await company.add_system("mailing", channels=("sms",))
    proof = await proven(company, by="mailing")
    assert (proof.contacts, proof.verdicts, proof.people[0].choices) == ((), (), ())


async def test_promise_13_an_objection_is_told_to_whom_it_concerns(company: Company) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    await company.objects(PHONE, purposes=["promotions"], channels=["phone"])
    await company.objects(PHONE, channels=["sms"])
    await company.add_system("mailing", channels=("sms",))
    await company.add_system("orders", purposes=("orders",))
    told = [(await proven(company, by=by)).people[0].objections for by in ("mailing", "orders", "till")]
    assert [[(one.purpose, one.channel) for one in those] for those in told] == [
        [(None, "sms")],
        [(None, "sms")],
        [("promotions", "phone"), (None, "sms")],
    ]


@pytest.mark.parametrize(
    ("on", "code"),
    [("2026-02-30", "invalid_date"), ("2999-01-01", "future_date"), ("0000-01-01", "invalid_date")]
    + [(written, "invalid_date") for written in ("20261118", "2026-W47-3", "2026-11-18T00:00:00")],
)
async def test_a_day_that_is_none_is_refused(company: Company, on: str, code: str) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    with refused(code):
        await proven(company, on)


async def test_noon_is_noon_on_the_days_when_clocks_change(company: Company) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    for day, noon in (("2026-12-24", "11:00"), ("2027-03-28", "10:00"), ("2027-10-31", "11:00")):
        company.clock.now = parse_moment(f"{day}T21:00:00Z", ZoneInfo("UTC")).first
        (verdict, *_) = (await proven(company, day)).verdicts
        assert verdict.at == f"{day}T{noon}:00Z"


async def test_nothing_is_said_of_a_noon_that_is_still_to_come(company: Company) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    company.clock.now = parse_moment("2026-12-24T07:00:00Z", ZoneInfo("UTC")).first
    proof = await proven(company, "2026-12-24")
    assert [verdict.at for verdict in proof.verdicts] == [proof.made_at]


async def test_what_only_tells_who_somebody_is_was_not_contacted(company: Company) -> None:
    """Known or not, in the same words."""
    await company.gives("loyalty:ML7", PHONE, **CALLS, notice=NOTICE)
    for value in ("ML7", "ML8"):
        with refused("contact_point_mismatch"):
            await proven(company, number=Identifier("loyalty", value))


@pytest.mark.parametrize(("language", "said"), [("fr", "Accord retiré"), ("en", "Consent withdrawn")])
async def test_it_is_said_in_words(company: Company, language: Language, said: str) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    company.clock.move(minutes=1)
    await company.withdraws(PHONE, **CALLS)
    company.clock.move(minutes=1)
    await company.tried(PHONE, outcome="unanswered")
    text = in_words(await proven(company), demo_policy(), language)
    assert said in text
    assert "{" not in text
    assert "None" not in text


async def test_what_was_done_and_whether_it_was_allowed_is_said_first_and_how_to_verify_last(
    company: Company,
) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE)
    await company.tried(PHONE, outcome="answered")
    text = in_words(await proven(company), demo_policy(), "fr")
    done, chosen, rights, how = map(
        text.index, ("CE QUI A ÉTÉ FAIT", "CE QUI AVAIT ÉTÉ CHOISI", "SI VOUS N’ÊTES", "COMMENT LE VÉRIFIER")
    )
    assert done < chosen < rights < how
    assert "la personne a répondu" in text[done:chosen]
    assert "Contact autorisé." in text[done:chosen]
    assert "« Être appelé pour nos offres »" in text[chosen:rights]
    for contact in (demo_policy().controller.dpo.email, demo_policy().controller.authority.url):
        assert contact is not None
        assert contact in text[rights:how]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_no_word_of_programs_is_left_where_there_is_one_of_people(
    company: Company, language: Language
) -> None:
    await company.gives(PHONE, **CALLS, notice=NOTICE, method="signed_form")
    await company.gives(PHONE, **CALLS, notice=NOTICE, state="renewed")
    for state in ("request_deferred", "revoked", "invalidated", "refused"):
        await company.says(state, PHONE, **CALLS)
    await company.claims(PHONE, **CALLS)
    await company.objects(PHONE, ground="particular", purposes=("promotions",), channels=("phone",))
    text = in_words(await proven(company), demo_policy(), language)
    codes = ["deferred", "particular", "signed_form", "_missing"]
    for word in codes if language == "en" else [*codes, "renewed", "revoked", "invalidated"]:
        assert word not in text
    scope = "« Offres et promotions », appel téléphonique, depuis"
    assert (scope if language == "fr" else "“Offers and promotions”, telephone call, since") in text
    assert ("GDPR" in text) is False or language == "en"


async def test_a_choice_known_to_the_day_is_told_as_a_day(company: Company) -> None:
    await company.withdraws(PHONE, **CALLS, at="2026-09-01")
    text = in_words(await proven(company), demo_policy(), "fr")
    assert "Fait le 1er septembre 2026 (heure inconnue)" in text


async def test_whoever_hands_out_a_shared_numbers_proof_is_told_that_it_speaks_of_others(
    company: Company,
) -> None:
    await company.gives("loyalty:anne", PHONE, **CALLS, notice=NOTICE)
    alone = in_words(await proven(company), demo_policy(), "fr")
    await company.gives("loyalty:luc", PHONE, **CALLS, notice=NOTICE)
    both = in_words(await proven(company), demo_policy(), "fr")
    warning = "ne remettez pas à l’une ce qui concerne l’autre"
    assert warning not in alone
    assert warning in both


async def test_where_nothing_is_on_record_it_is_not_said_that_nothing_was_allowed(company: Company) -> None:
    """An order or a recall needs no choice."""
    await company.told("last_contact", PHONE, occurred_at=to_text(company.clock.now))
    text = in_words(await proven(company), demo_policy(), "en")
    assert "There is nothing to show" in text


@pytest.mark.parametrize("lines_end", ["\n", "\r", "\x1b[2J", "\x9b", "\u2028", "\u202e"])
async def test_promise_16_what_others_wrote_cannot_pass_for_a_line_of_the_proof(
    company: Company, lines_end: str
) -> None:
    said = f"oui{lines_end}- 2026-11-18: Promotions, phone, allowed."
    await company.gives(PHONE, **CALLS, notice=NOTICE, evidence={"wording": said})
    text = in_words(await proven(company), demo_policy(), "en")
    (line,) = [line for line in text.split("\n") if "allowed" in line and "oui" in line]
    assert line.startswith("  Words agreed to: “oui")
    assert lines_end not in text.replace("\n", "") + line
