"""From a directory to a policy: the demo's, and every way in which a directory can be wrong."""

import hashlib
import json
import re
from pathlib import Path

import msgspec
import pytest
from spoiling import DEMO, Edit, Faults

from consentd.kernel.errors import PolicyError
from consentd.kernel.policy import decode, document, hash_of
from consentd.policy.loader import load


def test_the_demo_rules_load() -> None:
    policy = load(DEMO)
    assert set(policy.channels) == {"email", "sms", "phone", "post", "push", "social", "in_store"}
    assert {"newsletter", "promotions", "club_enfants", "wellness_advice", "orders"} <= set(policy.purposes)
    assert [version.material for version in policy.notices["newsletter"]] == [False, True, False]
    assert set(policy.packs) == {"eu", "fr", "de"}
    assert {"till", "webshop", "mailing", "crm", "phone-sales"} == set(policy.systems)


def test_a_policy_is_named_by_its_canonical_document_and_read_back_equal() -> None:
    policy = load(DEMO)
    stored = document(policy)
    assert policy.hash == hash_of(stored)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", policy.hash)
    assert b'"hash"' not in stored
    again = decode(stored)
    assert again == policy
    assert document(again) == stored


def test_the_document_is_canonical_json() -> None:
    stored = document(load(DEMO))
    plain = json.loads(stored)
    assert json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == stored


def test_loading_twice_gives_the_same_name(rules: Path) -> None:
    assert load(rules).hash == load(DEMO).hash


def test_any_change_gives_another_name(rules: Path, edit: Edit) -> None:
    edit("purposes/newsletter.yaml", "Twice a month", "Once a month")
    assert load(rules).hash != load(DEMO).hash


def test_a_stored_document_that_is_no_policy_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(b'{"controller":{}}')


def test_a_notice_is_known_by_the_hash_of_its_exact_bytes() -> None:
    policy = load(DEMO)
    texts = {(path.parent.name, *path.name.split(".")[:2]): path for path in DEMO.glob("notices/*/*.md")}
    assert len(texts) == sum(len(v.texts) for versions in policy.notices.values() for v in versions)
    for (notice, number, language), path in texts.items():
        version = next(v for v in policy.notices[notice] if v.version == number)
        assert version.texts[language] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_telephone_notice_says_what_the_decree_asks() -> None:
    french = (DEMO / "notices/phone_offers/1.fr.md").read_text("utf-8")
    for words in ("L. 223-2", "Maison Lavande SAS", "Un an au plus", "support durable", "à tout moment"):
        assert words.lower() in french.lower()


