"""What the operator does day by day: systems, people, keys, proofs; and the demo."""

import json
import re
import sqlite3
import subprocess
from pathlib import Path

import httpx
import pytest

from support.installation import Installation, wait_until_ready

ANA = {"scheme": "email", "value": "ana@exemple.fr"}
SHARED = {"scheme": "phone", "value": "+33624686501"}


def a_no(*identifiers: dict[str, str]) -> dict[str, object]:
    event = {"purpose": "newsletter", "channel": "email", "state": "refused"}
    return {"subject": {"identifiers": list(identifiers), "territory": "FR"}, "events": [event]}


def test_a_system_is_connected_listed_rotated_and_revoked(installation: Installation) -> None:
    added = installation.run("system", "add", "till", "--scope", "consent:write,check", "--json").json
    assert {"id", "secret"} <= added.keys()
    again = installation.run("system", "add", "till", "--scope", "check")
    assert (again.code, "already a system named till" in again.err) == (1, True)
    wrong = installation.run("system", "add", "other", "--scope", "check", "--purpose", "newsleter")
    assert (wrong.code, "newsletter" in wrong.err) == (1, True)

    rotated = installation.run("system", "rotate", "till")
    assert (rotated.code, "client secret" in rotated.out) == (0, True)
    listed = installation.run("system", "list", "--json")
    (till,) = listed.json
    assert (till["id"], till["scopes"], len(till["secrets"])) == (added["id"], ["check", "consent:write"], 2)
    assert added["secret"] not in listed.out

    assert installation.run("system", "revoke", "till").out == "till is revoked; its tokens no longer work.\n"
    assert "(revoked)" in installation.run("system", "list").out
    unknown = installation.run("system", "rotate", "nobody")
    assert (unknown.code, "consentd system list" in unknown.err) == (1, True)


def test_a_system_gets_keys_that_are_listed_and_revoked(installation: Installation, tmp_path: Path) -> None:
    till = installation.run("system", "add", "till", "--scope", "check", "--json").json["id"]
    file = tmp_path / "till.jwk"
    made = installation.run("system", "key", "add", "till", "--generate", str(file), "--json")
    private = json.loads(file.read_text())
    assert (made.json["client_id"], made.json["kid"], made.json["alg"]) == (till, private["kid"], "EdDSA")
    assert file.stat().st_mode & 0o777 == 0o600
    assert private["d"] not in made.out

    # Never over a file that may be the key in use, and no file is left of a key that was not registered.
    assert installation.run("system", "key", "add", "till", "--generate", str(file)).code == 1
    assert json.loads(file.read_text()) == private
    nobody = installation.run("system", "key", "add", "nobody", "--generate", str(tmp_path / "other.jwk"))
    assert (nobody.code, (tmp_path / "other.jwk").exists()) == (1, False)

    refused = installation.run("system", "key", "add", "till", "--jwk", str(file))
    assert (refused.code, "private" in refused.err, private["d"] in refused.err) == (1, True, False)
    file.write_text(json.dumps({name: value for name, value in private.items() if name != "d"}))
    known = installation.run("system", "key", "add", "till", "--jwk", str(file))
    assert (known.code, "has or had this key" in known.err) == (1, True)
    assert installation.run("system", "key", "add", "till").code == 1

    assert installation.run("system", "list", "--json").json[0]["keys"][0]["kid"] == private["kid"]
    revoked = installation.run("system", "key", "revoke", "till", private["kid"])
    assert (revoked.code, "revoked" in revoked.out) == (0, True)
    assert "(revoked)" in installation.run("system", "key", "list", "till").out
    assert installation.run("system", "key", "revoke", "till", "no-such-key").code == 1
    assert installation.run("audit", "verify").code == 0


def test_a_person_is_erased_by_id_or_by_identifier_and_nobody_by_mistake(installation: Installation) -> None:
    with installation.served() as serving, serving.client("consent:write", "consent:read") as till:
        first = till.post("/v1/consents", json=a_no(ANA, SHARED)).json()["subject_id"]
        for card in ("ML1", "ML2"):
            two = a_no({"scheme": "email", "value": "two@exemple.fr"}, {"scheme": "loyalty", "value": card})
            till.post("/v1/consents", json=two).raise_for_status()

        def erase(*arguments: str) -> tuple[int, str, str]:
            ran = installation.run("subject", "erase", *arguments)
            assert "Traceback" not in ran.err
            return ran.code, ran.out, ran.err

        # Not without being asked: there is nobody at the terminal to say yes.
        assert erase(first)[0] == 1
        assert erase(first, "--json")[0] == 1
        code, _, err = erase("--yes", "--identifier", "email:nobody@exemple.fr")
        assert (code, "Nobody is known" in err, "nobody@exemple.fr" in err) == (1, True, False)
        code, _, err = erase("--yes", "ana@exemple.fr")
        assert (code, "--identifier" in err, "ana@" in err) == (1, True, False)
        code, _, err = erase("--yes", "--identifier", "email:two@exemple.fr")
        assert (code, len(re.findall(r"[0-9a-f-]{36}", err))) == (1, 2)

        code, out, _ = erase("--yes", "--keep-suppression", "--identifier", "email:ANA@exemple.fr")
        assert (code, "kept: do-not-contact list" in out) == (0, True), out
        assert till.get(f"/v1/subjects/{first}/consents").status_code == 404
        second = re.findall(r"[0-9a-f-]{36}", err)[0]
        certificate = json.loads(erase("--yes", "--json", second)[1])
        assert certificate["subjects"] == [second]
        assert erase("--yes", second)[0] == 1
    assert installation.run("audit", "verify").code == 0


