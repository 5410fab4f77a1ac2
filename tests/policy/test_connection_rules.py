"""How silos are reached, said in a way that cannot work: told with file and line, before anybody waits."""

from pathlib import Path

import pytest
from spoiling import Faults

from consentd.policy.loader import load

FILE = "systems/crm.yaml"
GOOD = """
connection:
  by: webhook
  owner: { name: Inès Roche, email: ines@maison-lavande.example }
  verbs: [locate, erase, confirm]
  adds: [customer]
  after: [webshop]
  needs_approval: [erase]
  webhook: { url: "https://crm.example/rights" }
"""


@pytest.fixture
def crm(rules: Path) -> Path:
    file = rules / FILE
    file.write_text(file.read_text("utf-8") + GOOD, "utf-8")
    return file


def test_a_good_connection_has_no_fault(crm: Path, rules: Path) -> None:
    assert load(rules).systems["crm"].connection is not None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("verbs: [locate, erase, confirm]", "verbs: []", "names nothing that it can be asked"),
        ("needs_approval: [erase]", "needs_approval: [export]", "'export' is not among its 'verbs'"),
        ("ines@maison-lavande.example", "ines", "is no e-mail address"),
        ("adds: [customer]", "adds: [custommer]", "did you mean 'customer'?"),
        ("after: [webshop]", "after: [webshopp]", "did you mean 'webshop'?"),
        ("after: [webshop]", "after: [crm]", "is asked after itself"),
        ("by: webhook", "by: inbox", "'by' is 'inbox'"),
        ('webhook: { url: "https://crm.example/rights" }', "attempts: 3", "the field 'webhook' is missing"),
        ("https://crm.example/rights", "crm.example/rights", "must be an address"),
        ("https://crm.example/rights", "https://a:b@crm.example/", "must be an address"),
        ("adds: [customer]", "attempts: 0", "must be at least 1"),
        ("adds: [customer]", "answers_within_days: 40", "is more than 30"),
        ("by: webhook", "by: sql\n  plain: [orders]", "of a database its columns say it"),
    ],
)
def test_what_cannot_work_is_told(
    crm: Path, rules: Path, faults: Faults, old: str, new: str, reason: str
) -> None:
    text = crm.read_text("utf-8")
    assert old in text
    crm.write_text(text.replace(old, new, 1), "utf-8")
    found = faults()
    assert any(file == FILE and line > 1 and reason in said for file, line, said in found), found


def test_two_that_wait_for_each_other_are_told(crm: Path, rules: Path, faults: Faults) -> None:
    shop = rules / "systems/webshop.yaml"
    waits = GOOD.replace("after: [webshop]", "after: [crm]")
    shop.write_text(shop.read_text("utf-8") + waits, "utf-8")
    assert [file for file, _, said in faults() if "after itself" in said] == [FILE, "systems/webshop.yaml"]
