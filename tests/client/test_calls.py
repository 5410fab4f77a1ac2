"""The client against the service: asking, recording, and being refused with a reason."""

import datetime as dt
import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from both import EVERYTHING, Program, somebody, yes

from consentd.client import Client, Forbidden, Identifier, Invalid, Question, Recipient, Unauthorised
from support.installation import ROOT, Serving

Make = Callable[..., Program]
NEWSLETTER = ("newsletter", "email")


def open_till(service: Serving, program: Make, *scopes: str, **more: object) -> Program:
    found = service.installation.connect(*(scopes or EVERYTHING))
    return program(service.address, found.id, found.secret, **more)


def test_a_yes_allows_and_its_withdrawal_denies_with_the_next_check(service: Serving, program: Make) -> None:
    till, who = open_till(service, program), somebody()
    unknown = till.call("check", who, *NEWSLETTER)
    assert (unknown.allow, bool(unknown), unknown.reason) == (False, False, "unknown_person")
    receipt = till.call("record", who, yes(), territory="FR")
    assert not receipt.duplicate
    given = till.call("check", who, *NEWSLETTER)
    assert (given.allow, bool(given), given.reason, given.basis) == (True, True, "consent_given", "consent")
    assert given.bound is None
    till.call("withdraw", who, *NEWSLETTER, method="spoken", collector="till-2")
    assert till.call("check", who, *NEWSLETTER).reason == "withdrawn"


def test_an_objection_ends_marketing(service: Serving, program: Make) -> None:
    till, who = open_till(service, program), somebody()
    till.call("record", who, yes())
    till.call("object", who, channels=["email"], method="spoken")
    assert till.call("check", who, *NEWSLETTER).reason == "objected"


def test_many_questions_are_answered_in_order_and_a_wrong_one_alone_is_denied(
    service: Serving, program: Make
) -> None:
    till, who = open_till(service, program), somebody()
    till.call("record", who, yes())
    good = Question(who, *NEWSLETTER)
    never = Question(who, *NEWSLETTER, at="yesterday")
    asked = [good, Question("nobody", *NEWSLETTER), Question(somebody(), *NEWSLETTER), never, good]
    found = till.call("check_many", asked * 300)
    codes = [one.reason for one in found]
    assert (
        codes
        == ["consent_given", "invalid_question", "unknown_person", "invalid_question", "consent_given"] * 300
    )
    assert till.call("check_many", []) == []


def test_a_planned_instant_and_a_named_contact_point_are_asked_about(service: Serving, program: Make) -> None:
    till, who = open_till(service, program), somebody()
    card = Identifier("loyalty", uuid.uuid4().hex)
    till.call("record", [who, card], yes(contact_point=who))
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert till.call("check", card, *NEWSLETTER, contact_point=who, at=tomorrow)
    assert (
        till.call("check", card, *NEWSLETTER, at=tomorrow.replace(tzinfo=None)).reason == "invalid_question"
    )


def test_a_permit_is_used_once(service: Serving, program: Make) -> None:
    till, who = open_till(service, program), somebody()
    till.call("record", who, yes())
    permitted = till.call("check", who, *NEWSLETTER, permit=True)
    assert permitted.permit.count(".") == 2
    assert not till.call("used", permitted, "sent").duplicate
    assert till.call("used", permitted, "sent").duplicate
    with pytest.raises(ValueError, match="without a permit"):
        till.call("used", till.call("check", who, *NEWSLETTER), "sent")
    assert till.call("attempted", who, *NEWSLETTER, "refused").withdrawn