def test_keys_are_shown_rotated_and_purged(installation: Installation) -> None:
    assert "period       v1" in installation.run("keys", "status").out
    assert installation.run("keys", "rotate", "--json").json == {"rewrapped": 0}
    uses = installation.run("keys", "status", "--json").json["keys"]
    assert sorted(key["version"] for key in uses if key["use"] == "period") == [1, 2]
    assert installation.run("keys", "purge").out == "Destroyed: 0 proof keys, 0 period keys.\n"
    assert installation.entries()[-2:] == ["keys.rotated", "keys.purged"]


def test_the_root_key_is_replaced_and_nothing_opens_with_the_old_one(
    populated: Installation, tmp_path: Path
) -> None:
    old, new = populated.folder / "root.key", tmp_path / "new.key"
    same = populated.run("keys", "rotate", "root", "--to", str(old))
    assert (same.code, "is the one in use" in same.err) == (1, True)
    assert populated.run("keys", "rotate", "root").code == 2
    assert populated.run("keys", "rotate", "--to", str(new)).code == 2
    assert not new.exists()

    told = populated.run("keys", "rotate", "root", "--to", str(new), "--json").json
    assert (new.stat().st_mode & 0o777, told["file"]) == (0o600, str(new))
    refused = populated.run("audit", "verify")
    assert (refused.code, f"made with root key {told['root_key']}" in refused.err) == (1, True)

    renewed = Installation(populated.folder, CONSENTD_ROOT_KEY_FILE=str(new))
    assert renewed.entries()[-1] == "keys.rotated"
    # What was sealed before opens, and a key that is drawn now is wrapped like the others.
    assert renewed.run("keys", "rotate").code == 0
    erase = ("subject", "erase", "--yes", "--identifier", "email:ana.diaz@exemple.fr")
    assert renewed.run(*erase).code == 0
    assert renewed.run("audit", "verify").code == 0
    # A key that is in the file already is taken as it is.
    assert renewed.run("keys", "rotate", "root", "--to", str(old)).code == 0
    assert populated.run("audit", "verify").code == 0


def tamper(file: Path, statement: str) -> None:
    """Changes history as someone would who owns the file: the triggers are dropped, and put back after."""
    with sqlite3.connect(file) as raw:
        triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            raw.execute(f'DROP TRIGGER "{name}"')
        assert raw.execute(statement).rowcount == 1
        for _, sql in triggers:
            raw.execute(sql)
    raw.close()


@pytest.fixture
def populated(tmp_path: Path) -> Installation:
    installation = Installation(tmp_path / "demo")
    assert installation.run("demo", "--no-serve").code == 0
    return installation


def test_an_untouched_log_verifies_and_a_touched_row_is_named(populated: Installation) -> None:
    clean = populated.run("audit", "verify")
    assert (clean.code, "nothing was changed, added or removed" in clean.out) == (0, True)
    assert populated.run("states", "verify").out == "Every state is the fold of its events.\n"
    first = "(SELECT id FROM consent_events ORDER BY id LIMIT 1)"
    tamper(
        populated.folder / "consentd.db", f"UPDATE consent_events SET state = 'withdrawn' WHERE id = {first}"
    )
    person = "(SELECT id FROM subjects ORDER BY id LIMIT 1)"
    tamper(populated.folder / "consentd.db", f"UPDATE subjects SET restricted_at = 1 WHERE id = {person}")
    found = populated.run("audit", "verify", "--json")
    assert (found.code, found.err) == (1, "")
    assert found.json["valid"] is False
    assert {"consent_events", "subjects"} <= {one["table"] for one in found.json["findings"]}
    named = populated.run("audit", "verify")
    assert named.code == 1
    assert "\nconsent_events " in f"\n{named.out}"
    assert "\nsubjects " in f"\n{named.out}"


def test_a_state_that_is_not_its_fold_is_found_and_built_anew(populated: Installation) -> None:
    one = "(SELECT group_id, purpose, channel FROM consent_states WHERE state = 'given' LIMIT 1)"
    tamper(
        populated.folder / "consentd.db",
        f"UPDATE consent_states SET state = 'refused' WHERE (group_id, purpose, channel) IN {one}",
    )
    found = populated.run("states", "verify")
    assert (found.code, "consent_states" in found.out) == (1, True)
    assert populated.run("states", "rebuild").code == 0
    assert populated.run("states", "verify").code == 0


def test_the_demo_keeps_its_data_and_its_printed_line_works(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "demo")
    first = installation.run("demo", "--no-serve")
    assert (first.code, first.err) == (0, "")
    before = installation.entries()
    process = installation.start("demo")
    try:
        wait_until_ready(f"http://127.0.0.1:{installation.port}", process)
        line = next(line for line in first.out.splitlines() if line.startswith("curl "))
        asked = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
        assert json.loads(asked.stdout)["allow"] is True
        assert httpx.get(f"http://127.0.0.1:{installation.port}/").status_code == 200
    finally:
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert first.out.partition("\n\n")[2] in out
    assert "Traceback" not in err
    assert installation.entries() == before
