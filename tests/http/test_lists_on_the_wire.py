"""Lists over HTTP: rows in, answers out while they come, in flat memory, in two forms each way."""

import csv
import io
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from acts import email, given, new_email, person

from support.installation import Serving

LINES, TABLE = "application/x-ndjson", "text/csv"
NEWSLETTER = {"purpose": "newsletter", "channel": "email"}


@pytest.fixture
def known(till: httpx.Client) -> str:
    address = new_email()
    body = {"subject": person(email(address)), "events": [given(address)]}
    assert till.post("/v1/consents", json=body).status_code == 201
    return address


def asked(client: httpx.Client, content: Any, media: str = LINES, **more: Any) -> httpx.Response:
    headers = {"content-type": media} | more.pop("headers", {})
    return client.post("/v1/check/list", params=NEWSLETTER | more, content=content, headers=headers)


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_lines_are_answered_in_order_and_end_with_a_summary(
    service: Serving, till: httpx.Client, known: str
) -> None:
    content = f'{{"email": "{known}"}}\n"{known.upper()}"\n{{"x": 1}}\nnonsense\n"{new_email()}"'
    answer = asked(till, content)
    *rows, last = lines(answer)
    assert answer.headers["content-type"] == LINES
    assert [(row["row"], row["allow"], row["reasons"][0]["code"]) for row in rows] == [
        (1, True, "consent_given"),
        (2, True, "consent_given"),
        (3, False, "empty_cell"),
        (4, False, "unreadable_cell"),
        (5, False, "unknown_person"),
    ]
    assert (last["summary"]["rows"], last["summary"]["allowed"], last["summary"]["complete"]) == (5, 2, True)
    assert [one for one in service.installation.entries() if one != "strangers.refused"][-1] == "list.decided"


@pytest.mark.parametrize("told", [LINES, TABLE])
@pytest.mark.parametrize(
    ("content", "media", "more"),
    [
        ("Nom;E-Mail\r\nZoé;{}\r\nX;\r\n", TABLE, {"column": "e-mail"}),
        ("Nom|E-Mail\nZoé|{}\nX|\n", "text/csv; charset=windows-1252", {"column": "E-Mail"}),
        ('{{"mail": "{}"}}\n{{"mail": null}}\n', "application/jsonl; charset=utf-8", {"column": "mail"}),
    ],
)
def test_forms_are_mixed_as_asked(
    till: httpx.Client, known: str, content: str, media: str, more: dict[str, str], told: str
) -> None:
    encoding = "cp1252" if "1252" in media else "utf-8"
    answer = asked(till, content.format(known).encode(encoding), media, headers={"accept": told}, **more)
    assert answer.headers["content-type"].startswith(told)
    if told == LINES:
        *rows, last = lines(answer)
        assert [row["allow"] for row in rows] == [True, False]
        assert last["summary"]["rows"] == 2
    else:
        table = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert [row["row"] for row in table] == ["1", "2", "summary"]
        assert [row["allow"] for row in table] == ["true", "false", "1"]
        assert json.loads(table[-1]["text"])["complete"]


def test_the_form_of_the_answer_is_that_of_the_list_where_nobody_says(till: httpx.Client) -> None:
    answer = asked(till, "mail\n", TABLE)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["vary"] == "accept"


@pytest.mark.parametrize(
    ("content", "media", "more", "status", "code"),
    [
        ("", TABLE, {}, 422, "no_header"),
        ("a,b\n1,2\n", TABLE, {}, 422, "column_needed"),
        ("a,b\n1,2\n", TABLE, {"column": "c"}, 422, "unknown_column"),
        ("a\n1\n", TABLE, {"encoding": "klingon"}, 422, "wrong_encoding"),
        ("a\n1\n", TABLE, {"headers": {"accept": "image/png"}}, 406, "not_acceptable"),
        ("a\n1\n", "application/json", {}, 415, "wrong_media_type"),
        ("1\n", LINES + "; charset=latin-1", {}, 415, "wrong_charset"),
        ("1\n", LINES, {"headers": {"content-encoding": "gzip"}}, 415, "compressed_body"),
        ("1\n", LINES, {"purpose": "newsleter"}, 422, "unknown_purpose"),
        ("1\n", LINES, {"purpose": "no such thing!"}, 422, "invalid_parameter"),
        ("1\n", LINES, {"at": "yesterday"}, 422, "invalid_parameter"),
        ("1\n", LINES, {"at": "2020-01-01T10:00:00Z"}, 422, "at_out_of_range"),
        ("x" * 70_000, LINES, {}, 413, "row_too_long"),
    ],
)
def test_what_is_asked_wrongly_is_a_problem(
    till: httpx.Client, content: str, media: str, more: dict[str, Any], status: int, code: str
) -> None:
    answer = asked(till, content.encode(), media, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_refused_list_is_heard_of_by_who_sends_all_of_it_first(till: httpx.Client) -> None:
    answer = asked(till, b"a,b\n" + b"x" * 100 + b",y\n" * 1_000_000, TABLE, column="c")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_column")


def test_a_system_is_held_to_its_purposes_and_told_coarse_reasons(service: Serving, known: str) -> None:
    with service.client("check", channels=["sms"]) as limited:
        answer = asked(limited, f'"{known}"')
        assert (answer.status_code, answer.json()["code"]) == (403, "outside_limits")
    with service.client("check") as vendor:
        *rows, _ = lines(asked(vendor, f'"{new_email()}"\n"x"\n'))
        assert [row["reasons"][0]["code"] for row in rows] == ["no_consent", "unreadable_cell"]


def test_a_plus_that_nobody_encoded_is_understood(till: httpx.Client, known: str) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 90_000))
    answer = till.post(
        f"/v1/check/list?purpose=newsletter&channel=email&at={at}+00:00",
        content=f'"{known}"',
        headers={"content-type": LINES},
    )
    assert lines(answer)[-1]["summary"]["at"] == f"{at}:00Z"