def line_of(rules: Path, file: str, text: str) -> int:
    lines = (rules / file).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        (
            "purposes/newsletter.yaml",
            "kind: direct_marketing",
            "kind: direct_marketin",
            "did you mean 'direct_mar",
        ),
        (
            "purposes/newsletter.yaml",
            "accepts_cited_proof",
            "accept_cited_proof",
            "did you mean 'accepts_cited_p",
        ),
        ("purposes/newsletter.yaml", "push: [consent]", "push: [consnt]", "did you mean 'consent'?"),
        (
            "purposes/newsletter.yaml",
            "push: [consent]",
            "pusch: [consent]",
            "unknown channel 'pusch'; did you",
        ),
        ("purposes/newsletter.yaml", "push: [consent]", "push: []", "names no legal basis"),
        (
            "purposes/newsletter.yaml",
            "push: [consent]",
            "push: consent",
            "'push' must be a list, not 'consent'",
        ),
        (
            "purposes/newsletter.yaml",
            "[newsletter, loyalty_form]",
            "[newsleter]",
            "unknown notice 'newsleter'",
        ),
        (
            "purposes/newsletter.yaml",
            "accepts_cited_proof: true",
            "accepts_cited_proof: yes",
            "must be true or false",
        ),
        ("purposes/newsletter.yaml", "id: newsletter", "id: newsletters", "must be the file's name"),
        (
            "purposes/newsletter.yaml",
            "label: { fr: La lettre de Maison Lavande, en",
            "label: { en",
            "no text in the",
        ),
        ("purposes/promotions.yaml", "products: [fragrance", "# products: [fragrance", "needs 'products'"),
        ("purposes/promotions.yaml", "contract_matters:", "# contract_matters:", "needs 'contract_matters'"),
        (
            "purposes/promotions.yaml",
            "sms: [consent, eprivacy_13_2]",
            "sms: [consent, consent]",
            "basis twice",
        ),
        ("purposes/open_tracking.yaml", "notices: [open_tracking]", "notices: []", "consent needs a notice"),
        (
            "purposes/promotions.yaml",
            "{ phone: phone_offers }",
            "{ phone: newsletter }",
            "'newsletter' is not among the purpose's 'notices'",
        ),
        (
            "purposes/promotions.yaml",
            "{ phone: phone_offers }",
            "{ fax: phone_offers }",
            "the purpose does not use the channel 'fax'",
        ),
        (
            "purposes/open_tracking.yaml",
            "notices: [open_tracking]",
            "notices: [wellness]",
            "does not name this",
        ),
        ("purposes/open_tracking.yaml", "validity_months: 12", "validity_months: 0", "must be at least 1"),
        (
            "purposes/open_tracking.yaml",
            "validity_months: 12",
            "validity_months: '12'",
            "must be a whole number",
        ),
        ("purposes/wellness_advice.yaml", "phone: [explicit_consent]", "phone: [contract]", "cannot rest on"),
        (
            "purposes/energy_renovation.yaml",
            "sector: energy_renovation",
            "sector: energy_renovatio",
            "did you mean 'energy_r",
        ),
        (
            "purposes/newsletter.yaml",
            "categories:",
            "under_restriction: true\ncategories:",
            "only for purposes",
        ),
        ("controller.yaml", "country: FR", "country: XX", "no law pack covers"),
        ("controller.yaml", "country: FR", "country: fr", "two capital letters"),
        ("controller.yaml", "zone: Europe/Paris", "zone: Europe/Pari", "unknown time zone"),
        ("controller.yaml", "months: 36", "months: 0", "must be at least 1"),
        (
            "controller.yaml",
            "keeping:",
            "keeping:\n  - { id: prospects, months: 24, because: twice }",
            "stands here twice",
        ),
        ("controller.yaml", 'accent: "#5b3a8c"', "accent: violet", "must be a colour"),
        ("controller.yaml", "log_origin: maison", "log_origin: https://maison", "must be a host and a name"),
        (
            "channels.yaml",
            "schemes: [postal]",
            "schemes: [postl]",
            "unknown identifier 'postl'; did you mean",
        ),
        ("channels.yaml", "one_per_person: true", "one_per_person: 1", "must be true or false, not 1"),
        ("systems/till.yaml", "purposes: [newsletter", "purposes: [newsleter", "unknown purpose 'newsleter'"),
        ("systems/webshop.yaml", "schemes: [shopify]", "schemes: [shoppify]", "did you mean 'shopify'?"),
        ("systems/webshop.yaml", "schemes: [shopify]", "schemes: []", "names no kind of identifier"),
        ("systems/webshop.yaml", "within_minutes: 30", "within_minutes: 0", "must be at least 1"),
        ("law/fr.yaml", "days: mon-fri", "days: fri-mon", "are no days"),
        ("law/fr.yaml", 'from: "10:00"', "from: 10h00", "is no time of day"),
        ("law/fr.yaml", 'to: "13:00"', 'to: "09:00"', "ends before it begins"),
        ("law/fr.yaml", "since: 2026-08-11", "since: 2026-02-30", "must be a date"),
        ("law/fr.yaml", "until: 2026-08-11", "until: 11/08/2026", "must be a date"),
        ("law/fr.yaml", "zones: [Indian/Reunion]", "zones: [Indian/Réunion]", "unknown time zone"),
        ("law/fr.yaml", 'date: "05-22"', 'date: "22-05"', "is no day"),
        ("law/fr.yaml", 'date: "05-22"', 'date: "02-29"', "not a day of every year"),
        ("law/fr.yaml", "Lundi de Pâques, easter: 1", "Lundi de Pâques", "needs either 'date' or 'easter'"),
        ("law/fr.yaml", "id: fr.works.phone", "id: fr.energy.phone", "stands here twice"),
        ("law/fr.yaml", "attempts: 4", "attempts: 0", "must be at least 1"),
        ("law/fr.yaml", "attempts: 4", "attempts: four", "must be a whole number"),
        ("law/fr.yaml", "cites: [Décret 2026-662]", "cites: []", "must cite its article"),
        ("law/fr.yaml", "aliases: [FR-974", "aliases: [FR-972", "is also"),
        ("law/de.yaml", "countries: [DE]", "countries: [FR]", "is also"),
        ("notices/newsletter/3.fr.md", "material: false", "material: true", "'material' differs from"),
        (
            "notices/newsletter/3.fr.md",
            "purposes: [newsletter]",
            "purposes: [newsleter]",
            "'purposes' differs",
        ),
        ("notices/newsletter/3.fr.md", "title: ", "titel: ", "did you mean 'title'?"),
    ],
)
def test_a_fault_is_told_with_its_file_line_and_reason(
    rules: Path, edit: Edit, faults: Faults, file: str, old: str, new: str, reason: str
) -> None:
    edit(file, old, new)
    found = faults()
    matching = [fault for fault in found if reason in fault[2]]
    assert matching, found
    # What is missing has no line of its own; what is there is told at its line.
    at = line_of(rules, file, new.splitlines()[0])
    lines = [line for _, line, _ in matching]
    missing = (
        "needs",
        "cannot rest on",
        "no text",
        "differs",
        "under_restriction",
        "only for",
        "stands here",
        "is also",
        "ends before",
    )
    assert at in lines or (any(word in reason for word in missing) and min(lines) > 0), (matching, at)


