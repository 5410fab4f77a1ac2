"""What activating another policy would change, in words."""

from pathlib import Path

from spoiling import DEMO, Edit

from consentd.policy.diff import affected_keys, describe
from consentd.policy.loader import load

OLD = load(DEMO)


def test_the_same_policy_changes_nothing() -> None:
    assert describe(OLD, load(DEMO)) == []
    assert affected_keys(OLD, load(DEMO)) == set()


def test_a_first_policy_names_its_purposes_and_packs() -> None:
    (sentence,) = describe(None, OLD)
    assert "newsletter" in sentence
    assert "fr@2026-08-11" in sentence
    assert ("promotions", "phone") in affected_keys(None, OLD)


def test_purposes_added_and_removed(rules: Path) -> None:
    text = (rules / "purposes/customer_research.yaml").read_text("utf-8")
    (rules / "purposes/customer_research.yaml").unlink()
    (rules / "purposes/surveys.yaml").write_text(
        text.replace("id: customer_research", "id: surveys"), "utf-8"
    )
    crm = rules / "systems/crm.yaml"
    crm.write_text(crm.read_text("utf-8").replace("customer_research", "surveys"), "utf-8")
    new = load(rules)
    found = describe(OLD, new)
    assert "Purpose surveys is new, on email, in_store, post." in found
    assert "Purpose customer_research is removed: every check for it will deny." in found
    assert affected_keys(OLD, new) == {
        (name, channel)
        for name in ("surveys", "customer_research")
        for channel in ("email", "in_store", "post")
    }


def test_a_changed_basis_touches_its_channel_alone(rules: Path, edit: Edit) -> None:
    edit("purposes/promotions.yaml", "sms: [consent, eprivacy_13_2]", "sms: [consent]")
    new = load(rules)
    assert describe(OLD, new) == [
        "Purpose promotions on sms rests on consent instead of consent, eprivacy_13_2."
    ]
    assert affected_keys(OLD, new) == {("promotions", "sms")}


def test_a_channel_taken_away_and_one_added(rules: Path, edit: Edit) -> None:
    edit("purposes/newsletter.yaml", "push: [consent]", "social: [consent]")
    found = describe(OLD, load(rules))
    assert "Purpose newsletter may no longer use push: every check for it will deny." in found
    assert "Purpose newsletter may now use social, on consent." in found


def test_a_material_version_says_that_earlier_consents_end(rules: Path) -> None:
    for language in ("fr", "en"):
        text = (rules / f"notices/newsletter/3.{language}.md").read_text("utf-8")
        text = text.replace("material: false", "material: true").replace("2026-01-15", "2027-01-01")
        (rules / f"notices/newsletter/4.{language}.md").write_text(text, "utf-8")
    new = load(rules)
    assert describe(OLD, new) == [
        "Notice newsletter has a new version 4, a material change: "
        "consents given on an earlier version no longer count from 2027-01-01."
    ]
    assert affected_keys(OLD, new) == {("newsletter", "email"), ("newsletter", "push")}


def test_an_edited_version_is_called_what_it_is(rules: Path, edit: Edit) -> None:
    edit("notices/newsletter/3.en.md", "Twice a month", "Once a month")
    assert describe(OLD, load(rules)) == [
        "Notice newsletter version 3 was edited: versions must never change, add a new one."
    ]


def test_words_alone_affect_no_decision(rules: Path, edit: Edit) -> None:
    edit("purposes/newsletter.yaml", "Twice a month", "Once a month")
    new = load(rules)
    assert describe(OLD, new) == ["Purpose newsletter: its words change."]
    assert affected_keys(OLD, new) == set()


def test_a_changed_rule_of_law_is_named_with_both_values(rules: Path, edit: Edit) -> None:
    edit("law/fr.yaml", "attempts: 4", "attempts: 3")
    edit("law/fr.yaml", 'version: "2026-08-11"', 'version: "2027-01-01"')
    new = load(rules)
    assert describe(OLD, new) == [
        "Law pack fr goes from 2026-08-11 to 2027-01-01.",
        "Law pack fr: rule fr.phone.caps, attempts: 4 becomes 3.",
    ]
    assert ("promotions", "phone") in affected_keys(OLD, new)


def test_a_pack_that_changes_under_its_old_version_is_told(rules: Path, edit: Edit) -> None:
    edit("law/fr.yaml", "attempts: 4", "attempts: 3")
    assert any("under the same version" in sentence for sentence in describe(OLD, load(rules)))


def test_another_picture_under_the_same_name_is_told(rules: Path) -> None:
    old = load(rules)
    content = (rules / "logo.svg").read_text()
    (rules / "logo.svg").write_text(content.replace("#7b52b5", "#7b52b6"))
    assert describe(old, load(rules)) == ["Controller: the picture in the logo's file changes."]
