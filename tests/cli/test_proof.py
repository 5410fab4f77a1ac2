"""What is refused to somebody who asks why they were called: said in their language, with what to do."""

import pytest
from click.testing import CliRunner, Result

from consentd.cli import main
from support.installation import Installation

PHONE = "--phone=06 24 68 65 01"


@pytest.fixture
def asks(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of this test are those of an installation where nobody is on record."""
    for name, value in installation.environment.items():
        monkeypatch.setenv(name, value)


def proof(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["proof", *arguments])


@pytest.mark.usefixtures("asks")
def test_each_mistake_is_told_in_the_readers_language_with_what_to_do() -> None:
    for arguments, french, english in (
        ((PHONE, "--on=2026-11-03"), "n’est à personne que consentd connaît", "Nobody is on record"),
        ((PHONE, "--on=2999-01-01"), "n’a pas encore commencé", "has not begun yet"),
        ((PHONE, "--on=2026-02-30"), "Écrivez-le ainsi", "Write it like this"),
        ((PHONE, "--on=hier"), "Écrivez-le ainsi", "Write it like this"),
        (("--phone=0624", "--on=2026-11-03"), "avec son indicatif", "with its country code"),
        (("--identifier=carte:7", "--on=2026-11-03"), "channels.yaml", "channels.yaml"),
        (("--identifier=carte", "--on=2026-11-03"), "prend TYPE:VALEUR", "takes SCHEME:VALUE"),
        ((PHONE, "--email=a@b.example", "--on=2026-11-03"), "une seule coordonnée", "one contact detail"),
        (("--on=2026-11-03",), "une seule coordonnée", "one contact detail"),
    ):
        for language, words in (("fr", french), ("en", english)):
            done = proof(*arguments, f"--lang={language}")
            assert (done.exit_code, words in done.output) == (1, True), done.output
            assert "06 24" not in done.output


@pytest.mark.usefixtures("asks")
def test_a_day_may_be_written_as_in_french_where_it_can_be_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for written in ("03/11/2026", "3.11.2026", "2026-11-03"):
        assert "n’est à personne" in proof(PHONE, f"--on={written}", "--lang=fr").output
    # The third of November, or the eleventh of March?
    assert "Write it like this: 2026-11-03" in proof(PHONE, "--on=03/11/2026", "--lang=en").output
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert "n’est à personne" in proof(PHONE, "--on=03/11/2026").output