def test_stop_links_come_in_order_with_their_headers(service: Serving, program: Make) -> None:
    till, who = open_till(service, program), somebody()
    till.call("record", who, yes())
    asked = [who, "email:nobody@exemple.fr", Recipient("loyalty:none", who)] * 400
    found = till.call("links", *NEWSLETTER, asked)
    assert [bool(one) for one in found] == [True, False, True] * 400
    assert found[1].code == "unknown_person"
    assert found[0].headers == {
        "List-Unsubscribe": f"<{found[0].url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert httpx.post(found[0].url, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert till.call("check", who, *NEWSLETTER).reason == "withdrawn"
    assert till.call("links", *NEWSLETTER, []) == []


def test_a_refused_recording_says_what_where_and_why(service: Serving, program: Make) -> None:
    till = open_till(service, program)
    with pytest.raises(Invalid) as refused:
        till.call("record", somebody(), yes(method="prechecked"))
    error = refused.value
    assert (error.status, error.code, error.pointer) == (422, "prechecked", "/events/0/method")
    assert error.errors[0].detail
    assert "exemple.fr" not in str(error)


def test_an_event_of_ones_own_number_counts_once(service: Serving, program: Make) -> None:
    till, who = open_till(service, program), somebody()
    event = yes(source_event_id=uuid.uuid4().hex)
    assert not till.call("record", who, event).duplicate
    assert till.call("record", who, event).duplicate


def test_a_check_never_raises_unless_asked_to(service: Serving, program: Make) -> None:
    stranger = program(service.address, str(uuid.uuid4()), "wrong")
    assert stranger.call("check", somebody(), *NEWSLETTER).reason == "unauthorised"
    assert [one.reason for one in stranger.call("check_many", [Question(somebody(), *NEWSLETTER)] * 2)] == [
        "unauthorised"
    ] * 2
    writer = open_till(service, program, "consent:write")
    assert writer.call("check", somebody(), *NEWSLETTER).reason == "forbidden"
    assert writer.call("check", None, *NEWSLETTER).reason == "invalid_question"
    assert writer.call("check", [object()], *NEWSLETTER).reason == "invalid_question"
    loud = open_till(service, program, "consent:write", raises=True)
    with pytest.raises(Forbidden) as refused:
        loud.call("check", somebody(), *NEWSLETTER)
    assert refused.value.code == "insufficient_scope"
    with pytest.raises(Unauthorised):
        stranger.call("record", somebody(), yes())


def test_reasons_come_in_the_language_asked_for(service: Serving, program: Make) -> None:
    french = open_till(service, program, language="fr")
    (reason,) = french.call("check", somebody(), *NEWSLETTER).reasons
    assert "client" in reason.text


def test_a_client_may_sign_instead_of_sending_a_secret(
    service: Serving, program: Make, tmp_path: Path
) -> None:
    installation = service.installation
    found = installation.connect(*EVERYTHING, name=f"signer-{uuid.uuid4().hex[:8]}")
    names = json.loads(installation.run("system", "list", "--json").out)
    name = next(one["name"] for one in names if one["id"] == found.id)
    key = tmp_path / "till.jwk"
    assert installation.run("system", "key", "add", name, "--generate", str(key)).code == 0
    signer = program(service.address, found.id, private_key=key)
    assert signer.call("check", somebody(), *NEWSLETTER).reason == "unknown_person"
    assert json.loads(key.read_text())["d"] not in repr(signer.client)
    public = {name: value for name, value in json.loads(key.read_text()).items() if name != "d"}
    with pytest.raises(ValueError, match="private"):
        program(service.address, found.id, private_key=public)


def test_one_token_serves_many_threads(service: Serving) -> None:
    found = service.installation.connect(*EVERYTHING)
    before = tokens_given(service)
    with Client(service.address, found.id, found.secret) as client, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: client.check(somebody(), *NEWSLETTER), range(40)))
        last = client.check(somebody(), *NEWSLETTER)
    assert last.reason == "unknown_person"
    assert tokens_given(service) == before + 1


def tokens_given(service: Serving) -> int:
    """So far, by the log, which is written in groups: all that came before this call is waited for."""
    number = str(uuid.uuid4())
    with service.stranger() as asking:
        asking.get("/.well-known/oauth-authorization-server", headers={"X-Request-Id": number})
    service.log(0, until=number)
    return len([line for line in service.lines() if line.get("route") == "/oauth/token"])


def test_what_is_no_address_of_a_service_is_refused_at_once() -> None:
    for url in ("consent.example", "ftp://consent.example", "https://a:b@consent.example", "https://x?y"):
        with pytest.raises(ValueError, match="address"):
            Client(url, "id", "secret")
    with pytest.raises(ValueError, match="by one of them"):
        Client("https://consent.example", "id")
    assert "geheim" not in repr(Client("https://consent.example", "id", "geheim").__dict__)


def test_importing_the_client_imports_nothing_of_the_server() -> None:
    code = "import consentd.client, sys; print(*sorted(m for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    names = {name.partition(".")[0] for name in done.stdout.split()}
    rooms = {name.split(".")[1] for name in done.stdout.split() if name.startswith("consentd.")}
    assert rooms <= {"client", "kernel"}
    # httpx looks for click by itself, for a command of its own.
    assert not names & {"litestar", "sqlalchemy", "cryptography", "jwt", "asyncpg", "yaml", "jinja2"}