def test_every_fault_is_told_at_once(edit: Edit, faults: Faults) -> None:
    edit("purposes/newsletter.yaml", "kind: direct_marketing", "kind: marketing")
    edit("purposes/newsletter.yaml", "accepts_cited_proof: true", "accepts_cited_proof: 1")
    edit("controller.yaml", "zone: Europe/Paris", "zones: Europe/Paris")
    edit("law/fr.yaml", "attempts: 4", "attempts: many")
    files = [file for file, _, _ in faults()]
    assert files.count("purposes/newsletter.yaml") == 2
    assert {"controller.yaml", "law/fr.yaml"} <= set(files)


def test_a_notice_that_lacks_a_language_is_named(rules: Path, faults: Faults) -> None:
    (rules / "notices/newsletter/3.en.md").unlink()
    assert ("notices/newsletter/3.en.md", 0, "is missing: every notice must exist in 'en'") in faults()


@pytest.mark.parametrize("name", ["latest.fr.md", "3.md", "03.fr.md", "3.FR.md", "3.fr.txt"])
def test_a_notice_file_has_a_version_and_a_language_in_its_name(
    rules: Path, faults: Faults, name: str
) -> None:
    (rules / "notices/newsletter" / name).write_text("x")
    assert any(file == f"notices/newsletter/{name}" and "must be named" in why for file, _, why in faults())


def test_a_notice_without_a_head_or_a_text_is_refused(rules: Path, faults: Faults) -> None:
    (rules / "notices/newsletter/3.fr.md").write_text("Bonjour\n")
    (rules / "notices/newsletter/3.en.md").write_text("---\ntitle: x\nmaterial: false\npurposes: []\n---\n\n")
    reasons = {file: why for file, _, why in faults()}
    assert "must start with a head" in reasons["notices/newsletter/3.fr.md"]
    assert "has no text" in reasons["notices/newsletter/3.en.md"]


def test_missing_and_misplaced_files_are_named(rules: Path, faults: Faults) -> None:
    (rules / "controller.yaml").unlink()
    (rules / "purposes/promotions.yml").write_text("id: x")
    (rules / "channel.yaml").write_text("x: 1")
    found = faults()
    assert ("controller.yaml", 0, "is missing") in found
    assert ("purposes/promotions.yml", 0, "is not a .yaml file") in found
    assert ("channel.yaml", 0, "is not a file that a policy is made of") in found


def test_a_directory_that_is_none_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="is not a folder"):
        load(tmp_path / "nowhere")


def test_a_link_to_a_place_outside_is_refused(rules: Path, tmp_path: Path, faults: Faults) -> None:
    outside = tmp_path / "secret.yaml"
    outside.write_text("id: secret")
    (rules / "purposes/secret.yaml").symlink_to(outside)
    (rules / "notices/stolen").symlink_to(tmp_path)
    found = faults()
    assert ("purposes/secret.yaml", 0, "links to a place outside the policy directory") in found
    assert ("notices/stolen", 0, "is not a folder of this directory") in found


def test_a_file_too_large_is_refused(rules: Path, faults: Faults) -> None:
    (rules / "purposes/huge.yaml").write_text("#" * ((1 << 20) + 1))
    assert any(file == "purposes/huge.yaml" and "larger than" in why for file, _, why in faults())


def test_text_that_is_not_utf_8_is_refused_with_its_line(rules: Path, faults: Faults) -> None:
    path = rules / "purposes/newsletter.yaml"
    path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    line = next(number for number, text in enumerate(path.read_bytes().splitlines(), 1) if b"\xe9" in text)
    assert any(fault[:2] == ("purposes/newsletter.yaml", line) and "UTF-8" in fault[2] for fault in faults())