def many(address: str, count: int) -> Iterator[bytes]:
    block = b'{"email": "%b"}\n' % address.encode() * 1000
    for _ in range(count // 1000):
        yield block


def test_a_long_list_is_announced_and_leaves_memory_as_it_was(
    service: Serving, till: httpx.Client, known: str
) -> None:
    """Sent whole before anything of the answer is read, by a client that does no better."""
    # What a first list has loaded for good is no memory of the second.
    asked(till, many(known, 50_000))
    before = memory(service.pid)
    answer = asked(till, many(known, 200_000))
    found = answer.text.splitlines()
    assert len(found) == 200_001
    assert json.loads(found[-1])["summary"]["allowed"] == 200_000
    # What strangers did before is noted beside it.
    noted = [one for one in service.installation.entries() if one != "strangers.refused"]
    assert noted[-2:] == ["list.begun", "list.decided"]
    assert memory(service.pid) - before < 40_000


def memory(pid: int) -> int:
    """KiB at most, since the process started."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def test_rows_are_answered_while_the_list_still_comes(
    service: Serving, till: httpx.Client, known: str
) -> None:
    with speaking(service, till) as (wire, answer):
        for number in range(1, 4):
            send(wire, f'"{known}"\n'.encode())
            assert json.loads(answer.readline())["row"] == number
        send(wire, b"")
        assert "summary" in json.loads(answer.readline())


def test_who_goes_away_ends_its_list(service: Serving, till: httpx.Client, known: str) -> None:
    before = len(service.installation.entries())
    with speaking(service, till) as (wire, answer):
        send(wire, f'"{known}"\n'.encode())
        answer.readline()
    assert until_logged(service, before)[-2:] == ["list.begun", "list.broken_off"]


def test_one_process_decides_one_list_after_the_other(
    service: Serving, till: httpx.Client, known: str
) -> None:
    asked(till, f'"{known}"')
    # Another test's may still be there beside the one that waits.
    before = set(processes(service.pid))
    for content, media in (("a,b\n", TABLE), ("mail\n", TABLE), (f'"{known}"', LINES), ("x" * 70_000, LINES)):
        asked(till, content.encode(), media)
    assert set(processes(service.pid)) <= before


def test_a_process_that_is_killed_ends_its_list_and_another_takes_the_next(
    service: Serving, till: httpx.Client, known: str
) -> None:
    with speaking(service, till) as (wire, answer):
        send(wire, f'"{known}"\n'.encode())
        answer.readline()
        for process in processes(service.pid):
            os.kill(process, signal.SIGKILL)
        assert json.loads(answer.readline())["problem"]["code"] == "list_interrupted"
    assert lines(asked(till, f'"{known}"'))[0]["allow"]


def test_single_checks_are_answered_while_lists_are_decided(till: httpx.Client, known: str) -> None:
    question = {"subject": email(known), "purpose": "newsletter", "channel": "email"}
    slowest = 0.0

    def feed() -> Iterator[bytes]:
        nonlocal slowest
        for block in many(known, 30_000):
            yield block
            started = time.perf_counter()
            assert till.post("/v1/check", json=question).json()["allow"]
            slowest = max(slowest, time.perf_counter() - started)

    with httpx.Client(base_url=till.base_url, headers=till.headers, timeout=60) as other:
        assert lines(asked(other, feed()))[-1]["summary"]["allowed"] == 30_000
    assert slowest < 1


class speaking:  # noqa: N801 reads as what it does
    """A list whose pieces are sent one by one: the socket, and its answer's lines."""

    def __init__(self, service: Serving, till: httpx.Client) -> None:
        host, _, port = service.address.removeprefix("http://").partition(":")
        self.wire = socket.create_connection((host, int(port)), timeout=30)
        head = (
            "POST /v1/check/list?purpose=newsletter&channel=email HTTP/1.1\r\nHost: test\r\n"
            f"Authorization: {till.headers['authorization']}\r\nContent-Type: {LINES}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
        )
        self.wire.sendall(head.encode())

    def __enter__(self) -> tuple[socket.socket, "Unchunked"]:
        self.answer = Unchunked(self.wire)
        return self.wire, self.answer

    def __exit__(self, *_: object) -> None:
        self.answer.close()
        self.wire.close()


class Unchunked:
    def __init__(self, wire: socket.socket) -> None:
        self._file = wire.makefile("rb")
        self._rest = b""
        self._headed = False

    def close(self) -> None:
        self._file.close()

    def readline(self) -> bytes:
        if not self._headed:
            assert b" 200 " in self._file.readline()
            while self._file.readline().strip():
                pass
            self._headed = True
        while b"\n" not in self._rest:
            size = int(self._file.readline(), 16)
            self._rest += self._file.read(size)
            self._file.readline()
        line, _, self._rest = self._rest.partition(b"\n")
        return line


def send(wire: socket.socket, piece: bytes) -> None:
    wire.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))


def until_logged(service: Serving, before: int) -> list[str]:
    until = time.monotonic() + 20
    while True:
        found = [one for one in service.installation.entries()[before:] if one.startswith("list.")]
        if found[-1:] == ["list.broken_off"] or time.monotonic() > until:
            return found
        time.sleep(0.1)


def processes(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(status[1]) == parent and b"consentd.listing" in command and status[0] != "Z":
            found.append(int(folder.name))
    return found
