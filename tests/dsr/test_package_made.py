"""A copy is one inert archive that any tool opens, says what it lacks, and tells nobody else's data."""

import re
import shutil
import subprocess
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from markupsafe import escape

from consentd.crypto.wrapping import draw_key
from consentd.dsr.package.about import Kind, Outcome, SystemAsked
from consentd.dsr.package.files import PackageFiles, remove_files
from consentd.dsr.package.letter_model import Letter, Section, Table
from consentd.dsr.package.pdf import as_pdf, shown
from consentd.dsr.package.records import Gathering
from consentd.dsr.package.redacting import Redaction
from consentd.kernel.errors import Tampered, Unprocessable
from consentd.kernel.instants import Instant
from support.builders import Company
from support.packages import ANA, NASTY, SYSTEMS, a_copy


async def known(company: Company) -> None:
    await company.gives(ANA, evidence={"form": "F-12"})
    await company.objects(ANA, channels=("sms",))
    await company.withdraws(ANA)
    await company.consent.history(company.systems["till"], await company.person(ANA), None, 10)


async def test_everything_is_in_it_and_any_tool_opens_it(company: Company, tmp_path: Path) -> None:
    await known(company)
    await company.verify_everything()
    copy = await a_copy(company)
    assert copy.zip.testzip() is None
    assert {"index.html", "letter.pdf", "consents.json", "proofs.json", "manifest.json", "manifest.sig"} <= {
        *copy.names
    }
    for ending in ("csv", "json", "schema.json"):
        assert f"data/webshop/commandes.{ending}" in copy.names
        assert f"consents/history.{ending}" in copy.names
    for name in copy.names:
        if name.endswith(".schema.json"):
            data = copy.json(name.replace(".schema", ""))
            jsonschema_rs.validator_for(copy.json(name), validate_formats=True).validate(data)
    consents = copy.json("consents.json")
    assert [one["state"] for one in consents["history"]] == ["given", "withdrawn"]
    assert [one["by"] for one in consents["consultations"]] == ["Caisse et fidélité"]
    assert consents["history"] == copy.json("consents/history.json")
    if unzip := shutil.which("unzip"):
        (tmp_path / "copy.zip").write_bytes(copy.bytes)
        subprocess.run([unzip, "-tqq", tmp_path / "copy.zip"], check=True, capture_output=True)


async def test_promise_16_no_name_leads_out_and_nothing_is_run(company: Company) -> None:
    await known(company)
    copy = await a_copy(company)
    for member in copy.zip.infolist():
        assert re.fullmatch(r"([a-z0-9-]+/){0,2}[a-z0-9-]+(\.[a-z]+){1,2}", member.filename)
        assert member.external_attr >> 16 == 0o100644
        assert member.date_time == (1980, 1, 1, 0, 0, 0)
    page = copy.text("index.html")
    assert not re.search(r"<(script|img|iframe|object|embed|link|form|svg)", page)
    assert "onerror" not in page.replace(str(escape(NASTY)), "")
    assert page.count(str(escape(NASTY))) >= 3
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    (formula,) = [
        name for name in copy.names if name.startswith("data/webshop/td-script") and name.endswith("csv")
    ]
    assert '"\'=1+1"' in copy.text(formula)


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_page_says_who_answered_and_links_to_what_there_is(company: Company, language: str) -> None:
    await known(company)
    copy = await a_copy(company, language=language)
    page = copy.text("index.html")
    assert f'<html lang="{language}">' in page
    # Mailchimp, which was asked; and the call centre, of which nobody thought.
    assert page.count({"fr": "Rien n’en est venu", "en": "Nothing came from it"}[language]) == 2
    assert {"fr": "n’est pas encore relié", "en": "is not connected yet"}[language] in page
    for told in ("Shopify", "Caisse et fidélité", "Mailchimp", "Appels sortants", "ne s’exportent pas"):
        assert told in page
    linked = set(re.findall(r'href="([^"#]*)"', page))
    assert linked - {*copy.names} == set()
    assert {*copy.names} - linked <= {"index.html", "manifest.sig", "proofs.json"}
    anchors = set(re.findall(r'href="#([^"]*)"', page))
    assert anchors <= set(re.findall(r'id="([^"]*)"', page))
    assert ("20 premiers" in page, "first 20" in page) == (language == "fr", language == "en")


async def test_a_copy_made_twice_is_the_same_but_for_nothing(company: Company) -> None:
    await known(company)
    first, again = await a_copy(company), await a_copy(company)
    assert first.bytes == again.bytes


