"""Proofs of erased people are told by the law that keeps each, go on its date, and are told afterwards."""

from zoneinfo import ZoneInfo

import pytest

from consentd.cli.retention_words import previewed, reported
from consentd.consent import kept_proofs
from consentd.consent.kept_proofs import ProofsDestroyed, ProofsKept, destroyed, kept, purge_proofs
from consentd.db.tables.keys import subject_keys
from consentd.db.unit import Unit
from consentd.dsr.retention import preview
from consentd.dsr.retention_report import report
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.kernel.instants import DAY, Instant, parse_moment, to_text
from support.builders import Company

PARIS = ZoneInfo("Europe/Paris")
GRETA, HANS, ANA = "phone:+4915112345678", "phone:+4915112345679", "email:ana@exemple.fr"
CALLS = {"id": "phone_offers", "version": "1", "language": "fr"}
GRETA_OVER = "2031-08-12T22:00:00Z"
"""Five years after she agreed, to the end of that day in Berlin (UWG §7a)."""
HANS_OVER = "2031-11-10T23:00:00Z"
"""He agreed with her, and was called in November."""
ANA_OVER = "2029-11-18T23:00:00Z"
"""Three years after her consent ended, which was with the erasure."""


def at(text: str) -> Instant:
    return parse_moment(text, PARIS).first


async def agrees(company: Company, who: str) -> None:
    await company.gives(
        who,
        purpose="promotions",
        channel="phone",
        territory="DE",
        notice=CALLS,
        at="2026-08-12T15:00:00+02:00",
    )


async def told(company: Company) -> dict[str | None, ProofsKept]:
    now = Instant(company.clock.now)
    return {one.rule: one for one in await company.database.read(lambda c: kept(c, now))}


async def gone(company: Company) -> tuple[ProofsDestroyed, ...]:
    since = Instant(company.clock.now - 3000 * DAY)
    return await company.database.read(lambda c: destroyed(c, company.keyring, since, PARIS))


async def purged(company: Company, now: Instant) -> int:
    company.clock.now = now
    return await purge_proofs(company.database, company.keyring, OPERATOR)


async def erased(company: Company) -> None:
    await agrees(company, GRETA)
    await agrees(company, HANS)
    await company.tried(HANS, occurred_at="2026-11-10T16:00:00+01:00")
    await company.gives(ANA)
    for who in (GRETA, HANS, ANA):
        await company.erase(who)


async def test_each_proof_is_told_by_the_law_that_keeps_it(company: Company) -> None:
    await erased(company)
    found = await told(company)
    german, french = found["de.phone.proof"], found["fr.proof"]
    assert (german.articles, german.pack) == (("UWG §7a(2)",), "de@2021-10-01")
    assert (german.kept, german.due, german.soon, german.next_at) == (2, 0, 0, GRETA_OVER)
    assert french.articles == ("GDPR 7(1)", "CPCE L.34-5")
    assert (french.kept, french.due, french.soon, french.next_at) == (1, 0, 0, ANA_OVER)


async def test_the_last_instant_keeps_a_proof_and_the_next_one_ends_it(company: Company) -> None:
    await erased(company)
    german_rule = "de.phone.proof"
    for over, rule in ((ANA_OVER, "fr.proof"), (GRETA_OVER, german_rule), (HANS_OVER, german_rule)):
        before = (await told(company))[rule].kept
        company.clock.now = Instant(at(over) - 1)
        assert (await told(company))[rule].due == 0
        assert (await told(company))[rule].soon == 1
        assert await purged(company, Instant(at(over) - 1)) == 0
        company.clock.now = at(over)
        assert (await told(company))[rule].due == 1
        assert await purged(company, at(over)) == 1
        left = (await told(company)).get(rule)
        assert (left.kept if left else 0) == before - 1
    assert await told(company) == {}
    german, french = sorted(await gone(company), key=lambda one: one.rule or "")
    assert (german.articles, german.destroyed) == (("UWG §7a(2)",), 2)
    assert german.days == {"2031-08-13": 1, "2031-11-11": 1}
    assert (french.pack, french.days) == ("fr@2026-08-11", {"2029-11-19": 1})
    await company.verify_everything()


async def test_what_falls_due_within_thirty_days_is_told_apart(company: Company) -> None:
    await erased(company)
    company.clock.now = Instant(at(GRETA_OVER) - 31 * DAY)
    assert (await told(company))["de.phone.proof"].soon == 0
    company.clock.now = Instant(at(GRETA_OVER) - 30 * DAY)
    found = (await told(company))["de.phone.proof"]
    assert (found.soon, found.next_at) == (1, GRETA_OVER)
    company.clock.now = at(GRETA_OVER)
    found = (await told(company))["de.phone.proof"]
    assert (found.due, found.soon, found.next_at) == (1, 0, HANS_OVER)


async def test_they_go_in_batches_an_entry_each(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_proofs, "_BATCH", 2)
    people = [f"email:p{number}@exemple.fr" for number in range(5)]
    for who in people:
        await company.gives(who)
        await company.erase(who)
    company.clock.move(days=1200)
    assert await purge_proofs(company.database, company.keyring, OPERATOR) == 5
    assert (await company.actions()).count("proof.purged") == 5
    assert await purge_proofs(company.database, company.keyring, OPERATOR) == 0
    await company.verify_everything()


async def test_preview_and_report_say_so_in_french_and_english(company: Company) -> None:
    await erased(company)
    company.clock.now = at(ANA_OVER)
    now = at(ANA_OVER)
    found = await preview(company.database, company.keyring, company.policies, OPERATOR, now)
    english, french = (previewed(found, PARIS, language) for language in ("en", "fr"))
    assert (
        "Proofs of erased people, UWG §7a(2) (de.phone.proof, de@2021-10-01): 2 kept, 0 due now, "
        "0 more within 30 days, the next on 13 August 2031" in english
    )
    assert (
        "Preuves de personnes effacées, RGPD 7(1), CPCE L.34-5 (fr.proof, fr@2026-08-11) : 1 gardées, "
        "1 arrivées à leur terme, 0 de plus sous 30 jours" in french
    )
    await purged(company, now)
    people = await company.database.read(lambda c: report(c, Instant(now - DAY)))
    done = await gone(company)
    assert (
        "Proofs of erased people destroyed, GDPR 7(1), CPCE L.34-5 (fr.proof, fr@2026-08-11): 1 "
        "(19 November 2029 1)" in reported(people, done, 30, "en")
    )
    assert (
        "Preuves de personnes effacées détruites, RGPD 7(1), CPCE L.34-5 (fr.proof, fr@2026-08-11) : 1 "
        "(19 novembre 2029 1)" in reported(people, done, 30, "fr")
    )


async def test_one_that_was_kept_before_rules_were_written_down_is_told_too(company: Company) -> None:
    await company.gives(ANA)
    await company.erase(ANA)

    def forget(unit: Unit) -> None:
        unit.connection.execute(subject_keys.update().values(kept_by=None))
        begin(unit, company.keyring, action="test", actor=OPERATOR, key=company.keyring.audit()).close()

    await company.database.change(forget)
    (one,) = (await told(company)).values()
    assert (one.rule, one.articles, one.kept, one.next_at) == (None, (), 1, to_text(at(ANA_OVER)))
    assert await purged(company, at(ANA_OVER)) == 1
    assert [(one.rule, one.destroyed) for one in await gone(company)] == [(None, 1)]
