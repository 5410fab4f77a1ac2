"""After an erasure everybody concerned can hold in hand what was done, and verify it without us."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from consentd.base.i18n import LANGUAGES
from consentd.cli import main
from consentd.crypto.jws import by_kid, jwks
from consentd.db.tables.requests import certificates as table
from consentd.db.unit import Unit
from consentd.dsr.cases import RequestCase
from consentd.dsr.certificate import Outcome
from consentd.dsr.certificate_check import CertificatesTold, Part, check, read
from consentd.dsr.certificate_words import Passage, described, outlined
from consentd.dsr.certificates_api import routes
from consentd.dsr.certifying import CertificateTold, certificates_of, recipients_told
from consentd.evidence.checkpoint import vkey
from consentd.kernel.connection import Verb
from consentd.kernel.errors import NotFound
from dsr.test_requests import ANA, shop, three
from support.builders import Company, demo_policy
from support.rights import Rights
from support.silos_simulated import Silo, system

ORIGIN = demo_policy().controller.log_origin


async def certificates(company: Company, request: Any) -> tuple[CertificateTold, ...]:
    await company.verify_everything()
    return await company.database.read(lambda connection: certificates_of(connection, request))


async def erased(company: Company, rights: Rights, *, keep_suppression: bool = False) -> Any:
    asked = await rights.asks("erasure", ANA, keep_suppression=keep_suppression)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    for _ in range(20):
        await rights.carries_out()
        company.clock.move(hours=1)
    return asked.id


async def test_a_certificate_says_silo_by_silo_what_was_done_and_when_copies_end(company: Company) -> None:
    await company.gives(ANA)
    silos = {
        "webshop": (system("webshop", "email", backup_days=30), Silo((ANA,), kept=3)),
        "mailing": (system("mailing", "email", backup_days=90), Silo((ANA,))),
        "till": (system("till", "email"), Silo()),
        "calls": (system("calls", "phone"), Silo()),
    }
    rights = await Rights.of(company, silos)
    request = await erased(company, rights, keep_suppression=True)
    (one,) = await certificates(company, request)
    content = one.content
    assert (content.complete, content.number) == (True, 1)
    assert {silo.system: silo.outcome.value for silo in content.silos} == {
        "webshop": "erased",
        "mailing": "erased",
        "till": "nothing_held",
        "calls": "not_known_by",
    }
    shop_ = next(silo for silo in content.silos if silo.system == "webshop")
    assert (shop_.parts[0].deleted, shop_.parts[0].kept[0].until) == (1, "2036-12-31")
    assert shop_.parts[0].kept[0].because == "Code de commerce L.123-22"
    assert (shop_.done_on, shop_.last_copy_unreadable_on) == ("2026-11-18", "2026-12-18")
    own = content.own
    assert own is not None
    assert [kept.kind for kept in own.kept] == ["log", "proof", "do_not_contact", "ledger"]
    assert own.kept[1].until == "2029-11-18T23:00:00Z"
    assert own.last_copy_unreadable_on == "2026-12-23"
    assert content.last_copy_unreadable_on == "2027-02-16"
    assert [(one.system, one.told) for one in content.recipients] == [
        ("mailing", "answered"),
        ("webshop", "answered"),
    ]
    # In both languages, and the person's address in neither.
    for language in LANGUAGES:
        text = "\n".join(described(content, language))
        assert "Code de commerce L.123-22" in text
        assert "ana@" not in text + one.certificate
    lines = described(content, "fr")
    assert any(line.endswith(", supprimé : 1") for line in lines)
    assert any(", gardé : 3, " in line for line in lines)
    assert not any(" : 0" in line for line in lines)
    assert "dernière copie de sauvegarde illisible à partir du 18 décembre 2026" in "\n".join(
        described(content, "fr")
    )


async def test_a_certificate_is_told_in_names_that_people_know_and_on_pages_in_lists(
    company: Company,
) -> None:
    await company.gives(ANA)
    run = msgspec.structs.replace(system("mailing", "email"), name="La lettre", processor="Envois SARL")
    rights = await Rights.of(company, {"mailing": (run, Silo((ANA,)))})
    (one,) = await certificates(company, await erased(company, rights))
    lines = described(one.content, "fr")
    # Who runs it, and which of their tools: never by the policy's name of it.
    assert any(line.startswith("- Envois SARL (La lettre) : prévenu le") for line in lines)
    assert "mailing" not in "\n".join(lines)
    pages = outlined(lines)
    said = [text for passage in pages for text in (passage.text, *_points(passage))]
    assert said == [line.removeprefix("- ").removeprefix("  ") for line in "\n".join(lines).splitlines()]
    register, tool = next(passage for passage in pages if len(passage.points) == 2).points
    assert register.text.startswith("Registre des accords : effacé")
    assert any(line.startswith("gardé : le journal vérifiable") for line in register.under)
    assert tool.text.startswith("La lettre : effacé, et vérifié")


def _points(passage: Passage) -> list[str]:
    return [text for point in passage.points for text in (point.text, *point.under)]


async def test_promise_12_what_failed_is_on_the_certificate_and_a_later_one_says_that_it_is_done(
    company: Company,
) -> None:
    silos = three()
    silos["mailing"].fails = 1_000
    await company.gives(ANA)
    rights = await shop(company, **silos)
    who = await rights.hire()
    request = await erased(company, rights)
    (first,) = await certificates(company, request)
    assert not first.content.complete
    assert first.content.last_copy_unreadable_on is None
    mailing = first.content.silos[0]
    assert (mailing.system, mailing.outcome, mailing.code) == (
        "mailing",
        Outcome.FAILED,
        "connection_refused",
    )
    assert first.content.recipients[0].told == "no"
    silos["mailing"].fails = 0
    await rights.step(request, "retry", who)
    await rights.carries_out()
    first, second = await certificates(company, request)
    assert (second.content.complete, second.content.number) == (True, 2)
    # What consentd itself forgot weeks ago is still told.
    assert second.content.own == first.content.own is not None
    assert second.content.copies_not_stated == ("mailing", "till", "webshop")


async def test_no_second_certificate_says_the_same_again(company: Company) -> None:
    silos = three()
    silos["mailing"].fails = 1_000
    await company.gives(ANA)
    rights = await shop(company, **silos)
    who = await rights.hire()
    request = await erased(company, rights)
    await rights.step(request, "retry", who)
    for _ in range(20):
        await rights.carries_out()
        company.clock.move(hours=1)
    assert len(await certificates(company, request)) == 1


async def test_what_is_lawfully_refused_ends_the_request_and_is_certified(company: Company) -> None:
    silos = three()
    silos["mailing"].leaves = True
    await company.gives(ANA)
    rights = await shop(company, **silos)
    who = await rights.hire()
    request = await erased(company, rights)
    await rights.step(request, "refuse", who, reasons="Kept for a claim in court.", article="GDPR 17(3)(e)")
    first, second = await certificates(company, request)
    assert first.content.silos[0].outcome is Outcome.STILL_THERE
    assert first.content.silos[0].left == 1
    assert (second.content.complete, second.content.refused_under) == (True, "GDPR 17(3)(e)")
    assert "RGPD 17(3)(e)" in "\n".join(described(second.content, "fr"))


async def test_a_silo_that_cannot_a_silent_one_and_one_that_nobody_connected_are_named(
    company: Company,
) -> None:
    await company.gives(ANA)
    quiet = Silo((ANA,))
    quiet.answers_later = True
    silos = {
        "paper": (system("paper", "email", verbs=[Verb.LOCATE]), Silo((ANA,))),
        "webshop": (system("webshop", "email", verbs=[Verb.LOCATE, Verb.ERASE]), Silo((ANA,))),
        "quiet": (system("quiet", "email", verbs=[Verb.ERASE, Verb.CONFIRM], answers_within_days=1), quiet),
        "notebook": (system("notebook", "email").__class__(id="notebook", name="N", zone="UTC"), Silo()),
    }
    rights = await Rights.of(company, silos)
    asked = await rights.asks("erasure", ANA)
    await rights.proves(asked.id, await rights.code(asked.id) or "")
    await rights.carries_out()
    company.clock.move(days=2)
    await rights.worker.watch()
    (one,) = await certificates(company, asked.id)
    assert {silo.system: silo.outcome.value for silo in one.content.silos} == {
        "notebook": "unconnected",
        "paper": "unsupported",
        "quiet": "silent",
        "webshop": "unconfirmed",
    }
    assert {one.system: one.told for one in one.content.recipients} == {
        "notebook": "no",
        "paper": "no",
        "quiet": "asked",
        "webshop": "answered",
    }


async def test_promise_9_every_changed_byte_of_a_certificate_is_found_offline(company: Company) -> None:
    await company.gives(ANA)
    request = await erased(company, await shop(company, **three()))
    told = CertificatesTold(certificates=await certificates(company, request))
    saved = msgspec.json.encode(told)
    keys = by_kid(company.keyring.public_keys())
    log_key = (ORIGIN, company.keyring.public_keys("log")[0])
    (given,) = read(saved)
    verdict = check(given, keys, log_key)
    assert verdict.parts == dict.fromkeys(Part, True)
    assert not check(given, keys, None).holds
    assert not check(given, {}, log_key).holds
    replace = msgspec.structs.replace
    forged = replace(given, content=replace(given.content, complete=False))
    assert not check(forged, keys, log_key).parts[Part.CONTENT]
    assert not check(replace(given, entry_id=given.certificate_id), keys, log_key).holds
    assert given.proof is not None
    entry = given.proof.entries[0]
    for changed in (replace(entry, entry=entry.entry.replace("issued", "edited")), replace(entry, index=0)):
        forged = replace(given, proof=replace(given.proof, entries=(changed,)))
        assert not check(forged, keys, log_key).parts[Part.INCLUSION]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_command_verifies_a_saved_answer(company: Company, tmp_path: Path, language: str) -> None:
    await company.gives(ANA)
    request = await erased(company, await shop(company, **three()))
    told = CertificatesTold(certificates=await certificates(company, request))
    for name, content in (
        ("told", msgspec.json.encode(told)),
        ("jwks", msgspec.json.encode(jwks(company.keyring.public_keys()))),
        ("key", vkey(ORIGIN, company.keyring.signer("log").public).encode()),
    ):
        (tmp_path / name).write_bytes(content)
    options = [f"--keys={tmp_path / 'jwks'}", f"--key={tmp_path / 'key'}", "--lang", language]
    run = CliRunner().invoke
    good = run(main, ["certificate", "verify", str(tmp_path / "told"), *options])
    assert good.exit_code == 0, good.output
    assert {"fr": "Certificat d’effacement n° 1", "en": "Certificate of erasure no. 1"}[
        language
    ] in good.output
    plain = json.loads((tmp_path / "told").read_text())
    plain["certificates"][0]["content"]["silos"] = []
    (tmp_path / "told").write_text(json.dumps(plain))
    assert run(main, ["certificate", "verify", str(tmp_path / "told"), *options]).exit_code == 1
    (tmp_path / "told").write_text("{}")
    bad = run(main, ["certificate", "verify", str(tmp_path / "told"), *options])
    assert (bad.exit_code, "JSON" in bad.output) == (1, True)


async def test_a_certificate_cannot_be_changed_in_the_database(company: Company) -> None:
    await company.gives(ANA)
    await erased(company, await shop(company, **three()))
    with pytest.raises(Exception, match=r"append|never change|not permitted|permission"):
        await company.database.change(lambda unit: unit.connection.execute(sa.update(table).values(at=0)))


async def test_promise_8_the_certificates_that_are_read_are_logged(company: Company) -> None:
    await company.gives(ANA)
    request = await erased(company, await shop(company, **three()))
    (route,) = routes(company.doing)
    calling = SimpleNamespace(caller=company.systems["desk"])
    assert len((await route.fn(calling, request)).certificates) == 1
    assert (await company.actions())[-1] == "certificate.read"
    with pytest.raises(NotFound):
        await route.fn(calling, uuid4())


async def test_whoever_received_the_data_is_told_of_a_restriction(company: Company) -> None:
    """GDPR 19; and the person may ask who they were."""
    await company.gives(ANA)
    silos = three()
    rights = await shop(company, **silos)
    asked = await rights.asks("restriction", ANA)
    await rights.carries_out()

    def told(unit: Unit) -> list[tuple[str, str]]:
        compiled = company.policies.active(unit.connection)
        case = RequestCase.locked(unit, company.keyring, compiled, asked.id)
        return [(one.system, one.told) for one in recipients_told(case)]

    assert ("mailing", "answered") in await company.database.housekeep(told)
    other = await rights.asks("access", ANA)
    asked = other
    assert await company.database.housekeep(told) == []