async def test_what_staff_held_back_is_nowhere_and_is_said(company: Company) -> None:
    await known(company)
    held = (
        Redaction("webshop", "Commandes", 2, "le nom d’un autre client", "to"),
        Redaction("crm", "contact", 1, "la fiche d’un autre client"),
    )
    copy = await a_copy(company, redactions=held)
    everything = b"".join(map(copy.zip.read, copy.names))
    assert b"Bruno" not in everything
    assert copy.json("data/webshop/commandes.json")[1] == {"id": 1, "to": None}
    assert copy.json("data/crm/contact.json") == []
    page = copy.text("index.html")
    for reason in ("le nom d’un autre client", "la fiche d’un autre client"):
        assert reason in page
    told = {
        one["path"]: one for system in copy.json("manifest.json")["systems"] for one in system["categories"]
    }
    assert told["data/webshop/commandes"]["values_withheld"] == 1
    assert told["data/crm/contact"]["records_withheld"] == 1
    assert (copy.made.withheld, told["data/crm/contact"]["records"]) == (2, 0)


async def test_promise_12_what_must_not_go_out_leaves_no_archive(
    company: Company, files: PackageFiles
) -> None:
    await known(company)
    nobody = Redaction("webshop", "Commandes", 31, "un tiers")
    with pytest.raises(Unprocessable, match="no such record"):
        await a_copy(company, files, redactions=(nobody,))
    assert not files.archive.exists()
    gone = (*SYSTEMS, SystemAsked("phone-sales", Outcome.ANSWERED))
    with pytest.raises(Tampered, match="ask the silo again"):
        await a_copy(company, files, systems=gone)
    assert not files.archive.exists()


async def test_promise_10_a_copy_dies_with_its_key(
    company: Company, tmp_path: Path, files: PackageFiles
) -> None:
    await known(company)
    await a_copy(company, files)
    folder = tmp_path / "package"
    kept = b"".join(file.read_bytes() for file in folder.iterdir())
    assert b"PK\x03\x04" not in kept[:100]
    assert b"ana@exemple.fr" not in kept
    remove_files(folder)
    with pytest.raises(FileNotFoundError), files.archive.open() as gone:
        gone.read()


async def test_what_is_taken_away_is_what_the_person_provided(company: Company) -> None:
    await known(company)
    left_out = frozenset({("crm", "contact")})
    copy = await a_copy(company, kind=Kind.PORTABILITY, left_out=left_out)
    assert {name.split("/")[0] for name in copy.names} == {
        "index.html",
        "data",
        "consents",
        "manifest.json",
        "manifest.sig",
    }
    assert "data/webshop/commandes.json" in copy.names
    assert not [name for name in copy.names if "consultations" in name or "changes" in name or "crm" in name]
    assert "letter.pdf" not in copy.text("index.html")


async def test_a_silo_that_only_serves_the_company_is_not_taken_away(company: Company) -> None:
    await known(company)
    files = PackageFiles(company.folder / "own", company.systems["till"].system_id, draw_key())
    with Gathering(files, "recalls") as records:
        records.add("list", {"id": 1})
    systems = (*SYSTEMS, SystemAsked("recalls", Outcome.ANSWERED))
    copy = await a_copy(company, files, kind=Kind.PORTABILITY, systems=systems)
    assert not [name for name in copy.names if "recalls" in name]


# --- the letter


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_letter_is_a_pdf_for_everyone_and_tells_all_of_article_15(
    company: Company, language: str
) -> None:
    await known(company)
    copy = await a_copy(company, language=language)
    pdf = copy.zip.read("letter.pdf")
    assert pdf.startswith(b"%PDF-1.7")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"/MarkInfo" in pdf
    assert f"/Lang({language})".encode() in pdf.replace(b" ", b"")


def _letter(**other: object) -> Letter:
    said = {
        "language": "fr",
        "title": "Vos données",
        "sender": ("Maison",),
        "reference": "Demande n° 1",
        "day": "Le 1er mars 2026",
        "opening": ("Bonjour.",),
        "sections": (),
        "page": "page {number} sur {total}",
        "accent": "#5b3a8c",
    }
    return Letter(**(said | other))


ODD = ("#set x", "*y*", "$z$", "\N{GRINNING FACE}", "مرحبا", "\0", "a\nb", "\x1f")


@settings(deadline=None)
@given(text=some.text(min_size=1, max_size=30) | some.sampled_from(ODD))
def test_promise_16_whatever_a_letter_says_is_text(text: str) -> None:
    two = (text, text)
    section = Section(heading=text, before=(text,), points=(text,), table=Table(two, (two,)))
    made = as_pdf(_letter(title=text, opening=(text,), sections=(section,)), Instant(0))
    assert made.startswith(b"%PDF")


def test_a_character_that_no_font_has_is_marked() -> None:
    assert shown("Inès 漢 Ω е\u0301 n°") == "Inès \ufffd Ω е\ufffd n°"


def test_the_same_letter_is_the_same_bytes() -> None:
    assert as_pdf(_letter(), Instant(0)) == as_pdf(_letter(), Instant(0))
    assert msgspec.json.decode(msgspec.json.encode(_letter()), type=Letter) == _letter()
