"""consentd import --guess: the layout of an export that nobody described, as YAML that the policy takes."""

import shutil
from pathlib import Path

import pytest

from consentd.imports.guessing import guess
from consentd.imports.proposing import as_yaml, preview
from consentd.imports.reading import WholeFileRefused
from consentd.policy.loader import load
from support.builders import POLICIES, Company, demo_policy
from support.imports import import_file

EXPORTS = {
    "Brevo": (
        "CONTACT ID;EMAIL;FIRSTNAME;LASTNAME;SMS;OPT_IN;DOUBLE_OPT-IN;EMAIL_BLACKLISTED;SMS_BLACKLISTED\n"
        "17;ana@exemple.fr;Ana;Diaz;+33624686501;true;2026-02-01 10:00:00;false;false\n"
        "18;bob@exemple.fr;Bob;Roy;;false;;true;false\n"
    ),
    "PrestaShop": (
        "id_customer;Prénom;Nom;email;newsletter;optin;newsletter_date_add\n"
        "3;Ana;Diaz;ana@exemple.fr;1;0;2026-02-01 10:00:00\n"
        "4;Bob;Roy;bob@exemple.fr;0;0;\n"
    ),
    "WooCommerce": (
        "customer_id,billing_first_name,billing_last_name,billing_email,billing_phone,billing_country,newsletter\n"
        "3,Ana,Diaz,ana@exemple.fr,06 24 68 65 01,FR,yes\n4,Bob,Roy,bob@exemple.fr,,FR,no\n"
    ),
    "Klaviyo": (
        "Email,Klaviyo ID,First Name,Phone Number,Email Marketing Consent,Email Marketing Consent Timestamp\n"
        "ana@exemple.fr,01H,Ana,+33624686501,SUBSCRIBED,2026-02-01 10:00:00\n"
        "bob@exemple.fr,01J,Bob,,UNSUBSCRIBED,2026-02-03 10:00:00\n"
    ),
    "Salesforce": (
        "Contact ID,First Name,Last Name,Email,Mobile,Email Opt Out,Do Not Call,Mailing Country,Newsletter\n"
        "003A,Ana,Diaz,ana@exemple.fr,+33624686501,0,0,FR,1\n003B,Bob,Roy,bob@exemple.fr,,1,1,FR,1\n"
    ),
    "tableur": (
        "Nom;Prénom;Adresse e-mail;Téléphone;Accord e-mail;Date d’inscription;Désabonné\n"
        "Diaz;Ana;ana@exemple.fr;06.24.68.65.01;Oui;01/02/2026;non\nRoy;Bob;bob@exemple.fr;;Non;;oui\n"
    ),
    "spreadsheet": (
        "Full name,E-mail,Phone,Consent,Consent date,Unsubscribed\n"
        "Ana Diaz,ana@exemple.fr,+33 6 24 68 65 01,Y,2026-02-01,\nBob Roy,bob@exemple.fr,,N,,yes\n"
    ),
}
LEFT = {"Brevo", "Klaviyo", "Salesforce", "tableur", "spreadsheet"}


def file_of(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "unknown.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("name", EXPORTS)
async def test_an_unknown_export_is_proposed_as_yaml_that_imports_it(
    local: Company, tmp_path: Path, name: str
) -> None:
    path = file_of(tmp_path, EXPORTS[name])
    found = guess(path, demo_policy())
    assert found.tool == (name if name[0].isupper() else None)
    assert not found.doubts

    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    system = folder / "systems" / "crm.yaml"
    head = system.read_text("utf-8").split("imports:")[0]
    system.write_text(head + as_yaml(found, "fr"), encoding="utf-8")
    policy = load(folder)
    assert policy.systems["crm"].imports == {found.name: found.layout}

    await local.activate(policy)
    came = await import_file(local, "crm", path)
    assert not came.refused
    # A yes is only a claim: nobody becomes contactable by a guess.
    assert await local.why("email:ana@exemple.fr") == "unproven"
    gone = await local.why("email:bob@exemple.fr")
    assert gone in ({"withdrawn", "objected"} if name in LEFT else {"no_consent"})


def test_the_preview_hides_whom_it_is_about(tmp_path: Path) -> None:
    path = file_of(tmp_path, EXPORTS["tableur"], "cp1252")
    lines = preview(path, guess(path, demo_policy()), demo_policy(), "2026-11-01", "fr")
    assert len(lines) == 2
    assert "newsletter × email: oui" in lines[0]
    assert "ana@exemple.fr" not in "".join(lines)


@pytest.mark.parametrize(
    ("text", "code"), [("just a line of text\n", "no_table"), ("Ville,Surface\nLyon,12\n", "names_nobody")]
)
def test_what_is_no_list_of_people_is_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(WholeFileRefused) as refused:
        guess(file_of(tmp_path, text), demo_policy())
    assert refused.value.code == code


def test_a_column_of_consent_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = file_of(tmp_path, "Email,Newsletter\na@exemple.fr,peut-être\n")
    found = guess(path, demo_policy())
    assert found.doubts == ("Newsletter",)
    assert "Newsletter" in as_yaml(found, "fr").splitlines()[1]


def test_a_refusal_that_stands_further_down_is_not_passed_over(tmp_path: Path) -> None:
    head = "Email,SMS,Newsletter,SMS_BLACKLIST,Marketing Préférence,Ville\n"
    path = file_of(tmp_path, head + "a@exemple.fr,0624686501,oui,false,mardi,Lyon\n" * 3)
    found = guess(path, demo_policy())
    assert found.layout.words["SMS_BLACKLIST"]["true"] == "yes"
    assert found.layout.words["Newsletter"]["non"] == "no"
    assert [rule.when for rule in found.layout.choices if rule.state == "withdrawn"] == [
        {"SMS_BLACKLIST": "yes"}
    ]
    # What sounds like a choice is told to be looked at; the rest, that it is not read.
    assert (found.doubts, found.unread) == (("Marketing Préférence",), ("Ville",))
    yaml = as_yaml(found, "fr")
    assert '# Colonnes non lues : "Ville"' in yaml
    assert '# Colonne à regarder vous-même : "Marketing Préférence"' in yaml


@pytest.mark.parametrize("end", ["", "\x85", "\u2028", "\u2029", "\\n"])
def test_promise_16_yaml_of_a_strange_column_is_text(tmp_path: Path, end: str) -> None:
    strange = f"Newsletter {end}x: [!!python/object y]"
    rows = f'Email,"Newsletter","{strange}","{end}y: [!!python/object z]"\na@exemple.fr,oui,1,2\n'
    path = file_of(tmp_path, rows)
    found = guess(path, demo_policy())
    assert found.doubts == (strange,)
    lines = as_yaml(found, "en").splitlines()
    assert not [line for line in lines if "!!python" in line and not line.startswith("#")]
    assert len(lines) == len(as_yaml(found, "en").split("\n")) - 1
