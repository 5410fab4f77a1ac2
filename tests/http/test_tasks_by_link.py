"""A tool that somebody works by hand: the mail, its link, the page, and the answer, with both databases."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from acts import email, new_email, recording
from asking import Asking, eventually, installed, till_alone

from consentd.kernel.connection import Connection, Manual, Owner, Verb
from support.builders import demo_policy
from support.smtp import Sink

OWNER = "ines.classeur@maison-lavande.example"


class Binder(Asking):
    """The shop's binder, which Inès looks after."""

    def link(self, request: str) -> str:
        """Where the latest mail about this request leads, without the host."""
        (number,) = eventually(
            lambda: [task["id"] for task in self.tasks(request) if task["state"] == "asked"]
        )

        def arrived() -> str | None:
            mails = [one.message.get_content() for one in self.mailbox.taken if one.to == [OWNER]]
            return next((text for text in mails if number in text), None)

        found = re.search(r"https?://\S+", eventually(arrived))
        assert found
        return urlsplit(found[0]).path

    def asked(self, right: str) -> tuple[str, str]:
        request = self.asks(right)
        eventually(lambda: [one for one in self.tasks(request) if one["state"] == "asked"])
        return request, self.link(request)

    def task(self, request: str) -> Any:
        return self.tasks(request)[-1]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def binder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mailbox: Sink
) -> Iterator[Binder]:
    joined = Connection(
        by="manual",
        owner=Owner(name="Inès Roche", email=OWNER),
        verbs=(Verb.EXPORT, Verb.ERASE, Verb.CONFIRM, Verb.WRITE_PREFERENCE),
        manual=Manual(),
    )
    installation = installed(request, tmp_path_factory.mktemp("links"), mailbox)
    with till_alone(installation, joined, name="Classeur") as (serving, desk):
        yield Binder(serving, desk, mailbox)


@pytest.fixture
def stranger(binder: Binder) -> Iterator[httpx.Client]:
    """Whoever has the link, and nothing else."""
    with binder.serving.stranger() as client:
        yield client


def entries(binder: Binder) -> list[str]:
    found: list[str] = binder.serving.installation.entries()
    return found


def test_opening_a_link_names_nobody_and_changes_nothing(binder: Binder, stranger: httpx.Client) -> None:
    request, path = binder.asked("erasure")
    before = [one for one in entries(binder) if not one.startswith("request.")]
    for _ in range(3):
        page = stranger.get(path, headers={"accept-language": "fr"})
        assert page.status_code == 200
        assert "À faire dans « Classeur »" in page.text
        assert binder.who.lower() not in page.text.lower()
    assert [one for one in entries(binder) if not one.startswith("request.")] == before
    assert binder.task(request)["state"] == "asked"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.headers["content-security-policy"]
    assert "<script" not in page.text


def test_promise_8_the_customer_is_shown_on_a_press_which_is_logged(
    binder: Binder, stranger: httpx.Client
) -> None:
    _, path = binder.asked("erasure")
    before = entries(binder).count("task.shown")
    page = stranger.post(path, data={"do": "show"})
    assert binder.who.lower() in page.text.lower()
    assert entries(binder).count("task.shown") == before + 1


def test_who_is_to_note_a_choice_is_shown_which(binder: Binder, stranger: httpx.Client) -> None:
    who = email(new_email())
    binder.desk.post("/v1/consents", json=recording(who["value"])).raise_for_status()
    body = {"right": "withdrawal", "identifiers": [who]}
    request = str(binder.desk.post("/v1/requests", json=body).json()["id"])
    page = stranger.post(binder.link(request), params={"lang": "fr"}, data={"do": "show"})
    assert "Ce que le client ne veut plus" in page.text
    labels = demo_policy()
    newsletter, mail = labels.purposes["newsletter"].label["fr"], labels.channels["email"].label["fr"]
    assert f"{newsletter} – <strong>{mail}</strong>" in page.text


def test_an_erasure_by_hand_is_answered_by_the_form_and_led_on(
    binder: Binder, stranger: httpx.Client
) -> None:
    request, path = binder.asked("erasure")
    form = {"do": "answer", "verdict": "done", "what_0": "ventes <b>", "deleted_0": "2", "kept_0": "1"}
    wrong = stranger.post(path, params={"lang": "fr"}, data=form)
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert "Dites pourquoi quelque chose est gardé" in wrong.text
    assert 'value="2"' in wrong.text
    assert binder.task(request)["state"] == "asked"
    page = stranger.post(path, params={"lang": "fr"}, data=form | {"because_0": "L.123-22, dix ans"})
    assert page.status_code == 200
    assert "votre réponse est reçue" in page.text
    assert "votre réponse est reçue" in stranger.get(path, params={"lang": "fr"}).text
    assert binder.who.lower() not in stranger.post(path, data={"do": "show"}).text.lower()
    erased = next(one for one in binder.tasks(request) if one["verb"] == "erase")
    (part,) = erased["parts"]
    assert (part["what"], part["deleted"], part["kept"][0]["count"]) == ("ventes <b>", 2, 1)
    eventually(lambda: [one for one in binder.tasks(request) if one["verb"] == "confirm"])
    confirm = binder.link(request)
    assert confirm != path
    assert "Still there" in stranger.post(confirm, params={"lang": "en"}, data={"do": "show"}).text
    stranger.post(confirm, data={"do": "answer", "verdict": "done"})
    assert eventually(lambda: binder.told(request)["state"] == "answered")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Say how far you got."),
        ({"verdict": "done"}, "Say how many"),
        ({"verdict": "partial", "what_0": "x", "deleted_0": "1"}, "what is missing and why"),
        ({"verdict": "done", "what_0": "x", "deleted_0": "-1"}, "digits alone"),
    ],
)
def test_what_is_missing_in_the_form_is_said(
    binder: Binder, stranger: httpx.Client, form: dict[str, str], said: str
) -> None:
    request, path = binder.asked("erasure")
    page = stranger.post(path, params={"lang": "en"}, data={"do": "answer", **form})
    assert page.status_code == 422
    assert said in page.text
    assert binder.task(request)["state"] == "asked"


