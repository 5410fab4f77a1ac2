"""What is typed in haste at a terminal: named, with what to do, before anything is asked or done."""

import pytest

from support.installation import Installation


@pytest.mark.parametrize("days", ["0", "-5", "2,5"])
def test_a_number_of_days_that_backups_cannot_have_is_refused_as_such(
    installation: Installation, days: str
) -> None:
    ran = installation.run("keys", "purge", f"--backup-days={days}")
    assert (ran.code, "--backup-days" in ran.err, "defect" in ran.err) == (2, True, False)


def test_nobody_is_asked_to_confirm_the_erasure_of_what_is_no_person(installation: Installation) -> None:
    ran = installation.run("subject", "erase", "ana.diaz@exemple.fr")
    assert (ran.code, "not the id of a person" in ran.err) == (1, True)
    assert "cannot be undone" not in ran.err + ran.out
    assert "ana.diaz" not in ran.err


def test_what_is_no_entry_is_told_with_where_an_entry_is_named(installation: Installation) -> None:
    out = installation.folder / "proof"
    ran = installation.run("audit", "proof", "123", "--out", str(out))
    assert (ran.code, "36 characters" in ran.err, out.exists()) == (2, True, False)


def test_a_file_that_is_there_is_left_alone_and_another_name_asked_for(installation: Installation) -> None:
    ran = installation.run("audit", "export", "--out", str(installation.folder / "root.key"))
    assert (ran.code, "Name a new file." in ran.err) == (1, True)


def test_the_keys_that_a_receipt_needs_are_asked_for_in_the_readers_language(
    installation: Installation,
) -> None:
    file = str(installation.folder / "root.key")
    for language, words in (("fr", "Il manque les clés"), ("en", "keys of whoever signed are missing")):
        ran = installation.run("receipt", "verify", file, "--lang", language)
        assert (ran.code, words in ran.err) == (2, True)


def test_a_place_without_a_database_is_told_with_both_ways_out(installation: Installation) -> None:
    ran = installation.run("keys", "status", CONSENTD_DATABASE_URL=f"sqlite:///{installation.folder}/none.db")
    assert ran.code == 1
    for words in ("consentd init", "CONSENTD_DATABASE_URL"):
        assert words in ran.err