def test_who_could_not_says_why_and_the_request_is_partial(binder: Binder, stranger: httpx.Client) -> None:
    request, path = binder.asked("erasure")
    stranger.post(path, data={"do": "answer", "verdict": "failed", "detail": "The binder is lost."})
    assert binder.task(request)["code"] == "could_not"
    assert eventually(lambda: binder.told(request)["state"] == "partial")


def archive(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in files.items():
            packed.writestr(name.replace("_", "."), text)
    return out.getvalue()


def test_a_copy_is_handed_in_as_a_file(binder: Binder, stranger: httpx.Client) -> None:
    request, path = binder.asked("access")
    answer = {"do": "answer", "verdict": "done"}
    assert stranger.post(path, data=answer).status_code == 422
    bad = stranger.post(path, data=answer, files={"file": ("copie.exe", b"MZ")}, params={"lang": "en"})
    assert "This file cannot be read" in bad.text
    packed = archive(
        achats_csv="date;total\r\n2026-11-01;12,50\r\n2026-11-02;3\r\n", notes_json='{"a": 1.10}'
    )
    page = stranger.post(path, data=answer, files={"file": ("copie.zip", packed)}, params={"lang": "en"})
    assert "we have your answer" in page.text
    parts = {part["what"]: part["found"] for part in binder.task(request)["parts"]}
    assert parts == {"achats": 2, "notes": 1}
    folder = binder.serving.installation.folder / "copies" / request
    assert any(one.is_file() for one in folder.rglob("*"))
    assert not any(b"2026-11-01" in one.read_bytes() for one in folder.rglob("*") if one.is_file())


def test_there_was_nothing(binder: Binder, stranger: httpx.Client) -> None:
    request, path = binder.asked("access")
    stranger.post(path, data={"do": "answer", "verdict": "nothing"})
    assert (binder.task(request)["verdict"], binder.task(request)["parts"]) == ("done", [])


def test_promise_13_links_that_do_not_hold_are_answered_alike(binder: Binder, stranger: httpx.Client) -> None:
    _, path = binder.asked("erasure")
    token = path.rpartition("/")[2]
    for wrong in (f"{token[:-4]}AAAA", "A" * 98, "x", f"{token}A"):
        pages = [stranger.get(f"/tasks/{wrong}"), stranger.post(f"/tasks/{wrong}", data={"do": "show"})]
        assert [one.status_code for one in pages] == [404, 404]
        assert len({one.text for one in pages}) == 1
        api = [
            stranger.get(f"/v1/task-links/{wrong}"),
            stranger.post(f"/v1/task-links/{wrong}/customer"),
            stranger.post(f"/v1/task-links/{wrong}/answer", json={"verdict": "done"}),
        ]
        assert {(one.status_code, one.json()["code"]) for one in api} == {(404, "unknown_link")}
        assert len({one.json()["detail"] for one in api}) == 1


def test_a_program_answers_by_the_link_too_and_once(binder: Binder, stranger: httpx.Client) -> None:
    request, path = binder.asked("access")
    at = f"/v1/task-links/{path.rpartition('/')[2]}"
    told = stranger.get(at).json()
    assert (told["verb"], told["state"]) == ("export", "open")
    assert binder.who.lower() not in json.dumps(told).lower()
    customer = stranger.post(f"{at}/customer").json()
    assert customer["identifiers"][0]["value"] == binder.who.lower()
    answer = {"verdict": "done", "parts": [{"what": "cards", "found": 1}]}
    empty = stranger.post(f"{at}/answer", json=answer)
    assert (empty.status_code, empty.json()["code"]) == (422, "records_missing")
    whole = answer | {"records": [{"what": "cards", "record": {"number": "7", "total": "12.50"}}]}
    assert stranger.post(f"{at}/answer", json=whole).json()["verdict"] == "done"
    assert stranger.post(f"{at}/answer", json=whole).status_code == 200
    otherwise = stranger.post(f"{at}/answer", json={"verdict": "failed", "code": "lost"})
    assert (otherwise.status_code, otherwise.json()["code"]) == (409, "answered_otherwise")
    assert stranger.get(at).json()["state"] == "answered"
    assert stranger.post(f"{at}/customer").status_code == 409
    assert binder.task(request)["parts"][0]["found"] == 1
